"""The calls of Microsoft.DevTestLab (2018-09-15): labs, their virtual machines, custom images and operations."""

from collections.abc import Iterable
from typing import Any

from local.cloud.arm import errors, operations
from local.cloud.arm.bodies import custom_image_body, lab_body, lab_vm_body
from local.cloud.arm.calls import Answer, Call, Handler, Route
from local.cloud.arm.images import Images, tags_in
from local.cloud.arm.lookup import Lookup
from local.cloud.arm.operations import Operations
from local.cloud.arm.resources import LabState

_LABS = "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.DevTestLab/labs"


class DevTestLabs:
    """Answers the calls of the DevTest Labs provider."""

    def __init__(self, lookup: Lookup, images: Images, running: Operations) -> None:
        self._lookup = lookup
        self._images = images
        self._operations = running

    def routes(self) -> list[Route]:
        """Every call that is answered, by its operation's name in the published API.

        Both providers have a `VirtualMachines_Get`: that of a lab is called `LabVirtualMachines_Get` here.
        """
        image, machine = f"{_LABS}/{{lab}}/customImages/{{name}}", f"{_LABS}/{{lab}}/virtualMachines"
        operation = (
            "/subscriptions/{subscription}/providers/Microsoft.DevTestLab/locations/{location}/operations/{name}"
        )
        by_subscription = "/subscriptions/{subscription}/providers/Microsoft.DevTestLab/labs"
        return [
            _route("Labs_ListBySubscription", "GET", by_subscription, self._list_labs),
            _route("Labs_ListByResourceGroup", "GET", _LABS, self._list_labs),
            _route("Labs_Get", "GET", f"{_LABS}/{{lab}}", self._get_lab),
            _route("LabVirtualMachines_List", "GET", machine, self._list_machines),
            _route("LabVirtualMachines_Get", "GET", f"{machine}/{{name}}", self._get_machine),
            _route("CustomImages_List", "GET", f"{_LABS}/{{lab}}/customImages", self._list_images),
            _route("CustomImages_Get", "GET", image, self._get_image),
            _route("CustomImages_CreateOrUpdate", "PUT", image, self._put_image),
            _route("CustomImages_Update", "PATCH", image, self._patch_image),
            _route("CustomImages_Delete", "DELETE", image, self._delete_image),
            _route("LabOperations_Get", "GET", operation, self._get_operation),
        ]

    async def _list_labs(self, call: Call) -> Answer:
        return _listed(call, map(lab_body, self._lookup.labs(call)))

    async def _get_lab(self, call: Call) -> Answer:
        return Answer(200, lab_body(self._lookup.lab(call)))

    async def _list_machines(self, call: Call) -> Answer:
        machines = self._lookup.machines_of(self._lookup.lab(call))
        return _listed(call, (lab_vm_body(machine, with_compute=_wants_compute(call)) for machine in machines))

    async def _get_machine(self, call: Call) -> Answer:
        lab = self._lookup.lab(call)
        for machine in self._lookup.machines_of(lab):
            if machine.facts.name.lower() == call.names["name"].lower():
                return Answer(200, lab_vm_body(machine, with_compute=_wants_compute(call)))
        resource = f"Microsoft.DevTestLab/labs/{call.names['lab']}/virtualMachines/{call.names['name']}"
        raise errors.resource_not_found(resource, call.names["group"])

    async def _list_images(self, call: Call) -> Answer:
        lab = self._lookup.lab(call)
        return _listed(call, (custom_image_body(lab, image) for image in lab.images.values()))

    async def _get_image(self, call: Call) -> Answer:
        lab = self._lookup.lab(call)
        return Answer(200, custom_image_body(lab, self._lookup.image(lab, call)))

    async def _put_image(self, call: Call) -> Answer:
        lab = self._lookup.lab(call)
        is_new = call.names["name"].lower() not in lab.images
        image, operation = self._images.put(lab, call.names["name"], call.json(), call.caller)
        answer = Answer(201 if is_new else 200, custom_image_body(lab, image))
        if operation is not None:
            answer.headers["Azure-AsyncOperation"] = operations.devtestlab_url(call.base_url, operation)
        return answer

    async def _patch_image(self, call: Call) -> Answer:
        lab = self._lookup.lab(call)
        image = self._lookup.image(lab, call)
        body = call.json()
        if "tags" in body:
            image.tags = tags_in(body)
        return Answer(200, custom_image_body(lab, image))

    async def _delete_image(self, call: Call) -> Answer:
        lab: LabState = self._lookup.lab(call)
        image = lab.images.get(call.names["name"].lower())
        if image is None:
            return Answer(204)
        operation = self._images.delete(lab, image)
        location = operations.devtestlab_url(call.base_url, operation, monitor=True)
        status = operations.devtestlab_url(call.base_url, operation)
        return Answer(202, headers={"Azure-AsyncOperation": status, "Location": location})

    async def _get_operation(self, call: Call) -> Answer:
        operation = self._lookup.operation(self._operations, call)
        if call.query.get("monitor") != "true":
            return Answer(200, operations.devtestlab_status(operation))
        if operation.status == "Running":
            return Answer(202, headers={"Location": call.base_url + call.raw_path})
        if operation.error is not None:
            raise operation.error
        return Answer(204)


def _route(operation: str, method: str, template: str, handler: Handler) -> Route:
    return Route(operation, method, template, "devtestlab", handler)


def _listed(call: Call, bodies: Iterable[dict[str, Any]]) -> Answer:
    """Answer a list in one page, as every recorded one was; `$top` cuts it off."""
    for option in ("$filter", "$orderby"):
        if option in call.query:
            raise errors.NotEmulated(f"{option} in a list")
    values = list(bodies)
    top = call.query.get("$top")
    if top is not None:
        if not top.isdecimal():
            raise errors.Refused(400, "InvalidQueryParameter", f"The value '{top}' of $top is not a whole number.")
        values = values[: int(top)]
    return Answer(200, {"value": values})


def _wants_compute(call: Call) -> bool:
    return "computevm" in call.query.get("$expand", "").lower()
