"""The HTTP interface over whole runs in virtual time: merged requests, keys that come again, ids that are none."""

import json
from datetime import timedelta

import pytest

from shared import wiring
from shared.domain.errors import Denied, Refused, Throttled, Unavailable
from shared.domain.gate import MAX_WAITING
from shared.steps import accepting
from tests.fakes.faults import Fault
from tests.simulation.factory import Factory
from tests.simulation.http_client import HttpClient, document, problem

KEY = {"Idempotency-Key": "monday"}
DRY = {"dryRun": True}
OWN = {"only": {"labs": ["Home0"]}}  # keeps a place of its own in the gate
LONGEST_MINUTES = 60


@pytest.fixture
def factory() -> Factory:
    return Factory(vms=1, labs_away=0)


@pytest.fixture
def app(factory: Factory, monkeypatch: pytest.MonkeyPatch) -> HttpClient:
    monkeypatch.setattr(wiring, "gateway", lambda: factory.gateway)
    return HttpClient(factory)


def merged(app: HttpClient) -> tuple[str, str]:
    """A run that waits for one that is being cancelled, and a request that it will answer too."""
    running, waiting, covered = app.start(), app.start(), app.start()
    assert (app.status(covered)["status"], app.status(covered)["coveredBy"]) == ("Merged", waiting)
    app.call("cancel_run", running)
    return waiting, covered


def becomes(app: HttpClient, factory: Factory, run_id: str, status: str) -> None:
    """Lets time pass until a run has this status."""
    for minutes in range(LONGEST_MINUTES):
        if app.status(run_id)["status"] == status:
            return
        factory.engine.run(until=factory.cloud.now + timedelta(minutes=minutes))
    pytest.fail(f"{run_id} never was {status}")


def test_merged_request_can_be_cancelled_while_the_run_that_would_answer_it_waits(
    app: HttpClient, factory: Factory
) -> None:
    waiting, covered = merged(app)
    assert app.call("cancel_run", covered).status_code == 202
    factory.engine.run()
    assert factory.report(covered).status == "Cancelled"
    assert factory.report(waiting).covers == ()


@pytest.mark.parametrize("status", ["Running", "Succeeded"])
def test_merged_request_whose_answer_has_begun_cannot_be_cancelled(
    status: str, app: HttpClient, factory: Factory
) -> None:
    waiting, covered = merged(app)
    becomes(app, factory, waiting, status)
    assert waiting in problem(app.call("cancel_run", covered), 409, "run-merged")
    factory.engine.run()
    assert app.status(covered)["status"] == "Merged"
    assert factory.report(waiting).covers == (covered,)
    assert not any(covered in message for message in factory.cloud.messages)


def test_merged_request_that_the_gate_has_just_started_cannot_be_cancelled(app: HttpClient, factory: Factory) -> None:
    waiting, covered = merged(app)
    # Its first activity, which notes what it answers, is still to come.
    factory.cloud.inject(Fault("documents.write", Unavailable("down", "No answer."), match="covered.json", times=None))
    becomes(app, factory, waiting, "Running")
    assert app.status(covered)["coveredBy"] == waiting
    problem(app.call("cancel_run", covered), 409, "run-merged")


def test_client_that_asks_for_a_merged_run_is_sent_on_and_need_not_come_again_at_its_end(
    app: HttpClient, factory: Factory
) -> None:
    waiting, covered = merged(app)
    assert app.call("get_run", covered).headers["Retry-After"] == "5"
    factory.engine.run()
    answer = app.call("get_run", covered)
    assert "Retry-After" not in answer.headers
    assert document(answer)["reportUrl"] == f"/api/runs/{waiting}/report"
    for handler in ("get_report", "get_plan"):
        assert f"/api/runs/{waiting}/report" in problem(app.call(handler, covered), 409, "run-merged")


def test_repeated_key_is_answered_with_what_its_run_has_become(app: HttpClient, factory: Factory) -> None:
    first = app.call("start_run", body=DRY, headers=KEY)
    factory.engine.run()
    factory.lets_time_pass()
    again = app.call("start_run", body=DRY, headers=KEY)
    assert document(again) == {"id": document(first)["id"], "status": "Succeeded"}
    assert (first.headers.get("Retry-After"), again.headers.get("Retry-After")) == ("5", None)
    assert again.headers["Location"] == first.headers["Location"]


