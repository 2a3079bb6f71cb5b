"""`tenure plan`: the steps that a policy would take now against the running installation, none taken."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from services.cli.command import Command, Common, by_name, common
from services.cli.errors import AnswerError
from services.cli.messages import t
from services.cli.replay import policy_in_use, read_policy

if TYPE_CHECKING:
    from services.provisioner.store.postgres import PostgresStore


@click.command("plan", cls=Command, key="plan")
@click.option("--person", metavar="ID", help=t("option.plan_person"))
@common
def plan(shared: Common, person: str | None) -> None:
    from services.cli.store import asked

    file = policy_in_use(shared, "store")

    async def told(store: "PostgresStore") -> None:
        await _tell(shared, store, file, person)

    asked(shared, told)


async def _tell(shared: Common, store: "PostgresStore", file: Path, person: str | None) -> None:
    """Row by row, as they are found."""
    from services.cli.store import business_now
    from services.provisioner.act.identify import folded
    from services.provisioner.preview.steps import Preview, Stored
    from services.provisioner.preview.targets import Planned
    from services.provisioner.preview.trees import Trees

    planned, at = Planned(read_policy(file)), await business_now(store)
    trees = Trees(await store.department_facts())
    links = {name: await store.department_links(name) for name in planned.policy.targets}
    preview = Preview(planned, trees, links, at)
    for person_id in [await _one(store, person)] if person else await store.persons():
        facts, decisions = await store.facts_of(person_id)
        line = await folded(person_id, facts, decisions, store)
        stored = Stored(line, decisions, await store.accounts_of(person_id))
        for row in preview.person(stored):
            shared.answer(row, words(row))
    if not person:
        for row in preview.departments():
            shared.answer(row, words(row))
    totals = preview.totals()
    shared.answer(totals, t("plan.totals", **{name: totals[name] for name in ("steps", "people", "calls", "seconds")}))


async def _one(store: "PostgresStore", text: str) -> str:
    """The person of that id, name or number; raises AnswerError for nobody, and for several."""
    found = await store.find(text)
    exact = [card for card in found if card.person_id == text] or list(found)
    if not exact:
        raise AnswerError(t("error.nobody", text=text))
    if len(exact) > 1:
        raise AnswerError(t("error.several", text=text, persons=", ".join(card.person_id for card in exact)))
    return exact[0].person_id


def words(row: Mapping[str, Any]) -> str:
    """One step for people."""
    change = [json.dumps(row[side], ensure_ascii=False) for side in ("from", "to")]
    what = row["entitlement"] or " → ".join(change)
    said = {name: row[name] for name in ("person_id", "target", "verb")}
    return t("plan.step", **said, what=what, rule=row["reason"]["rule"])


COMMANDS = by_name(plan)
