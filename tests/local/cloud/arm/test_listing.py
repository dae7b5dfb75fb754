"""Lists: filtered, ordered, cut into pages and followed by Microsoft's own client."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from azure.core.credentials import AccessToken
from azure.mgmt.devtestlabs import DevTestLabsClient

from local.cloud.tokens import access_token

if TYPE_CHECKING:
    from tests.local.cloud.arm.conftest import RunningArm

SUBSCRIPTION = "7a1f0c52-4b1e-4f0a-9d57-2f6b8f3a1c01"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/Team-RG"
IMAGES = f"{GROUP}/providers/Microsoft.DevTestLab/labs/TeamBlue/customImages"
FACTORY = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/Factory-RG/providers/Microsoft.DevTestLab"
MACHINES = f"{FACTORY}/labs/FactoryLab/virtualmachines"


class Login:
    """A credential that makes its tokens itself."""

    def get_token(self, *scopes: str, **_: Any) -> AccessToken:
        return AccessToken(access_token(scopes[0].removesuffix("/.default")), 2**31)


def names(arm: "RunningArm", path: str, **query: str) -> list[str]:
    answer = arm.call("GET", f"{path}?api-version=2018-09-15", params=query)
    assert answer.status_code == 200, answer.text
    return [value["name"] for value in answer.json()["value"]]


def client(arm: "RunningArm") -> DevTestLabsClient:
    options: dict[str, Any] = {"connection_verify": arm.ca_file, "use_env_settings": False, "retry_total": 0}
    scopes = ["https://management.azure.com/.default"]
    return DevTestLabsClient(Login(), SUBSCRIPTION, base_url=arm.url, credential_scopes=scopes, **options)


def test_machines_are_filtered(arm: "RunningArm") -> None:
    assert names(arm, MACHINES, **{"$filter": "Properties/osType eq 'Linux'"}) == ["busy", "old"]
    assert names(arm, MACHINES, **{"$FILTER": "tags/CostCenter eq '7'"}) == ["Golden1"]
    assert arm.call("GET", f"{MACHINES}?api-version=2018-09-15&$filter=(").status_code == 400


def test_machines_are_ordered_without_case(arm: "RunningArm") -> None:
    assert names(arm, MACHINES, **{"$orderby": "name desc"}) == ["old", "Golden1", "busy"]
    assert names(arm, MACHINES, **{"$orderby": "properties/osType,name desc"}) == ["old", "busy", "Golden1"]
    assert names(arm, MACHINES, **{"$orderby": "properties/notes, name"}) == ["busy", "old", "Golden1"]
    assert arm.call("GET", f"{MACHINES}?api-version=2018-09-15&$orderby=name up").status_code == 400


def test_top_makes_pages_and_the_last_one_has_no_next_link(arm: "RunningArm") -> None:
    first = arm.call("GET", f"{IMAGES}?api-version=2018-09-15&$top=1").json()
    assert [image["name"] for image in first["value"]] == ["Old_Image"]
    assert first["nextLink"].startswith(arm.url + IMAGES)
    last = arm.call("GET", first["nextLink"]).json()
    assert [image["name"] for image in last["value"]] == ["Broken"]
    assert "nextLink" not in last
    assert "nextLink" not in arm.call("GET", f"{IMAGES}?api-version=2018-09-15&$top=2").json()


@pytest.mark.parametrize("query", ["$top=x", "$top=0", "$top=-1", "$top=1e3", "$skiptoken=x", "$skiptoken=LTU"])
def test_a_bad_page_is_refused(arm: "RunningArm", query: str) -> None:
    answer = arm.call("GET", f"{IMAGES}?api-version=2018-09-15&{query}")
    assert (answer.status_code, answer.json()["error"]["code"][:7]) == (400, "Invalid")


def test_the_client_follows_the_pages_of_a_world(arm_with: "Callable[..., RunningArm]") -> None:
    arm = arm_with(pageSize=1)
    with client(arm) as labs:
        assert [lab.name for lab in labs.labs.list_by_subscription()] == ["FactoryLab", "TeamBlue"]
        machines = labs.virtual_machines.list("Factory-RG", "FactoryLab", filter="not name eq 'busy'", orderby="name")
        assert [machine.name for machine in machines] == ["Golden1", "old"]
    listed = [entry for entry in arm.ledger.snapshot()["requests"] if entry["operation"] == "Labs_ListBySubscription"]
    assert len(listed) == 2


def test_some_properties_can_be_selected(arm: "RunningArm") -> None:
    with client(arm) as labs:
        lab = labs.labs.get("Team-RG", "TeamBlue", expand="properties($select=defaultStorageAccount)")
        assert lab.default_storage_account
        assert lab.unique_identifier is None
        both = "properties($select=computeVm,osType;$expand=computeVm)"
        machine = labs.virtual_machines.get("Factory-RG", "FactoryLab", "golden1", expand=both)
        assert (machine.compute_vm is not None, machine.os_type, machine.size) == (True, "Windows", None)


def test_all_that_can_be_expanded_of_a_machine_is_there_only_when_asked_for(arm: "RunningArm") -> None:
    expand = "properties($expand=artifacts,computeVm,networkInterface,applicableSchedule)"
    plain = arm.call("GET", f"{MACHINES}/golden1").json()["properties"]
    full = arm.call("GET", f"{MACHINES}/golden1?api-version=2018-09-15", params={"$expand": expand}).json()[
        "properties"
    ]
    assert set(full) - set(plain) == {"artifacts", "computeVm", "applicableSchedule"}
    assert (plain["networkInterface"], full["networkInterface"] != {}) == ({}, True)
    listed = arm.call("GET", f"{MACHINES}?api-version=2018-09-15&$expand=computeVm").json()["value"]
    assert all("computeVm" in machine["properties"] for machine in listed)
