"""An OTLP receiver for tests: what OpenTelemetry's own messages say, read with OpenTelemetry's own schema."""

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from listener import Asked, listening
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span


@dataclass
class Receiver:
    """`spans` with the service that sent each; `text` is everything received, as text."""

    address: str = ""
    spans: list[tuple[str, Span]] = field(default_factory=list)
    text: str = ""

    def take(self, body: bytes) -> None:
        request = ExportTraceServiceRequest.FromString(body)
        self.text += str(request)
        for resource in request.resource_spans:
            names = {one.key: one.value.string_value for one in resource.resource.attributes}
            self.spans += [(names["service.name"], span) for scope in resource.scope_spans for span in scope.spans]

    def named(self, name: str) -> list[Span]:
        return [span for _, span in self.spans if span.name == name]

    def trace(self, trace_id: bytes) -> list[tuple[str, Span]]:
        return [one for one in self.spans if one[1].trace_id == trace_id]


@contextmanager
def receiving() -> Iterator[Receiver]:
    receiver = Receiver()

    def take(asked: Asked) -> tuple[int, bytes]:
        assert asked.path == "/v1/traces"
        receiver.take(gzip.decompress(asked.body) if asked.headers.get("content-encoding") == "gzip" else asked.body)
        return 200, b""

    with listening(take) as receiver.address:
        yield receiver
