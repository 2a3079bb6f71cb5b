"""Every metric of ingest, in one place. Labels: names of `sources`, types and codes of the contract, never a person."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram


class Metrics:
    def __init__(self, registry: CollectorRegistry) -> None:
        # Moves with every 202; the source's silence alert compares it with `expect_every`.
        self.accepted = Counter(
            "tenure_ingest_events_accepted", "Events answered with 202.", ["source", "type"], registry=registry
        )
        # Moves with every problem answered; a rise of 401 or 503 is alerted.
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
