"""COVERAGE.md says of each call what is true: every call that is answered is there, and what is not done is refused."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

import local.cloud
from local.cloud.arm import errors
from local.cloud.arm.calls import find_route
from local.cloud.control import CALLS

if TYPE_CHECKING:
    from tests.local.cloud.arm.conftest import RunningArm

TEXT = (Path(local.cloud.__file__).parent / "COVERAGE.md").read_text(encoding="utf-8")
STATES = ("done", "partial", "not done")
ROW = re.compile(r"\| `(\w+)`[^|]* \| (GET|PUT|POST|PATCH|DELETE) `([^`]+)` \| (.+) \|")


class Row(NamedTuple):
    operation: str
    method: str
    template: str
    state: str
    remark: str


def rows() -> list[Row]:
    found, below = [], ""
    for line in TEXT.splitlines():
        if line.startswith("#"):
            below = ""
        elif line.startswith("Below `/subscriptions"):
            below = line.split("`")[1]
        elif match := ROW.fullmatch(line):
            operation, method, path, text = match.groups()
            state = next(state for state in sorted(STATES, key=len, reverse=True) if text.startswith(state))
            template = path if path.startswith(("/subscriptions", "/metadata", "/tenants")) else below + path
            found.append(Row(operation, method, template, state, text.removeprefix(state)))
    return found


ROWS = rows()


def test_every_call_that_is_answered_is_listed_and_no_other(arm: "RunningArm") -> None:
    answered = {(route.operation, route.method, route.template) for route in arm.routes}
    listed = {(row.operation, row.method, row.template) for row in ROWS if row.state != "not done"}
    assert listed == answered


def test_each_call_is_listed_once() -> None:
    assert len({(row.method, row.template) for row in ROWS}) == len(ROWS) > 60


@pytest.mark.parametrize("row", [row for row in ROWS if row.state == "not done"], ids=lambda row: row.operation)
def test_what_is_not_done_is_not_answered(arm: "RunningArm", row: Row) -> None:
    with pytest.raises(errors.NotEmulated):
        find_route(arm.routes, row.method, re.sub(r"\{\w+\}", "x", row.template))


@pytest.mark.parametrize("row", [row for row in ROWS if row.state == "partial"], ids=lambda row: row.operation)
def test_what_is_partial_says_what_is_left_out(row: Row) -> None:
    assert len(row.remark) > 10


def test_the_emulators_own_calls_are_listed() -> None:
    section = TEXT.partition("## The emulator's own calls")[2]
    assert set(re.findall(r"^\| `([A-Z]+ [^`]+)`", section, re.MULTILINE)) == set(CALLS)


def test_a_call_that_is_not_done_is_a_501_that_names_it(arm: "RunningArm") -> None:
    row = next(row for row in ROWS if row.operation == "Labs_ClaimAnyVm")
    subscription = arm.world.factory.subscription_id
    path = row.template.format(subscription=subscription, group="g", lab="l")
    answer = arm.call(row.method, path)
    assert answer.status_code == 501
    assert "POST Microsoft.DevTestLab/labs/claimAnyVm" in answer.json()["error"]["message"]
