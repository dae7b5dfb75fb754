"""The gateway's port over a FakeCloud: the same answers and errors as AzureGateway, proved by the contract tests."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from pydantic import SecretStr

from shared.domain import image_records
from shared.domain.errors import Conflict, NotFound, RecordError, Refused
from shared.domain.image_paths import as_tag
from shared.domain.models import Catalogue, CustomImage, Finding, ImageRecord, Lab, SavedImage, Severity, SourceVm
from shared.domain.storage import BlobRef, CopyOwner, CopyStatus, NewImage, VhdState
from shared.domain.telemetry import Span
from shared.gateway.port import LabsBlob
from tests.fakes.azure import IMAGE_CONTAINER, AzureInMemory
from tests.fakes.state import Blob, Grant, Image

LONGEST_URL = 7 * 24 * 3600
LONGEST_GRANT = 5_184_000
LONGEST_MESSAGE = 48 * 1024


class FakeLabs:
    def __init__(self, cloud: AzureInMemory) -> None:
        self._cloud = cloud

    def factory(self) -> Lab:
        with self._cloud.call("labs.factory"):
            return self._cloud.factory

    def in_subscription(self, subscription_id: str) -> tuple[Lab, ...]:
        with self._cloud.call("labs.in_subscription", subscription_id):
            wanted = subscription_id.lower()
            found = [lab for lab in self._cloud.labs.values() if lab.subscription_id.lower() == wanted]
            return tuple(sorted(found, key=lambda lab: lab.id))

    def find(self, subscription_id: str, resource_group: str, name: str) -> Lab | None:
        group = f"/subscriptions/{subscription_id}/resourcegroups/{resource_group}".lower()
        lab_id = f"{group}/providers/microsoft.devtestlab/labs/{name.lower()}"
        with self._cloud.call("labs.find", lab_id):
            return self._cloud.labs.get(lab_id)

    def source_vms(self) -> tuple[SourceVm, ...]:
        with self._cloud.call("labs.source_vms"):
            machines = self._cloud.machines.values()
            return tuple(sorted((self._cloud.seen(machine) for machine in machines), key=lambda vm: vm.name))

    def custom_images(self, lab: Lab) -> tuple[CustomImage, ...]:
        with self._cloud.call("labs.custom_images", lab.id):
            return tuple(sorted((_seen(image) for image in self._images(lab).values()), key=lambda image: image.name))

    def custom_image(self, lab: Lab, name: str) -> CustomImage | None:
        with self._cloud.call("labs.custom_image", f"{lab.id}/{name}"):
            image = self._cloud.images.get(lab.id, {}).get(name.lower())
            return _seen(image) if image else None

    def create_image(self, lab: Lab, image: NewImage) -> None:
        with self._cloud.call("labs.create_image", f"{lab.id}/{image.name}"):
            images = self._images(lab)
            if image.vhd.account != lab.account:
                raise Refused("wrong-account", "The VHD must lie in the storage account of the lab.", status=400)
            taken = images.get(image.name.lower())
            if taken is not None:
                self._put_again(taken, image)
            else:
                images[image.name.lower()] = self._begun(image)
                self._cloud.settle()

    def _begun(self, image: NewImage) -> Image:
        blob = self._cloud.blobs.get(image.vhd)
        usable = blob is not None and (blob.copy is None or blob.copy.status is CopyStatus.SUCCESS)
        return Image(
            name=image.name,
            tags={
                "ImagePath": as_tag(image.image_path),
                "ImageFactoryRecord": image.record_id,
                "ImageFactoryRun": image.run_id,
            },
            state="Creating" if usable else "Failed",
            os_type=image.os_type,
            sys_prep=image.os_state == "Generalized",
            description=image.description,
            vhd=image.vhd,
            vhd_etag=blob.etag if blob else None,
            created_at=self._cloud.now,
            due_at=self._cloud.now + timedelta(seconds=self._cloud.image_seconds),
        )

    def _put_again(self, taken: Image, image: NewImage) -> None:
        if taken.state in ("Failed", "Deleting") or taken.vhd != image.vhd:
            raise Conflict("image-exists", f"An image {image.name} is there already.", what=image.name, status=400)

    def delete_image(self, lab: Lab, name: str) -> None:
        with self._cloud.call("labs.delete_image", f"{lab.id}/{name}"):
            image = self._images(lab).get(name.lower())
            if image is not None and image.state != "Deleting":
                image.state = "Deleting"
                image.due_at = self._cloud.now + timedelta(seconds=self._cloud.delete_image_seconds)
                self._cloud.settle()

    def _images(self, lab: Lab) -> dict[str, Image]:
        if lab.id not in self._cloud.labs:
            raise NotFound("not-found", f"The lab {lab.name} is not there.", what=lab.id, status=404)
        return self._cloud.images[lab.id]


class FakeDisks:
    def __init__(self, cloud: AzureInMemory) -> None:
        self._cloud = cloud

    def grant_read(self, disk_id: str, seconds: int) -> SecretStr:
        with self._cloud.call("disks.grant_read", disk_id):
            if seconds > LONGEST_GRANT:
                raise Refused(
                    "grant-too-long", f"A disk can be granted for {LONGEST_GRANT} seconds at most.", what=disk_id
                )
            disk = self._cloud.disks.get(disk_id.lower())
            if disk is None:
                raise NotFound("not-found", "The disk is not there.", what=disk_id, status=404)
            if any(machine.disk is disk and machine.power == "running" for machine in self._cloud.machines.values()):
                raise Conflict("conflict", "The disk is attached to a running machine.", what=disk_id, status=409)
            signature = self._cloud.signed(disk.source.id, seconds)
            self._cloud.grants.append(Grant(disk.source.id, seconds, self._cloud.now, signature))
            return SecretStr(f"https://md-fake.blob.storage.azure.net/{signature}/abcd?sig={signature}")

    def revoke(self, disk_id: str) -> None:
        with self._cloud.call("disks.revoke", disk_id):
            for grant in self._cloud.outstanding_grants:
                if grant.disk_id.lower() == disk_id.lower():
                    grant.revoked_at = self._cloud.now
                    self._cloud.signatures[grant.signature].revoked = True


class FakeVhds:
    def __init__(self, cloud: AzureInMemory) -> None:
        self._cloud = cloud

    def catalogue(self) -> Catalogue:
        with self._cloud.call("vhds.catalogue"):
            account = self._cloud.factory.account
            blobs = {
                place.name: blob
                for place, blob in self._cloud.blobs.items()
                if (place.account, place.container) == (account, IMAGE_CONTAINER)
            }
            read = [self._saved(name, blobs) for name in sorted(blobs) if name.lower().endswith(".json")]
            return Catalogue(
                images=tuple(item for item in read if isinstance(item, SavedImage)),
                findings=tuple(item for item in read if isinstance(item, Finding)),
            )

    def _saved(self, name: str, blobs: Mapping[str, Blob]) -> SavedImage | Finding:
        record_id = name[: -len(".json")]
        try:
            record = image_records.parse(record_id, blobs[name].text)
        except RecordError as error:
            return Finding(severity=Severity.WARNING, code="bad-record", message=error.message, path=name)
        vhd = blobs.get(record.vhd_file_name)
        whole = vhd is not None and (vhd.copy is None or vhd.copy.status is CopyStatus.SUCCESS)
        size = vhd.size if vhd else record.size_bytes or 0
        return SavedImage(id=record_id, record=record, size_bytes=size, vhd_present=whole)

    def write_record(self, record_id: str, record: ImageRecord) -> None:
        place = self.image_storage(f"{record_id}.json")
        with self._cloud.call("vhds.write_record", _name(place)):
            self._cloud.put_blob(place, text=image_records.dumps(record).encode())

    def image_storage(self, name: str) -> BlobRef:
        return BlobRef(account=self._cloud.factory.account, container=IMAGE_CONTAINER, name=name)

    def read_url(self, vhd: BlobRef, seconds: int) -> SecretStr:
        with self._cloud.call("vhds.read_url", _name(vhd)):
            if seconds > LONGEST_URL:
                raise Refused("url-too-long", "A delegated URL lives 7 days at most.", what=vhd.name)
            signature = self._cloud.signed(vhd, seconds)
            return SecretStr(f"https://{vhd.account}.blob.core.windows.net/{vhd.container}/{vhd.name}?sig={signature}")

    def start_copy(self, source: SecretStr, target: BlobRef, owner: CopyOwner, source_etag: str | None = None) -> None:
        with self._cloud.call("vhds.start_copy", _name(target)):
            signature = source.get_secret_value().partition("sig=")[2]
            _, _, _, etag = self._cloud.source_of(signature)
            if target in self._cloud.blobs:
                raise Conflict("blob-exists", "A blob of that name is there.", what=_name(target), status=409)
            if source_etag is not None and source_etag != etag:
                raise Conflict("source-changed", "The VHD to copy from was changed.", what=_name(target), status=412)
            self._cloud.begin_copy(target, signature, owner)

    def state(self, vhd: BlobRef) -> VhdState | None:
        with self._cloud.call("vhds.state", _name(vhd)):
            blob = self._cloud.blobs.get(vhd)
            return _state(blob) if blob else None

    def abort_copy(self, vhd: BlobRef, copy_id: str) -> None:
        with self._cloud.call("vhds.abort_copy", _name(vhd)):
            blob = self._cloud.blobs.get(vhd)
            if blob and blob.copy and blob.copy.id == copy_id and blob.copy.status is CopyStatus.PENDING:
                self._cloud.abort(blob.copy)

    def delete(self, vhd: BlobRef, etag: str) -> None:
        with self._cloud.call("vhds.delete", _name(vhd)):
            blob = self._cloud.blobs.get(vhd)
            if blob is None:
                return
            if blob.etag != etag:
                raise Conflict("changed", "It was changed meanwhile.", what=_name(vhd), status=412)
            if blob.copy and blob.copy.status is CopyStatus.PENDING:
                raise Conflict("blob-exists", "A copy to it is pending.", what=_name(vhd), status=409)
            del self._cloud.blobs[vhd]


class FakeDocuments:
    def __init__(self, cloud: AzureInMemory) -> None:
        self._cloud = cloud

    def labs_file(self) -> LabsBlob | None:
        with self._cloud.call("documents.labs_file"):
            return self._cloud.labs_blob

    def read(self, name: str) -> bytes | None:
        with self._cloud.call("documents.read", name):
            return self._cloud.documents.get(name)

    def write(self, name: str, content: bytes, content_type: str = "application/json") -> None:
        with self._cloud.call("documents.write", name):
            self._cloud.documents[name] = content

    def create(self, name: str, content: bytes) -> bool:
        with self._cloud.call("documents.create", name):
            return self._cloud.documents.setdefault(name, content) == content

    def delete(self, name: str) -> None:
        with self._cloud.call("documents.delete", name):
            self._cloud.documents.pop(name, None)

    def names(self, prefix: str) -> list[str]:
        with self._cloud.call("documents.names", prefix):
            return sorted(name for name in self._cloud.documents if name.startswith(prefix))

    def run_ids(self) -> list[str]:
        with self._cloud.call("documents.run_ids"):
            parts = [name.split("/") for name in self._cloud.documents]
            return sorted({part[1] for part in parts if part[0] == "runs" and len(part) > 2})

    def read_all(self, names: Sequence[str]) -> Mapping[str, bytes]:
        contents = {name: self.read(name) for name in names}
        return {name: content for name, content in contents.items() if content is not None}


class FakeNotices:
    def __init__(self, cloud: AzureInMemory) -> None:
        self._cloud = cloud

    def send(self, text: str) -> None:
        with self._cloud.call("notices.send"):
            if len(text.encode()) > LONGEST_MESSAGE:
                raise Refused("message-too-long", f"A message may have {LONGEST_MESSAGE} bytes.")
            self._cloud.messages.append(text)


class FakeTraces:
    def __init__(self, cloud: AzureInMemory) -> None:
        self._cloud = cloud

    def send(self, run_id: str, spans: Sequence[Span]) -> None:
        self._cloud.traces.setdefault(run_id, []).extend(spans)


class FakeClock:
    def __init__(self, cloud: AzureInMemory) -> None:
        self._cloud = cloud

    def now(self) -> datetime:
        return self._cloud.now


class FakeGateway:
    """`port.Gateway` over a FakeCloud. Several may share one cloud, as several processes share Azure."""

    def __init__(self, cloud: AzureInMemory) -> None:
        self.labs = FakeLabs(cloud)
        self.disks = FakeDisks(cloud)
        self.vhds = FakeVhds(cloud)
        self.documents = FakeDocuments(cloud)
        self.notices = FakeNotices(cloud)
        self.traces = FakeTraces(cloud)
        self.clock = FakeClock(cloud)


def _name(place: BlobRef) -> str:
    return f"{place.account}/{place.container}/{place.name}"


def _seen(image: Image) -> CustomImage:
    return CustomImage(
        name=image.name,
        image_path=image.tags.get("ImagePath"),
        record_id=image.tags.get("ImageFactoryRecord"),
        provisioning_state=image.state,
        created_at=image.created_at,
    )


def _state(blob: Blob) -> VhdState:
    copy = blob.copy
    done = copy is not None and copy.status is CopyStatus.SUCCESS
    return VhdState(
        etag=blob.etag,
        size_bytes=blob.size,
        owner=blob.owner,
        copy_status=copy.status if copy else CopyStatus.NONE,
        copy_id=copy.id if copy else None,
        copied_bytes=copy.bytes if copy and done else 0,
        started_at=blob.created_at,
        ended_at=copy.ended_at if copy else None,
        modified_at=blob.modified_at,
        description=copy.description if copy else "",
    )
