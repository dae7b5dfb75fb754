"""Names of images, records and VHDs."""

import re
from datetime import date
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.image_names import base_name, mint, record_id, staged_name, vhd_name

DAY = date(2026, 11, 23)


@pytest.mark.parametrize(
    ("image_path", "name"),
    [
        ("Win2016/Datacenter.json", "Win2016_Datacenter-Nov-23-2026"),
        (r"Win2016\Datacenter.json", "Win2016_Datacenter-Nov-23-2026"),
        (r"Servers\Win2016\Datacenter.json", "Win2016_Datacenter-Nov-23-2026"),
        ("Datacenter.json", "Datacenter-Nov-23-2026"),
        ("Win 2016/SQL Server.v2.JSON", "Win-2016_SQL-Server_v2-Nov-23-2026"),
        ("my.jsonfiles/Data.json", "my_jsonfiles_Data-Nov-23-2026"),
        ("Büro/Gerät+.json", "Buro_Gerat--Nov-23-2026"),
        ("../..", "_____-Nov-23-2026"),  # a name of points alone would be the lab itself in the URL of an image
        ("", "image-Nov-23-2026"),
    ],
)
def test_image_is_named_by_folder_file_and_day(image_path: str, name: str) -> None:
    assert base_name(image_path, DAY) == name


def test_day_is_not_padded_and_months_are_english() -> None:
    names = [base_name("a.json", date(2026, month, 5)) for month in range(1, 13)]
    months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    assert names == [f"a-{month}-5-2026" for month in months]


def test_long_paths_with_a_common_beginning_keep_different_names() -> None:
    one, other = (base_name("folder/" + "x" * 90 + end + ".json", DAY) for end in "ab")
    assert one != other
    assert max(len(one), len(other)) <= 76


@settings(deadline=None)
@given(st.text(max_size=120), st.dates())
def test_every_name_is_one_that_azure_takes(image_path: str, day: date) -> None:
    name = mint(base_name(image_path, day), {base_name(image_path, day).lower()})
    assert re.fullmatch(r"[A-Za-z0-9_()-]{1,80}", name)


def test_same_day_letters_carry_after_z() -> None:
    taken: set[str] = set()
    minted = []
    for _ in range(29):
        minted.append(mint("Image-Nov-23-2026", taken))
        taken.add(minted[-1].lower())
    endings = [name.removeprefix("Image-Nov-23-2026") for name in minted]
    assert endings == ["", *"ABCDEFGHIJKLMNOPQRSTUVWXYZ", "AA", "AB"]


def test_name_taken_in_other_capitals_is_taken() -> None:
    assert mint("Win_X-Nov-23-2026", {"win_x-nov-23-2026"}) == "Win_X-Nov-23-2026A"


def test_record_and_vhd_are_named_by_run_and_machine() -> None:
    first = record_id("20261123T030000Z-1a2b3c", "win2022dc")
    assert first == record_id("20261123T030000Z-1a2b3c", "Win2022DC")
    assert str(UUID(first)) == first
    assert vhd_name(record_id("20261123T030000Z-1a2b3c", "win2022dc")) == f"{first}.vhd"
    others = {record_id("20261123T030000Z-1a2b3c", "win11vs"), record_id("20261124T030000Z-1a2b3c", "win2022dc")}
    assert first not in others
    assert len(others) == 2


def test_record_ids_never_change_between_versions() -> None:
    assert record_id("20261123T030000Z-1a2b3c", "win2022dc") == "224531d7-9308-55ce-a60a-8b2780187dbd"


def test_staged_copy_is_named_by_record_and_holder_without_case() -> None:
    lab = "/subscriptions/s/resourceGroups/g/providers/Microsoft.DevTestLab/labs/Blue"
    name = staged_name("5b1c", lab)
    assert re.fullmatch(r"5b1c-[0-9a-f]{8}\.vhd", name)
    assert staged_name("5b1c", lab.lower()) == name
    assert staged_name("5b1c", lab + "2") != name
