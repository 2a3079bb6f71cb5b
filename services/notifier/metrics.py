"""The notifier's metrics, each with what moves it. Labels are states, channels and reasons: closed sets."""

from datetime import UTC, datetime

from prometheus_client import CollectorRegistry, Counter, Gauge

from services.notifier.store.port import Counts


class Metrics:
    """Made once in `app.py` on the process's registry."""

    def __init__(self, registry: CollectorRegistry) -> None:
        # Outcomes taken in for the first time, and those dropped as repeats (redelivery, a broker filled again).
        self.outcomes = Counter("tenure_notifier_outcomes", "Outcomes taken in", registry=registry)
        self.duplicates = Counter("tenure_notifier_duplicates", "Outcomes dropped as repeats", registry=registry)
        # Outcomes nobody could read. Read by TenureOutcomeUnreadable.
        self.unreadable = Counter(
            "tenure_notifier_unreadable", "Outcomes that could not be read", ["reason"], registry=registry
        )
        # One a settled HR event: confirmed or superseded.
        self.confirmations = Counter("tenure_confirmations", "Confirmations written", ["state"], registry=registry)
        # Every end of an attempt: sent, waiting (tried again), perhaps_sent, failed. Read by TenureMessagesFailing.
        self.messages = Counter(
            "tenure_messages", "Messages by channel and result", ["channel", "result"], registry=registry
        )
        self.open_messages = Gauge("tenure_messages_open", "Messages waiting or being sent", registry=registry)
        # Age of the oldest message not sent yet. Read by TenureMessagesLate.
        self.oldest_unsent = Gauge(
            "tenure_message_oldest_unsent_seconds", "Age of the oldest unsent message", registry=registry
        )
        # Records in the log, the next number: the log's length.
        self.audit_records = Gauge("tenure_audit_records", "Audit records written", registry=registry)
        self.outbox = Gauge("tenure_notifier_outbox", "Records not published yet", registry=registry)
        # Age of the oldest record not published yet. Read by TenureNotifierOutboxStuck.
        self.oldest_unpublished = Gauge(
            "tenure_notifier_outbox_oldest_seconds", "Age of the oldest record not published", registry=registry
        )
        # Outcomes in Kafka that are not taken in yet. Read by TenureNotifierLag.
        self.lag = Gauge("tenure_notifier_lag_records", "Outcomes not taken in yet", registry=registry)

    def ended(self, channel: str, state: str) -> None:
        """An attempt at a message ended."""
        self.messages.labels(channel, state).inc()

    def show(self, counts: Counts, lag: int) -> None:
        """Bring the gauges up to date for one scrape."""
        self.outbox.set(counts.outbox)
        self.audit_records.set(counts.audit_records)
        self.open_messages.set(sum(counts.messages.get(state, 0) for state in ("waiting", "sending")))
        self.oldest_unsent.set(_age(counts.oldest_unsent))
        self.oldest_unpublished.set(_age(counts.oldest_unpublished))
        self.lag.set(lag)


def _age(since: datetime | None) -> float:
    return max(0.0, (datetime.now(UTC) - since).total_seconds()) if since else 0.0
