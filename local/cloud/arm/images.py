"""The life of a custom image: made from a VHD, tagged anew, deleted.

The errors of a VHD that will not do are this emulator's wording: no recording of them is known.
"""

import asyncio
import hashlib
from collections.abc import Mapping
from typing import Any, cast
from urllib.parse import unquote, urlsplit

from local.cloud.arm import errors, times
from local.cloud.arm.operations import Operation, Operations, Output
from local.cloud.arm.resources import CustomImage, LabState, managed_image_id, managed_snapshot_id, stable_guid
from local.cloud.arm.storage import BlobFacts, Storage
from local.cloud.speeds import Speeds
from local.cloud.storage.vhd import is_fixed_vhd

SETTABLE = ("vhd", "description", "author", "dataDiskStorageInfo", "customImagePlan", "isPlanAuthorized")
FIXED = ("vhd", "vm", "dataDiskStorageInfo", "customImagePlan", "managedImageId", "managedSnapshotId")
CANNOT_SET = "CannotSetProperty"


class Images:
    """Makes, changes and deletes the custom images of all labs."""

    def __init__(self, storage: Storage, speeds: Speeds, operations: Operations) -> None:
        self._storage = storage
        self._speeds = speeds
        self._operations = operations
        self._making: dict[int, Operation] = {}

    def put(
        self, lab: LabState, name: str, body: Mapping[str, Any], caller: str
    ) -> tuple[CustomImage, Operation | None]:
        """Make an image, or replace what may be of an existing one; there is no operation if nothing is being made."""
        properties = _object(body, "properties")
        tags = tags_in(body)
        existing = lab.images.get(name.lower())
        if existing is not None:
            self._replace(existing, properties, tags)
            return existing, self._making.get(id(existing))
        url = self._vhd_url(lab, properties)
        kept = {key: properties[key] for key in SETTABLE if key in properties}
        kept |= {"author": kept.get("author", caller), "creationDate": times.written(times.now())}
        kept["uniqueIdentifier"] = stable_guid(lab.id, name, kept["creationDate"])
        image = lab.images[name.lower()] = CustomImage(name, kept, tags)
        operation = self._operations.begin(lab.facts.subscription_id, lab.facts.location, self._make(lab, image, url))
        self._making[id(image)] = operation
        return image, operation

    def delete(self, lab: LabState, image: CustomImage) -> Operation:
        """Delete an image in any state; one that is being made is given up."""
        image.state = "Deleting"
        return self._operations.begin(lab.facts.subscription_id, lab.facts.location, self._delete(lab, image))

    async def _make(self, lab: LabState, image: CustomImage, url: str) -> Output:
        try:
            before = await self._usable_vhd(url)
            await asyncio.sleep(self._speeds.real(self._speeds.image_seconds))
            after = await self._usable_vhd(url)
            if (before.size, before.footer) != (after.size, after.footer):
                raise errors.Refused(400, "BlobModified", f"The blob {url} was changed while the image was made.")
        except Exception:
            self._ended(image, "Failed")
            raise
        generalized = bool(image.properties["vhd"].get("sysPrep"))
        key, identity = (
            ("managedImageId", managed_image_id) if generalized else ("managedSnapshotId", managed_snapshot_id)
        )
        image.properties[key] = identity(lab.facts, image.name)
        image.source = _provenance(url, before)
        self._ended(image, "Succeeded")
        return None

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

    def _ended(self, image: CustomImage, state: str) -> None:
        self._making.pop(id(image), None)
        if image.state == "Creating":
            image.state = state

    async def _delete(self, lab: LabState, image: CustomImage) -> Output:
        await asyncio.sleep(self._speeds.real(self._speeds.delete_image_seconds))
        if lab.images.get(image.name.lower()) is image:
            del lab.images[image.name.lower()]
        return None

    def _replace(self, image: CustomImage, properties: Mapping[str, Any], tags: dict[str, str]) -> None:
        if image.state == "Deleting":
            raise errors.conflict(f"The custom image '{image.name}' is being deleted.")
        for key in FIXED:
            _refuse_change(key, image.properties.get(key), properties.get(key), failed=image.state == "Failed")
        for key in ("description", "author", "isPlanAuthorized"):
            if key in properties:
                image.properties[key] = properties[key]
        image.tags = tags

    def _vhd_url(self, lab: LabState, properties: Mapping[str, Any]) -> str:
        """Check what an image is to be made from, and return the URL of its VHD without a query."""
        if "vm" in properties:
            raise errors.NotEmulated("CustomImages_CreateOrUpdate from a virtual machine")
        if not properties.get("vhd"):
            message = "One of the following properties must be specified: vhd, vm."
            raise errors.Refused(400, "MissingRequiredProperties", message)
        vhd = _object(properties, "vhd")
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


def tags_in(body: Mapping[str, Any]) -> dict[str, str]:
    """Return the tags of a body; raises Refused where a tag is no text."""
    tags = _object(body, "tags")
    for key, value in tags.items():
        if not isinstance(value, str):
            raise errors.bad_content(f"the value of the tag '{key}' is not a string")
    return dict(tags)


def _object(body: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = body.get(key)
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise errors.bad_content(f"'{key}' is not a JSON object")
    return value


def _refuse_change(key: str, old: Any, new: Any, *, failed: bool) -> None:
    """Refuse another value of a fixed property; of a failed image the source cannot even be given again."""
    if new is None or (new == old and not failed):
        return
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        changed = [member for member in new if failed or new[member] != old.get(member)]
        if not changed:
            return
        key = changed[0]
    raise errors.Refused(400, CANNOT_SET, f"Cannot set or update property {key}.")


def _provenance(url: str, facts: BlobFacts) -> dict[str, Any]:
    return {
        "blob": urlsplit(url).path,
        "sizeBytes": facts.size,
        "footerSha256": hashlib.sha256(facts.footer).hexdigest(),
    }
