"""What the signed-in identity may do where the factory works: each right is tried with a call that changes nothing.

It reads what is there, and deletes, grants and revokes what never is. It does not know how a right is given.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from shared.domain.errors import Denied, GatewayError, NotFound
from shared.domain.models import Lab, Limits, TargetLab
from shared.domain.storage import BlobRef
from shared.gateway.port import Gateway
from shared.steps.staged_copies import STAGING

ABSENT = "image-factory-access-check"  # nobody's image, disk or blob has this name
NO_ETAG = '"0x0"'
SECONDS = 60
READ_BLOBS = "Storage Blob Data Contributor: read blobs"
DELETE_BLOBS = "Storage Blob Data Contributor: write and delete blobs"
SIGN = "Storage Blob Delegator: sign URLs"
READ_MACHINE = "Microsoft.Compute/virtualMachines/read and disks/read"

Kind = Literal["factory", "machines", "machine", "hub", "lab"]


@dataclass(frozen=True)
class Place:
    """One place where rights are given, what is missing there, and what could not be tried.

    `name` is the lab's, the hub account's or the resource group's; `account` the storage account's. `signs` says
    whether other copies read from that account. A `machine` is one whose resource group could not be seen.
    """

    kind: Kind
    name: str
    subscription_id: str = ""
    resource_group: str = ""
    account: str = ""
    signs: bool = False
    missing: tuple[str, ...] = ()
    untried: tuple[str, ...] = ()


def check(gateway: Gateway, factory: Place, labs: Sequence[TargetLab], limits: Limits) -> tuple[Place, ...]:
    """Every place of the factory and of these labs; the first is `factory`, which comes as the settings name it.

    What fails for another reason than a missing right is told as untried. Raises Denied when nobody is signed in.
    """
    factory = _factory(gateway, factory)
    hubs = (_hub(gateway, account) for _, account in sorted(limits.region_hubs.items()))
    targets = (_lab(gateway, target, limits) for target in labs)
    return (factory, *_machines(gateway, factory), *hubs, *_each_once(targets))


def _each_once(places: Iterable[Place]) -> Iterable[Place]:
    """Two entries of labs.json may mean one lab, one of them without its resource group."""
    unique: dict[tuple[str, str, str], Place] = {}
    for place in places:
        unique.setdefault((place.subscription_id, place.resource_group.lower(), place.name.lower()), place)
    return unique.values()


def _factory(gateway: Gateway, named: Place) -> Place:
    tries = _Tries()
    lab = tries.asked("Microsoft.DevTestLab/labs/read", gateway.labs.factory)
    if lab is None:
        return tries.told(named)
    tries.asked("Microsoft.DevTestLab/labs/virtualMachines/read", gateway.labs.source_vms)
    _try_blobs(tries, gateway, gateway.vhds.image_storage(ABSENT), signs=True)
    return tries.told(_place_of("factory", lab, signs=True))


def _machines(gateway: Gateway, factory: Place) -> Iterable[Place]:
    """The resource groups of the disks that would be saved, then the machines whose group is not to be seen."""
    try:
        machines = gateway.labs.source_vms()
    except GatewayError:
        return
    for group in sorted({vm.disk.id.partition("/providers/")[0].lower() for vm in machines if vm.disk is not None}):
        yield _machine_group(gateway, factory, group)
    for vm in machines:
        if vm.problem is not None:
            yield Place("machine", vm.name, factory.subscription_id, missing=(READ_MACHINE,), untried=(vm.problem,))


def _machine_group(gateway: Gateway, factory: Place, group: str) -> Place:
    tries = _Tries()
    absent = f"{group}/providers/Microsoft.Compute/disks/{ABSENT}"
    tries.asked("Microsoft.Compute/disks/beginGetAccess/action", lambda: gateway.disks.grant_read(absent, SECONDS))
    tries.asked("Microsoft.Compute/disks/endGetAccess/action", lambda: gateway.disks.revoke(absent))
    name = group.rpartition("/")[2]
    return tries.told(Place("machines", name, factory.subscription_id, name))


def _hub(gateway: Gateway, account: str) -> Place:
    tries = _Tries()
    _try_blobs(tries, gateway, BlobRef(account=account, container=STAGING, name=ABSENT), signs=True)
    return tries.told(Place("hub", account, account=account, signs=True))


def _lab(gateway: Gateway, target: TargetLab, limits: Limits) -> Place:
    tries = _Tries()
    unknown = Place("lab", target.name, target.subscription_id, target.resource_group or "")
    if target.subscription_id.lower() not in {each.lower() for each in limits.allowed_subscriptions}:
        return replace(unknown, untried=(f"{target.subscription_id} is not among ALLOWED_SUBSCRIPTION_IDS",))
    lab = tries.asked("Microsoft.DevTestLab/labs/read", lambda: _found(gateway, target))
    if lab is None:
        return tries.told(unknown)
    signs = limits.relay_through_labs and target.relay
    tries.asked("Microsoft.DevTestLab/labs/customImages/read", lambda: gateway.labs.custom_images(lab))
    # Making an image cannot be tried without making one; the role that lets delete lets make.
    tries.asked(
        "Microsoft.DevTestLab/labs/customImages/delete and write", lambda: gateway.labs.delete_image(lab, ABSENT)
    )
    _try_blobs(tries, gateway, BlobRef(account=lab.account, container=STAGING, name=ABSENT), signs=signs)
    return tries.told(_place_of("lab", lab, signs=signs))


def _found(gateway: Gateway, target: TargetLab) -> Lab:
    """The lab that an entry of labs.json means."""
    if target.resource_group:
        lab = gateway.labs.find(target.subscription_id, target.resource_group, target.name)
        labs = [] if lab is None else [lab]
    else:
        listed = gateway.labs.in_subscription(target.subscription_id)
        labs = [lab for lab in listed if lab.name.lower() == target.name.lower()]
    if len(labs) == 1:
        return labs[0]
    where = f"resource group {target.resource_group}" if target.resource_group else "the subscription"
    problem = "more than one lab" if labs else "no lab"
    raise GatewayError(
        "lab-not-found",
        f"There is {problem} {target.name} to be seen in {where}. Correct the entry, or add its ResourceGroup.",
    )


def _try_blobs(tries: "_Tries", gateway: Gateway, absent: BlobRef, *, signs: bool) -> None:
    tries.asked(READ_BLOBS, lambda: gateway.vhds.state(absent))
    tries.asked(DELETE_BLOBS, lambda: gateway.vhds.delete(absent, NO_ETAG))
    if signs:
        tries.asked(SIGN, lambda: gateway.vhds.read_url(absent, SECONDS))


def _place_of(kind: Kind, lab: Lab, *, signs: bool) -> Place:
    return Place(kind, lab.name, lab.subscription_id, lab.resource_group, lab.account, signs)


class _Tries:
    """What came of the calls made for one place."""

    def __init__(self) -> None:
        self._missing: list[str] = []
        self._untried: list[str] = []

    def asked[Answer](self, right: str, call: Callable[[], Answer]) -> Answer | None:
        """The call's answer; None, noted, where the right is missing or the call failed in another way."""
        try:
            return call()
        except Denied as denied:
            if denied.code == "not-signed-in":
                raise
            self._missing.append(right)
        except NotFound as error:
            # Looked for and not found: the right is there. Only the factory lab itself must be found.
            if error.code == "factory-lab-not-found":
                self._untried.append(error.message)
        except GatewayError as error:
            self._untried.append(f"{right}: {error.message}")
        return None

    def told(self, place: Place) -> Place:
        """The place with what was noted."""
        return replace(place, missing=tuple(self._missing), untried=tuple(self._untried))
