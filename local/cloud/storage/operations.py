"""The names of storage's operations, as its REST reference gives them, read off a request. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from local.cloud.faults import COPY_BLOB

ABORT_COPY_BLOB = "Abort Copy Blob"
DELETE_CONTAINER = "Delete Container"
GET_USER_DELEGATION_KEY = "Get User Delegation Key"
LIST_BLOBS = "List Blobs"

READS_OF_A_BLOB = ("Get Blob", "Get Blob Properties")
# After one of these a blob no longer tells of the copy that made it.
ENDS_OF_A_COPY_RECORD = ("Put Blob", "Put Block List", "Set Blob Properties", "Delete Blob")
# Azurite lets a snapshot share pages with its base, copies without ever being pending, or does not know the call.
NOT_EMULATED = ("Copy Blob From URL", "Put Blob From URL", "Incremental Copy Blob", "Snapshot Blob")

_SERVICE = {
    ("GET", "list"): "List Containers",
    ("GET", "blobs"): "Find Blobs by Tags",
    ("GET", "properties"): "Get Blob Service Properties",
    ("HEAD", "properties"): "Get Account Information",
    ("PUT", "properties"): "Set Blob Service Properties",
    ("POST", "userdelegationkey"): GET_USER_DELEGATION_KEY,
    ("POST", "batch"): "Blob Batch",
}
_CONTAINER = {
    ("PUT", ""): "Create Container",
    ("GET", ""): "Get Container Properties",
    ("HEAD", ""): "Get Container Properties",
    ("DELETE", ""): DELETE_CONTAINER,
    ("GET", "list"): LIST_BLOBS,
    ("PUT", "metadata"): "Set Container Metadata",
    ("GET", "acl"): "Get Container ACL",
    ("PUT", "acl"): "Set Container ACL",
    ("PUT", "lease"): "Lease Container",
}
_BLOB = {
    ("GET", ""): "Get Blob",
    ("HEAD", ""): "Get Blob Properties",
    ("PUT", ""): "Put Blob",
    ("DELETE", ""): "Delete Blob",
    ("GET", "pagelist"): "Get Page Ranges",
    ("PUT", "page"): "Put Page",
    ("PUT", "copy"): ABORT_COPY_BLOB,
    ("PUT", "incrementalcopy"): "Incremental Copy Blob",
    ("PUT", "metadata"): "Set Blob Metadata",
    ("GET", "metadata"): "Get Blob Metadata",
    ("PUT", "properties"): "Set Blob Properties",
    ("PUT", "lease"): "Lease Blob",
    ("PUT", "snapshot"): "Snapshot Blob",
    ("PUT", "block"): "Put Block",
    ("PUT", "blocklist"): "Put Block List",
    ("GET", "blocklist"): "Get Block List",
    ("PUT", "appendblock"): "Append Block",
    ("PUT", "tier"): "Set Blob Tier",
    ("PUT", "tags"): "Set Blob Tags",
    ("GET", "tags"): "Get Blob Tags",
}
_QUEUES = {
    ("GET", "list"): "List Queues",
    ("GET", "properties"): "Get Queue Service Properties",
    ("PUT", "properties"): "Set Queue Service Properties",
}
_QUEUE = {
    ("PUT", ""): "Create Queue",
    ("DELETE", ""): "Delete Queue",
    ("GET", "metadata"): "Get Queue Metadata",
    ("HEAD", "metadata"): "Get Queue Metadata",
    ("PUT", "metadata"): "Set Queue Metadata",
}
_MESSAGES = {("POST", ""): "Put Message", ("GET", ""): "Get Messages", ("DELETE", ""): "Clear Messages"}
_MESSAGE = {("PUT", ""): "Update Message", ("DELETE", ""): "Delete Message"}


class BlobName(NamedTuple):
    """What a path-style URL names; container and blob are empty where it names an account or a container."""

    account: str
    container: str
    blob: str

    @classmethod
    def from_path(cls, path: str) -> BlobName:
        """Read a decoded path such as /account/container/folder/blob."""
        account, _, rest = path.lstrip("/").partition("/")
        container, _, blob = rest.partition("/")
        return cls(account, container, blob)

    @property
    def path(self) -> str:
        """The path that it was read from."""
        return "/" + "/".join(part for part in self if part)


def blob_operation(method: str, name: BlobName, query: Mapping[str, str], headers: Mapping[str, str]) -> str:
    """Return what a request to the blob service asks for, such as `Copy Blob`."""
    call = (method, query.get("comp", ""))
    if not name.container:
        return _named(_SERVICE, call)
    if not name.blob:
        return _named(_CONTAINER, call)
    operation = _named(_BLOB, call)
    if "x-ms-copy-source" not in headers:
        return operation
    if operation == "Put Blob" and "x-ms-blob-type" not in headers:
        return "Copy Blob From URL" if headers.get("x-ms-requires-sync", "").lower() == "true" else COPY_BLOB
    return operation if operation == "Incremental Copy Blob" else f"{operation} From URL"


def queue_operation(method: str, path: str, query: Mapping[str, str]) -> str:
    """Return what a request to the queue service asks for, such as `Get Messages`."""
    call = (method, query.get("comp", ""))
    _, queue, *rest = [*path.strip("/").split("/"), ""][:4]
    if not queue:
        return _named(_QUEUES, call)
    if not rest or not rest[0]:
        return _named(_QUEUE, call)
    if len(rest) > 1 and rest[1]:
        return _named(_MESSAGE, call)
    return "Peek Messages" if query.get("peekonly") == "true" else _named(_MESSAGES, call)


def _named(operations: Mapping[tuple[str, str], str], call: tuple[str, str]) -> str:
    return operations.get(call, " ".join(part for part in call if part))
