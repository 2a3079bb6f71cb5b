"""What operators may decide beside the rules, what is refused and in which words, and what becomes of it."""

from datetime import UTC, datetime

import pytest
from company import POLICY, Company

from services.provisioner.operators.errors import NothingToChangeError, OperatorError, UnknownTargetError
from services.provisioner.operators.exceptions import Exceptions
from services.provisioner.operators.operations import Operations

MEI = "urn:hr:acme/W1"
RULES = POLICY.replace('{crm: ["tag:sales"]}}', '{crm: ["tag:sales"]}, keep_after_move: 7d}')
DENIES = '  trial: {when: assignment.job_function == "sales", deny: {crm: ["tag:export"]}}\n'


def day(text):
    return datetime.fromisoformat(text + "T00:00:00+08:00").astimezone(UTC)


async def nobody_calls(*_):
    raise AssertionError("no platform and no broker is asked for a decision")


def only_tags(entitlement):
    return None if entitlement.startswith("tag:") else "it has tags only"


@pytest.fixture
async def company():
    at_work = Company(policy_text=RULES + DENIES, more="exceptions: {longest: 30d}\n")
    await at_work.hire("e1")
    await at_work.settle()
    return at_work


@pytest.fixture
def operator(company):
    facts = {name: {"type": "memory", "mode": target.mode} for name, target in company.targets.items()}
    operations = Operations(company.store, company.clock, company.pauses, facts, nobody_calls, nobody_calls)
    return Exceptions(operations, company.policy, dict.fromkeys(company.targets, only_tags))


BY = {"by": "operator:li", "reason": "audit"}


async def test_a_grant_is_a_decision_that_is_told_and_acts_until_its_end(company, operator):
    done = await operator.grant("W1", "crm", "tag:vip", day("2026-03-20"), **BY)
    assert done["person_id"] == MEI
    await company.settle()
    assert company.account("wangw")[1] == ["tag:sales", "tag:vip"]
    told = [d["decision"] for d in await company.told("tenure.decision.made.v1")]
    assert [(d["by"], d["reason"]) for d in told if d["kind"] == "exception_granted"] == [("operator:li", "audit")]
    await company.settle(until=day("2026-03-20"))
    assert company.account("wangw")[1] == ["tag:sales"]


async def test_a_revoke_without_an_end_ends_what_was_granted(company, operator):
    done = await operator.grant("W1", "crm", "tag:vip", day("2026-03-20"), **BY)
    ended = await operator.revoke("W1", "crm", "tag:vip", None, **BY)
    assert ended["ended"] == [done["decision_id"]]
    await company.settle()
    assert company.account("wangw")[1] == ["tag:sales"]
    with pytest.raises(NothingToChangeError):
        await operator.revoke("W1", "crm", "tag:vip", None, **BY)


async def test_a_revoke_with_an_end_refuses_what_the_job_gives(company, operator):
    await operator.revoke("W1", "crm", "tag:sales", day("2026-03-20"), **BY)
    await company.settle()
    assert company.account("wangw")[1] == []
    await company.settle(until=day("2026-03-20"))
    assert company.account("wangw")[1] == ["tag:sales"]


@pytest.mark.parametrize(
    ("asked", "error", "words"),
    [
        (("crm", "tag:vip", day("2026-02-01")), OperatorError, "is past"),
        (("crm", "tag:vip", day("2027-01-01")), OperatorError, "exceptions.longest"),
        (("erp", "tag:vip", day("2026-03-20")), UnknownTargetError, "crm, wiki"),
        (("crm", "nonsense", day("2026-03-20")), OperatorError, "crm cannot give 'nonsense'"),
        (("crm", "tag:export", day("2026-03-20")), OperatorError, "birthright.trial denies tag:export"),
    ],
    ids=["an end that is past", "longer than policy allows", "no such target", "not to be given", "denied by a rule"],
)
async def test_what_is_refused_and_why(company, operator, asked, error, words):
    with pytest.raises(error, match=words):
        await operator.grant("W1", *asked, **BY)
    await company.settle()
    assert company.account("wangw")[1] == ["tag:sales"]


async def test_an_overlap_is_extended_while_it_runs_or_before_it_begins(company, operator):
    await operator.extend("W1", "sales", day("2026-03-25"), **BY)
    office = {"job_function": "administration"}
    await company.say("transferred", "e2", worker_id="W1", effective_at="2026-03-10", assignment=office)
    await company.settle(until=day("2026-03-24"))
    assert company.account("wangw")[1] == ["tag:office", "tag:sales"]
    await operator.extend("W1", "sales", day("2026-03-28"), **BY)
    await company.settle(until=day("2026-03-27"))
    assert company.account("wangw")[1] == ["tag:office", "tag:sales"]
    await company.settle(until=day("2026-03-28"))
    assert company.account("wangw")[1] == ["tag:office"]
    with pytest.raises(NothingToChangeError):
        await operator.extend("W1", "sales", day("2026-04-05"), **BY)
    with pytest.raises(OperatorError, match="these are: sales, office"):
        await operator.extend("W1", "trial", day("2026-04-05"), **BY)


async def test_a_legal_hold_is_not_bounded_by_the_longest_exception(operator):
    assert (await operator.retain("W1", day("2030-01-01"), **BY))["until"] == day("2030-01-01").isoformat()
    with pytest.raises(OperatorError, match="is past"):
        await operator.retain("W1", day("2020-01-01"), **BY)
