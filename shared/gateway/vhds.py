"""VHDs and records in storage accounts: saved images and staged copies. It never deletes a container."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from shared.domain import image_records
from shared.domain.errors import Conflict, RecordError
from shared.domain.models import Catalogue, Finding, ImageRecord, Lab, SavedImage, Severity
from shared.domain.redaction import redact
from shared.domain.storage import BlobRef, CopyOwner, CopyStatus, VhdState
from shared.gateway.clients import AzureClients
from shared.gateway.containers import made_when_missing
from shared.gateway.delegation import ReadUrls
from shared.gateway.faults import asking
from shared.gateway.parallel import side_by_side

if TYPE_CHECKING:
    from azure.storage.blob import BlobClient, BlobProperties

IMAGE_CONTAINER = "imagefactoryvhds"  # as the scripts name it
LARGEST_RECORD = 64 * 1024  # bytes; ours have about one thousand


class AzureVhds:
    """`port.Vhds` over the blob SDK."""

    def __init__(self, clients: AzureClients, factory: Callable[[], Lab]) -> None:
        self._clients = clients
        self._factory = factory
        self._urls = ReadUrls(clients)

    def catalogue(self) -> Catalogue:
        """All saved images: one listing, one read per record. A VHD whose copy has not succeeded is not there."""
        place = self.image_storage("")
        listed = self._listed(place)
        records = sorted(name for name in listed if name.lower().endswith(".json"))
        read = side_by_side(lambda name: self._saved_image(place, name, listed), records)
        return Catalogue(
            images=tuple(item for item in read if isinstance(item, SavedImage)),
            findings=tuple(item for item in read if isinstance(item, Finding)),
        )

    def _listed(self, place: BlobRef) -> dict[str, "BlobProperties"]:
        from azure.core.exceptions import ResourceNotFoundError

        with asking(f"list the saved images in account {place.account}", _reader(place)):
            container = self._clients.storage(place.account).get_container_client(place.container)
            try:
                return {blob.name: blob for blob in container.list_blobs(include=["copy"])}
            except ResourceNotFoundError:
                return {}

    def _saved_image(
        self, place: BlobRef, name: str, listed: dict[str, "BlobProperties"]
    ) -> SavedImage | Finding | None:
        from azure.core.exceptions import ResourceNotFoundError

        record_id = name[: -len(".json")]
        if listed[name].size > LARGEST_RECORD:
            return _bad_record(name, f"it has {listed[name].size} bytes")
        with asking(f"read the record {name} in account {place.account}", _reader(place)):
            try:
                text = self._blob(place.model_copy(update={"name": name})).download_blob().readall()
            except ResourceNotFoundError:
                return None  # retired since the listing
        try:
            record = image_records.parse(record_id, text)
        except RecordError as error:
            return _bad_record(name, error.message)
        vhd = listed.get(record.vhd_file_name)
        return SavedImage(
            id=record_id,
            record=record,
            size_bytes=vhd.size if vhd else record.size_bytes or 0,
            vhd_present=vhd is not None and _copy_status(vhd) in (CopyStatus.NONE, CopyStatus.SUCCESS),
        )

    def write_record(self, record_id: str, record: ImageRecord) -> None:
        """Writes `<record id>.json` in the image storage, replacing it."""
        from azure.storage.blob import ContentSettings

        place = self.image_storage(f"{record_id}.json")
        text = image_records.dumps(record).encode()
        settings = ContentSettings(content_type="application/json")
        with asking(f"write the record {place.name} in account {place.account}", _writer(place)):
            made_when_missing(
                self._clients.storage(place.account).get_container_client(place.container),
                lambda: self._blob(place).upload_blob(text, overwrite=True, content_settings=settings),
            )

    def image_storage(self, name: str) -> BlobRef:
        """The place of a blob in the image storage of the factory lab."""
        return BlobRef(account=self._factory().account, container=IMAGE_CONTAINER, name=name)

    def read_url(self, vhd: BlobRef, seconds: int) -> SecretStr:
        """A URL with a user-delegation SAS for this blob alone."""
        return self._urls.signed(vhd, seconds)

    def start_copy(self, source: SecretStr, target: BlobRef, owner: CopyOwner, source_etag: str | None = None) -> None:
        """Starts a server-side copy onto a free name, with the owner as metadata, in one call."""
        from azure.core import MatchConditions

        conditions: dict[str, Any] = {"match_condition": MatchConditions.IfMissing}
        if source_etag is not None:
            conditions |= {"source_etag": source_etag, "source_match_condition": MatchConditions.IfNotModified}
        metadata = {"factory": owner.factory, "runid": owner.run_id, "source": owner.source}
        try:
            with asking(f"start the copy to {target.name} in account {target.account}", _writer(target)):
                made_when_missing(
                    self._clients.storage(target.account).get_container_client(target.container),
                    lambda: self._blob(target).start_copy_from_url(
                        source.get_secret_value(), metadata=metadata, **conditions
                    ),
                )
        except Conflict as conflict:
            # With If-None-Match a 412 can only speak of the source.
            if source_etag is not None and conflict.status == 412:
                raise Conflict("source-changed", conflict.message, what=conflict.what, status=412) from None
            raise

    def state(self, vhd: BlobRef) -> VhdState | None:
        """The VHD as storage describes it now, in one HEAD."""
        from azure.core.exceptions import ResourceNotFoundError

        with asking(f"look at {vhd.name} in account {vhd.account}", _reader(vhd)):
            try:
                return _state(self._blob(vhd).get_blob_properties())
            except ResourceNotFoundError:
                return None

    def abort_copy(self, vhd: BlobRef, copy_id: str) -> None:
        """Ends a pending copy; one that is not pending any more, or is gone, is success."""
        from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError

        with asking(f"end the copy to {vhd.name} in account {vhd.account}", _writer(vhd)):
            try:
                self._blob(vhd).abort_copy(copy_id)
            except ResourceNotFoundError:
                return
            except ResourceExistsError as error:
                # The SDK's name for any 409; of these two both say that this copy is not pending.
                if getattr(error, "error_code", None) not in ("NoPendingCopyOperation", "CopyIdMismatch"):
                    raise

    def delete(self, vhd: BlobRef, etag: str) -> None:
        """Deletes the version with this ETag. Conflict (code `changed`) when there is another."""
        from azure.core import MatchConditions
        from azure.core.exceptions import ResourceModifiedError, ResourceNotFoundError

        with asking(f"delete {vhd.name} in account {vhd.account}", _writer(vhd)):
            try:
                self._blob(vhd).delete_blob(etag=etag, match_condition=MatchConditions.IfNotModified)
            except ResourceNotFoundError:
                return
            except ResourceModifiedError:
                # A condition on the ETag may be said to fail where there is no blob at all.
                if self.state(vhd) is not None:
                    raise

    def _blob(self, place: BlobRef) -> "BlobClient":
        return self._clients.storage(place.account).get_blob_client(place.container, place.name)


def _reader(place: BlobRef) -> str:
    return f"Storage Blob Data Reader on the account {place.account}"


def _writer(place: BlobRef) -> str:
    return f"Storage Blob Data Contributor on the account {place.account}"


def _bad_record(name: str, problem: str) -> Finding:
    return Finding(
        severity=Severity.WARNING,
        code="bad-record",
        message=f"The record {name} is left out: {problem}. Repair it, or delete it with its VHD.",
        path=name,
    )


def _copy_status(blob: "BlobProperties") -> CopyStatus:
    return CopyStatus(blob.copy.status) if blob.copy and blob.copy.status else CopyStatus.NONE


def _state(blob: "BlobProperties") -> VhdState:
    copy: Any = blob.copy
    return VhdState(
        etag=blob.etag or "",
        size_bytes=blob.size,
        owner=_owner(blob.metadata or {}),
        copy_status=_copy_status(blob),
        copy_id=copy.id,
        copied_bytes=int((copy.progress or "0").partition("/")[0]),
        started_at=blob.creation_time,
        ended_at=copy.completion_time,
        modified_at=blob.last_modified,
        description=redact(copy.status_description or ""),
    )


def _owner(metadata: dict[str, str]) -> CopyOwner | None:
    # HTTP headers carry metadata, and their names have no case.
    named = {name.lower(): value for name, value in metadata.items()}
    if not {"factory", "runid", "source"} <= named.keys():
        return None
    return CopyOwner(factory=named["factory"], run_id=named["runid"], source=named["source"])
