"""Read access to managed disks: who may read one, by which address, and since when no more.

The lifetime of an access is counted in seconds of this machine, not in the world's: so are the signatures of storage.
"""

import base64
import hashlib
import hmac
import secrets
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

from local.cloud.arm.resources import Disk, Machine
from local.cloud.storage.disks import DiskRefusal
from local.cloud.storage.vhd import DiskContent, fixed_vhd

LONGEST_SECONDS = 60 * 24 * 3600
_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"


@dataclass
class Grant:
    """One stored access policy on the blob of a disk; policy and signature together are the secret."""

    disk: Disk
    path: str
    expires: float
    policy: str = field(default_factory=lambda: str(uuid.uuid4()))
    signature: str = field(default_factory=lambda: base64.b64encode(secrets.token_bytes(32)).decode(), repr=False)
    revoked: bool = False

    @property
    def live(self) -> bool:
        """Whether it still opens the disk."""
        return not self.revoked and time.monotonic() < self.expires


class DiskExports:
    """Grants and revokes read access to disks, and hands their content to whoever shows a valid signature."""

    def __init__(self) -> None:
        self._by_disk: dict[str, Grant] = {}
        self._by_path: dict[str, Grant] = {}

    def grant(self, disk: Disk, seconds: int) -> str:
        """Return the path and query of the disk's SAS; a live one is given again, with the longer of both times."""
        expires = time.monotonic() + seconds
        grant = self._by_disk.get(disk.id)
        if grant is not None and grant.live:
            grant.expires = max(grant.expires, expires)
        else:
            grant = Grant(disk, _blob_path(disk, len(self._by_path)), expires)
            self._by_disk[disk.id] = self._by_path[grant.path] = grant
        return f"{grant.path}?sv=2018-03-28&sr=b&si={grant.policy}&sig={quote(grant.signature, safe='')}"

    def revoke(self, disk: Disk) -> None:
        """End every access to the disk; nothing happens where there is none."""
        if disk.id in self._by_disk:
            self._by_disk[disk.id].revoked = True

    def is_granted(self, disk: Disk) -> bool:
        """Whether somebody may read the disk now."""
        return disk.id in self._by_disk and self._by_disk[disk.id].live

    def granted(self, machine: Machine) -> str | None:
        """The name of a disk of this machine that somebody may read now."""
        return next((disk.name for disk in machine.disks if self.is_granted(disk)), None)

    def state(self, disk: Disk) -> str:
        """The disk's `diskState`."""
        if self.is_granted(disk):
            return "ActiveSAS"
        return "Reserved" if disk.machine.power == "deallocated" else "Attached"

    def open(self, path: str, query: Mapping[str, str]) -> DiskContent | DiskRefusal:
        """Return the content of the disk at `path`, or why it may not be read."""
        grant = self._by_path.get(path)
        if grant is None:
            return DiskRefusal(404, "ResourceNotFound", "The specified resource does not exist.")
        given = f"{query.get('si')} {query.get('sig')}".encode()
        if not grant.live or not hmac.compare_digest(f"{grant.policy} {grant.signature}".encode(), given):
            message = (
                "Server failed to authenticate the request. Make sure the value of Authorization header is formed "
            )
            return DiskRefusal(403, "AuthenticationFailed", message + "correctly including the signature.")
        return content_of(grant.disk)

    def region(self, path: str) -> str:
        """The region of the disk at `path`, granted now or before; raises KeyError where there is none."""
        return self._by_path[path].disk.region


def content_of(disk: Disk) -> DiskContent:
    """The bytes of a disk as an export shows them: a fixed VHD, sparse, the same until its VM is started."""
    return fixed_vhd(disk.content_seed, disk.size_mib)


def _blob_path(disk: Disk, number: int) -> str:
    """Path of an exported blob, such as `/md-bxxbzlxljddx/2hprrjn2gjrh/abcd`: another one for each grant."""
    digest = hashlib.sha256(f"{disk.unique_id}/{number}".encode()).digest()
    letters = "".join(_LETTERS[byte % len(_LETTERS)] for byte in digest[:24])
    return f"/md-{letters[:12]}/{letters[12:]}/abcd"
