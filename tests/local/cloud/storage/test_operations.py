"""Requests and the names of what they ask for."""

from __future__ import annotations

import pytest

from local.cloud.storage.operations import BlobName, blob_operation, queue_operation

SOURCE = {"x-ms-copy-source": "https://127.0.0.1/a/b/c"}


@pytest.mark.parametrize(
    ("method", "path", "query", "headers", "operation"),
    [
        ("PUT", "/a/c/b", {}, {}, "Put Blob"),
        ("PUT", "/a/c/b", {}, SOURCE, "Copy Blob"),
        ("PUT", "/a/c/b", {}, {**SOURCE, "x-ms-requires-sync": "true"}, "Copy Blob From URL"),
        ("PUT", "/a/c/b", {}, {**SOURCE, "x-ms-blob-type": "BlockBlob"}, "Put Blob From URL"),
        ("PUT", "/a/c/b", {"comp": "page"}, SOURCE, "Put Page From URL"),
        ("PUT", "/a/c/b", {"comp": "incrementalcopy"}, SOURCE, "Incremental Copy Blob"),
        ("PUT", "/a/c/b", {"comp": "copy", "copyid": "1"}, {}, "Abort Copy Blob"),
        ("HEAD", "/a/c/folder/b", {}, {}, "Get Blob Properties"),
        ("GET", "/a/c", {"restype": "container", "comp": "list"}, {}, "List Blobs"),
        ("DELETE", "/a/c", {"restype": "container"}, {}, "Delete Container"),
        ("POST", "/a", {"comp": "userdelegationkey"}, {}, "Get User Delegation Key"),
        ("PATCH", "/a/c/b", {"comp": "new"}, {}, "PATCH new"),
    ],
)
def test_blob_request_is_named(
    method: str, path: str, query: dict[str, str], headers: dict[str, str], operation: str
) -> None:
    assert blob_operation(method, BlobName.from_path(path), query, headers) == operation


@pytest.mark.parametrize(
    ("method", "path", "query", "operation"),
    [
        ("GET", "/a", {"comp": "list"}, "List Queues"),
        ("PUT", "/a/q", {}, "Create Queue"),
        ("POST", "/a/q/messages", {}, "Put Message"),
        ("GET", "/a/q/messages", {"numofmessages": "1"}, "Get Messages"),
        ("GET", "/a/q/messages", {"peekonly": "true"}, "Peek Messages"),
        ("DELETE", "/a/q/messages", {}, "Clear Messages"),
        ("DELETE", "/a/q/messages/1", {"popreceipt": "x"}, "Delete Message"),
        ("PUT", "/a/q/messages/1", {"popreceipt": "x"}, "Update Message"),
    ],
)
def test_queue_request_is_named(method: str, path: str, query: dict[str, str], operation: str) -> None:
    assert queue_operation(method, path, query) == operation


def test_blob_name_keeps_the_folders_of_a_blob() -> None:
    name = BlobName.from_path("/account/container/folder/blob.vhd")

    assert name == ("account", "container", "folder/blob.vhd")
    assert name.path == "/account/container/folder/blob.vhd"
