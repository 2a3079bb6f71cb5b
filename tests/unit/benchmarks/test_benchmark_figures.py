"""Figures stand beside a baseline, goals are judged by what they are of, and the page leaves nothing out."""

from datetime import UTC, datetime

import pytest

from benchmarks.figures import Figure, Goal, from_json, shown, to_json
from benchmarks.page import text

NOW = datetime(2026, 3, 2, tzinfo=UTC)


def page(found, failed):
    return text(found, failed, quick=False, now=NOW, machine="2 cores")


@pytest.mark.parametrize(
    ("goal", "figure", "ratio", "met"),
    [
        (Goal(2000), 1999, 5.0, False),
        (Goal(2000), 2000, 0.1, True),
        (Goal(2.0, better="less"), 2.1, None, False),
        (Goal(0, better="less"), 0, None, True),
        (Goal(0.75, "ratio"), 100, 0.76, True),
        (Goal(0.75, "ratio"), 100, None, False),
    ],
    ids=["below", "reached", "too slow", "none allowed", "by ratio", "no ratio to be had"],
)
def test_a_goal_is_met_by_what_it_is_of(goal, figure, ratio, met):
    assert goal.met(figure, ratio) is met


def test_a_baseline_of_nothing_gives_no_ratio():
    assert Figure("calls", 3, "", "calls that write", 0).ratio is None
    assert Figure("calls", 3, "", "of 7", None).ratio is None


def test_figures_come_whole_from_the_process_that_measured_them():
    figures = [Figure("a", 1.5, "s", "b", 3.0, Goal(2.0, better="less")), Figure("c", 1, "", "d", None)]
    assert from_json(to_json(figures)) == figures


@pytest.mark.parametrize(("value", "said"), [(None, "–"), (12345.6, "12,346"), (0.04567, "0.0457"), (0, "0")])
def test_numbers_show_what_means_something(value, said):
    assert shown(value) == said


def test_the_page_has_a_row_a_figure_with_both_sides_and_how_to_run_it():
    figure = Figure("facts a second", 800, "1/s", "bare loop", 1000, Goal(0.75, "ratio"))
    row = "| facts a second | ratio ≥ 0.75 | 800 1/s | bare loop: 1,000 1/s | 0.8 | met | `--only intake` |"
    assert row in page({"intake": [figure]}, {}).splitlines()


def test_the_page_says_when_on_what_and_what_failed():
    written = page({}, {"quota": "took too long"})
    assert "2026-03-02" in written
    assert "2 cores" in written
    assert "noisy" in written
    assert "- `quota` took too long: no figures." in written
