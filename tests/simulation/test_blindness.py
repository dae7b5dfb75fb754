"""Looks that tell nothing: a late token, an account that falls silent, a look that always fails. No run hangs."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Literal

import pytest

from shared.domain.errors import Denied, Unavailable
from shared.domain.models import Outcome
from shared.domain.report import Report
from shared.workflow.policies import PATIENCE
from shared.workflow.unseen import Unseen
from tests.fakes.faults import Call
from tests.simulation.factory import Factory

Moment = Literal["copying", "imaging"]


def late_token() -> Exception:
    return Denied("not-signed-in", "Could not list the custom images: the token is late.")


def silence() -> Exception:
    return Unavailable("unreachable", "Azure could not be reached.")


def surprise() -> Exception:
    return IndexError("tuple index out of range")


class While:
    """Raises what `error` makes at calls of one name and object, from when such a copy or image is on its way.

    For so many seconds, or for good; `met` counts.
    """

    def __init__(
        self,
        factory: Factory,
        moment: Moment,
        call: str,
        match: str,
        error: Callable[[], Exception],
        seconds: float = 1e9,
    ) -> None:
        self._factory, self._moment, self._call, self._match, self._error = factory, moment, call, match, error
        self._length = timedelta(seconds=seconds)
        self._since: datetime | None = None
        self.met = 0

    def __call__(self, when: str, call: Call) -> None:
        cloud = self._factory.cloud
        if self._since is None and self._has_begun():
            self._since = cloud.now
        if when == "after" or self._since is None or cloud.now - self._since > self._length:
            return
        if call.name == self._call and self._match in call.what:
            self.met += 1
            raise self._error()

    def _has_begun(self) -> bool:
        if self._moment == "copying":
            return any(self._match in name for name in self._factory.staged())
        labs = [images for lab, images in self._factory.cloud.images.items() if self._match in lab]
        return any(image.state == "Creating" for images in labs for image in images.values())


def outcomes(report: Report) -> dict[str, tuple[Outcome, str | None]]:
    return {each.lab: (each.outcome, each.error_code) for each in report.deliveries}


def struck(factory: Factory, *strikes: While) -> Report:
    for strike in strikes:
        factory.cloud.inject(strike)
    report = factory.run()
    assert all(strike.met for strike in strikes)
    assert {each.status for each in factory.engine.instances.values()} == {"Completed"}
    return report


def test_late_token_at_a_look_at_images_costs_nothing_but_another_look() -> None:
    factory = Factory(vms=1)
    report = struck(factory, While(factory, "imaging", "labs.custom_images", "away0", late_token, seconds=40))
    assert report.status == "Succeeded", report.deliveries
    assert factory.staged() == []


def test_late_token_while_planning_is_waited_for() -> None:
    factory = Factory(vms=1)
    tokens = [late_token(), late_token()]

    def late(when: str, call: Call) -> None:
        if when == "before" and call.name in ("labs.in_subscription", "labs.custom_images") and tokens:
            raise tokens.pop()

    factory.cloud.inject(late)
    assert factory.run().status == "Succeeded"


@pytest.mark.parametrize("error", [silence, surprise])
def test_copy_that_no_look_tells_of_any_more_fails_alone_with_what_is_known(error: Callable[[], Exception]) -> None:
    factory = Factory(vms=1, labs_away=0)
    report = struck(factory, While(factory, "copying", "vhds.state", "ahome0/", error))
    assert outcomes(report)["Home0"] == (Outcome.FAILED, "gave-up")
    (message,) = {each.reason or "" for each in report.deliveries if each.lab == "Home0"}
    assert message.startswith("Azure asked for pauses or gave no answer too many times. The next run tries again.")
    assert str(error()).removeprefix("unreachable: ") in message


def test_account_that_falls_silent_holds_up_no_other() -> None:
    factory = Factory(vms=1)
    report = struck(factory, While(factory, "copying", "vhds.state", "aaway1/", silence))
    others = {lab: end for lab, end in outcomes(report).items() if lab != "Away1"}
    assert set(others.values()) == {(Outcome.DELIVERED, None)}
    factory.cloud.strikes.clear()
    factory.lets_time_pass()
    assert factory.run().status == "Succeeded"
    assert factory.staged() == []


@pytest.mark.parametrize("error", [late_token, silence, surprise])
def test_images_that_no_look_tells_of_any_more_fail_and_the_run_has_its_report(error: Callable[[], Exception]) -> None:
    factory = Factory(vms=1, labs_at_home=0, labs_away=1)
    report = struck(factory, While(factory, "imaging", "labs.custom_images", "", error))
    assert outcomes(report) == {"Away0": (Outcome.FAILED, "gave-up")}
    factory.cloud.strikes.clear()
    factory.lets_time_pass()
    assert factory.run().status == "Succeeded"
    assert factory.staged() == []


def test_ten_minutes_without_an_answer_are_waited_out_however_often_others_are_looked_at() -> None:
    factory = Factory(vms=1, labs_at_home=12, labs_away=0)
    factory.cloud.copy_seconds = 7200
    strike = While(factory, "copying", "vhds.state", "ahome0/", silence, seconds=600)
    assert struck(factory, strike).status == "Succeeded"


def test_staged_copy_that_cannot_be_removed_at_the_end_is_removed_a_little_later() -> None:
    factory = Factory(vms=1, labs_at_home=1, labs_away=0)
    report = struck(factory, While(factory, "imaging", "vhds.delete", "home0", silence, seconds=300))
    assert report.status == "Succeeded"
    assert factory.staged() == []


def test_blindness_is_remembered_from_one_generation_to_the_next() -> None:
    now = datetime(2026, 11, 23, 3, tzinfo=UTC)
    unseen = Unseen({}, 1)
    minutes = 0
    while not unseen.ends_patience("p0", now + timedelta(minutes=minutes)):
        minutes += 1
        unseen = Unseen(unseen.to_json(), 1)
    assert minutes == PATIENCE
    assert unseen.to_json() == {}


def test_one_look_that_tells_something_renews_patience() -> None:
    now = datetime(2026, 11, 23, 3, tzinfo=UTC)
    unseen = Unseen({}, 1)
    for minutes in range(PATIENCE):
        assert not unseen.ends_patience("p0", now + timedelta(minutes=minutes))
    unseen.was_seen("p0")
    assert not unseen.ends_patience("p0", now + timedelta(minutes=PATIENCE))
