"""Fixed VHDs: a footer that Azure would take, sparse content that is always the same."""

from __future__ import annotations

import hashlib
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from local.cloud.storage.vhd import MIB, PAGE, SparseContent, fixed_footer, fixed_vhd, is_fixed_vhd, sha256

DISK = fixed_vhd("disk", 4)
WHOLE = DISK.read(0, DISK.size)
UNIQUE_ID = bytes(range(16))


@pytest.mark.parametrize("disk_mib", [1, 2, 127, 130 * 1024])
def test_vhd_of_any_size_is_a_fixed_vhd(disk_mib: int) -> None:
    disk = fixed_vhd("any", disk_mib)

    assert disk.size == disk_mib * MIB + PAGE
    assert is_fixed_vhd(disk.read(disk.size - PAGE, disk.size), disk.size) is None


@given(seed=st.text(max_size=20), disk_mib=st.integers(1, 2048))
def test_ranges_are_whole_pages_inside_the_disk_and_in_order(seed: str, disk_mib: int) -> None:
    disk = fixed_vhd(seed, disk_mib)
    edges = [edge for range_ in disk.ranges() for edge in range_]

    assert edges == sorted(edges)
    assert all(edge % PAGE == 0 for edge in edges)
    assert edges[-1] == disk.size
    assert sum(end - start for start, end in disk.ranges()) == 3 * 64 * 1024 + PAGE


@settings(max_examples=50)
@given(st.tuples(st.integers(0, DISK.size), st.integers(0, DISK.size)).map(sorted))
def test_any_part_is_that_part_of_the_whole(part: list[int]) -> None:
    start, end = part

    assert DISK.read(start, end) == WHOLE[start:end]


@settings(max_examples=50)
@given(st.tuples(st.integers(0, DISK.size), st.integers(0, DISK.size)).map(sorted))
def test_content_held_in_memory_reads_the_same(part: list[int]) -> None:
    held = SparseContent(DISK.size, {start: DISK.read(start, end) for start, end in DISK.ranges()})
    start, end = part

    assert held.ranges() == DISK.ranges()
    assert held.read(start, end) == WHOLE[start:end]


def test_outside_of_its_ranges_a_disk_is_empty() -> None:
    rest = bytearray(WHOLE)
    for start, end in DISK.ranges():
        assert any(rest[start:end])
        rest[start:end] = bytes(end - start)

    assert not any(rest)


def test_seed_decides_the_content() -> None:
    assert fixed_vhd("disk", 4).read(0, DISK.size) == WHOLE
    assert fixed_vhd("other", 4).read(0, DISK.size) != WHOLE


def test_disk_of_no_size_is_refused() -> None:
    with pytest.raises(ValueError, match="1 MiB"):
        fixed_vhd("disk", 0)


def test_hash_is_that_of_the_whole() -> None:
    assert sha256(DISK) == hashlib.sha256(WHOLE).hexdigest()
    assert sha256(SparseContent(1000, {})) == hashlib.sha256(bytes(1000)).hexdigest()


def with_field(offset: int, layout: str, value: int) -> bytes:
    """Return a footer with one field changed and its checksum made right again."""
    footer = bytearray(fixed_footer(4 * MIB, UNIQUE_ID))
    struct.pack_into(layout, footer, offset, value)
    struct.pack_into(">I", footer, 64, 0)
    struct.pack_into(">I", footer, 64, ~sum(footer) & 0xFFFF_FFFF)
    return bytes(footer)


@pytest.mark.parametrize(
    ("footer", "size", "reason"),
    [
        (bytes(PAGE), 4 * MIB + PAGE, "no VHD footer"),
        (fixed_footer(4 * MIB, UNIQUE_ID)[:-1], 4 * MIB + PAGE, "no VHD footer"),
        (with_field(60, ">I", 3), 4 * MIB + PAGE, "dynamic"),
        (with_field(16, ">Q", 512), 4 * MIB + PAGE, "dynamic"),
        (fixed_footer(4 * MIB, UNIQUE_ID)[:-1] + b"x", 4 * MIB + PAGE, "checksum"),
        (fixed_footer(4 * MIB, UNIQUE_ID), 5 * MIB + PAGE, "says 4194304 bytes"),
        (fixed_footer(4 * MIB + PAGE, UNIQUE_ID), 4 * MIB + 2 * PAGE, "whole number of MiB"),
    ],
)
def test_what_is_no_fixed_vhd_is_refused_with_a_reason(footer: bytes, size: int, reason: str) -> None:
    found = is_fixed_vhd(footer, size)

    assert found is not None
    assert reason in found


def test_footer_holds_the_fields_of_the_specification() -> None:
    footer = fixed_footer(4 * MIB, UNIQUE_ID)

    assert footer[:8] == b"conectix"
    assert footer[8:16] == bytes.fromhex("0000000200010000")
    assert footer[16:24] == b"\xff" * 8
    assert int.from_bytes(footer[40:48]) == int.from_bytes(footer[48:56]) == 4 * MIB
    assert int.from_bytes(footer[60:64]) == 2
    assert footer[68:84] == UNIQUE_ID


# The first two are worked through by hand; the last is the largest the specification knows.
@pytest.mark.parametrize(
    ("disk", "geometry"),
    [
        (4 * MIB, (120, 4, 17)),
        (127 * 1024 * MIB, (65278, 16, 255)),
        (200 * 1024 * MIB, (65535, 16, 255)),
    ],
)
def test_geometry_is_that_of_the_specification(disk: int, geometry: tuple[int, int, int]) -> None:
    footer = fixed_footer(disk, UNIQUE_ID)

    assert struct.unpack(">HBB", footer[56:60]) == geometry
