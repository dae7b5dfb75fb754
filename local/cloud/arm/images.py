"""The life of a custom image: begun, tagged anew, deleted. What it is made from is checked elsewhere."""

from collections.abc import Awaitable, Mapping
from typing import Any

from local.cloud.arm import errors, image_sources, times
from local.cloud.arm.image_sources import ImageSources, object_in
from local.cloud.arm.operations import Operation, Operations, Output, Wait, Work
from local.cloud.arm.resources import CustomImage, LabState, stable_guid
from local.cloud.speeds import Speeds

SETTABLE = ("vhd", "vm", "description", "author", "dataDiskStorageInfo", "customImagePlan", "isPlanAuthorized")
FIXED = ("vhd", "vm", "dataDiskStorageInfo", "customImagePlan", "managedImageId", "managedSnapshotId")
_IDS = ("sourceVmId", "managedImageId", "managedSnapshotId")
_KINDS: Mapping[str, type] = {
    "description": str,
    "author": str,
    "dataDiskStorageInfo": list,
    "customImagePlan": Mapping,
    "isPlanAuthorized": bool,
}


class Images:
    """Makes, changes and deletes the custom images of all labs."""

    def __init__(self, sources: ImageSources, speeds: Speeds, operations: Operations) -> None:
        self._sources = sources
        self._speeds = speeds
        self._operations = operations

    def put(
        self, lab: LabState, name: str, body: Mapping[str, Any], caller: str
    ) -> tuple[CustomImage, Operation | None]:
        """Make an image, or replace what may be of an existing one; there is no operation if nothing is being made."""
        properties = object_in(body, "properties")
        tags = tags_in(body)
        _check_types(properties)
        existing = lab.images.get(name.lower())
        if existing is not None:
            self._replace(existing, properties, tags)
            return existing, self._operations.running_on(_id(lab, existing))
        work = self._sources.making(lab, properties)
        kept = {key: properties[key] for key in SETTABLE if properties.get(key) is not None}
        kept |= {"author": kept.get("author", caller), "creationDate": times.written(times.now())}
        kept["uniqueIdentifier"] = stable_guid(lab.id, name, kept["creationDate"])
        image = lab.images[name.lower()] = CustomImage(name, kept, tags)

        async def making(wait: Wait) -> Output:
            return await self._make(image, work(lab, image, wait))

        return image, self._begin(lab, image, making)

    def delete(self, lab: LabState, image: CustomImage) -> Operation:
        """Delete an image in any state; one that is being made is given up."""
        image.state = "Deleting"

        async def deleting(wait: Wait) -> Output:
            await wait(self._speeds.delete_image_seconds)
            if lab.images.get(image.name.lower()) is image:
                del lab.images[image.name.lower()]
            return None

        return self._begin(lab, image, deleting)

    async def look(self, lab: LabState, image: CustomImage) -> None:
        """Note that somebody looks at an image: what is being done to it may then end."""
        await self._operations.look(self._operations.running_on(_id(lab, image)))

    def _begin(self, lab: LabState, image: CustomImage, work: Work) -> Operation:
        return self._operations.begin(lab.facts.subscription_id, lab.facts.location, _id(lab, image), work)

    async def _make(self, image: CustomImage, making: Awaitable[None]) -> Output:
        try:
            await making
        except Exception:
            _ended(image, "Failed")
            raise
        _ended(image, "Succeeded")
        return None

    def _replace(self, image: CustomImage, properties: Mapping[str, Any], tags: dict[str, str]) -> None:
        if image.state == "Deleting":
            raise errors.conflict(f"The custom image '{image.name}' is being deleted.")
        for key in FIXED:
            _refuse_change(key, image.properties.get(key), properties.get(key), failed=image.state == "Failed")
        for key in ("description", "author", "isPlanAuthorized"):
            if properties.get(key) is not None:
                image.properties[key] = properties[key]
        image.tags = tags


def tags_in(body: Mapping[str, Any]) -> dict[str, str]:
    """Return the tags of a body; raises Refused where a tag is no text."""
    tags = object_in(body, "tags")
    for key, value in tags.items():
        if not isinstance(value, str):
            raise errors.bad_content(f"the value of the tag '{key}' is not a string")
    return dict(tags)


def _check_types(properties: Mapping[str, Any]) -> None:
    for key, kind in _KINDS.items():
        if properties.get(key) is not None and not isinstance(properties[key], kind):
            raise errors.bad_content(f"the value of '{key}' has the wrong type")


def _same(key: str, old: Any, new: Any) -> bool:
    """Whether two values of a property are the same; ids of resources are, in any case."""
    if key in _IDS and isinstance(old, str) and isinstance(new, str):
        return old.lower() == new.lower()
    return bool(old == new)


def _refuse_change(key: str, old: Any, new: Any, *, failed: bool) -> None:
    """Refuse another value of a fixed property; of a failed image the source cannot even be given again."""
    if new is None or (_same(key, old, new) and not failed):
        return
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        changed = [member for member in new if failed or not _same(member, old.get(member), new[member])]
        if not changed:
            return
        key = changed[0]
    raise errors.Refused(400, image_sources.CANNOT_SET, f"Cannot set or update property {key}.")


def _id(lab: LabState, image: CustomImage) -> str:
    return f"{lab.id}/customimages/{image.name}"


def _ended(image: CustomImage, state: str) -> None:
    # One that is being deleted meanwhile stays so.
    if image.state == "Creating":
        image.state = state
