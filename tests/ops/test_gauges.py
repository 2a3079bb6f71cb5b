"""A gauge shows the end of things too: without it no alert would ever clear."""

from datetime import UTC, datetime, timedelta

import pytest
from prometheus_client import CollectorRegistry

from services.ingest.metrics import Metrics as Ingest
from services.provisioner.metrics import Metrics
from services.provisioner.store.port import Books, QueueDepth

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


@pytest.fixture
def registry():
    return CollectorRegistry()


@pytest.fixture
def metrics(registry):
    return Metrics(registry)


def test_a_state_that_nothing_is_in_any_more_shows_zero(metrics, registry):
    metrics.show_books(Books({"held": 3, "confirmed": 1}, {}, 0, None), 4, 0, NOW)
    metrics.show_books(Books({"confirmed": 4}, {}, 0, None), 4, 0, NOW)
    assert registry.get_sample_value("tenure_events", {"state": "held"}) == 0
    assert registry.get_sample_value("tenure_events", {"state": "confirmed"}) == 4


def test_what_is_not_taken_in_yet_is_in_progress_even_if_nothing_else_is(metrics, registry):
    metrics.show_books(Books({}, {}, 0, None), 2, 2, NOW)
    assert registry.get_sample_value("tenure_events", {"state": "in_progress"}) == 2


def test_a_lane_that_was_worked_off_is_empty_and_has_no_age(metrics, registry):
    metrics.show_queue(["wecom"], [QueueDepth("wecom", 0, 2, NOW - timedelta(minutes=9), 0)], NOW)
    assert registry.get_sample_value("tenure_queue_age_seconds", {"target": "wecom", "lane": "0"}) == 540
    metrics.show_queue(["wecom"], [], NOW)
    assert registry.get_sample_value("tenure_queue_age_seconds", {"target": "wecom", "lane": "0"}) == 0
    assert registry.get_sample_value("tenure_queue_due", {"target": "wecom", "lane": "0"}) == 0


def test_the_first_leaver_and_the_first_unreadable_message_are_a_rise_from_zero(metrics, registry):
    metrics.show_queue(["wecom"], [], NOW)
    assert registry.get_sample_value("tenure_no_access_left_seconds_count", {"target": "wecom"}) == 0
    assert registry.get_sample_value("tenure_intake_records_total", {"kind": "unreadable"}) == 0


def test_who_waits_for_a_person_is_shown_for_every_target_and_ends(metrics, registry):
    metrics.show_standing(["wecom", "dingtalk"], {("wecom", "held"): 2, ("wecom", "inbox"): 1})
    assert registry.get_sample_value("tenure_waiting_for_person", {"target": "wecom"}) == 3
    metrics.show_standing(["wecom", "dingtalk"], {})
    assert registry.get_sample_value("tenure_persons_standing", {"target": "wecom", "verdict": "held"}) == 0
    assert registry.get_sample_value("tenure_persons_standing", {"target": "dingtalk", "verdict": "retry"}) == 0


def test_the_first_account_that_others_changed_is_a_rise_from_zero(metrics, registry):
    def changed(target, kind):
        return registry.get_sample_value("tenure_changes_by_others_total", {"target": target, "kind": kind})

    metrics.sweeping("wecom", timedelta(hours=6))
    assert changed("wecom", "reopened_by_others") == changed("wecom", "missing") == 0
    metrics.changed("wecom", "reopened_by_others")
    assert changed("wecom", "reopened_by_others") == 1


def test_only_a_target_that_is_swept_by_itself_can_be_swept_late(metrics, registry):
    metrics.sweeping("wecom", timedelta(hours=6))
    metrics.sweeping("dingtalk", timedelta(0))
    assert registry.get_sample_value("tenure_sweep_every_seconds", {"target": "wecom"}) == 21600
    assert registry.get_sample_value("tenure_sweep_every_seconds", {"target": "dingtalk"}) is None


def test_a_source_is_silent_from_the_start_on_and_only_one_that_is_expected_can_be_late(registry):
    metrics = Ingest(registry)
    metrics.expect("acme-hr", timedelta(hours=24))
    metrics.expect("old-hr", None)
    assert registry.get_sample_value("tenure_ingest_source_expected_seconds", {"source": "acme-hr"}) == 86400
    assert registry.get_sample_value("tenure_ingest_source_expected_seconds", {"source": "old-hr"}) is None
    assert registry.get_sample_value("tenure_ingest_source_heard_timestamp_seconds", {"source": "old-hr"}) > 0
