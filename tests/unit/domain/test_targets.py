"""Labs of labs.json against the labs that Azure knows."""

import pytest

from shared.domain.errors import Denied, GatewayError, Unavailable
from shared.domain.models import Lab, Only, Severity, TargetLab
from shared.domain.targets import Target, named, narrow, resolve
from tests.unit.domain.factory_facts import FACTORY, OTHER_SUB, SUB, a_lab, a_target, limits


def resolved(
    *targets: TargetLab, labs: tuple[Lab, ...] | GatewayError = (), only: Only | None = None
) -> tuple[Target, ...]:
    return resolve(targets, {SUB.upper(): labs}, FACTORY, limits(), only)


def test_lab_is_found_by_subscription_and_name_without_regard_to_case() -> None:
    lab = a_lab("Blue")
    target = a_target("bLUE", subscription_id=SUB.upper())
    assert resolved(target, labs=(a_lab("Red"), lab)) == (Target(target, lab),)


@pytest.mark.parametrize(
    ("target", "labs", "reason", "remedy"),
    [
        (a_target(subscription_id="other"), (a_lab(),), "lab-not-allowed", "ALLOWED_SUBSCRIPTION_IDS"),
        (a_target(), (a_lab("red"),), "lab-not-found", "Correct the entry"),
        (a_target(resource_group="rg2"), (a_lab(),), "lab-not-found", "rg2"),
        (a_target(), (a_lab(), a_lab(resource_group="rg2")), "lab-ambiguous", "Add the ResourceGroup"),
        (a_target("factory"), (FACTORY,), "factory-lab", "Remove the entry"),
        (a_target(), (a_lab(account="ACCOUNTfactory"),), "factory-storage", "account of its own"),
        (a_target(), Denied("denied", "The identity may not."), "lab-unreadable", "role Reader"),
        (a_target(), Unavailable("unavailable", "No answer."), "lab-unreadable", "No answer. Run again"),
    ],
)
def test_lab_that_cannot_be_served_is_blocked_with_its_reason_place_and_remedy(
    target: TargetLab, labs: tuple[Lab, ...] | GatewayError, reason: str, remedy: str
) -> None:
    (found,) = resolved(target, labs=labs)
    assert found.blocked == reason
    (finding,) = found.findings
    assert (finding.severity, finding.code, finding.path, finding.line) == (Severity.ERROR, reason, "Labs[0]", 7)
    assert target.name in finding.message
    assert remedy in finding.message


def test_resource_group_chooses_between_labs_of_one_name() -> None:
    second = a_lab(resource_group="RG2")
    (found,) = resolved(a_target(resource_group="rg2"), labs=(a_lab(), second))
    assert (found.lab, found.blocked) == (second, None)


def test_entries_that_turn_out_to_be_one_lab_become_one_target_with_a_warning() -> None:
    first = a_target("blue", "Win", "Linux/A")
    second = a_target("blue", "win/", "Mac", resource_group="rg", relay=False, path="Labs[4]", line=30)
    (found,) = resolved(first, second, labs=(a_lab(),))
    assert (found.target.image_paths, found.target.relay) == (("Win", "Linux/A", "Mac"), False)
    assert [(each.code, each.severity, each.path) for each in found.findings] == [
        ("duplicate-lab", Severity.WARNING, "Labs[4]")
    ]


def test_wrong_group_blocks_its_own_entry_and_no_other_of_that_name() -> None:
    good = a_target("blue", "Win", path="Labs[0]")
    wrong = a_target("blue", "Mac", resource_group="wrong", path="Labs[1]", line=30)
    first, second = resolved(good, wrong, labs=(a_lab(),))
    assert (first.lab, first.blocked, first.findings) == (a_lab(), None, ())
    assert (second.blocked, second.target.image_paths) == ("lab-not-found", ("Mac",))
    assert [(each.code, each.path, each.line) for each in second.findings] == [("lab-not-found", "Labs[1]", 30)]


def test_labs_keep_the_order_of_the_file() -> None:
    targets = [a_target(name) for name in ("c", "a", "b")]
    assert [each.target.name for each in resolved(*targets, labs=(a_lab("a"), a_lab("b")))] == ["c", "a", "b"]


LABS = (a_target("blue"), a_target("red"), a_target("red", subscription_id=OTHER_SUB))


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        ((), [0, 1, 2]),
        (("BLUE",), [0]),
        (("red",), []),
        ((f"{OTHER_SUB}/Red", f"{SUB}/blue"), [0, 2]),
        (("green",), []),
    ],
)
def test_only_chooses_labs_by_unique_name_or_by_subscription_and_name(
    entries: tuple[str, ...], expected: list[int]
) -> None:
    assert narrow(LABS, Only(labs=entries)) == tuple(LABS[index] for index in expected)
    assert narrow(LABS, None) == LABS


def test_bare_name_is_unique_while_its_entries_can_mean_one_lab() -> None:
    anywhere, there = a_target("blue"), a_target("blue", resource_group="rg")
    assert named((anywhere, there), "Blue") == [anywhere, there]
    assert named((anywhere, there, a_target("blue", resource_group="other")), "Blue") == []
    assert [each.blocked for each in resolved(anywhere, there, labs=(a_lab(),), only=Only(labs=("blue",)))] == [None]


def test_resolving_leaves_out_the_labs_that_the_run_is_not_for() -> None:
    found = resolved(a_target("blue"), a_target("red"), labs=(a_lab("blue"),), only=Only(labs=("blue",)))
    assert [each.target.name for each in found] == ["blue"]
