"""Whole runs in virtual time: what a user would see of them."""

import json
from datetime import timedelta

from shared.domain.errors import Denied, Unavailable
from shared.domain.models import Outcome
from shared.steps import folder
from tests.fakes.cloud import SUBSCRIPTION
from tests.fakes.faults import Crash, Fault
from tests.simulation.factory import AWAY, HUB, Factory


def outcomes(report: object) -> set[tuple[str, str]]:
    return {(each.lab, str(each.outcome)) for each in report.deliveries}  # type: ignore[attr-defined]


def test_a_run_saves_every_machine_and_delivers_every_image_to_every_lab() -> None:
    factory = Factory()
    report = factory.run()
    assert report.status == "Succeeded", report.findings
    assert [save.outcome for save in report.saves] == [Outcome.SAVED, Outcome.SAVED]
    assert {each.outcome for each in report.deliveries} == {Outcome.DELIVERED}
    for lab in factory.labs:
        assert set(factory.images_of(lab).values()) == {"Succeeded"}
        assert len(factory.images_of(lab)) == 2


def test_nothing_is_left_behind_by_a_run() -> None:
    factory = Factory()
    factory.run()
    assert factory.staged() == []
    assert factory.cloud.outstanding_grants == []
    assert not [name for name in factory.cloud.documents if "/grants/" in name]


def test_an_image_crosses_into_a_region_once() -> None:
    factory = Factory(labs_away=5)
    factory.run()
    assert len(factory.crossings()) == 2


def test_an_image_holds_the_bytes_of_its_machine_and_the_tags_of_its_record() -> None:
    factory = Factory(vms=1, labs_at_home=0, labs_away=1)
    factory.run()
    (image,) = factory.cloud.images[factory.labs[0].id].values()
    assert image.content == next(iter(factory.cloud.disks.values())).content
    assert image.tags["ImagePath"] == "Win2016\\Image0.json"
    assert image.tags["ImageFactoryRecord"]


def test_a_second_run_saves_and_copies_nothing() -> None:
    factory = Factory()
    factory.run()
    copies = len(factory.cloud.copies)
    factory.lets_time_pass()
    report = factory.run()
    assert report.status == "Succeeded"
    assert {save.reason for save in report.saves} == {"already-saved"}
    assert {each.outcome for each in report.deliveries} == {Outcome.ALREADY_PRESENT}
    assert len(factory.cloud.copies) == copies


def test_a_machine_that_was_started_and_deallocated_is_saved_again() -> None:
    factory = Factory(vms=1)
    factory.run()
    factory.lets_time_pass()
    factory.cloud.start_vm("golden0")
    factory.cloud.deallocate_vm("golden0")
    report = factory.run()
    assert [save.outcome for save in report.saves] == [Outcome.SAVED]
    assert {each.outcome for each in report.deliveries} == {Outcome.DELIVERED}
    assert all(len(factory.images_of(lab)) == 2 for lab in factory.labs)


def test_a_running_machine_is_skipped_with_its_reason_and_the_rest_goes_on() -> None:
    factory = Factory()
    factory.cloud.start_vm("golden1")
    report = factory.run()
    assert {save.vm: save.reason for save in report.saves if save.outcome is Outcome.SKIPPED} == {
        "golden1": "not-deallocated"
    }
    assert [each.outcome for each in report.deliveries] == [Outcome.DELIVERED] * 4


def test_an_image_of_the_same_name_that_is_not_ours_stays_as_it_is() -> None:
    factory = Factory(vms=1)
    factory.run()
    stranger = factory.labs[0]
    name = next(iter(factory.images_of(stranger)))
    factory.cloud.images[stranger.id].clear()
    factory.cloud.add_image(stranger, name)
    report = factory.run()
    assert {each.lab: each.reason for each in report.deliveries if each.outcome is Outcome.FAILED} == {
        stranger.name: "name-taken"
    }
    assert factory.cloud.image(stranger, name).tags == {}
    assert report.status == "PartiallySucceeded"


