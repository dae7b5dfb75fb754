"""Ids in the path of a request: whatever way they are written, only those of runs reach a run's folder."""

import pytest

from tests.e2e import worlds
from tests.e2e.running import RunningFactory

pytestmark = [pytest.mark.emulator, pytest.mark.func_host]

DRY = {"dryRun": True, "labs": worlds.wanted(Blue=[])}


def test_an_encoded_path_does_not_lead_out_of_the_run_folders(factory: RunningFactory) -> None:
    other = factory.stores.container(factory.azure.world.app_account, "other")
    other.create_container()
    other.upload_blob("secret/report.json", b'{"not": "for you"}')
    answer = factory.app.call("GET", "/api/runs/..%2f..%2fother%2fsecret/report?format=json")
    assert (answer.status, answer.json()["title"]) == (404, "no-such-run")


@pytest.mark.parametrize("ending", ["%2f.", "%2f", "%20", "%00"])
def test_a_run_answers_to_its_own_id_only(ending: str, factory: RunningFactory) -> None:
    run_id = factory.app.run(DRY)["runId"]
    for method, path in [("GET", ""), ("GET", "/report?format=json"), ("GET", "/plan"), ("POST", "/cancel")]:
        answer = factory.app.call(method, f"/api/runs/{run_id}{ending}{path}")
        assert (answer.status, answer.json()["title"]) == (404, "no-such-run"), (method, path)
        assert "Retry-After" not in answer.headers
