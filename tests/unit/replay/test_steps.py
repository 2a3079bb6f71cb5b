"""A plan that nobody carries out: its rows, what waits, departments, and what it would cost."""

from datetime import UTC, datetime

import pytest
from looked_at import hired, left

from services.cli.lines import Reader
from services.platforms.quotas import Quota, Window
from services.provisioner.connectors.registry import KINDS
from services.provisioner.facts.fold import timeline
from services.provisioner.model import Account, AccountState, Step
from services.provisioner.policy.load import load
from services.provisioner.preview.cost import Cost
from services.provisioner.preview.steps import Preview, Stored
from services.provisioner.preview.targets import Planned
from services.provisioner.preview.trees import Trees
from services.provisioner.store.port import StoredAccount

NOW = datetime(2026, 1, 1, tzinfo=UTC)
POLICY = """
targets: {wecom: {type: wecom, corp_id: c, contact_secret: "${S}", app: {agent_id: 1, secret: "${S}"}, mode: observe}}
accounts: {wecom: {requires: has(person.mobile), attributes: {name: person.display_name, position: assignment.title}}}
departments: {wecom: {manage: full, under: "UNDER"}}
birthright: {sales: {when: 'assignment.job_function == "sales"', grants: {wecom: ["tag:sales"]}}}
"""
ACTIVE = Account("W1", AccountState.ACTIVE, {"name": "王梅", "position": "Chief"}, ("7",), frozenset({"tag:sales"}))


def preview(*lines, under="/", links=None, stored=None):
    planned = Planned(load(POLICY.replace("UNDER", under), KINDS))
    reader = Reader({}, NOW)
    facts = [reader.fact(number, line) for number, line in enumerate(lines)]
    departments = [fact for fact in facts if fact.worker is None]
    looking = Preview(planned, Trees(departments), {"wecom": links or {}}, NOW)
    accounts = {"wecom": StoredAccount(stored, NOW, granted=stored.grants)} if stored else {}
    people = [fact for fact in facts if fact.worker is not None]
    rows = list(looking.person(Stored(timeline(people, person_id="urn:hr:acme/W1"), (), accounts)))
    return rows, [*looking.departments()], looking.totals()


def short(rows):
    return [(row["verb"], row["entitlement"], row["from"], row["to"]) for row in rows]


def test_who_has_no_account_gets_one_and_the_department_is_made_first():
    rows, departments, totals = preview(hired())
    assert short(rows) == [("create", None, "none", "active"), ("grant", "tag:sales", None, "tag:sales")]
    assert rows[0] == {
        "person_id": "urn:hr:acme/W1", "target": "wecom", "verb": "create", "entitlement": None, "from": "none",
        "to": "active", "reason": {"facts": [rows[0]["reason"]["facts"][0]], "rule": "accounts.wecom"},
        "irreversible": False, "mode": "observe",
    }  # fmt: skip
    assert rows[1]["reason"]["rule"] == "birthright.sales"
    assert short(departments) == [("create_department", "D1", None, "D1")]
    assert (totals["people"], totals["steps"], totals["waiting"]) == (1, 3, 0)
    assert totals["targets"]["wecom"]["calls"] == {
        "department/create": 1, "tag/addtagusers": 1, "tag/get": 1, "user/create": 1, "user/get": 1,
    }  # fmt: skip
    assert totals["calls"] == 5


def test_who_differs_is_changed_from_what_is_shown_to_what_is_wanted():
    rows, departments, _ = preview(hired(), links={"D1": "8"}, stored=ACTIVE)
    before, after = {"position": "Chief", "departments": ["7"]}, {"position": "Clerk", "departments": ["8"]}
    assert short(rows) == [("move", None, before, after)]
    assert departments == []


def test_who_left_is_locked_and_loses_what_was_held():
    rows, _, totals = preview(hired(), left("2025-06-01"), links={"D1": "7"}, stored=ACTIVE)
    assert short(rows) == [("suspend", None, "active", "suspended"), ("revoke", "tag:sales", "tag:sales", None)]
    assert totals["targets"]["wecom"]["calls"] == {
        "tag/deltagusers": 1, "tag/get": 1, "user/get": 1, "user/update": 1,
    }  # fmt: skip


def test_who_lacks_something_waits_and_costs_nothing():
    rows, _, totals = preview(hired(person={"display_name": "王梅"}))
    assert rows == []
    assert (totals["people"], totals["waiting"]) == (0, 1)


def test_under_a_path_that_only_the_platform_knows_nobody_without_department_moves():
    shown = Account("W1", AccountState.ACTIVE, {"name": "王梅", "position": None}, ("9",))
    person = {"display_name": "王梅", "mobile": "13800000001"}
    homeless = {**hired(person=person), "data": {**hired(person=person)["data"], "assignment": {}}}
    assert preview(homeless, under="/Group", stored=shown)[0] == []
    assert short(preview(homeless, under="/", stored=shown)[0]) == [
        ("move", None, {"departments": ["9"]}, {"departments": ["1"]})
    ]


@pytest.mark.parametrize(("people", "calls"), [(1, 1), (20, 1), (21, 2)])
def test_people_share_the_calls_on_a_list(people, calls):
    policy = "targets: {dingtalk: {type: dingtalk, app_key: k, app_secret: s, agent_id: 1}}\naccounts: {dingtalk: {}}"
    cost = Cost("dingtalk", Planned(load(policy, KINDS)).connectors["dingtalk"])
    for number in range(people):
        cost.person((Step("grant", "dingtalk", f"W{number}", "role:sales"),))
    assert cost.total() == {"role/addrolesforemps": calls, "user/get": people}
    assert cost.seconds(Quota((Window(19, 0.95),))) == pytest.approx(people / 19)
