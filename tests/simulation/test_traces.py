"""The trace of whole runs: sent once for each, whoever writes the report, and never with a secret."""

from shared.steps import folder, recovery
from tests.simulation.factory import AWAY, HOME, Factory


def named(factory: Factory, run_id: str) -> list[str]:
    return [f"{span.name}:{span.key}" for span in factory.cloud.traces[run_id]]


def test_a_run_sends_one_trace_with_its_saves_regions_and_images() -> None:
    factory = Factory()
    report = factory.run()
    assert named(factory, report.run_id) == [
        f"image_factory.run:{report.run_id}",
        "image_factory.save:golden0",
        "image_factory.save:golden1",
        f"image_factory.region:{HOME}",
        f"image_factory.region:{AWAY}",
        "image_factory.image:Win2016/Image0.json",
        "image_factory.image:Win2016/Image1.json",
    ]


def test_every_span_lies_within_its_run_and_says_when_its_work_was_done() -> None:
    factory = Factory()
    report = factory.run()
    run, *others = factory.cloud.traces[report.run_id]
    assert all(run.when.start <= each.when.start <= each.when.end <= run.when.end for each in others)
    saves = [each for each in others if each.name == "image_factory.save"]
    images = [each for each in others if each.name == "image_factory.image"]
    assert max(each.when.end for each in saves) <= min(each.when.start for each in images)


def test_bytes_of_the_spans_are_those_of_the_report() -> None:
    factory = Factory()
    report = factory.run()
    run, *others = factory.cloud.traces[report.run_id]
    copied = sum(each.bytes_copied for each in report.deliveries)
    assert run.attributes["image_factory.bytes.copied"] == copied > 0
    for name in ("image_factory.region", "image_factory.image"):
        parts = [each.attributes["image_factory.bytes.copied"] for each in others if each.name == name]
        assert sum(part for part in parts if isinstance(part, int)) == copied


def test_a_run_that_died_is_told_of_too() -> None:
    factory = Factory()
    run_id = factory.request()
    factory.engine.run(until=factory.cloud.now.replace(minute=1, second=30))
    factory.engine.terminate(run_id)
    factory.watch()
    run = factory.cloud.traces[run_id][0]
    assert (run.attributes["image_factory.run.status"], run.attributes["image_factory.error.code"]) == (
        "Failed",
        "run-died",
    )


def test_a_report_that_is_written_again_sends_no_second_trace() -> None:
    factory = Factory()
    report = factory.run()
    before = list(factory.cloud.traces[report.run_id])
    factory.gateway.documents.delete(folder.path(report.run_id, folder.STOP))
    recovery.end_dead_run(factory.gateway, report.run_id, 1)
    assert factory.cloud.traces[report.run_id] == before


def test_no_signature_reaches_a_trace() -> None:
    factory = Factory()
    factory.run()
    told = repr(factory.cloud.traces)
    assert factory.cloud.signatures
    assert not [secret for secret in factory.cloud.signatures if secret in told]
