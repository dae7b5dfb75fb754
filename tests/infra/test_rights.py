"""The custom role and the gateway's calls are compared in both directions."""

import json
from pathlib import Path

from tools.infra_check.rights import GATEWAY, ROLE, calls, differences, right


def role_with(tmp_path: Path, actions: set[str]) -> Path:
    path = tmp_path / "role.json"
    path.write_text(json.dumps({"Actions": sorted(actions)}), encoding="utf-8")
    return path


def granted() -> set[str]:
    return set(json.loads(ROLE.read_text(encoding="utf-8"))["Actions"])


def test_role_grants_exactly_what_the_gateway_calls() -> None:
    assert list(differences()) == []


def test_role_has_no_wildcard_and_no_right_on_data() -> None:
    role = json.loads(ROLE.read_text(encoding="utf-8"))
    assert [action for action in role["Actions"] if "*" in action] == []
    assert role["NotActions"] == role["DataActions"] == role["NotDataActions"] == []


def test_every_call_needs_a_right_of_its_own_kind() -> None:
    needed = {call.operation: right(call) for path in GATEWAY.glob("*.py") for call in calls(path)}
    assert needed["begin_create_or_update"] == "Microsoft.DevTestLab/labs/customImages/write"
    assert needed["begin_grant_access"] == "Microsoft.Compute/disks/beginGetAccess/action"
    assert needed["list_by_subscription"] == "Microsoft.DevTestLab/labs/read"


def test_right_that_is_missing_is_found(tmp_path: Path) -> None:
    role = role_with(tmp_path, granted() - {"Microsoft.Compute/disks/endGetAccess/action"})
    assert "begin_revoke_access needs Microsoft.Compute/disks/endGetAccess/action" in str(list(differences(role=role)))


def test_right_too_many_is_found(tmp_path: Path) -> None:
    role = role_with(tmp_path, granted() | {"Microsoft.Storage/storageAccounts/listKeys/action"})
    assert "grants Microsoft.Storage/storageAccounts/listKeys/action, which no call" in str(
        list(differences(role=role))
    )


def test_new_call_of_the_gateway_is_found(tmp_path: Path) -> None:
    source = "class A:\n def a(self) -> None:\n  self._clients.compute('s').snapshots.begin_create_or_update()\n"
    (tmp_path / "snapshots.py").write_text(source, encoding="utf-8")
    found = str(list(differences(gateway=tmp_path)))
    assert "begin_create_or_update needs Microsoft.Compute/snapshots/write" in found
