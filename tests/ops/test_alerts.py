"""Every alert has a page that helps at three in the morning, and a test in which it fires and clears."""

import re
from itertools import pairwise

import pytest
from promql_parser import parse
from shipped import NAME, OPS, PAGES, ROOT, RULE_TESTS, alerts, load, metric_names, rules

from services.cli.__main__ import MODULES

SECTIONS = ["What it means", "Who is harmed", "Where to look", "What to do", "How to know it is over"]
CASES = [case["alert_rule_test"] for file in RULE_TESTS for case in load(file)["tests"]]
NAMES = sorted({rule["alert"] for rule in alerts()})


@pytest.mark.parametrize("name", NAMES)
def test_an_alert_has_a_page_with_five_answers(name):
    text = (PAGES / f"{name}.md").read_text(encoding="utf-8")
    assert text.startswith(f"# {name}\n")
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == SECTIONS
    assert 20 <= len(text.splitlines()) <= 42


def test_no_page_is_left_without_its_alert():
    assert sorted(page.stem for page in PAGES.glob("*.md")) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_an_alert_fires_and_then_clears_in_a_promtool_test(name):
    stories = [[bool(check["exp_alerts"]) for check in case if check["alertname"] == name] for case in CASES]
    assert any((True, False) in pairwise(story) for story in stories)


@pytest.mark.parametrize("name", NAMES)
def test_every_severity_of_an_alert_is_seen_firing(name):
    checks = [check for case in CASES for check in case if check["alertname"] == name]
    fired = {one["exp_labels"]["severity"] for check in checks for one in check["exp_alerts"]}
    assert fired == {rule["labels"]["severity"] for rule in alerts() if rule["alert"] == name}


@pytest.mark.parametrize("rule", alerts(), ids=lambda rule: rule["alert"])
def test_an_alert_says_what_is_wrong_and_where_its_page_is(rule):
    assert rule["labels"]["severity"] in ("page", "ticket")
    assert rule["annotations"]["summary"]
    assert rule["annotations"]["runbook"] == f"docs/operations/alerts/{rule['alert']}.md"


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.get("alert") or rule["record"])
def test_a_rule_is_promql_and_asks_only_for_what_a_service_shows(rule):
    parse(rule["expr"])
    assert set(NAME.findall(rule["expr"])) <= metric_names()


def test_an_alert_that_a_metric_names_exists():
    named = set()
    for file in (ROOT / "services").rglob("metrics.py"):
        named |= set(re.findall(r"\bTenure[A-Z]\w+", file.read_text(encoding="utf-8")))
    assert named
    assert named <= set(NAMES)


@pytest.mark.parametrize("page", sorted(PAGES.glob("*.md")), ids=lambda page: page.stem)
def test_a_page_names_only_commands_and_metrics_that_exist(page):
    text = page.read_text(encoding="utf-8")
    assert set(re.findall(r"`tenure (\w+)", text)) <= MODULES.keys()
    assert set(NAME.findall(text)) <= metric_names() | {name.removesuffix("_bucket") for name in metric_names()}


def test_pages_and_tickets_have_receivers():
    config = load(OPS / "alertmanager" / "alertmanager.yml")
    receivers = {one["name"] for one in config["receivers"]}
    assert {config["route"]["receiver"], *(route["receiver"] for route in config["route"]["routes"])} == receivers
    muted = {
        name for rule in config["inhibit_rules"] for name in re.findall(r"Tenure\w+", str(rule["source_matchers"]))
    }
    assert muted <= set(NAMES)
