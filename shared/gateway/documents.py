"""labs.json and the run folders in the app storage. It knows nothing of what the documents say."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from shared.gateway.clients import AzureClients
from shared.gateway.containers import made_when_missing
from shared.gateway.faults import asking
from shared.gateway.parallel import side_by_side
from shared.gateway.port import LabsBlob

if TYPE_CHECKING:
    from azure.storage.blob import ContainerClient

LABS_CONTAINER = "image-factory"
RUNS_CONTAINER = "image-factory-runs"
LABS_FILE = "labs.json"
RUNS_PREFIX = "runs/"
LARGEST_LABS_FILE = 1024 * 1024  # bytes; one more is read, so that the reader of the file sees that it is too big
_ROLE = "Storage Blob Data Owner on the app storage (FactoryStorage)"


class AzureDocuments:
    """`port.Documents` over the blob SDK."""

    def __init__(self, clients: AzureClients) -> None:
        self._clients = clients

    def labs_file(self) -> LabsBlob | None:
        """labs.json in any case of letters, the newest if there are several; at most 1 MiB and one byte of it."""
        from azure.core.exceptions import ResourceNotFoundError

        with asking("read labs.json in the app storage", _ROLE):
            container = self._container(LABS_CONTAINER)
            try:
                named = [blob for blob in container.list_blobs() if blob.name.lower() == LABS_FILE]
                if not named:
                    return None
                newest = max(named, key=lambda blob: (blob.last_modified, blob.name))
                # A range of an empty blob is an error of its own; its size is known already.
                length = LARGEST_LABS_FILE + 1 if newest.size else None
                download = container.download_blob(newest.name, offset=0 if length else None, length=length)
                return LabsBlob(newest.name, download.readall(), str(download.properties.etag))
            except ResourceNotFoundError:
                return None

    def read(self, name: str) -> bytes | None:
        """A document of the run folders; None when it is not there."""
        from azure.core.exceptions import ResourceNotFoundError

        with asking(f"read the document {name}", _ROLE):
            try:
                return self._container(RUNS_CONTAINER).download_blob(name).readall()
            except ResourceNotFoundError:
                return None

    def write(self, name: str, content: bytes, content_type: str = "application/json") -> None:
        """Writes a document, replacing what is there."""
        with asking(f"write the document {name}", _ROLE):
            self._upload(name, content, content_type, overwrite=True)

    def create(self, name: str, content: bytes) -> bool:
        """Writes a document only if it is not there yet; equal content there counts as written."""
        from azure.core.exceptions import ResourceExistsError

        with asking(f"create the document {name}", _ROLE):
            try:
                self._upload(name, content, "application/json", overwrite=False)
            except ResourceExistsError as error:
                if getattr(error, "error_code", None) != "BlobAlreadyExists":
                    raise
                # Perhaps by this very call, whose answer was lost and which the SDK sent again.
                return self.read(name) == content
            return True

    def _upload(self, name: str, content: bytes, content_type: str, *, overwrite: bool) -> None:
        from azure.storage.blob import ContentSettings

        container = self._container(RUNS_CONTAINER)
        settings = ContentSettings(content_type=content_type)
        made_when_missing(
            container,
            lambda: container.upload_blob(name, content, overwrite=overwrite, content_settings=settings),
        )

    def delete(self, name: str) -> None:
        """Deletes a document; already gone is success."""
        from azure.core.exceptions import ResourceNotFoundError

        with asking(f"delete the document {name}", _ROLE):
            try:
                self._container(RUNS_CONTAINER).delete_blob(name)
            except ResourceNotFoundError:
                return

    def names(self, prefix: str) -> list[str]:
        """The names of all documents with this prefix, sorted."""
        from azure.core.exceptions import ResourceNotFoundError

        with asking(f"list the documents {prefix}*", _ROLE):
            try:
                return sorted(self._container(RUNS_CONTAINER).list_blob_names(name_starts_with=prefix))
            except ResourceNotFoundError:
                return []

    def run_ids(self) -> list[str]:
        """The ids of all runs that have a folder, oldest first, in one hierarchical listing."""
        from azure.core.exceptions import ResourceNotFoundError

        with asking("list the runs", _ROLE):
            try:
                folders = self._container(RUNS_CONTAINER).walk_blobs(name_starts_with=RUNS_PREFIX, delimiter="/")
                found = [folder.name for folder in folders if folder.name.endswith("/")]
            except ResourceNotFoundError:
                return []
        return sorted(name.removeprefix(RUNS_PREFIX).removesuffix("/") for name in found)

    def read_all(self, names: Sequence[str]) -> Mapping[str, bytes]:
        """Many documents side by side; those that are not there are left out."""
        contents = side_by_side(self.read, names)
        return {name: content for name, content in zip(names, contents, strict=True) if content is not None}

    def _container(self, name: str) -> "ContainerClient":
        return self._clients.app_storage().get_container_client(name)
