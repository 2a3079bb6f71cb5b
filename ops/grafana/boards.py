"""What the four dashboards show. Gauges of the store are the same on every replica: `max`, never `sum` over them."""

from collections.abc import Mapping
from typing import Final

from grafana_foundation_sdk.builders.dashboard import Dashboard

from ops.grafana.panels import Query, build, lines, number

RATE: Final = "[$__rate_interval]"
DIFFERENCE: Final = "tenure_events_accepted - on (instance) sum by (instance) (tenure_events)"
NO_ACCESS: Final = "tenure_no_access_left_seconds"


def overview() -> Dashboard:
    return build("Tenure: overview", "tenure-overview", "Is everything all right, and what is going on.", [
        number("Services that answer", "Replicas by service.", 'sum by (job) (up{job=~"ingest|provisioner|notifier"})',
               legend="{{job}}"),
        number("Alerts firing", "Each has a page in docs/operations/alerts.",
               'count(ALERTS{alertstate="firing",alertname=~"Tenure.*"}) or vector(0)', bad=1),
        number("Events in no state, or in two", "Must be 0: the books.", f"max(abs({DIFFERENCE}))", bad=1),
        number("Waiting for a person", "Held by a guard or in the inbox; `tenure todo` lists them.",
               'sum(max by (target, verdict) (tenure_persons_standing{verdict=~"held|inbox"}))', bad=1),
        number("Targets paused", "No call starts there.", "sum(max by (target) (tenure_target_paused))", bad=1),
        number("Oldest event in progress", "Since it was accepted.", "max(tenure_oldest_unfinished_seconds)", unit="s",
               bad=3600),
        lines("Events accepted", "By source and type, at ingest.",
              Query(f"sum by (source, type) (rate(tenure_ingest_events_accepted_total{RATE}))", "{{source}} {{type}}"),
              unit="cps"),
        lines("Events by state", "The books; an event is in exactly one state.",
              Query("max by (state) (tenure_events)", "{{state}}")),
        lines("Passes", "A person on a target, looked at once, by how it ended.",
              Query(f"sum by (target, end) (rate(tenure_pass_seconds_count{RATE}))", "{{target}} {{end}}"), unit="cps"),
        lines("Confirmations", "What senders are told, by state.",
              Query(f"sum by (state) (rate(tenure_confirmations_total{RATE}))", "{{state}}"), unit="cps"),
        lines("Memory", "The largest replica of each service.",
              Query("max by (job) (process_resident_memory_bytes)", "{{job}}"), unit="bytes"),
        lines("Processor", "Seconds of a core a second.",
              Query(f"sum by (job) (rate(process_cpu_seconds_total{RATE}))", "{{job}}")),
    ])  # fmt: skip


def leavers() -> Dashboard:
    def quantile(share: str, name: str) -> Query:
        buckets = f"sum by (le, target) (increase({NO_ACCESS}_bucket[1h]))"
        return Query(f"histogram_quantile({share}, {buckets})", f"{{{{target}}}} {name}")

    in_time = f'sum by (target) (increase({NO_ACCESS}_bucket{{le="300.0"}}[30d]))'
    return build("Tenure: leavers", "tenure-leavers", "How long leavers keep access, and who still waits.", [
        number("In time, 30 days", "Objective: 99 % have no access left within 5 minutes.",
               f"{in_time} / (sum by (target) (increase({NO_ACCESS}_count[30d])) > 0)", unit="percentunit",
               legend="{{target}}"),
        number("Waiting now", "The oldest leave or stop that is due.",
               'max by (target) (tenure_queue_age_seconds{lane="0"})', unit="s", legend="{{target}}", bad=300),
        number("Due now", "Leaves and stops that no pass has ended.",
               'max by (target) (tenure_queue_due{lane="0"})', legend="{{target}}"),
        number("Burn rate, 1 h", "1 spends the whole budget in 30 days; the page comes at 14.4.",
               "tenure:leavers_late:ratio_rate1h / 0.01", legend="{{target}}", bad=14.4),
        number("Burn rate, 6 h", "The ticket comes at 6.",
               "tenure:leavers_late:ratio_rate6h / 0.01", legend="{{target}}", bad=6),
        lines("Time to no access left", "From the record of the leave to the read-back, over the last hour.",
              quantile("0.5", "median"), quantile("0.99", "p99"), unit="s"),
        lines("Leaves and stops", "Closed in the last hour.",
              Query(f"sum by (target) (increase({NO_ACCESS}_count[1h]))", "{{target}}")),
        lines("Wait at the gate", "Seconds that calls waited for the platforms' quotas; lane 0 is the leavers'.",
              Query(f"sum by (lane) (rate(tenure_gate_wait_seconds_total{RATE}))", "lane {{lane}}"), unit="s"),
        lines("Records not taken in", "Leaves have a topic of their own, so these are all topics together.",
              Query("max(tenure_intake_lag_records)", "unread")),
    ])  # fmt: skip


