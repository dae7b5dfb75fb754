"""Runs that die, are cut in two, or are carried out again: nothing of theirs is left, nothing of others is touched."""

import json
from datetime import timedelta

import pytest

from shared.domain.errors import Denied, GatewayError, Throttled, Unavailable
from shared.domain.storage import CopyStatus
from shared.steps import accepting, folder
from tests.fakes.cloud import IMAGE_CONTAINER
from tests.fakes.faults import Call, Crash, Fault, When
from tests.simulation.engine import Engine
from tests.simulation.factory import EngineRuns, Factory


def pass_time(factory: Factory, seconds: float) -> None:
    factory.engine.run(until=factory.cloud.now + timedelta(seconds=seconds))


def pending(factory: Factory) -> int:
    return sum(copy.status is CopyStatus.PENDING for copy in factory.cloud.copies)


def saved_blobs(factory: Factory, extension: str) -> set[str]:
    names = [blob.name for blob in factory.cloud.blobs if blob.container == IMAGE_CONTAINER]
    return {name.removesuffix(extension) for name in names if name.endswith(extension)}


def test_a_dry_run_that_died_takes_nothing_from_the_run_beside_it() -> None:
    factory = Factory(vms=1)
    factory.cloud.machines.clear()
    for number in range(2):
        factory.cloud.add_saved_image(f"r{number}", f"Win2016\\Image{number}.json", f"Win2016_Image{number}-Nov-1-2026")
    dry = factory.request(b'{"dryRun": true}')
    report = Fault("documents.create", RuntimeError("storage hiccup"), match=f"runs/{dry}/report.json", times=3)
    factory.cloud.inject(report)
    real = factory.request()
    pass_time(factory, 65)
    assert factory.engine.instances[dry].status == "Failed"
    before = (pending(factory), factory.staged())
    assert before[1]
    factory.watch()
    assert (pending(factory), factory.staged()) == before
    assert factory.report(dry).status == "Failed"
    factory.engine.run()
    assert factory.report(real).status == "Succeeded"


def test_the_next_run_does_not_start_before_the_dead_one_is_cleared_away() -> None:
    factory = Factory(vms=1)
    first = factory.request()
    second = factory.request(b'{"save": false}')
    pass_time(factory, 120)
    factory.engine.terminate(first)
    factory.cloud.inject(Fault("documents.names", Throttled("throttled", "pause", retry_after=1), times=1))
    with pytest.raises(GatewayError):
        factory.watch()
    pass_time(factory, 60)
    assert second not in factory.engine.instances
    factory.watch()
    assert factory.staged() == []
    factory.engine.run()
    assert factory.report(first).status == "Failed"
    assert factory.report(second).status in ("Succeeded", "PartiallySucceeded")
    assert factory.staged() == []


@pytest.mark.parametrize(
    ("error", "times"),
    [
        (Unavailable("unreachable", "Azure could not be reached."), 20),
        (Denied("denied", "The disk may not be released.", status=403), 1),
    ],
)
def test_access_that_could_not_be_revoked_is_told_and_revoked_later(error: GatewayError, times: int) -> None:
    factory = Factory(vms=1, labs_at_home=1, labs_away=0)
    factory.cloud.inject(Fault("disks.revoke", error, times=times))
    report = factory.run()
    assert report.status == "PartiallySucceeded"
    (message,) = [finding.message for finding in report.findings if finding.code == "access-left"]
    assert "golden0" in message
    assert "az disk revoke-access" in message
    assert factory.cloud.outstanding_grants
    factory.watch()
    assert factory.cloud.outstanding_grants == []
    factory.cloud.start_vm("golden0")


def test_access_of_an_ended_run_is_left_alone_while_another_run_is_on_its_way() -> None:
    factory = Factory(vms=1, labs_at_home=1, labs_away=0)
    factory.cloud.inject(Fault("disks.revoke", Denied("denied", "no", status=403), times=1))
    factory.run()
    (left,) = factory.cloud.outstanding_grants
    factory.cloud.add_vm("golden1", "Win2016\\Image1.json")
    factory.request()
    pass_time(factory, 10)
    factory.watch()
    assert left in factory.cloud.outstanding_grants
    factory.engine.run()
    factory.watch()
    assert factory.cloud.outstanding_grants == []


def test_one_disk_that_does_not_let_go_keeps_nothing_else_of_a_dead_run() -> None:
    factory = Factory(vms=3, labs_at_home=1, labs_away=0)
    run_id = factory.request()
    pass_time(factory, 10)
    assert len(factory.cloud.outstanding_grants) == 3
    factory.engine.terminate(run_id)
    note = factory.gateway.documents.names(f"runs/{run_id}/grants/")[0]
    disk = json.loads(factory.cloud.documents[note])["diskId"]
    factory.cloud.inject(Fault("disks.revoke", Denied("denied", "no", status=403), match=disk, times=None))
    factory.watch()
    assert len(factory.cloud.outstanding_grants) == 1
    assert factory.report(run_id).status == "Failed"
    assert saved_blobs(factory, ".vhd") == set()
    assert "access-left" in {finding.code for finding in factory.report(run_id).findings}