def test_a_failed_image_of_ours_is_repaired() -> None:
    factory = Factory(vms=1, labs_at_home=1, labs_away=0)
    factory.run()
    lab = factory.labs[0]
    (image,) = factory.cloud.images[lab.id].values()
    image.state = "Failed"
    report = factory.run()
    assert report.status == "Succeeded"
    assert set(factory.images_of(lab).values()) == {"Succeeded"}


def test_a_lab_that_does_not_exist_stops_no_other() -> None:
    factory = Factory(labs_at_home=1, labs_away=0)
    factory.upload({"Home0": ["Win2016"], "Nowhere": ["Win2016"]})
    report = factory.run()
    assert ("Home0", "delivered") in outcomes(report)
    assert ("Nowhere", "failed") in outcomes(report)


def test_the_factory_lab_itself_is_refused_as_a_target() -> None:
    factory = Factory(labs_at_home=1, labs_away=0)
    factory.upload({"Home0": ["Win2016"], "ImageFactory": ["Win2016"]})
    report = factory.run()
    assert {each.reason for each in report.deliveries if each.lab == "ImageFactory"} == {"factory-lab"}
    assert all(blob.container == "imagefactoryvhds" for blob in factory.cloud.blobs)


def test_a_missing_labs_file_still_saves_and_says_so() -> None:
    factory = Factory()
    factory.cloud.labs_blob = None
    report = factory.run()
    assert [save.outcome for save in report.saves] == [Outcome.SAVED, Outcome.SAVED]
    (message,) = [finding.message for finding in report.findings if finding.code == "no-labs-file"]
    # A dry run says the same, and it saves nothing.
    assert "saved" not in message


def test_a_saved_image_without_its_vhd_is_a_failure_and_no_copy() -> None:
    factory = Factory(vms=0, labs_at_home=1, labs_away=0)
    factory.cloud.add_saved_image("r1", "Win2016\\Gone.json", "Win2016_Gone-Nov-1-2026", vhd=False)
    report = factory.run()
    assert {each.reason for each in report.deliveries} == {"vhd-missing"}
    assert factory.cloud.copies == []


def test_a_dry_run_plans_everything_and_changes_nothing() -> None:
    factory = Factory()
    report = factory.run(b'{"dryRun": true}')
    assert {save.outcome for save in report.saves} == {Outcome.PLANNED}
    assert {each.outcome for each in report.deliveries} == {Outcome.PLANNED}
    assert len(report.deliveries) == 8
    assert factory.cloud.blobs == {}
    assert factory.cloud.grants == []


def test_inline_labs_and_only_narrow_a_run_and_leave_the_configuration_alone() -> None:
    factory = Factory()
    inline = {"Labs": [{"SubscriptionId": SUBSCRIPTION, "LabName": "Away1", "ImagePaths": ["Win2016"]}]}
    report = factory.run(json.dumps({"labs": inline, "only": {"images": ["Win2016/Image1"]}}).encode())
    assert outcomes(report) == {("Away1", "delivered")}
    assert len(report.deliveries) == 1


def test_requests_during_a_run_are_answered_by_the_next_one() -> None:
    factory = Factory()
    first = factory.request()
    second, third = factory.request(), factory.request()
    factory.engine.run()
    assert factory.report(first).status == "Succeeded"
    assert factory.report(second).status == "Succeeded"
    assert folder.load_json(factory.gateway, third, folder.COVERED) == {"by": second}
    assert factory.engine.most_running == 1


def test_a_cancelled_run_releases_everything_and_says_cancelled() -> None:
    factory = Factory()
    run_id = factory.request()
    factory.engine.run(until=factory.cloud.now.replace(second=30))
    folder.stop(factory.gateway, run_id, "cancelled")
    factory.engine.run()
    assert factory.report(run_id).status == "Cancelled"
    assert factory.staged() == []
    assert factory.cloud.outstanding_grants == []


def test_a_run_that_died_is_reported_and_the_waiting_one_does_its_work() -> None:
    factory = Factory()
    first = factory.request()
    second = factory.request()
    factory.engine.run(until=factory.cloud.now.replace(minute=1, second=30))
    factory.engine.terminate(first)
    factory.watch()
    factory.engine.run()
    assert factory.report(first).status == "Failed"
    assert factory.report(second).status == "Succeeded"
    assert factory.staged() == []
    assert factory.cloud.outstanding_grants == []


