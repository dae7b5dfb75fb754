"""What a caller may do under the roles that it was given, and how it is told what it may not."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from local.cloud.arm.roles import RoleAssignment, Roles
from local.cloud.errors import WorldEntryError
from local.cloud.tokens import CLIENT_ID, OBJECT_ID

if TYPE_CHECKING:
    from tests.local.cloud.arm.conftest import RunningArm

SUBSCRIPTION = "7a1f0c52-4b1e-4f0a-9d57-2f6b8f3a1c01"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/Team-RG"
LAB = f"{GROUP}/providers/Microsoft.DevTestLab/labs/TeamBlue"
READER = {"Name": "Reader", "Actions": ["*/read"], "AssignableScopes": [f"/subscriptions/{SUBSCRIPTION}"]}


def allowed(role: dict[str, Any], action: str, scope: str, **more: Any) -> bool:
    return RoleAssignment.from_json({"role": role, **more}).allows(action, scope)


def test_actions_and_scopes_are_compared_without_case() -> None:
    role = {"Actions": ["microsoft.devtestlab/LABS/read"], "AssignableScopes": [GROUP.upper()]}
    assert allowed(role, "Microsoft.DevTestLab/labs/read", LAB)


def test_a_star_stands_for_any_part_of_an_action() -> None:
    role = {"Actions": ["Microsoft.DevTestLab/*/read"], "AssignableScopes": ["/"]}
    assert allowed(role, "Microsoft.DevTestLab/labs/customImages/read", LAB)
    assert not allowed(role, "Microsoft.DevTestLab/labs/customImages/write", LAB)
    assert not allowed(role, "Microsoft.Compute/disks/read", LAB)


def test_what_is_excepted_is_not_allowed() -> None:
    role = {"Actions": ["*"], "NotActions": ["*/delete"], "AssignableScopes": ["/"]}
    assert allowed(role, "Microsoft.DevTestLab/labs/customImages/write", LAB)
    assert not allowed(role, "Microsoft.DevTestLab/labs/customImages/delete", LAB)


def test_a_scope_ends_at_a_whole_name() -> None:
    assert allowed(READER, "Microsoft.DevTestLab/labs/read", LAB, scopes=[LAB])
    assert not allowed(READER, "Microsoft.DevTestLab/labs/read", LAB + "2", scopes=[LAB])
    assert not allowed(READER, "Microsoft.DevTestLab/labs/read", GROUP, scopes=[LAB])


def test_a_definition_may_have_the_form_that_resource_manager_shows() -> None:
    role = {"properties": {"roleName": "x", "permissions": [{"actions": ["a/read"], "notActions": []}]}}
    assert allowed(role, "a/read", LAB, scopes=[GROUP])


@pytest.mark.parametrize(
    ("entry", "place"),
    [
        ({}, "role"),
        ({"role": []}, "role"),
        ({"role": {"Actions": []}}, "scopes"),
        ({"role": {"Actions": "x"}, "scopes": ["/"]}, "role.Actions"),
        ({"role": {"Action": []}, "scopes": ["/"]}, "role.Action"),
        ({"role": {"properties": 1}, "scopes": ["/"]}, "role.properties"),
        ({"role": {"properties": {"permissions": {}}}, "scopes": ["/"]}, "role.permissions"),
        ({"role": READER, "scopes": ["subscriptions"]}, "scopes[0]"),
        ({"role": READER, "scope": "/"}, "scope"),
    ],
)
def test_a_mistake_in_an_assignment_is_named_by_its_place(entry: dict[str, Any], place: str) -> None:
    with pytest.raises(WorldEntryError) as caught:
        RoleAssignment.from_json(entry)
    assert caught.value.place == place


def test_without_assignments_everything_is_allowed_and_with_none_of_them_nothing() -> None:
    assert Roles().allow("a/read", LAB)
    assert not Roles([]).allow("a/read", LAB)


def test_a_call_outside_the_roles_is_a_403_that_names_action_and_scope(
    arm_with: "Callable[..., RunningArm]",
) -> None:
    arm = arm_with(roleAssignments=[{"role": READER}])
    assert arm.call("GET", LAB).status_code == 200
    answer = arm.call("DELETE", f"{LAB}/customimages/Broken")
    assert answer.status_code == 403
    assert answer.headers["x-ms-failure-cause"] == "gateway"
    assert answer.json() == {
        "error": {
            "code": "AuthorizationFailed",
            "message": f"The client '{CLIENT_ID}' with object id '{OBJECT_ID}' does not have authorization to perform "
            f"action 'Microsoft.DevTestLab/labs/customImages/delete' over scope '{LAB}/customimages/Broken' or the "
            "scope is invalid. If access was recently granted, please refresh your credentials.",
        }
    }
    assert arm.call("GET", f"{LAB}/customimages/Broken").status_code == 200


def test_whether_a_resource_exists_is_not_told_without_a_role(arm_with: "Callable[..., RunningArm]") -> None:
    arm = arm_with(roleAssignments=[])
    assert arm.call("GET", LAB + "x").status_code == 403
    assert arm.call("GET", LAB, headers={"Authorization": ""}).status_code == 401


def test_only_subscriptions_with_a_role_are_listed(arm_with: "Callable[..., RunningArm]") -> None:
    arm = arm_with(roleAssignments=[{"role": READER, "scopes": [LAB]}])
    assert [
        one["subscriptionId"] for one in arm.call("GET", "/subscriptions?api-version=2022-12-01").json()["value"]
    ] == [SUBSCRIPTION]
    assert arm.call("GET", f"/subscriptions/{SUBSCRIPTION}?api-version=2022-12-01").status_code == 403


def test_a_list_is_refused_where_only_something_below_it_is_allowed(arm_with: "Callable[..., RunningArm]") -> None:
    arm = arm_with(roleAssignments=[{"role": READER, "scopes": [LAB]}])
    answer = arm.call("GET", f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.DevTestLab/labs")
    assert f"over scope '/subscriptions/{SUBSCRIPTION}'" in answer.json()["error"]["message"]
    group = arm.call("GET", f"{GROUP}/providers/Microsoft.DevTestLab/labs")
    assert f"over scope '{GROUP}/providers/Microsoft.DevTestLab'" in group.json()["error"]["message"]
    assert arm.call("GET", f"{LAB}/customImages").status_code == 200


def test_roles_are_replaced_while_it_runs(arm: "RunningArm") -> None:
    assert arm.own("PUT", "roleAssignments", json=[]).json() == {"assigned": 0}
    assert arm.call("GET", LAB).status_code == 403
    assert arm.own("PUT", "roleAssignments", json=[{"role": READER}]).json() == {"assigned": 1}
    assert arm.call("GET", LAB).status_code == 200
    assert arm.own("PUT", "roleAssignments", data="null").json() == {"assigned": None}
    assert arm.call("PATCH", f"{LAB}/customimages/Broken", json={}).status_code == 200


@pytest.mark.parametrize("body", ["", "{}", "[1]", '[{"role": {}}]', "[" * 100_000])
def test_bad_roles_change_nothing(arm: "RunningArm", body: str) -> None:
    assert arm.own("PUT", "roleAssignments", data=body).status_code == 400
    assert arm.call("GET", LAB).status_code == 200
