"""What a custom image can be made from, a VHD in the lab's account or a VM of the lab, and what makes it of that.

The errors of a VHD that will not do are this emulator's wording: no recording of them is known.
"""

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, cast
from urllib.parse import unquote, urlsplit

from local.cloud.arm import errors
from local.cloud.arm.lookup import Lookup
from local.cloud.arm.operations import Wait
from local.cloud.arm.resources import CustomImage, LabState, managed_image_id, managed_snapshot_id
from local.cloud.arm.storage import BlobFacts, Storage
from local.cloud.speeds import Speeds
from local.cloud.storage.vhd import is_fixed_vhd

CANNOT_SET = "CannotSetProperty"
_STATES = {
    ("windowsOsInfo", "windowsOsState"): ("NonSysprepped", "SysprepRequested", "SysprepApplied"),
    ("linuxOsInfo", "linuxOsState"): ("NonDeprovisioned", "DeprovisionRequested", "DeprovisionApplied"),
}

type Making = Callable[[LabState, CustomImage, Wait], Awaitable[None]]


class ImageSources:
    """Checks the sources of custom images and makes images of them."""

    def __init__(self, lookup: Lookup, storage: Storage, speeds: Speeds) -> None:
        self._lookup = lookup
        self._storage = storage
        self._speeds = speeds

    def making(self, lab: LabState, properties: Mapping[str, Any]) -> Making:
        """Check what an image is to be made from, and return what makes it."""
        if properties.get("vhd") and properties.get("vm"):
            raise errors.bad_content("only one of the properties vhd and vm may be specified")
        if properties.get("vm"):
            return self._from_machine(lab, object_in(properties, "vm"))
        if properties.get("vhd"):
            return self._from_vhd(self._vhd_url(lab, object_in(properties, "vhd")))
        message = "One of the following properties must be specified: vhd, vm."
        raise errors.Refused(400, "MissingRequiredProperties", message)

    def _from_vhd(self, url: str) -> Making:
        async def make(lab: LabState, image: CustomImage, wait: Wait) -> None:
            before = await self._usable_vhd(url)
            await wait(self._speeds.image_seconds)
            after = await self._usable_vhd(url)
            if (before.size, before.footer) != (after.size, after.footer):
                raise errors.Refused(400, "BlobModified", f"The blob {url} was changed while the image was made.")
            _stands_on(lab, image, generalized=bool(image.properties["vhd"].get("sysPrep")))
            image.source = _provenance(url, before)

        return make

    def _from_machine(self, lab: LabState, vm: Mapping[str, Any]) -> Making:
        source = vm.get("sourceVmId")
        if not isinstance(source, str):
            raise errors.bad_content("vm.sourceVmId must be the id of a virtual machine of the lab")
        machines = {machine.id: machine for machine in self._lookup.machines_of(lab)}
        if source.lower() not in machines:
            raise errors.Refused(400, CANNOT_SET, "Cannot set or update property sourceVmId.")
        generalized = _is_generalized(vm)

        async def make(lab: LabState, image: CustomImage, wait: Wait) -> None:
            await wait(self._speeds.snapshot_seconds)
            _stands_on(lab, image, generalized=generalized)
            image.source = {"vm": source.lower()}

        return make

    async def _usable_vhd(self, url: str) -> BlobFacts:
        facts = await self._storage.blob_facts(url)
        if facts is None:
            raise errors.Refused(404, "BlobNotFound", f"The blob {url} was not found.")
        if facts.copy_status not in (None, "success"):
            raise errors.Refused(409, "PendingCopyOperation", f"The copy to the blob {url} is {facts.copy_status}.")
        if facts.blob_type != "PageBlob":
            raise errors.Refused(400, "InvalidVhd", f"The blob {url} is a {facts.blob_type}, not a PageBlob.")
        if (reason := is_fixed_vhd(facts.footer, facts.size)) is not None:
            cookie = "Disk is expected to have cookie value 'conectix'."
            raise errors.Refused(400, "InvalidVhd", f"The blob {url} is not a supported VHD: {reason}. {cookie}")
        return facts

    def _vhd_url(self, lab: LabState, vhd: Mapping[str, Any]) -> str:
        """Check a VHD and return its URL without a query."""
        if vhd.get("osType") not in ("Windows", "Linux", "None"):
            raise errors.bad_content("vhd.osType must be Windows, Linux or None")
        if not isinstance(vhd.get("sysPrep", False), bool):
            raise errors.bad_content("vhd.sysPrep must be true or false")
        if not isinstance(vhd.get("imageName"), str):
            raise errors.bad_content("vhd.imageName must be the URI of a blob")
        url = cast(str, vhd["imageName"]).partition("?")[0]
        own = f"{self._storage.blob_endpoint}/{lab.facts.artifacts_account}/"
        if not url.lower().startswith(own) or len(unquote(urlsplit(url).path).split("/")) < 4:
            raise errors.Refused(400, "InvalidStorageAccountForLab", "Invalid storage account for lab")
        return url


def object_in(body: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """Return the object under a key of a body, empty where there is none; raises Refused for anything else."""
    value = body.get(key)
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise errors.bad_content(f"'{key}' is not a JSON object")
    return value


def _stands_on(lab: LabState, image: CustomImage, *, generalized: bool) -> None:
    if generalized:
        image.properties["managedImageId"] = managed_image_id(lab.facts, image.name)
    else:
        image.properties["managedSnapshotId"] = managed_snapshot_id(lab.facts, image.name)


def _is_generalized(vm: Mapping[str, Any]) -> bool:
    """Whether the operating system was, or is to be, made anonymous; raises Refused for an unknown state."""
    for (info, key), states in _STATES.items():
        state = object_in(vm, info).get(key, states[0])
        if state not in states:
            raise errors.bad_content(f"vm.{info}.{key} must be one of {', '.join(states)}")
        if state != states[0]:
            return True
    return False


def _provenance(url: str, facts: BlobFacts) -> dict[str, Any]:
    return {
        "blob": urlsplit(url).path,
        "sizeBytes": facts.size,
        "footerSha256": hashlib.sha256(facts.footer).hexdigest(),
    }
