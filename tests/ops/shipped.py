"""What the folder `ops` ships, as the tests look at it."""

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from prometheus_client import CollectorRegistry

from services.ingest.metrics import Metrics as Ingest
from services.kit.metrics import new_registry
from services.notifier.metrics import Metrics as Notifier
from services.provisioner.metrics import Metrics as Provisioner

ROOT = Path(__file__).parents[2]
OPS = ROOT / "ops"
PAGES = ROOT / "docs" / "operations" / "alerts"
RULES = OPS / "prometheus" / "rules.yml"
RULE_TESTS = sorted((OPS / "prometheus" / "tests").glob("*.yml"))
BOARDS = sorted((OPS / "grafana" / "dashboards").glob("*.json"))
NAME = re.compile(r"\btenure_[a-z0-9_]+")


def load(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def rules() -> list[dict[str, Any]]:
    return [rule for group in load(RULES)["groups"] for rule in group["rules"]]


def alerts() -> list[dict[str, Any]]:
    return [rule for rule in rules() if "alert" in rule]


@cache
def metric_names() -> frozenset[str]:
    """Every series that a service can show, as Prometheus names them."""
    found = set()
    for kind in (Ingest, Provisioner, Notifier):
        registry = new_registry()
        kind(registry)
        found |= set(series(registry))
    return frozenset(found)


def series(registry: CollectorRegistry) -> Iterator[str]:
    for family in registry.collect():
        match family.type:
            case "counter":
                yield f"{family.name}_total"
            case "histogram":
                yield from (f"{family.name}_{suffix}" for suffix in ("bucket", "sum", "count"))
            case _:
                yield family.name


def queries() -> Iterator[tuple[str, str]]:
    """(dashboard and panel, PromQL with Grafana's variables replaced) of every panel."""
    for board in BOARDS:
        for panel in json.loads(board.read_text(encoding="utf-8"))["panels"]:
            for target in panel["targets"]:
                yield (
                    f"{board.stem}: {panel['title']} {target['refId']}",
                    target["expr"].replace("$__rate_interval", "5m"),
                )
