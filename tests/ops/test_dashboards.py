"""Dashboards are written from code; each query is PromQL over metrics that exist."""

import json
import subprocess
import sys

import pytest
from promql_parser import parse
from shipped import BOARDS, NAME, ROOT, metric_names, queries

QUERIES = dict(queries())


def test_the_files_are_what_the_code_makes():
    command = [sys.executable, "-m", "ops.grafana.make", "--check"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr


def test_there_are_four_and_each_has_panels_of_its_own():
    boards = [json.loads(board.read_text(encoding="utf-8")) for board in BOARDS]
    assert {board["title"] for board in boards} == {
        "Tenure: overview", "Tenure: leavers", "Tenure: targets and quotas", "Tenure: intake and books"
    }  # fmt: skip
    assert len({board["uid"] for board in boards}) == len(boards)
    for board in boards:
        titles = [panel["title"] for panel in board["panels"]]
        assert len(set(titles)) == len(titles) >= 6


@pytest.mark.parametrize("where", QUERIES)
def test_a_query_parses_and_asks_for_metrics_that_exist(where):
    parse(QUERIES[where])
    assert set(NAME.findall(QUERIES[where])) <= metric_names()


def test_a_mistyped_query_does_not_pass():
    with pytest.raises(ValueError, match=r"unclosed|unexpected|parenthesis"):
        parse("sum by (job (up)")
    assert not set(NAME.findall("max(tenure_event)")) <= metric_names()
