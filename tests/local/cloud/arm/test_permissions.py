"""The action and the scope of each call, in the spelling of the published list of actions."""

import pytest

from local.cloud.arm.permissions import needed_by

LABS = "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.DevTestLab/labs"
LAB = "/subscriptions/s/resourcegroups/g/providers/microsoft.devtestlab/LABS/l"


@pytest.mark.parametrize(
    ("method", "template", "path", "action", "scope"),
    [
        ("GET", "/subscriptions/{subscription}", "/subscriptions/s", "Microsoft.Resources/subscriptions/read",
         "/subscriptions/s"),
        ("GET", "/subscriptions/{subscription}/providers/Microsoft.DevTestLab/labs",
         "/subscriptions/s/providers/Microsoft.DevTestLab/labs", "Microsoft.DevTestLab/labs/read", "/subscriptions/s"),
        ("GET", LABS, LAB[:-2], "Microsoft.DevTestLab/labs/read",
         "/subscriptions/s/resourcegroups/g/providers/microsoft.devtestlab"),
        ("GET", f"{LABS}/{{lab}}", LAB, "Microsoft.DevTestLab/labs/read", LAB),
        ("GET", f"{LABS}/{{lab}}/customImages", f"{LAB}/customimages", "Microsoft.DevTestLab/labs/customImages/read",
         LAB),
        ("PUT", f"{LABS}/{{lab}}/customImages/{{name}}", f"{LAB}/customimages/i",
         "Microsoft.DevTestLab/labs/customImages/write", f"{LAB}/customimages/i"),
        ("PATCH", f"{LABS}/{{lab}}/customImages/{{name}}", f"{LAB}/customimages/i/",
         "Microsoft.DevTestLab/labs/customImages/write", f"{LAB}/customimages/i"),
        ("DELETE", f"{LABS}/{{lab}}/customImages/{{name}}", f"{LAB}/customimages/i",
         "Microsoft.DevTestLab/labs/customImages/delete", f"{LAB}/customimages/i"),
        ("POST", f"{LABS}/{{lab}}/listVhds", f"{LAB}/listvhds", "Microsoft.DevTestLab/labs/listVhds/action", LAB),
        ("POST", f"{LABS}/{{lab}}/virtualMachines/{{name}}/start", f"{LAB}/virtualmachines/v/START",
         "Microsoft.DevTestLab/labs/virtualMachines/start/action", f"{LAB}/virtualmachines/v"),
    ],
)  # fmt: skip
def test_each_call_needs_its_action_at_its_scope(
    method: str, template: str, path: str, action: str, scope: str
) -> None:
    assert needed_by(method, template, path) == (action, scope)


@pytest.mark.parametrize(
    "path",
    [
        "/subscriptions",
        "/tenants",
        "/metadata/endpoints",
        "/subscriptions/s/providers/Microsoft.DevTestLab/locations/l/operations/o",
        "/subscriptions/s/providers/Microsoft.Compute/locations/l/DiskOperations/o",
    ],
)
def test_for_some_calls_a_token_is_enough(path: str) -> None:
    assert needed_by("GET", path, path) is None
