"""Relaying through labs: a lab's copy serves others only as it was when its copy ended."""

from dataclasses import dataclass
from datetime import timedelta

import pytest

from shared import wiring
from shared.domain.models import Outcome
from shared.domain.storage import BlobRef, CopyStatus
from tests.fakes.cloud import IMAGE_CONTAINER
from tests.fakes.faults import Call
from tests.fakes.state import Blob
from tests.simulation.factory import Factory


@pytest.fixture(autouse=True)
def relaying(monkeypatch: pytest.MonkeyPatch, settings_of_the_simulated_factory: None) -> None:
    monkeypatch.setenv("RELAY_THROUGH_LABS", "true")
    monkeypatch.setenv("REGION_HUBS", "{}")
    wiring._settings.cache_clear()


@dataclass
class Meddler:
    """Somebody who changes the first finished copy in a lab's account, so many seconds after its end."""

    factory: Factory
    seconds: float
    times: int = 1
    other_owner: bool = False

    def __call__(self, when: str, call: Call) -> None:
        for place, blob in self.factory.cloud.blobs.items():
            if place.container != IMAGE_CONTAINER and self.times and blob.copy and _is_whole(blob):
                self.times -= 1
                self._change(place, blob)
                return

    def _change(self, place: BlobRef, blob: Blob) -> None:
        assert blob.copy is not None
        assert blob.copy.ended_at is not None
        blob.content, blob.etag = "EVIL", self.factory.cloud.new_etag()
        blob.modified_at = blob.copy.ended_at + timedelta(seconds=self.seconds)
        if self.other_owner and blob.owner is not None:
            blob.owner = blob.owner.model_copy(update={"source": "another-record"})


def _is_whole(blob: Blob) -> bool:
    return blob.copy is not None and blob.copy.status is CopyStatus.SUCCESS and blob.content != "EVIL"


def contents(factory: Factory) -> dict[str, set[str]]:
    return {lab.name: {image.content for image in factory.cloud.images[lab.id].values()} for lab in factory.labs}


def golden(factory: Factory) -> set[str]:
    return {machine.disk.content for machine in factory.cloud.machines.values() if machine.disk}


def test_untouched_copy_of_a_lab_serves_the_others() -> None:
    factory = Factory(vms=1, labs_at_home=0, labs_away=3)
    report = factory.run()
    assert sorted(each.source or "" for each in report.deliveries) == ["factory", "lab", "lab"]
    assert len(factory.crossings()) == 1


def test_copy_that_was_written_to_after_its_end_serves_no_other_lab() -> None:
    factory = Factory(vms=1, labs_at_home=0, labs_away=3)
    factory.cloud.inject(Meddler(factory, seconds=1))
    factory.run()
    found = contents(factory)
    assert found["Away1"] == found["Away2"] == golden(factory)


def test_copy_that_was_changed_before_its_image_is_made_is_copied_again() -> None:
    factory = Factory(vms=1, labs_at_home=0, labs_away=3)
    factory.cloud.inject(Meddler(factory, seconds=60))
    report = factory.run()
    assert report.status == "Succeeded", report.deliveries
    assert all(each == golden(factory) for each in contents(factory).values())
    assert factory.staged() == []


def test_lab_whose_copy_is_changed_each_time_fails_and_is_not_called_delivered() -> None:
    factory = Factory(vms=1, labs_at_home=0, labs_away=1)
    factory.cloud.inject(Meddler(factory, seconds=60, times=99))
    (delivery,) = factory.run().deliveries
    assert (delivery.outcome, delivery.error_code) == (Outcome.FAILED, "copy-changed")
    assert "aaway0/" in (delivery.reason or "")
    assert factory.images_of(factory.labs[0]) == {}
    assert factory.staged() == []


def test_copy_that_says_it_is_of_another_owner_serves_nobody_and_stays() -> None:
    factory = Factory(vms=1, labs_at_home=0, labs_away=3)
    factory.cloud.inject(Meddler(factory, seconds=0, other_owner=True))
    report = factory.run()
    assert {each.lab: each.error_code for each in report.deliveries} == {
        "Away0": "blob-not-ours",
        "Away1": None,
        "Away2": None,
    }
    assert contents(factory)["Away1"] == golden(factory)
    assert [name.partition("/")[0] for name in factory.staged()] == ["aaway0"]
