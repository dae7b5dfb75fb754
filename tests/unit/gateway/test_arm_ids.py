"""Ids of Azure Resource Manager, in any case of letters."""

import pytest

from shared.domain.errors import Refused
from shared.gateway.arm_ids import ArmId, last_name, parsed


@pytest.mark.parametrize("groups", ["resourceGroups", "resourcegroups", "RESOURCEGROUPS"])
def test_the_parts_of_an_id_keep_their_letters(groups: str) -> None:
    disk = f"/subscriptions/S1/{groups}/Some-RG/providers/Microsoft.Compute/disks/OsDisk_1"
    assert parsed(disk) == ArmId("S1", "Some-RG", "OsDisk_1")


def test_a_nested_resource_is_named_by_its_last_part() -> None:
    lab_vm = "/subscriptions/s/resourcegroups/g/providers/microsoft.devtestlab/labs/l/virtualmachines/v"
    assert parsed(lab_vm) == ArmId("s", "g", "v")


@pytest.mark.parametrize("text", ["", "/", "vm", "/subscriptions/s/resourceGroups/g", "https://x/y/z/a/b/c/d/e"])
def test_what_is_no_id_is_refused_by_name(text: str) -> None:
    with pytest.raises(Refused, match="no id"):
        parsed(text)


@pytest.mark.parametrize(("arm_id", "name"), [("/a/b/Account", "Account"), ("/a/b/", "b"), ("", ""), (None, "")])
def test_the_last_name_of_an_id_may_be_missing(arm_id: str | None, name: str) -> None:
    assert last_name(arm_id) == name
