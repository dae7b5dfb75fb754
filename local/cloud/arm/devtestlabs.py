"""The calls of Microsoft.DevTestLab (2018-09-15) on labs, their VHDs, their custom images, and on operations."""

import re

from local.cloud.arm import errors, operations
from local.cloud.arm.bodies import custom_image_body, lab_body
from local.cloud.arm.calls import Answer, Call, Handler, Route
from local.cloud.arm.images import Images, tags_in
from local.cloud.arm.listing import Listing, selected
from local.cloud.arm.lookup import Lookup
from local.cloud.arm.operations import Operations
from local.cloud.arm.resources import CustomImage, LabState
from local.cloud.arm.storage import Storage

_LABS = "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.DevTestLab/labs"
_BLOB_NAME = re.compile(r"[^\x00-\x1f\\?#%]{1,1024}")


class DevTestLabs:
    """Answers the calls of the DevTest Labs provider, but for those on virtual machines."""

    def __init__(self, lookup: Lookup, listing: Listing, images: Images, storage: Storage, running: Operations) -> None:
        self._lookup = lookup
        self._listing = listing
        self._images = images
        self._storage = storage
        self._operations = running

    def routes(self) -> list[Route]:
        """Every call that is answered, by its operation's name in the published API."""
        lab, images = f"{_LABS}/{{lab}}", f"{_LABS}/{{lab}}/customImages"
        image = f"{images}/{{name}}"
        operation = (
            "/subscriptions/{subscription}/providers/Microsoft.DevTestLab/locations/{location}/operations/{name}"
        )
        by_subscription = "/subscriptions/{subscription}/providers/Microsoft.DevTestLab/labs"
        return [
            _route("Labs_ListBySubscription", "GET", by_subscription, self._list_labs),
            _route("Labs_ListByResourceGroup", "GET", _LABS, self._list_labs),
            _route("Labs_Get", "GET", lab, self._get_lab),
            _route("Labs_GenerateUploadUri", "POST", f"{lab}/generateUploadUri", self._upload_uri),
            _route("Labs_ListVhds", "POST", f"{lab}/listVhds", self._list_vhds),
            _route("CustomImages_List", "GET", images, self._list_images),
            _route("CustomImages_Get", "GET", image, self._get_image),
            _route("CustomImages_CreateOrUpdate", "PUT", image, self._put_image),
            _route("CustomImages_Update", "PATCH", image, self._patch_image),
            _route("CustomImages_Delete", "DELETE", image, self._delete_image),
            _route("LabOperations_Get", "GET", operation, self._get_operation),
        ]

    async def _list_labs(self, call: Call) -> Answer:
        return self._listing.answer(call, map(lab_body, self._lookup.labs(call)))

    async def _get_lab(self, call: Call) -> Answer:
        return Answer(200, selected(call, lab_body(self._lookup.lab(call))))

    async def _upload_uri(self, call: Call) -> Answer:
        lab, name = self._lookup.lab(call), call.json().get("blobName")
        if not isinstance(name, str) or not _BLOB_NAME.fullmatch(name) or {".", ".."} & set(name.split("/")):
            raise errors.bad_content("blobName must be the name of a blob")
        return Answer(200, {"uploadUri": await self._storage.upload_uri(lab.facts.artifacts_account, name)})

    async def _list_vhds(self, call: Call) -> Answer:
        account = self._lookup.lab(call).facts.artifacts_account
        return self._listing.answer(call, [{"id": url} for url in await self._storage.vhds(account)])

    async def _list_images(self, call: Call) -> Answer:
        lab = self._lookup.lab(call)
        for image in list(lab.images.values()):
            await self._images.look(lab, image)
        return self._listing.answer(call, (custom_image_body(lab, image) for image in lab.images.values()))

    async def _get_image(self, call: Call) -> Answer:
        lab = self._lookup.lab(call)
        await self._images.look(lab, self._lookup.image(lab, call))
        return _shown(call, lab, self._lookup.image(lab, call))

    async def _put_image(self, call: Call) -> Answer:
        lab = self._lookup.lab(call)
        is_new = call.names["name"].lower() not in lab.images
        image, operation = self._images.put(lab, call.names["name"], call.json(), call.caller.object_id)
        answer = Answer(201 if is_new else 200, custom_image_body(lab, image))
        if operation is not None:
            answer.headers["Azure-AsyncOperation"] = operations.devtestlab_url(call.base_url, operation)
        return answer

    async def _patch_image(self, call: Call) -> Answer:
        lab = self._lookup.lab(call)
        image, body = self._lookup.image(lab, call), call.json()
        if "tags" in body:
            image.tags = tags_in(body)
        return Answer(200, custom_image_body(lab, image))

    async def _delete_image(self, call: Call) -> Answer:
        lab = self._lookup.lab(call)
        image = lab.images.get(call.names["name"].lower())
        if image is None:
            return Answer(204)
        return operations.accepted(call.base_url, self._images.delete(lab, image))

    async def _get_operation(self, call: Call) -> Answer:
        operation = self._lookup.operation(self._operations, call)
        await self._operations.look(operation)
        if call.query.get("monitor") != "true":
            return Answer(200, operations.devtestlab_status(operation))
        if operation.status == "Running":
            return Answer(202, headers={"Location": call.base_url + call.raw_path})
        if operation.error is not None:
            raise operation.error
        return Answer(204)


def _shown(call: Call, lab: LabState, image: CustomImage) -> Answer:
    return Answer(200, selected(call, custom_image_body(lab, image)))


def _route(operation: str, method: str, template: str, handler: Handler) -> Route:
    return Route(operation, method, template, "devtestlab", handler)
