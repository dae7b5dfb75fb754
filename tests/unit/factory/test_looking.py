"""Looking at an Azure: the plan of a run, without a trace of it in Azure."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from factory import explaining, fleets, looking, plans
from factory.errors import CommandError
from factory.looking import Outlook, Source
from factory.memory import MemoryDocuments
from shared.domain import changes
from shared.domain.errors import Throttled
from tests.fakes.cloud import SUBSCRIPTION, FakeCloud
from tests.fakes.gateway import FakeGateway
from tests.unit.domain.factory_facts import limits


def a_cloud() -> FakeCloud:
    cloud = FakeCloud()
    cloud.add_vm("golden", "Win2016\\Server.json")
    cloud.add_saved_image("old", "Linux\\Ubuntu.json", "Linux_Ubuntu-Nov-1-2026")
    cloud.add_lab("Blue", region="westeurope")
    away = cloud.add_lab("Away", region="northeurope")
    cloud.add_image(away, "Linux_Ubuntu-Nov-1-2026", image_path="Linux\\Ubuntu.json")
    wanted = {"Blue": ["Win2016"], "Away": ["Linux", "Win2016"], "Gone": ["Linux"]}
    labs = [{"SubscriptionId": SUBSCRIPTION, "LabName": lab, "ImagePaths": paths} for lab, paths in wanted.items()]
    cloud.put_labs_file(json.dumps({"Labs": labs}).encode())
    return cloud


def source(cloud: FakeCloud, *, stored: bool = True) -> Source:
    return Source(FakeGateway(cloud), limits(allowed_subscriptions=(SUBSCRIPTION,)), stored=stored)


@pytest.fixture
def in_the_fake_cloud(monkeypatch: pytest.MonkeyPatch) -> FakeCloud:
    cloud = a_cloud()

    @contextmanager
    def seen(labs: Path | None, world: Path | None, say: Any) -> Iterator[Outlook]:
        say("Looking at a fake Azure.")
        yield source(cloud).look(labs)

    for room in (plans, explaining, fleets):
        monkeypatch.setattr(room, "outlook", seen)
    return cloud


def test_a_look_plans_over_the_stored_labs_file_and_changes_nothing() -> None:
    cloud = a_cloud()
    blobs = set(cloud.blobs)
    outlook = source(cloud).look(None)
    assert [save.action for save in outlook.plan.saves] == ["save"]
    assert [(each.lab, each.action) for each in outlook.plan.deliveries] == [
        ("Blue", "deliver"),
        ("Away", "present"),
        ("Away", "deliver"),
        ("Gone", "blocked"),
    ]
    assert (cloud.documents, cloud.messages, cloud.copies, cloud.grants) == ({}, [], [], [])
    assert set(cloud.blobs) == blobs


def test_its_digest_is_that_of_the_dry_run_of_the_app() -> None:
    cloud = a_cloud()
    first, second = source(cloud).look(None), source(cloud).look(None)
    assert changes.of(first.plan).digest == changes.of(second.plan).digest


def test_a_labs_file_of_ones_own_needs_no_app_storage(tmp_path: Path) -> None:
    labs = tmp_path / "labs.json"
    labs.write_text('{"Labs": []}')
    assert source(a_cloud(), stored=False).look(labs).plan.deliveries == ()


def test_without_a_labs_file_and_app_storage_the_remedy_is_said() -> None:
    with pytest.raises(CommandError, match="Pass --labs FILE, or set FactoryStorage__blobServiceUri"):
        source(a_cloud(), stored=False).look(None)


def test_a_pause_that_azure_asks_for_is_waited_out() -> None:
    answers = [Throttled("throttled", "Slowly.", retry_after=0), None]

    def step() -> None:
        answer = answers.pop(0)
        if answer:
            raise answer

    looking._patiently(step)
    assert answers == []


def test_the_environment_of_a_world_is_left_as_it_was() -> None:
    before = dict(os.environ)
    other = {"FACTORY_SUBSCRIPTION_ID": "x", "PATH": before.get("PATH", "")}
    with pytest.raises(CommandError, match="FACTORY_SUBSCRIPTION_ID"), looking.entered(other):
        pass
    assert dict(os.environ) == before


def test_documents_in_memory_behave_as_stored_ones() -> None:
    documents = MemoryDocuments(b"{}")
    assert documents.create("runs/a/plan.json", b"1")
    assert documents.create("runs/a/plan.json", b"1")
    assert not documents.create("runs/a/plan.json", b"2")
    documents.write("runs/b/x", b"3")
    assert (documents.run_ids(), documents.names("runs/a")) == (["a", "b"], ["runs/a/plan.json"])
    documents.delete("runs/b/x")
    assert dict(documents.read_all(["runs/a/plan.json", "runs/b/x"])) == {"runs/a/plan.json": b"1"}


def test_a_plan_shows_every_action_with_its_reason_and_what_it_takes(
    in_the_fake_cloud: FakeCloud, capsys: pytest.CaptureFixture[str]
) -> None:
    assert plans.plan(None, None, as_json=False) == 1
    rows = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert any(row.startswith("golden Win2016_Server-Nov-23-2026 save") for row in rows)
    assert any(row.startswith("Away Linux_Ubuntu-Nov-1-2026 present already-present") for row in rows)
    assert any(row.startswith("Gone Linux_Ubuntu-Nov-1-2026 blocked lab-not-found") for row in rows)
    assert any("deliver across from westeurope" in row for row in rows)
    assert any(row.startswith("already-present: The lab has this image.") for row in rows)
    assert any("between regions; about" in row for row in rows)
    assert any(row.startswith("assumed: One source blob serves 60 MiB/s") for row in rows)
    assert any(row.startswith("To do exactly this: python -m factory run --plan-digest ") for row in rows)


def test_a_plan_as_json_is_alone_on_standard_output(
    in_the_fake_cloud: FakeCloud, capsys: pytest.CaptureFixture[str]
) -> None:
    plans.plan(None, None, as_json=True)
    captured = capsys.readouterr()
    document = json.loads(captured.out)
    assert [each["action"] for each in document["changes"]] == ["save", "deliver", "deliver"]
    assert document["estimate"]["betweenBytes"] > 0
    assert len(document["digest"]) == 64
    assert "Looking at a fake Azure." in captured.err


def test_an_explanation_goes_from_the_entry_to_the_outcome(
    in_the_fake_cloud: FakeCloud, capsys: pytest.CaptureFixture[str]
) -> None:
    assert explaining.explain("blue", "win2016/server", None, None, as_json=False) == 0
    out = capsys.readouterr().out
    assert "The lab Blue (Labs[0], line 1 of labs.json) gets the image Win2016/Server.json" in out
    assert 'its entry "Win2016" names the folder' in out
    assert explaining.explain("Gone", "Linux", None, None, as_json=False) == 1
    assert "There is no such lab" in capsys.readouterr().out


def test_an_explanation_as_json_has_the_words_too(
    in_the_fake_cloud: FakeCloud, capsys: pytest.CaptureFixture[str]
) -> None:
    assert explaining.explain("Away", "Linux", None, None, as_json=True) == 0
    (answer,) = json.loads(capsys.readouterr().out)["answers"]
    assert (answer["verdict"], answer["explanation"]) == ("has", "The lab has this image.")


def test_the_fleet_shows_what_each_lab_has(in_the_fake_cloud: FakeCloud, capsys: pytest.CaptureFixture[str]) -> None:
    assert fleets.fleet(None, None, as_json=False) == 0
    rows = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert any(row.startswith("Away northeurope Linux/Ubuntu.json newest Linux_Ubuntu-Nov-1-2026") for row in rows)
    assert "The lab Gone could not be looked at: lab-not-found." in rows
    assert fleets.fleet(None, None, as_json=True) == 0
    assert [lab["lab"] for lab in json.loads(capsys.readouterr().out)["labs"]] == ["Blue", "Away", "Gone"]
