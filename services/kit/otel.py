"""Traces through OpenTelemetry's SDK, sent by OTLP over HTTP. Imported only where a receiver is configured.

A receiver that is gone costs spans, never a service: they wait in a bounded queue, and what does not fit is dropped.
"""

import logging
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from typing import Final

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from services.kit.logging import logger
from services.kit.tracing import Attributes, Kind, Span

SECONDS: Final = 5.0
STOP_SECONDS: Final = 3.0
QUEUE: Final = 8192
KINDS: Final = {
    "server": trace.SpanKind.SERVER,
    "client": trace.SpanKind.CLIENT,
    "consumer": trace.SpanKind.CONSUMER,
    "internal": trace.SpanKind.INTERNAL,
}
SEMANTIC: Final = {"status": "http.response.status_code"}
"""Names that OpenTelemetry has for what we say; the rest is ours."""
_W3C: Final = TraceContextTextMapPropagator()

# It writes a line for each lot that was not delivered; ours says when that begins and ends.
logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)


class OpenTelemetry:
    """A `Tracer` on a provider of the SDK."""

    def __init__(self, provider: TracerProvider) -> None:
        self._tracer = provider.get_tracer("tenure")

    @contextmanager
    def span(self, name: str, parents: Sequence[str], kind: Kind, attributes: Attributes) -> Iterator[Span]:
        contexts = [_W3C.extract({"traceparent": parent}) for parent in parents]
        links = [trace.Link(trace.get_current_span(other).get_span_context()) for other in contexts[1:]]
        with self._tracer.start_as_current_span(
            name, _joined(contexts), KINDS[kind], _named(attributes), links,
            record_exception=False, set_status_on_exception=False,
        ) as span:  # fmt: skip
            try:
                yield _Noted(span)
            except BaseException as exc:
                # Not its text: that may hold what a platform or an HR system said.
                span.set_attribute("error.type", type(exc).__name__)
                span.set_status(trace.StatusCode.ERROR)
                raise

    def here(self) -> str | None:
        carrier: dict[str, str] = {}
        _W3C.inject(carrier)
        return carrier.get("traceparent")


def _joined(contexts: Sequence[Context]) -> Context | None:
    """None without a first `traceparent` that can be read: the span then belongs to what is running."""
    valid = contexts and trace.get_current_span(contexts[0]).get_span_context().is_valid
    return contexts[0] if valid else None


def _named(attributes: Attributes) -> dict[str, str | int]:
    return {SEMANTIC.get(name, f"tenure.{name}"): value for name, value in attributes.items()}


class _Noted:
    def __init__(self, span: trace.Span) -> None:
        self._span = span

    def note(self, **attributes: str | int) -> None:
        self._span.set_attributes(_named(attributes))


class _Told(SpanExporter):
    """Says once that spans are not delivered, and once that they are again."""

    def __init__(self, exporter: SpanExporter) -> None:
        self._exporter, self._failing = exporter, False

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        result = self._exporter.export(spans)
        failing = result is not SpanExportResult.SUCCESS
        if failing is not self._failing:
            self._failing = failing
            logger().warning("traces.not_delivered" if failing else "traces.delivered_again")
        return result

    def shutdown(self) -> None:
        self._exporter.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return self._exporter.force_flush(timeout_millis)


@contextmanager
def exported(service: str, address: str) -> Iterator[OpenTelemetry]:
    """Spans of this service go to `address` + `/v1/traces`; what is left is sent at the end, for a few seconds."""
    resource = Resource.create({"service.name": f"tenure-{service}", "service.version": version("tenure")})
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    exporter = OTLPSpanExporter(f"{address.rstrip('/')}/v1/traces", timeout=SECONDS)
    provider.add_span_processor(
        BatchSpanProcessor(
            _Told(exporter),
            max_queue_size=QUEUE,
            schedule_delay_millis=500,
            export_timeout_millis=SECONDS * 1000,
        )
    )
    try:
        yield OpenTelemetry(provider)
    finally:
        end = threading.Thread(target=provider.shutdown, daemon=True)  # a receiver that hangs must not hold us
        end.start()
        end.join(STOP_SECONDS)