def test_access_that_is_granted_while_the_run_is_buried_is_given_back() -> None:
    factory = Factory(vms=1, labs_at_home=1, labs_away=0)

    def bury(when: When, call: Call) -> None:
        """Stops the run and takes its note away, as recovery does when nothing is granted yet."""
        if when == "before" and call.name == "disks.grant_read":
            factory.cloud.strikes.clear()
            factory.cloud.documents[f"runs/{run_id}/stop"] = b"run-died"
            for note in [name for name in factory.cloud.documents if "/grants/" in name]:
                del factory.cloud.documents[note]

    factory.cloud.inject(bury)
    run_id = factory.request()
    factory.engine.run()
    assert factory.cloud.grants
    assert factory.cloud.outstanding_grants == []
    assert saved_blobs(factory, ".vhd") == set()


def test_copy_that_is_started_while_the_run_is_stopped_is_taken_back() -> None:
    factory = Factory(vms=1, labs_at_home=0, labs_away=1)

    def stop(when: When, call: Call) -> None:
        if when == "before" and call.name == "vhds.start_copy" and "staging" in call.what:
            factory.cloud.strikes.clear()
            factory.cloud.documents[f"runs/{run_id}/stop"] = b"run-died"
            factory.engine.terminate(run_id)
            EngineRuns(factory.engine).end_children(run_id)

    factory.cloud.inject(stop)
    run_id = factory.request()
    factory.engine.run()
    assert any("staging" in copy.target.container for copy in factory.cloud.copies)
    assert factory.staged() == []


def test_a_part_of_a_run_that_died_leaves_nothing_behind() -> None:
    factory = Factory(vms=2, labs_at_home=1, labs_away=0)
    run_id = factory.request()
    pass_time(factory, 10)
    factory.engine.terminate_child(f"{run_id}:save-0")
    factory.engine.run()
    assert [save.outcome for save in factory.report(run_id).saves] == ["failed", "saved"]
    assert factory.cloud.outstanding_grants == []
    assert saved_blobs(factory, ".vhd") == saved_blobs(factory, ".json")


def test_a_region_that_died_leaves_no_staged_copy() -> None:
    factory = Factory(vms=1)
    run_id = factory.request()
    pass_time(factory, 150)
    away = [name for name in factory.engine.instances if name.startswith(f"{run_id}:north")]
    assert away
    factory.engine.terminate_child(away[0])
    factory.engine.run()
    assert factory.report(run_id).status == "PartiallySucceeded"
    assert factory.staged() == []


def test_a_run_that_is_carried_out_again_calls_no_old_bytes_new() -> None:
    factory = Factory(vms=1, labs_at_home=1, labs_away=0)
    run_id = factory.request()
    while not factory.cloud.copies:
        pass_time(factory, 1)
    factory.cloud.advance(70)  # the copy of the disk ends by itself
    factory.engine = Engine(factory.cloud, 1)  # and the engine has lost all that it knew
    factory.gateway.disks.revoke(next(iter(factory.cloud.disks)))  # access ends with its time
    factory.lets_time_pass(2)
    factory.cloud.start_vm("golden0")
    factory.cloud.deallocate_vm("golden0")
    factory.watch()
    factory.engine.run()
    assert factory.report(run_id).status == "Succeeded"
    factory.lets_time_pass()
    report = factory.run()
    assert [save.outcome for save in report.saves] == ["saved"]
    newest = next(iter(factory.cloud.disks.values())).content
    assert newest in {image.content for image in factory.cloud.images[factory.labs[0].id].values()}


def test_a_record_that_was_written_keeps_its_vhd_though_the_run_was_cancelled_then() -> None:
    factory = Factory(vms=1, labs_at_home=1, labs_away=0)

    def strike(when: When, call: Call) -> None:
        if when == "after" and call.name == "vhds.write_record" and not folder.stopped(factory.gateway, run_id):
            folder.stop(factory.gateway, run_id, "cancelled")
            raise Crash

    factory.cloud.inject(strike)
    run_id = factory.request()
    factory.engine.run()
    assert factory.report(run_id).status == "Cancelled"
    assert saved_blobs(factory, ".vhd") == saved_blobs(factory, ".json") != set()


def test_a_message_that_cannot_be_read_is_never_run_whenever_the_watch_looks() -> None:
    factory = Factory(vms=1)

    def tick(when: When, call: Call) -> None:
        if when == "before" and call.name == "documents.write" and call.what.endswith("report.html"):
            factory.cloud.strikes.clear()
            factory.watch()

    factory.cloud.inject(tick)
    body = b'{"dryRun": true, "onlyy": {"labs": ["Home0"]}}'
    assert accepting.accept_or_report(factory.gateway, "queue", "message:1", body) is None
    factory.engine.run()
    assert saved_blobs(factory, ".vhd") == set()
    (run_id,) = factory.gateway.documents.run_ids()
    assert factory.report(run_id).status == "Failed"
    assert run_id not in factory.engine.instances


def test_a_refusal_that_could_not_be_reported_is_reported_by_the_watch() -> None:
    factory = Factory(vms=1)
    factory.cloud.inject(Fault("documents.write", Unavailable("no-answer", "lost"), match="report.html", times=1))
    with pytest.raises(Unavailable):
        accepting.accept_or_report(factory.gateway, "queue", "message:1", b"[")
    factory.watch()
    (run_id,) = factory.gateway.documents.run_ids()
    report = factory.report(run_id)
    assert (report.status, report.error and report.error.code) == ("Failed", "bad-request")
    assert report.findings
