"""Following a run until its end."""

from typing import Any

import pytest

from factory.api import Api
from factory.errors import ApiError, CommandError
from factory.following import follow, uploaded_run
from tests.unit.factory.fake_app import KEY, RUN_ID, FakeApp, serving, status


def nothing() -> None:
    pass


def followed(app: FakeApp) -> tuple[dict[str, Any], list[str]]:
    seen: list[str] = []
    with serving(app):
        final = follow(Api(app.url, KEY), RUN_ID, show=lambda body: seen.append(body["status"]), every=0)
    return final, seen


@pytest.mark.parametrize("end", ["Succeeded", "PartiallySucceeded", "Failed", "Cancelled"])
def test_every_status_is_shown_until_a_final_one(end: str) -> None:
    final, seen = followed(FakeApp(statuses=[status("Waiting"), status("Running"), status("Cancelling"), status(end)]))
    assert seen == ["Waiting", "Running", "Cancelling", end]
    assert final["status"] == end


def test_a_merged_run_is_followed_where_it_is_answered() -> None:
    app = FakeApp(statuses=[status("Merged", coveredBy="other"), status("Succeeded")])
    followed(app)
    assert app.asked[-1][1] == "/api/runs/other"


def test_a_short_silence_of_the_app_is_waited_out() -> None:
    final, _ = followed(FakeApp(broken_answers=3, statuses=[status("Succeeded")]))
    assert final["status"] == "Succeeded"


def test_a_long_silence_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("factory.following.SILENCE_SECONDS", 0)
    with pytest.raises(ApiError, match="503"):
        followed(FakeApp(broken_answers=1000, statuses=[status("Succeeded")]))


def test_a_refusal_is_not_waited_out() -> None:
    with pytest.raises(ApiError, match="unknown run"):
        followed(FakeApp(refusal=(404, {"detail": "unknown run"})))


def test_a_failed_check_ends_the_following() -> None:
    def check() -> None:
        raise CommandError("the host died")

    app = FakeApp(statuses=[status("Running")])
    with serving(app), pytest.raises(CommandError, match="the host died"):
        follow(Api(app.url, KEY), RUN_ID, show=lambda body: None, every=0, check=check)


def test_the_uploaded_run_is_found_among_others() -> None:
    app = FakeApp(runs=[{"id": "b", "trigger": "timer"}, {"id": "a", "trigger": "upload"}])
    with serving(app):
        assert uploaded_run(Api(app.url, KEY), seconds=0, every=0, check=nothing) == "a"


def test_an_upload_that_starts_no_run_is_an_error() -> None:
    with serving(FakeApp()) as app, pytest.raises(ApiError, match="no run began within 0 seconds"):
        uploaded_run(Api(app.url, KEY), seconds=0, every=0, check=nothing)