def test_repeated_key_of_a_run_on_its_way_says_so_and_asks_to_come_again(app: HttpClient, factory: Factory) -> None:
    app.start({}, **KEY)
    factory.cloud.advance(1)
    again = app.call("start_run", body={}, headers=KEY)
    assert (document(again)["status"], again.headers["Retry-After"]) == ("Running", "5")


@pytest.mark.parametrize("body", [{}, {"dryRun": True, "save": False}, {"dryRun": True, "only": {"labs": ["Home0"]}}])
def test_key_of_another_request_is_refused_with_the_run_that_it_began(
    body: object, app: HttpClient, factory: Factory
) -> None:
    first = app.start(DRY, **KEY)
    factory.engine.run()
    assert first in problem(app.call("start_run", body=body, headers=KEY), 409, "key-reused")
    assert factory.gateway.documents.run_ids() == [first]


BAD_IDS = ("..%2fother", "../../other/secret", "/", "\0", "²0261123T030000Z-abcdef", "", "20261123T030000Z-ABCDEF")


@pytest.mark.parametrize("handler", ["get_run", "cancel_run", "get_report", "get_plan"])
@pytest.mark.parametrize("ending", ["/.", "/../x", " ", "\n", "0"])
def test_id_of_no_run_is_unknown_and_nothing_is_asked_of_storage(
    handler: str, ending: str, app: HttpClient, factory: Factory
) -> None:
    run_id = app.start(DRY)
    factory.engine.run()
    factory.cloud.inject(Fault("", Refused("out", "Out of bounds."), times=None))
    for other in (*BAD_IDS, run_id + ending):
        problem(app.call(handler, other), 404, "no-such-run")


@pytest.mark.parametrize(
    ("error", "retry_after"),
    [
        (Throttled("throttled", "Too many calls."), "5"),
        (Unavailable("unavailable", "No answer."), "5"),
        (Denied("denied", "It may not."), None),
        (Refused("refused", "It is wrong."), None),
    ],
)
def test_client_is_asked_to_come_again_only_after_what_passes(
    error: Exception, retry_after: str | None, app: HttpClient, factory: Factory
) -> None:
    factory.cloud.inject(Fault("documents", error, times=None))
    answer = app.call("get_run", "20261123T030000Z-abcdef")
    assert (answer.status_code, answer.headers.get("Retry-After")) == (502, retry_after)


def test_every_time_is_written_in_one_form(app: HttpClient, factory: Factory) -> None:
    run_id = app.start()
    running = app.status(run_id)
    factory.engine.run()
    ended = document(app.call("list_runs"))["runs"][0]
    report = document(app.call("get_report", run_id))
    told = [each[key] for each in (running, ended, report) for key in ("requestedAt", "startedAt")]
    assert [time[-1] for time in (*told, ended["endedAt"], report["endedAt"])] == ["Z"] * 8
    assert all("+00:00" not in message for message in factory.cloud.messages)


def fill(app: HttpClient) -> str:
    """A run on its way and twenty that wait, none of which would answer another; returns the first that waits."""
    app.start()
    first = app.start(OWN, **KEY)
    for _ in range(MAX_WAITING - 1):
        app.start(OWN)
    return first


def test_full_gate_refuses_only_what_needs_a_place_of_its_own(app: HttpClient) -> None:
    first = fill(app)
    for body in (OWN, {}):
        assert "20 runs wait" in problem(app.call("start_run", body=body), 429, "queue-full")
    assert app.call("start_run", body=DRY).status_code == 202
    assert document(app.call("start_run", body=OWN, headers=KEY))["id"] == first
    problem(app.call("start_run", body={"dryRunn": True}), 400, "bad-request")


def test_message_that_finds_the_gate_full_is_kept_and_run_when_there_is_room(app: HttpClient, factory: Factory) -> None:
    fill(app)
    accepted = accepting.accept_or_report(factory.gateway, "queue", "message:1", json.dumps(OWN).encode())
    assert accepted is not None
    run_id = accepted.request.id
    factory.watch()
    factory.engine.run(until=factory.cloud.now)
    assert not factory.engine.state.knows(run_id)
    assert app.status(run_id)["status"] == "Waiting"
    factory.engine.run()
    factory.watch()
    factory.engine.run()
    assert factory.report(run_id).status == "Succeeded"
