"""The changes of a plan and their digest: stable while nothing happens, another when something does."""

import hashlib
from typing import Any

import pytest

from shared.domain import changes
from shared.domain.models import Plan, PlannedDelivery, PlannedSave
from tests.unit.domain.factory_facts import BEFORE, FACTORY, NOW, a_disk, limits

LAB = "/subscriptions/s/resourcegroups/g/providers/microsoft.devtestlab/labs/blue"


def a_save(vm: str = "golden", **facts: Any) -> PlannedSave:
    given = {"vm": vm, "action": "save", "image_path": "Win/Server.json", "record_id": "minted", "disk": a_disk()}
    return PlannedSave.model_validate({**given, **facts})


def a_delivery(**facts: Any) -> PlannedDelivery:
    given: dict[str, Any] = {
        "action": "deliver",
        "subscription_id": "s",
        "resource_group": "g",
        "lab": "blue",
        "lab_id": LAB,
        "region": "westeurope",
        "image_path": "Win/Server.json",
        "image_name": "Win_Server-Nov-23-2026",
        "record_id": "minted",
    }
    return PlannedDelivery.model_validate({**given, **facts})


def a_plan(*deliveries: PlannedDelivery, saves: tuple[PlannedSave, ...] = ()) -> Plan:
    return Plan(run_id="r", factory=FACTORY.id, saves=saves, deliveries=deliveries)


def digest_of(*deliveries: PlannedDelivery, saves: tuple[PlannedSave, ...] = ()) -> str:
    return changes.of(a_plan(*deliveries, saves=saves)).digest


def test_the_digest_is_the_documented_one() -> None:
    plan = a_plan(a_delivery(repair=True, record_id="r1"), saves=(a_save(vm="Golden"),))
    made = changes.of(plan)
    assert [(each.action, each.lab, each.image, each.record) for each in made.changes] == [
        ("save", f"{FACTORY.id}/virtualmachines/golden", "win/server.json", f"disk-1@{BEFORE.isoformat()}/Generalized"),
        ("repair", LAB, "win/server.json", "r1"),
    ]
    # Written out by hand from docs/decisions: whoever changes this changes what approvals mean.
    text = (
        "image factory plan 1\n"
        f'["save","{FACTORY.id}/virtualmachines/golden","win/server.json","disk-1@2026-11-20T03:00:00+00:00/Generalized"]\n'
        f'["repair","{LAB}","win/server.json","r1"]\n'
    )
    assert made.digest == hashlib.sha256(text.encode()).hexdigest()


def test_names_and_ids_that_a_run_mints_are_no_part_of_it() -> None:
    today = digest_of(a_delivery(), saves=(a_save(image_name="Win_Server-Nov-23-2026"),))
    tomorrow = digest_of(
        a_delivery(record_id="other", image_name="Win_Server-Nov-24-2026"),
        saves=(a_save(record_id="other", image_name="Win_Server-Nov-24-2026"),),
    )
    assert today == tomorrow


def test_what_is_left_alone_is_no_part_of_it() -> None:
    skipped = a_save("other", action="skip", reason="not-deallocated", record_id=None, disk=None)
    present = a_delivery(lab="red", action="present", reason="already-present")
    blocked = a_delivery(lab="green", action="blocked", reason="name-taken")
    assert digest_of(a_delivery(), present, blocked, saves=(a_save(), skipped)) == digest_of(
        a_delivery(), saves=(a_save(),)
    )


def test_the_order_of_labs_in_the_file_makes_no_difference() -> None:
    one, two = a_delivery(lab_id=f"{LAB}1"), a_delivery(lab_id=f"{LAB}2")
    assert digest_of(one, two) == digest_of(two, one)


@pytest.mark.parametrize(
    ("deliveries", "saves"),
    [
        ((), (a_save(),)),
        ((a_delivery(),), ()),
        ((a_delivery(repair=True),), (a_save(),)),
        ((a_delivery(lab_id=f"{LAB}2"),), (a_save(),)),
        ((a_delivery(image_path="Win/Other.json"),), (a_save(),)),
        ((a_delivery(),), (a_save(os_state="Specialized"),)),
        ((a_delivery(),), (a_save(disk=a_disk(ownership_time=NOW)),)),
        ((a_delivery(),), (a_save(disk=a_disk(unique_id="disk-2")),)),
        ((a_delivery(),), (a_save(vm="other"),)),
    ],
)
def test_any_other_effect_is_another_digest(
    deliveries: tuple[PlannedDelivery, ...], saves: tuple[PlannedSave, ...]
) -> None:
    assert digest_of(*deliveries, saves=saves) != digest_of(a_delivery(), saves=(a_save(),))


def test_a_difference_says_what_is_new_and_what_is_gone() -> None:
    approved = changes.of(a_plan(a_delivery(record_id="old"))).changes
    own = changes.of(a_plan(a_delivery(record_id="old", repair=True), saves=(a_save(),))).changes
    assert changes.difference(approved, own) == [
        "+ save win/server.json, machine golden in 00000000-0000-0000-0000-00000000000a",
        "+ repair win/server.json, lab blue in s",
        "- deliver win/server.json, lab blue in s",
    ]


def test_a_refusal_has_a_finding_for_the_first_differences_and_counts_the_rest() -> None:
    many = [a_delivery(lab_id=f"{LAB}{number:02}") for number in range(30)]
    message, findings = changes.refusal("0" * 64, (), changes.of(a_plan(*many)))
    assert "30 changes, and 0 are gone" in message
    assert len(findings) == changes.SHOWN + 1
    assert findings[-1].message == "10 more changes differ."


def test_a_refusal_of_an_unknown_plan_says_so() -> None:
    message, findings = changes.refusal("0" * 64, None, changes.of(a_plan(a_delivery())))
    assert "made elsewhere" in message
    assert findings == ()


def test_only_approved_deliveries_are_left_of_a_restricted_plan() -> None:
    plan = a_plan(a_delivery(), a_delivery(lab="red", lab_id=f"{LAB}2", record_id="older"), saves=(a_save(),))
    approved = frozenset(changes.of(a_plan(a_delivery(), saves=(a_save(),))).changes)
    kept = changes.restricted(plan, approved, FACTORY, limits())
    assert [(each.action, each.reason) for each in kept.deliveries] == [("deliver", None), ("blocked", "not-approved")]
    assert [region.pairs for region in kept.regions] == [(0,)]
