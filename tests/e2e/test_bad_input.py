"""Bad input, end to end: each gives its finding or outcome, nothing of anybody else is touched, the rest goes on."""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e import worlds
from tests.e2e.app_client import wait_until
from tests.e2e.running import IMAGES, RunningFactory, running_factory

pytestmark = [pytest.mark.emulator, pytest.mark.func_host]

TAKEN = "Win2016_Datacenter-Oct-5-2026"
NOT_ALLOWED = "11111111-2222-4333-8444-555555555555"
WORLD = worlds.world(
    vms=[
        worlds.vm("golden1", "Win2022/Datacenter.json"),
        worlds.vm("busy", "Win2019/Sql.json", power="running"),
        worlds.vm("modern", "Win11/Gen2.json", hyperVGeneration="V2"),
        worlds.vm("jumpbox", None),
    ],
    images=[
        worlds.saved("Win2016/Datacenter.json", TAKEN),
        worlds.saved("Win2012/Lost.json", "Win2012_Lost-Oct-6-2026", withoutVhd=True),
    ],
    labs=[
        worlds.lab("Blue"),
        worlds.lab("Red", images=[{"name": TAKEN, "tags": {"Owner": "the red team"}}]),
        worlds.lab("Green", worlds.AWAY),
    ],
)
MIXED = {
    "$schema": "https://example.org/labs.schema.json",
    "Labs": [
        {"SubscriptionId": "<subscription ID>", "LabName": "<lab name>", "ImagePaths": ["Win2022"]},
        {"SubscriptionId": worlds.SUBSCRIPTION, "LabName": "Blue", "ImagePaths": ["Win2022"], "ImagePathes": ["Win11"]},
        {"SubscriptionId": worlds.SUBSCRIPTION, "LabName": "BLUE", "ImagePaths": ["Win2016", "Win1999/Nothing.json"]},
        {"SubscriptionId": worlds.SUBSCRIPTION, "LabName": "Ghost", "ImagePaths": ["Win2022"]},
        {"SubscriptionId": worlds.SUBSCRIPTION, "LabName": "ImageFactory", "ImagePaths": ["Win2022"]},
        {"SubscriptionId": NOT_ALLOWED, "LabName": "Foreign", "ImagePaths": ["Win2022"]},
        {"SubscriptionId": worlds.SUBSCRIPTION, "LabName": "Red", "ImagePaths": ["Win2016", "Win2022"]},
        {"SubscriptionId": worlds.SUBSCRIPTION, "LabName": "Green", "ImagePaths": ["Win2012", "..\\secret"]},
        {"SubscriptionId": worlds.SUBSCRIPTION, "LabName": "Green", "ImagePaths": ["Win2012", "Win2022"]},
    ],
}


@pytest.fixture(scope="module")
def factory(place: Path) -> Iterator[RunningFactory]:
    """A factory in which much is not as it should be."""
    with running_factory(worlds.written(place, WORLD), place) as running:
        yield running


@pytest.fixture(scope="module")
def before(factory: RunningFactory) -> dict[str, Any]:
    """The labs before the first run."""
    return copy.deepcopy({lab: factory.images(lab) for lab in ("ImageFactory", "Blue", "Red", "Green")})


@pytest.fixture(scope="module")
def report(factory: RunningFactory, before: dict[str, Any]) -> dict[str, Any]:
    """The report of one run over all of it; other runs of these tests name their own labs."""
    return factory.app.ended(uploaded(factory, json.dumps(MIXED).encode()))


def uploaded(factory: RunningFactory, content: bytes) -> str:
    """Upload this as labs.json and give the id of the run that the upload starts."""
    known = {run["id"] for run in factory.app.runs()}
    factory.stores.upload(content)
    found = wait_until(lambda: [run for run in factory.app.runs() if run["id"] not in known], "the run of the upload")
    return str(found[0]["id"])


def findings(report: dict[str, Any], code: str) -> list[tuple[str, str]]:
    """Severity and place of the findings with this code."""
    return [(each["severity"], each["path"]) for each in report["findings"] if each["code"] == code]


def deliveries(report: dict[str, Any], lab: str) -> dict[str, tuple[str, str | None]]:
    """Outcome and reason of a lab's deliveries by image path."""
    chosen = [each for each in report["deliveries"] if each["lab"].lower() == lab.lower()]
    return {each["imagePath"]: (each["outcome"], each["reason"]) for each in chosen}


def test_the_run_goes_on_and_says_that_not_all_was_well(report: dict[str, Any]) -> None:
    assert (report["status"], report["error"]) == ("PartiallySucceeded", None)
    good = deliveries(report, "Blue")
    assert good == {"Win2022/Datacenter.json": ("delivered", None), "Win2016/Datacenter.json": ("delivered", None)}
    assert deliveries(report, "Red")["Win2022/Datacenter.json"] == ("delivered", None)


def test_a_placeholder_is_named_as_such(report: dict[str, Any]) -> None:
    assert findings(report, "placeholder") == [
        ("error", "Labs[0].SubscriptionId"),
        ("error", "Labs[0].LabName"),
    ]


def test_an_unknown_key_is_a_warning_that_says_what_was_meant(report: dict[str, Any]) -> None:
    assert findings(report, "unknown-key") == [("warning", "Labs[1].ImagePathes")]
    (finding,) = [each for each in report["findings"] if each["code"] == "unknown-key"]
    assert "ImagePaths" in finding["message"]


def test_a_lab_that_is_listed_twice_gets_the_images_of_both(report: dict[str, Any]) -> None:
    assert ("warning", "Labs[2]") in findings(report, "duplicate-lab")
    assert len(deliveries(report, "Blue")) == 2


