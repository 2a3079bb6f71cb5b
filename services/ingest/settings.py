"""Settings of ingest."""

from datetime import timedelta

from pydantic import Field

from services.ingest.sources.webhook import Rules
from services.ingest.strict_json import Limits
from services.ingest.tail import Bound
from services.kit.clock import ClockRow
from services.kit.settings import ServiceSettings


class IngestSettings(ServiceSettings):
    """What ingest needs beside the common settings."""

    max_body_bytes: int = Field(
        default=5_000_000, gt=0, description="Bytes a request's body may have; a larger one is answered 413."
    )
    max_batch_events: int = Field(
        default=1000, gt=0, description="Events a batch may hold; a larger one is answered 413."
    )
    max_json_depth: int = Field(
        default=16, gt=0, description="Objects and lists inside one another in an event; deeper is answered 400."
    )
    max_text_characters: int = Field(
        default=4096, gt=0, description="Characters of one text in an event; a longer one is answered 400."
    )
    max_requests: int = Field(
        default=16, gt=0, description="Requests read or published at once; more are answered 503. Bounds memory."
    )
    body_seconds: float = Field(
        default=30.0, gt=0, description="Seconds a body may take to arrive; then the answer is 408."
    )
    publish_seconds: float = Field(
        default=8.0, gt=0, description="Seconds to wait for Kafka's acknowledgement; then the answer is 503."
    )
    replay_window_seconds: int = Field(
        default=300, gt=0, description="Seconds a signature's time may lie from ours; beyond that it is stale, 401."
    )
    tail_bytes: int = Field(
        default=3_000_000, gt=0, description="Unread bytes a partition of the embedded broker may hold; then 503."
    )
    tail_batches: int = Field(
        default=50_000, gt=0, description="Unread batches a partition of the embedded broker may hold; then 503."
    )
    clock: ClockRow | None = Field(
        default=None, description="Business time of a rehearsal, as JSON; opens POST /clock. Set by `tenure up`."
    )

    @property
    def rules(self) -> Rules:
        limits = Limits(self.max_json_depth, self.max_text_characters)
        return Rules(limits, self.max_batch_events, timedelta(seconds=self.replay_window_seconds))

    @property
    def bound(self) -> Bound:
        return Bound(self.tail_bytes, self.tail_batches)
