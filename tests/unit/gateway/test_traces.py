"""The trace of a run as the OpenTelemetry SDK sees it, and as nobody sees it where no exporter is configured."""

from datetime import UTC, datetime, timedelta

import pytest
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from shared.domain.span_times import Interval
from shared.domain.telemetry import Span
from shared.gateway.traces import OpenTelemetryTraces

RUN_ID = "20261123T030000Z-1a2b3c"
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
SPANS = (
    Span("image_factory.run", RUN_ID, Interval(NOON, NOON + timedelta(hours=1)), {"image_factory.dry_run": False}),
    Span("image_factory.save", "vm", Interval(NOON, NOON + timedelta(minutes=1)), {"image_factory.bytes.copied": 7}),
    Span("image_factory.image", "Win", Interval(NOON, NOON), {}, "No role."),
)


class Unwell(SpanProcessor):
    def on_end(self, span: ReadableSpan) -> None:
        raise ConnectionError("https://collector/?sig=secret")


def collected(*run_ids: str) -> list[ReadableSpan]:
    exporter = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    for run_id in run_ids:
        OpenTelemetryTraces(provider).send(run_id, SPANS)
    return list(exporter.get_finished_spans())


def nanoseconds(moment: datetime) -> int:
    return int(moment.timestamp()) * 1_000_000_000


def test_spans_keep_names_times_and_attributes() -> None:
    run, save, _ = collected(RUN_ID)
    assert (run.name, save.name) == ("image_factory.run", "image_factory.save")
    assert (run.start_time, run.end_time) == (nanoseconds(NOON), nanoseconds(NOON + timedelta(hours=1)))
    assert save.attributes == {"image_factory.bytes.copied": 7}


def test_the_run_is_the_parent_of_all_others() -> None:
    run, *others = collected(RUN_ID)
    assert run.context is not None
    assert [each.parent.span_id if each.parent else None for each in others] == [run.context.span_id] * 2


def test_a_failure_is_an_error_with_its_reason_and_the_rest_is_not() -> None:
    run, _, image = collected(RUN_ID)
    assert run.status.status_code is StatusCode.UNSET
    assert (image.status.status_code, image.status.description) == (StatusCode.ERROR, "No role.")


def test_telling_of_a_run_twice_makes_no_second_trace_and_another_run_does() -> None:
    spans = collected(RUN_ID, RUN_ID, "20261124T030000Z-1a2b3c")
    traces = [each.context.trace_id for each in spans if each.context]
    assert len(set(traces[:6])) == 1
    assert len(set(traces)) == 2


def test_without_an_exporter_nothing_happens() -> None:
    OpenTelemetryTraces().send(RUN_ID, SPANS)


def test_a_collector_that_fails_harms_no_run_and_is_warned_of_without_its_address(
    caplog: pytest.LogCaptureFixture,
) -> None:
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(Unwell())
    OpenTelemetryTraces(provider).send(RUN_ID, SPANS)
    assert caplog.messages == [f"The trace of run {RUN_ID} was not sent: ConnectionError"]
