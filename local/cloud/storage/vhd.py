"""The content of fixed VHDs: a sparse disk and its 512-byte footer. Pure; nothing here stores or sends them."""

from __future__ import annotations

import hashlib
import struct
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

PAGE = 512
MIB = 1024 * 1024
_DATA = 64 * 1024
_ZEROES = bytes(MIB)

# VHD Image Format Specification 1.0, "Hard Disk Footer Format": big-endian, padded to 512 bytes.
_FOOTER = struct.Struct(">8sIIQI4sI4sQQIII16sB427x")
_CHECKSUM_AT = 64
_COOKIE = b"conectix"
_FIXED_DISK = 2
_NO_DATA_OFFSET = 0xFFFF_FFFF_FFFF_FFFF


class DiskContent(Protocol):
    """The bytes of a page blob or disk, of which only the non-empty ranges exist."""

    @property
    def size(self) -> int:
        """Bytes in all, the footer included."""

    def ranges(self) -> Sequence[tuple[int, int]]:
        """Return the non-empty ranges in order: half-open, not overlapping, whole 512-byte pages."""

    def read(self, start: int, end: int) -> bytes:
        """Return the bytes from `start` to before `end`; zeroes where nothing was written."""


@dataclass(frozen=True, slots=True)
class SparseContent:
    """Content that is held in memory: `parts` are its non-empty ranges in order, by their first byte."""

    size: int
    parts: Mapping[int, bytes] = field(repr=False)

    def ranges(self) -> Sequence[tuple[int, int]]:
        return tuple((start, start + len(data)) for start, data in self.parts.items())

    def read(self, start: int, end: int) -> bytes:
        content = bytearray(end - start)
        for begin, data in self.parts.items():
            _put(content, start, begin, data)
        return bytes(content)


@dataclass(frozen=True, slots=True)
class _FixedVhd:
    """A disk with data at its start, somewhere inside, and at its end, all made from the seed when they are read."""

    seed: str
    disk: int
    _starts: tuple[int, ...] = field(init=False)

    def __post_init__(self) -> None:
        pages_between = (self.disk - 4 * _DATA) // PAGE
        place = int.from_bytes(hashlib.sha256(self.seed.encode()).digest()[:8]) % pages_between
        object.__setattr__(self, "_starts", (0, _DATA + PAGE + place * PAGE, self.disk - _DATA))

    @property
    def size(self) -> int:
        return self.disk + PAGE

    def ranges(self) -> Sequence[tuple[int, int]]:
        first, inner, last = self._starts
        return ((first, first + _DATA), (inner, inner + _DATA), (last, self.size))

    def read(self, start: int, end: int) -> bytes:
        content = bytearray(end - start)
        for number, begin in enumerate(self._starts):
            if begin < end and start < begin + _DATA:
                data = hashlib.shake_128(f"{self.seed}\n{number}".encode()).digest(_DATA)
                _put(content, start, begin, data)
        if end > self.disk:
            _put(content, start, self.disk, fixed_footer(self.disk, hashlib.sha256(self.seed.encode()).digest()[:16]))
        return bytes(content)


def fixed_vhd(seed: str, disk_mib: int) -> DiskContent:
    """Return a fixed VHD of `disk_mib` MiB (at least 1) and a footer, holding 192 KiB of data made from `seed`."""
    if disk_mib < 1:
        raise ValueError("A disk has at least 1 MiB.")
    return _FixedVhd(seed, disk_mib * MIB)


def fixed_footer(disk: int, unique_id: bytes) -> bytes:
    """Return the footer of a fixed VHD whose disk has `disk` bytes; `unique_id` is 16 bytes."""
    # Version 1.0 at both places, no time of creation, made by "win " 10.0 for Windows, size as made and as it is.
    values = (0x0001_0000, _NO_DATA_OFFSET, 0, b"win ", 0x000A_0000, b"Wi2k", disk, disk, _geometry(disk), _FIXED_DISK)
    footer = bytearray(_FOOTER.pack(_COOKIE, 2, *values, 0, uuid.UUID(bytes=unique_id).bytes, 0))
    struct.pack_into(">I", footer, _CHECKSUM_AT, _checksum(footer))
    return bytes(footer)


def is_fixed_vhd(footer: bytes, size: int) -> str | None:
    """Return why a blob of `size` bytes that ends with `footer` is not the fixed VHD Azure wants; None if it is one."""
    if len(footer) != PAGE or not footer.startswith(_COOKIE):
        return "its last 512 bytes are no VHD footer"
    fields = _FOOTER.unpack(footer)
    data_offset, current_size, disk_type, checksum = fields[3], fields[9], fields[11], fields[12]
    if disk_type != _FIXED_DISK or data_offset != _NO_DATA_OFFSET:
        return "it is a dynamic or differencing VHD, not a fixed one"
    if checksum != _checksum(footer):
        return "the checksum of its footer is wrong"
    if current_size != size - PAGE:
        return f"its footer says {current_size} bytes, the blob holds {size - PAGE} and the footer"
    if current_size == 0 or current_size % MIB:
        return "its size is not a whole number of MiB"
    return None


def sha256(content: DiskContent) -> str:
    """Return the SHA-256 of the whole content in hex, its empty ranges hashed as zeroes (about 1 s a GiB)."""
    digest = hashlib.sha256()
    position = 0
    for start, end in [*content.ranges(), (content.size, content.size)]:
        while position < start:
            count = min(start - position, len(_ZEROES))
            digest.update(memoryview(_ZEROES)[:count])
            position += count
        digest.update(content.read(start, end))
        position = end
    return digest.hexdigest()


def _put(content: bytearray, start: int, begin: int, data: bytes) -> None:
    """Lay `data`, which begins at `begin`, into `content`, which begins at `start`; what lies outside is cut off."""
    low, high = max(start, begin), min(start + len(content), begin + len(data))
    if low < high:
        content[low - start : high - start] = data[low - begin : high - begin]


def _checksum(footer: bytes | bytearray) -> int:
    """Return the one's complement of the sum of all bytes but the checksum's own."""
    return ~(sum(footer) - sum(footer[_CHECKSUM_AT : _CHECKSUM_AT + 4])) & 0xFFFF_FFFF


def _geometry(disk: int) -> int:
    """Return cylinders, heads and sectors as the specification's appendix computes them, packed as in the footer."""
    sectors = min(disk // PAGE, 65535 * 16 * 255)
    if sectors >= 65535 * 16 * 63:
        heads, per_track = 16, 255
    else:
        per_track = 17
        heads = max(4, -(-(sectors // per_track) // 1024))
        if sectors // per_track >= heads * 1024 or heads > 16:
            heads, per_track = 16, 31
        if sectors // per_track >= heads * 1024:
            heads, per_track = 16, 63
    cylinders = sectors // per_track // heads
    return cylinders << 16 | heads << 8 | per_track
