"""Every metric of ingest, in one place. Labels: names of `sources`, types and codes of the contract, never a person."""

from datetime import timedelta

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram


class Metrics:
    def __init__(self, registry: CollectorRegistry) -> None:
        # Moves with every 202.
        self.accepted = Counter(
            "tenure_ingest_events_accepted", "Events answered with 202.", ["source", "type"], registry=registry
        )
        # Moves with every problem answered. Read by TenureIngestRefusing (503) and TenureSenderRefused (the others).
        self.refused = Counter(
            "tenure_ingest_requests_refused",
            "Requests refused, by problem code.",
            ["source", "problem"],
            registry=registry,
        )
        # Moves when a sender's fields are dropped: somebody sends more than the contract knows.
        self.dropped = Counter(
            "tenure_ingest_fields_dropped", "Unknown or not owned fields left out.", ["source"], registry=registry
        )
        # When a source was last answered 202, the start of this process at first. Read by TenureSourceSilent.
        self.heard = Gauge(
            "tenure_ingest_source_heard_timestamp_seconds", "Last 202 of a source.", ["source"], registry=registry
        )
        self.expected = Gauge(
            "tenure_ingest_source_expected_seconds", "A longer silence is reported.", ["source"], registry=registry
        )
        self.seconds = Histogram(
            "tenure_ingest_publish_seconds", "From a judged request to Kafka's acknowledgement.", registry=registry
        )
        self.in_flight = Gauge(
            "tenure_ingest_requests_in_flight", "Requests being read or published.", registry=registry
        )
        # Near its bound only when intake is slower than the senders (embedded broker only).
        self.tail = Gauge(
            "tenure_ingest_unread_tail_bytes",
            "Unread bytes of the fullest partition (embedded broker).",
            registry=registry,
        )

    def expect(self, source: str, every: timedelta | None) -> None:
        """Begin to count the silence of a source; without `every` it may be silent for ever."""
        self.heard.labels(source).set_to_current_time()
        if every is not None:
            self.expected.labels(source).set(every.total_seconds())