def test_a_run_that_died_while_an_image_was_doubled_in_a_hub_leaves_no_copy_there() -> None:
    factory = Factory(labs_at_home=0, labs_away=60, vms=1)
    run_id = factory.request()
    minutes = 0
    while sum(name.startswith(HUB) for name in factory.staged()) < 20:
        minutes += 1
        factory.engine.run(until=factory.cloud.now + timedelta(minutes=1))
        assert minutes < 24 * 60, "the hub never came to have so many copies"
    factory.engine.terminate(run_id)
    factory.watch()
    assert factory.staged() == []


def test_orphaned_children_of_a_dead_run_have_no_effect() -> None:
    factory = Factory()
    first = factory.request()
    factory.engine.run(until=factory.cloud.now.replace(minute=1, second=30))
    factory.engine.terminate(first)
    folder.stop(factory.gateway, first, "run-died")
    copies = len(factory.cloud.copies)
    factory.engine.run()
    assert len(factory.cloud.copies) == copies
    assert all(not factory.images_of(lab) for lab in factory.labs if lab.region == AWAY)


def test_an_image_that_is_never_made_ends_the_run_all_the_same() -> None:
    factory = Factory(vms=1, labs_at_home=1, labs_away=0)
    factory.cloud.image_seconds = timedelta(days=20).total_seconds()
    report = factory.run()
    (delivery,) = report.deliveries
    assert (delivery.outcome, delivery.error_code) == (Outcome.FAILED, "image-deadline")
    assert report.ended_at - report.started_at < timedelta(hours=7)
    assert factory.staged() == []


def test_one_notice_is_sent_for_a_run() -> None:
    factory = Factory()
    factory.run()
    (message,) = factory.cloud.messages
    assert json.loads(message)["status"] == "Succeeded"


def test_a_machine_that_may_not_be_read_keeps_nobody_from_the_others() -> None:
    factory = Factory()
    machine = factory.cloud.machines["golden0"]
    machine.vm = machine.vm.model_copy(update={"problem": "Could not read the machine golden0. Give the role Reader."})
    report = factory.run()
    assert {save.vm: save.reason for save in report.saves} == {"golden0": "vm-unreadable", "golden1": None}
    assert report.status == "PartiallySucceeded"


def test_a_lab_whose_storage_refuses_keeps_nobody_from_the_others() -> None:
    factory = Factory(vms=1)
    refused = factory.labs[0]
    denied = Denied("denied", "Could not write. Give the role.", status=403)
    factory.cloud.inject(Fault("vhds.", denied, match=refused.account, times=None))
    report = factory.run()
    assert {each.lab for each in report.deliveries if each.outcome is Outcome.FAILED} == {refused.name}
    assert {each.outcome for each in report.deliveries if each.lab != refused.name} == {Outcome.DELIVERED}


def test_an_account_that_never_answers_ends_as_a_failure_of_its_own_lab() -> None:
    factory = Factory(vms=1)
    silent = factory.labs[-1]
    lost = Unavailable("unreachable", "Azure could not be reached.")
    factory.cloud.inject(Fault("vhds.", lost, match=silent.account, times=None))
    report = factory.run()
    assert {each.lab for each in report.deliveries if each.outcome is Outcome.FAILED} == {silent.name}
    assert {each.outcome for each in report.deliveries if each.lab != silent.name} == {Outcome.DELIVERED}


def test_report_json_comes_last_so_that_a_run_that_has_ended_has_all_of_its_report() -> None:
    factory = Factory(vms=1)
    run_id = factory.request()
    factory.cloud.inject(Fault("documents.create", Crash(), match="report.json", times=1))
    factory.engine.run()
    written = [call.what for call in factory.cloud.calls if "/report." in call.what and call.name != "documents.read"]
    assert [name.rpartition(".")[2] for name in written[:3]] == ["html", "csv", "json"]
    assert factory.report(run_id).status == "Succeeded"
