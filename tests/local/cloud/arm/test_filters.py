"""Conditions of `$filter`."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.cloud.arm.errors import Refused
from local.cloud.arm.filters import condition

VM: dict[str, Any] = {
    "name": "Golden1",
    "properties": {"osType": "Linux", "ownerObjectId": "abc", "disks": 2, "allowClaim": True, "note": "it's"},
    "tags": {"ImagePath": "Win\\A.json"},
}


@pytest.mark.parametrize(
    "text",
    [
        "Properties/ownerObjectId eq 'ABC'",
        "name eq 'golden1'",
        "name ne 'other'",
        "contains(name, 'old')",
        "contains(name,'OLD')",
        "startswith(name,'Gold') and endswith(name,'1')",
        "substringof('old', name)",
        "properties/disks gt 1 and properties/disks le 2.0",
        "properties/disks ge 2 and not (properties/disks lt 2)",
        "properties/allowClaim eq true",
        "properties/notes eq null",
        "properties/note eq 'it''s'",
        "tags/ImagePath eq 'win\\a.json'",
        "name eq 'x' or (name eq 'golden1' and properties/osType eq 'Linux')",
        "not name eq 'x' and NAME EQ 'golden1'",
    ],
)
def test_a_condition_that_holds(text: str) -> None:
    assert condition(text)(VM)


@pytest.mark.parametrize(
    "text",
    [
        "name eq 'x'",
        "properties/none eq 'x'",
        "name/below eq 'x'",
        "properties/disks eq '2'",
        "name gt 3",
        "contains(properties/disks, '2')",
        "name eq 'golden1' and properties/osType eq 'Windows'",
    ],
)
def test_a_condition_that_does_not_hold(text: str) -> None:
    assert not condition(text)(VM)


@pytest.mark.parametrize(
    "text",
    ["", "name", "name eq", "name is 'x'", "name eq 'x", "name eq 'x' y", "(name eq 'x'", "contains(name)", "eq 'x'",
     "name eq 'a' and", "#", "(" * 1000, "not " * 1000, "name eq ) 'x'"],
)  # fmt: skip
def test_what_is_no_filter_is_refused(text: str) -> None:
    with pytest.raises(Refused) as caught:
        condition(text)
    assert (caught.value.status, caught.value.code) == (400, "InvalidFilterInQueryString")


@given(st.text(alphabet="ab'(),./ 01eqandor-x\x00é", max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        met = condition(text)
    except Refused:
        return
    assert met(VM) in (True, False)
