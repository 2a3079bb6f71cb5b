"""The events of the integration guide are what ingest takes, and say what the page says of them."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from contracts.envelope import from_headers
from services.ingest.translate import translate
from services.kit.sources import SourceConfig
from services.provisioner.facts.fold import timeline
from services.provisioner.facts.read import read_fact

PAGE = (Path(__file__).parents[2] / "docs" / "guide" / "events.md").read_text(encoding="utf-8")
EVENTS = [json.loads(block) for block in re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)]
SOURCE = SourceConfig(source="urn:hr:acme", zone="Asia/Shanghai")
NOW = datetime(2026, 3, 1, tzinfo=UTC)


def facts():
    for event in EVENTS:
        taken = translate(event, SOURCE, NOW)
        assert taken.dropped == ()
        record = taken.record()
        yield read_fact(
            from_headers(record.headers), record.value, id_space_of=lambda urn: urn, now=NOW,
            zone_of=lambda _urn: SOURCE.zone,
        )  # fmt: skip


def state(number, day):
    """What the first so many events of the page make of W1 at noon of a day."""
    known = [*facts()][:number]
    return timeline(known, ()).state(datetime.fromisoformat(f"{day}T12:00+08:00"))


@pytest.mark.parametrize(
    ("number", "day", "place"),
    [
        (1, "2026-03-01", None),
        (1, "2026-03-02", "D-SAL"),
        (2, "2026-04-05", "D-SAL"),
        (2, "2026-04-06", "D-ADM"),
        (3, "2026-06-30", "D-ADM"),
        (3, "2026-07-01", None),
        (4, "2026-07-31", "D-ADM"),
        (4, "2026-08-01", None),
        (5, "2026-08-01", "D-ADM"),
    ],
)
def test_the_events_do_what_the_page_says(number, day, place):
    found = state(number, day)
    assert (found.assignment.department_id if found.active else None) == place


def test_the_source_of_the_page_is_one():
    (block,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    (config,) = yaml.safe_load(block)["sources"].values()
    assert SourceConfig.model_validate(config).leave_date_means == "last_day_worked"
