"""The provisioner's metrics, each with what moves it. Labels are targets, lanes, states and kinds: closed sets."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import product
from typing import get_args

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from services.platforms.gate import BULK, EVERYDAY, URGENT
from services.platforms.limiter import Limiter
from services.provisioner.facts.arrivals import Kind
from services.provisioner.plan import drift
from services.provisioner.plan.guards import KINDS, read_reason
from services.provisioner.store.guard_values import HeldGroup
from services.provisioner.store.port import Books, EventStateName, QueueDepth, RowVerdict, Swept

SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300, 900, 3600, 14400, 86400)

VERDICTS: tuple[RowVerdict, ...] = ("waiting", "held", "inbox", "retry")
"""Of those in whose way something stands."""


class Metrics:
    """Made once in `app.py` on the process's registry."""

    def __init__(self, registry: CollectorRegistry) -> None:
        # Moved by every record read from Kafka: new, duplicate, conflict, unreadable.
        self.taken_in = Counter("tenure_intake_records", "HR records taken in", ["kind"], registry=registry)
        for kind in get_args(Kind):
            self.taken_in.labels(kind)  # from zero, so that the first one counts as a rise
        # The books (P8): the states from the store; `accepted` from Kafka's offsets. Read by TenureBooksUnbalanced.
        self.events = Gauge("tenure_events", "Accepted HR events by state", ["state"], registry=registry)
        self.accepted = Gauge("tenure_events_accepted", "HR events accepted, by Kafka's offsets", registry=registry)
        # Records in Kafka that intake has not recorded yet. Read by TenureIntakeLag.
        self.lag = Gauge("tenure_intake_lag_records", "Records not taken in yet", registry=registry)
        self.oldest = Gauge("tenure_oldest_unfinished_seconds", "Age of the oldest unfinished event", registry=registry)
        # The queue: rows due now, and how long the first of them has been due.
        self.queue = Gauge("tenure_queue_due", "Persons due on a target", ["target", "lane"], registry=registry)
        self.queue_age = Gauge(
            "tenure_queue_age_seconds", "Age of the oldest due row", ["target", "lane"], registry=registry
        )
        self.scheduled = Gauge("tenure_scheduled_steps", "Rows due at a later date", registry=registry)
        # Rises with a confirmation that lists what is due later (an overlap's end, a deletion), falls when it is done.
        self.owing = Gauge("tenure_events_due_later", "Confirmed events that owe something later", registry=registry)
        # Every pass of a person on a target, by how it ended.
        self.passes = Histogram(
            "tenure_pass_seconds", "Length of a pass", ["target", "end"], buckets=SECONDS, registry=registry
        )
        # From the mark of a leave or stop to its read-back. Read by TenureLeaverLate.
        self.no_access = Histogram(
            "tenure_no_access_left_seconds",
            "Leave or stop recorded until read back closed",
            ["target"],
            buckets=SECONDS,
            registry=registry,
        )
        # Calls that the gate let through, and the seconds they waited there; moved when a scrape reads the limiter.
        self.calls = Counter("tenure_platform_calls", "Calls let through the gate", ["target"], registry=registry)
        self.call_wait = Counter(
            "tenure_gate_wait_seconds", "Seconds calls waited at the gate", ["lane"], registry=registry
        )
        self._shown: dict[tuple[str, str], float] = {}
        # Share of the tightest window used over the last minute.
        self.quota = Gauge("tenure_quota_used_ratio", "Use of the tightest quota window", ["target"], registry=registry)
        self.paused = Gauge(
            "tenure_target_paused", "1 while no call to the target may start", ["target"], registry=registry
        )
        # Persons on a target in whose way something stands. Read by TenureTargetDown.
        self.standing = Gauge(
            "tenure_persons_standing",
            "Persons on a target that wait, by verdict",
            ["target", "verdict"],
            registry=registry,
        )
        # Grows while Kafka acknowledges nothing or the store is gone. Read by TenureOutboxStuck.
        self.relay_age = Gauge(
            "tenure_outbox_relay_seconds", "Since the outbox was last looked through", registry=registry
        )
        # A forgotten session or a dump makes the queue many times slower. Read by TenureSnapshotHeld.
        self.snapshot = Gauge(
            "tenure_oldest_snapshot_seconds", "Age of the database's oldest open transaction", registry=registry
        )
        self.attention = Gauge("tenure_waiting_for_person", "Rows held or in the inbox", ["target"], registry=registry)
        # Persons whose change is held, by the kind of step: by a guard, or (`resume`) since somebody else closed the
        # account; zero once released or refused. Read by TenureHoldWaiting.
        self.held = Gauge("tenure_held", "Persons whose change is held", ["target", "kind"], registry=registry)

        # Grows until a sweep has compared the whole target; zero where nothing is remembered. Read by TenureSweepLate.
        self.check_age = Gauge(
            "tenure_oldest_check_seconds", "Since a target was last compared whole", ["target"], registry=registry
        )
        # Set at start from TENURE_SWEEP_EVERY; not shown where sweeps are only an operator's.
        self.sweep_every = Gauge(
            "tenure_sweep_every_seconds", "Time between two sweeps of a target", ["target"], registry=registry
        )
        # Set by every sweep: what differed from what is remembered, of policy or of nobody. Read by TenureDriftStays.
        self.drift = Gauge(
            "tenure_drift", "Accounts and departments that differed at the last sweep", ["target", "kind"],
            registry=registry,
        )  # fmt: skip
        # Moved when a sweep, or a look at what is locked, first sees that somebody else changed an account.
        # Read by TenureAccountReopened and TenureAccountClosedByOthers.
        self.changed_by_others = Counter(
            "tenure_changes_by_others", "Accounts found changed by somebody else", ["target", "kind"], registry=registry
        )

    def sweeping(self, target: str, every: timedelta) -> None:
        """Begin to count what sweeps of a target find, from zero, so that the first one counts as a rise."""
        for kind in drift.NEWS:
            self.changed_by_others.labels(target, kind)
        if every:
            self.sweep_every.labels(target).set(every.total_seconds())

    def changed(self, target: str, kind: drift.Kind) -> None:
        """Somebody else changed an account there."""
        self.changed_by_others.labels(target, kind).inc()

    def show_sweep(self, target: str, last: Swept | None, now: datetime) -> None:
        """Every kind, zero too."""
        self.check_age.labels(target).set(max(0.0, (now - last.at).total_seconds()) if last else 0.0)
        for kind in drift.KINDS:
            self.drift.labels(target, kind).set(last.counts.get(kind, 0) if last else 0)

    def show_standing(self, targets: Iterable[str], standing: Mapping[tuple[str, RowVerdict], int]) -> None:
        """Every target and verdict, zero too: an alert must see it end."""
        for target in targets:
            for verdict in VERDICTS:
                self.standing.labels(target, verdict).set(standing.get((target, verdict), 0))
            self.attention.labels(target).set(sum(standing.get((target, v), 0) for v in ("held", "inbox")))

    def show_held(self, targets: Iterable[str], groups: Sequence[HeldGroup]) -> None:
        """Every target and kind, zero too; what was refused waits for HR and is not counted."""
        for target, kind in product(targets, KINDS):
            read = [(group.people, read_reason(group.reason)) for group in groups if group.target == target]
            people = sum(n for n, held in read if held and not held.refused and kind in held.kinds)
            self.held.labels(target, kind).set(people)

    def show_books(self, books: Books, accepted: int, unread: int, now: datetime) -> None:
        """Set the gauges of P8 from one reading."""
        for state in get_args(EventStateName):  # those that nothing is in any more, too
            self.events.labels(state).set(books.by_state.get(state, 0) + (unread if state == "in_progress" else 0))
        self.accepted.set(accepted)
        self.lag.set(unread)
        self.scheduled.set(books.scheduled_steps)
        self.owing.set(books.owing)
        oldest = books.oldest_unfinished
        self.oldest.set(max(0.0, (now - oldest).total_seconds()) if oldest else 0.0)

    def _since(self, what: str, label: str, reached: float) -> float:
        """What came on top since the last scrape of a figure that only grows."""
        before = self._shown.get((what, label), 0.0)
        self._shown[what, label] = reached
        return max(0.0, reached - before)

    def show_limiter(self, limiter: Limiter) -> None:
        """Calls let through and the time they waited, as the limiter counts them."""
        for target, calls in limiter.calls.items():
            self.calls.labels(target).inc(self._since("calls", target, calls))
        for lane, seconds in limiter.waited.items():
            self.call_wait.labels(str(lane)).inc(self._since("wait", str(lane), seconds))
        for target, share in limiter.used().items():
            self.quota.labels(target).set(share)

    def show_queue(self, targets: Iterable[str], depth: Sequence[QueueDepth], now: datetime) -> None:
        """Every target and lane, empty ones too; leavers are counted from zero, so that the first one is a rise."""
        for target in targets:
            self.no_access.labels(target)
        for target, lane in product(targets, (URGENT, EVERYDAY, BULK)):
            self.queue.labels(target, str(lane)).set(0)
            self.queue_age.labels(target, str(lane)).set(0)
        for row in depth:
            self.queue.labels(row.target, str(row.lane)).set(row.due)
            age = (now - row.oldest_due).total_seconds() if row.oldest_due else 0.0
            self.queue_age.labels(row.target, str(row.lane)).set(max(0.0, age))
