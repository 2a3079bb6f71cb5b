"""An OTLP receiver for tests: what OpenTelemetry's own messages say, read with OpenTelemetry's own schema."""

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from listener import Asked, listening
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, Span

NUMBERS = ("trace_id", "span_id", "parent_span_id", "start_time_unix_nano", "end_time_unix_nano")


@dataclass
class Receiver:
    """`bodies` as they came; read when somebody asks, since nobody may have to wait for it."""

    address: str = ""
    bodies: list[bytes] = field(default_factory=list)

    @property
    def spans(self) -> list[tuple[str, Span]]:
        """With the service that sent each."""
        found: list[tuple[str, Span]] = []
        for resource in self._resources():
            names = {one.key: one.value.string_value for one in resource.resource.attributes}
            found += [(names["service.name"], span) for scope in resource.scope_spans for span in scope.spans]
        return found

    @property
    def text(self) -> str:
        """Everything received but ids and times, whose digits are anybody's."""
        found = list[str]()
        for resource in self._resources():
            for span in (span for scope in resource.scope_spans for span in scope.spans):
                for name in NUMBERS:
                    span.ClearField(name)
                for link in span.links:
                    link.ClearField("trace_id")
                    link.ClearField("span_id")
            found.append(str(resource))
        return "".join(found)

    def _resources(self) -> Iterator[ResourceSpans]:
        for body in self.bodies:
            yield from ExportTraceServiceRequest.FromString(body).resource_spans

    def named(self, name: str) -> list[Span]:
        return [span for _, span in self.spans if span.name == name]

    def trace(self, trace_id: bytes) -> list[tuple[str, Span]]:
        return [one for one in self.spans if one[1].trace_id == trace_id]


@contextmanager
def receiving() -> Iterator[Receiver]:
    receiver = Receiver()

    def take(asked: Asked) -> tuple[int, bytes]:
        assert asked.path == "/v1/traces"
        receiver.bodies.append(
            gzip.decompress(asked.body) if asked.headers.get("content-encoding") == "gzip" else asked.body
        )
        return 200, b""

    with listening(take) as receiver.address:
        yield receiver
