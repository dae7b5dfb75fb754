"""The trace of a run as OpenTelemetry spans. It knows no exporter: where none is configured, spans go nowhere."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from shared.domain.telemetry import Span

if TYPE_CHECKING:
    from opentelemetry.trace import Tracer, TracerProvider

TRACER = "image_factory"
_log = logging.getLogger(__name__)


class OpenTelemetryTraces:
    """`port.Traces` over the OpenTelemetry API; `provider` is the process's own unless given."""

    def __init__(self, provider: TracerProvider | None = None) -> None:
        self._provider = provider

    def send(self, run_id: str, spans: Sequence[Span]) -> None:
        """Starts and ends the spans at the times that they name. A failure is a warning in the log, never raised."""
        from opentelemetry.trace import get_tracer

        try:
            _send(get_tracer(TRACER, tracer_provider=self._provider), run_id, spans)
        except Exception as error:
            _log.warning("The trace of run %s was not sent: %s", run_id, type(error).__name__)


def trace_id(run_id: str) -> int:
    """The trace of a run: made of its id, so that telling of a run twice makes no second trace."""
    return int.from_bytes(hashlib.sha256(run_id.encode()).digest()[:16])


def _send(tracer: Tracer, run_id: str, spans: Sequence[Span]) -> None:
    from opentelemetry.trace import NonRecordingSpan, SpanContext, Status, StatusCode, TraceFlags, set_span_in_context

    # The API lets only a parent choose the trace; this one stands for the request and is never sent itself.
    trace, sampled = trace_id(run_id), TraceFlags(TraceFlags.SAMPLED)
    caller = SpanContext(trace, trace >> 64, is_remote=True, trace_flags=sampled)
    parent = set_span_in_context(NonRecordingSpan(caller))
    for number, each in enumerate(spans):
        start = _nanoseconds(each.when.start)
        sent = tracer.start_span(each.name, parent, attributes=each.attributes, start_time=start)
        if each.failure is not None:
            sent.set_status(Status(StatusCode.ERROR, each.failure))
        sent.end(_nanoseconds(each.when.end))
        if number == 0:
            parent = set_span_in_context(sent, parent)


def _nanoseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1_000_000) * 1000