def targets() -> Dashboard:
    return build("Tenure: targets and quotas", "tenure-targets", "The platforms: calls, quotas, queues.", [
        number("Paused", "1: no call starts.", "max by (target) (tenure_target_paused)", legend="{{target}}", bad=1),
        number("Quota used", "Of the tightest window, over the last minute, by all replicas.",
               "sum by (target) (tenure_quota_used_ratio)", unit="percentunit", legend="{{target}}"),
        number("Later", "Steps that are due on a later date.", "max(tenure_scheduled_steps)"),
        lines("Calls", "Let through the gate.",
              Query(f"sum by (target) (rate(tenure_platform_calls_total{RATE}))", "{{target}}"), unit="cps"),
        lines("Use of the quota", "Above 0.9 the quota is the limit, not Tenure.",
              Query("sum by (target) (tenure_quota_used_ratio)", "{{target}}"), unit="percentunit"),
        lines("Queue", "Persons due, by lane: 0 leavers, 1 everyday, 2 bulk.",
              Query("max by (target, lane) (tenure_queue_due)", "{{target}} lane {{lane}}")),
        lines("Age of the queue", "How long the first of them has been due.",
              Query("max by (target, lane) (tenure_queue_age_seconds)", "{{target}} lane {{lane}}"), unit="s"),
        lines("Length of a pass", "The slowest twentieth.",
              Query(f"histogram_quantile(0.95, sum by (le, target) (rate(tenure_pass_seconds_bucket{RATE})))",
                    "{{target}} p95"), unit="s"),
        lines("In the way", "Persons that wait, are held, lie in the inbox or are tried again.",
              Query("max by (target, verdict) (tenure_persons_standing)", "{{target}} {{verdict}}")),
        lines("Held", "Persons whose change is held, by kind; `tenure holds list` names the slices.",
              Query("max by (target, kind) (tenure_held)", "{{target}} {{kind}}")),
        lines("Differences at the last sweep", "An orphan is named and never touched; what else stays is an alert.",
              Query("max by (target, kind) (tenure_drift)", "{{target}} {{kind}}")),
        lines("Changed by others", "Accounts first seen so in the last hour.",
              Query("sum by (target, kind) (increase(tenure_changes_by_others_total[1h]))", "{{target}} {{kind}}")),
        lines("Since compared whole", "The age of the last sweep.",
              Query("max by (target) (tenure_oldest_check_seconds)", "{{target}}"), unit="s"),
    ])  # fmt: skip


def intake() -> Dashboard:
    publish = f"sum by (le) (rate(tenure_ingest_publish_seconds_bucket{RATE}))"
    return build("Tenure: intake and books", "tenure-intake", "From the door to the record, and what is told.", [
        number("Accepted", "By Kafka's offsets.", "max(tenure_events_accepted)"),
        number("Events in no state, or in two", "Must be 0.", f"max(abs({DIFFERENCE}))", bad=1),
        number("Not taken in", "Records in Kafka that the store has not.", "max(tenure_intake_lag_records)", bad=10000),
        number("Quarantined", "Messages nobody could read.", 'max(tenure_events{state="quarantined"})', bad=1),
        number("Audit records", "The length of the log.", "max(tenure_audit_records)"),
        number("Oldest snapshot", "A long one slows the queue.", "max(tenure_oldest_snapshot_seconds)", unit="s",
               bad=300),
        lines("Taken in", "By kind: new, duplicate, conflict, unreadable.",
              Query(f"sum by (kind) (rate(tenure_intake_records_total{RATE}))", "{{kind}}"), unit="cps"),
        lines("Refused", "By source and problem: what senders are told.",
              Query(f"sum by (source, problem) (rate(tenure_ingest_requests_refused_total{RATE})) or vector(0)",
                    "{{source}} {{problem}}"), unit="cps"),
        lines("Time to Kafka's acknowledgement", "What a sender waits for.",
              Query(f"histogram_quantile(0.5, {publish})", "median"),
              Query(f"histogram_quantile(0.99, {publish})", "p99"),
              unit="s"),
        lines("Requests at once", "At TENURE_MAX_REQUESTS the next is answered 503.",
              Query("sum by (instance) (tenure_ingest_requests_in_flight)", "{{instance}}")),
        lines("Silence of sources", "Since the last event, or the start of ingest.",
              Query("time() - max by (source) (tenure_ingest_source_heard_timestamp_seconds)", "{{source}}"), unit="s"),
        lines("Fields dropped", "Unknown, or not the source's to say.",
              Query(f"sum by (source) (rate(tenure_ingest_fields_dropped_total{RATE})) or vector(0)", "{{source}}"),
              unit="cps"),
        lines("Outboxes", "Since the provisioner's was last looked through; age of the notifier's oldest record.",
              Query("max(tenure_outbox_relay_seconds)", "provisioner"),
              Query("max(tenure_notifier_outbox_oldest_seconds)", "notifier"), unit="s"),
        lines("Outcomes not taken in", "How far the notifier is behind.",
              Query("max(tenure_notifier_lag_records)", "unread")),
        lines("Messages", "By channel and result.",
              Query(f"sum by (channel, result) (rate(tenure_messages_total{RATE})) or vector(0)",
                    "{{channel}} {{result}}"), unit="cps"),
        lines("Clocks", "How far each process is off Prometheus's.",
              Query("abs(tenure_process_time_seconds - timestamp(tenure_process_time_seconds))", "{{instance}}"),
              unit="s"),
    ])  # fmt: skip


def all_boards() -> Mapping[str, Dashboard]:
    """File name → dashboard."""
    return {"overview": overview(), "leavers": leavers(), "targets": targets(), "intake": intake()}
