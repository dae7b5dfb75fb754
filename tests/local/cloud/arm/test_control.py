"""The emulator's own calls."""

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.local.cloud.arm.conftest import RunningArm


def test_the_state_shows_labs_machines_and_disks(arm: "RunningArm") -> None:
    state = arm.own("GET", "state").json()
    blue = next(lab for lab in state["labs"] if lab["name"] == "TeamBlue")
    assert blue["images"][0]["tags"] == {"ImagePath": "Win2016\\Datacenter.json", "ImageFactoryRecord": "r1"}
    assert {vm["name"]: vm["power"] for vm in state["vms"]} == {
        "Golden1": "deallocated",
        "busy": "running",
        "old": "stopped",
    }
    assert [disk["diskState"] for disk in state["disks"]] == ["Reserved", "Attached", "Attached"]
    assert len({disk["footerSha256"] for disk in state["disks"]}) == 3


def test_several_faults_are_added_at_once(arm: "RunningArm") -> None:
    assert arm.own("POST", "faults", json=[{"status": 500}, {"latency": 0}]).json() == {"added": 2}
    assert arm.call("GET", "/subscriptions").status_code == 500
    assert arm.call("GET", "/subscriptions").status_code == 200


@pytest.mark.parametrize("body", ["", "[3]", '{"stattus": 1}', '[{"status": 500}, {"status": 1}]'])
def test_of_bad_faults_none_is_added(arm: "RunningArm", body: str) -> None:
    answer = arm.own("POST", "faults", data=body)
    assert (answer.status_code, list(answer.json())) == (400, ["error"])
    assert arm.call("GET", "/subscriptions").status_code == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "none"), ("GET", "faults"), ("POST", "vms/FactoryLab/none/start"), ("POST", "vms/x/busy/stop")],
)
def test_what_is_not_there_is_a_404(arm: "RunningArm", method: str, path: str) -> None:
    answer: Any = arm.own(method, path)
    assert (answer.status_code, list(answer.json())) == (404, ["error"])