def test_a_lab_that_does_not_exist_is_an_error_of_its_own(report: dict[str, Any]) -> None:
    assert findings(report, "lab-not-found") == [("error", "Labs[3]")]
    assert deliveries(report, "Ghost") == {"Win2022/Datacenter.json": ("failed", "lab-not-found")}


def test_an_entry_that_matches_nothing_is_a_finding(report: dict[str, Any]) -> None:
    (finding,) = [each for each in report["findings"] if "Win1999" in each["message"]]
    assert finding["path"].startswith("Labs[")


def test_the_factory_lab_itself_gets_nothing(factory: RunningFactory, report: dict[str, Any]) -> None:
    assert findings(report, "factory-lab") == [("error", "Labs[4]")]
    assert deliveries(report, "ImageFactory") == {"Win2022/Datacenter.json": ("failed", "factory-lab")}
    assert factory.images("ImageFactory") == {}


def test_a_subscription_that_is_not_allowed_is_refused_with_the_name_of_the_setting(report: dict[str, Any]) -> None:
    assert findings(report, "lab-not-allowed") == [("error", "Labs[5]")]
    (finding,) = [each for each in report["findings"] if each["code"] == "lab-not-allowed"]
    assert "ALLOWED_SUBSCRIPTION_IDS" in finding["message"]


def test_a_path_out_of_the_configuration_blocks_that_entry_of_the_lab(report: dict[str, Any]) -> None:
    errors = [each["path"] for each in report["findings"] if each["severity"] == "error"]
    assert "Labs[7].ImagePaths[1]" in errors


def test_a_machine_that_still_runs_is_skipped(report: dict[str, Any]) -> None:
    saves = {each["vm"]: (each["outcome"], each["reason"]) for each in report["saves"]}
    assert saves == {
        "busy": ("skipped", "not-deallocated"),
        "golden1": ("saved", None),
        "jumpbox": ("skipped", "no-image-path"),
        "modern": ("skipped", "gen2"),
    }


def test_a_saved_image_without_its_vhd_is_not_delivered(factory: RunningFactory, report: dict[str, Any]) -> None:
    assert deliveries(report, "Green") == {
        "Win2012/Lost.json": ("failed", "vhd-missing"),
        "Win2022/Datacenter.json": ("delivered", None),
    }
    assert not [name for name in factory.images("Green") if name.startswith("Win2012")]


def test_a_custom_image_of_somebody_else_is_never_overwritten(
    factory: RunningFactory, before: dict[str, Any], report: dict[str, Any]
) -> None:
    assert deliveries(report, "Red")["Win2016/Datacenter.json"] == ("failed", "name-taken")
    assert factory.images("Red")[TAKEN] == before["Red"][TAKEN]
    assert factory.images("Red")[TAKEN]["tags"] == {"Owner": "the red team"}


def test_nothing_is_left_staged_or_granted(factory: RunningFactory, report: dict[str, Any]) -> None:
    assert (factory.stores.staged(), factory.granted()) == ([], [])


def test_the_same_run_again_changes_nothing(factory: RunningFactory, report: dict[str, Any]) -> None:
    labs = factory.azure.state()["labs"]
    again = factory.app.ended(uploaded(factory, json.dumps(MIXED).encode()))
    assert again["status"] == "PartiallySucceeded"
    assert {each["outcome"] for each in again["deliveries"]} == {"already-present", "failed"}
    assert factory.azure.state()["labs"] == labs


@pytest.mark.parametrize("content", [b"Labs: [Blue]", b"", b"  \n", b'{"Labs": "Blue"}', b'["Blue"]', b"\xff\xfe\x00"])
def test_a_labs_json_that_is_none_blocks_all_deliveries_while_saving_goes_on(
    content: bytes, factory: RunningFactory, report: dict[str, Any]
) -> None:
    labs, saved = factory.azure.state()["labs"], len(factory.stores.saved_images())
    factory.azure.turn("golden1", "start")
    factory.azure.turn("golden1", "deallocate")
    container = factory.stores.container(factory.azure.world.app_account, "image-factory-runs")
    refused = factory.app.ended(uploaded(factory, content))
    assert refused["status"] == "PartiallySucceeded"
    assert [each for each in refused["findings"] if each["severity"] == "error"]
    assert refused["deliveries"] == []
    assert refused["counts"]["saves"]["saved"] == 1
    assert len(factory.stores.saved_images()) == saved + 2
    assert factory.azure.state()["labs"] == labs
    assert container.download_blob(f"runs/{refused['runId']}/labs.json").readall() == content


def test_a_run_without_any_labs_json_saves_and_says_what_is_missing(factory: RunningFactory) -> None:
    container = factory.stores.container(factory.azure.world.app_account, "image-factory")
    for name in list(container.list_blob_names()):
        container.delete_blob(name)
    report = factory.app.run({"save": True})
    assert [each["severity"] for each in report["findings"] if each["code"] == "no-labs-file"] == ["error"]
    assert report["deliveries"] == []


def test_the_image_storage_holds_each_vhd_with_its_record(factory: RunningFactory, report: dict[str, Any]) -> None:
    names = factory.stores.names(factory.azure.world.factory_lab.artifacts_account, IMAGES)
    vhds = {name.removesuffix(".vhd") for name in names if name.endswith(".vhd")}
    records = {name.removesuffix(".json") for name in names if name.endswith(".json")}
    assert vhds < records
    assert len(records - vhds) == 1  # the image that lost its VHD before
