"""First contact on the small company: what stands on the platform before Tenure knew of it."""

import pytest
from company import POLICY, Company

from services.provisioner.act.trees import Trees
from services.provisioner.connectors.base import NativeDepartment
from services.provisioner.model import Account, AccountState
from services.provisioner.operators.adoption import Adoption, OnlyObservedError
from services.provisioner.plan.departments import Wanted
from services.provisioner.plan.first_contact import Candidate, match, match_departments

MOBILE = "+8613800000001"
WEI, MEI = "urn:hr:acme/W1", "urn:hr:acme/W2"


class Firm(Company):
    """`mode` is that of the target `crm`. Its people are known, and passes have not run yet."""

    def __init__(self, mode="adopt"):
        super().__init__(policy_text=POLICY.replace("mode: enforce", f"mode: {mode}"))
        self.targets["crm"] = self._target("crm", self.crm, departments="full", mode=mode)

    async def look(self, stated=None, by=None):
        adoption = Adoption(self.store, self.policy, self.clock, self.targets, Trees(self.store))
        found = await adoption.look(self.targets["crm"], stated or {}, by)
        return {(m.kind, m.native_id, m.person_id or m.department_id, m.by) for m in found}

    def there(self, native_id, name="王伟", state=AccountState.ACTIVE, **attributes):
        self.crm.put(Account(native_id, state, {"name": name, **attributes}, ("1",)))

    async def decisions(self, person_id=WEI):
        _, decisions = await self.store.facts_of(person_id)
        return [(d.kind, d.by, d.reason) for d in decisions]


@pytest.fixture
async def firm():
    firm = Firm()
    await firm.hire("e1")
    return firm


async def test_a_mobile_together_with_the_name_links(firm):
    firm.there("old-wei", mobile=MOBILE)
    assert ("linked", "old-wei", WEI, ("mobile_and_name",)) in await firm.look()


async def test_the_native_id_links(firm):
    firm.there("WangW")
    assert ("linked", "WangW", WEI, ("native_id",)) in await firm.look()


@pytest.mark.parametrize(
    ("native_id", "name", "mobile", "why"),
    [("x", "李雷", MOBILE, "mobile_alone"), ("wangw", "李雷", "+8613900000009", "other_name")],
    ids=["a mobile alone, it may be re-issued", "our name for somebody else's account"],
)
async def test_what_only_proposes_is_ambiguous(firm, native_id, name, mobile, why):
    firm.there(native_id, name, mobile=mobile)
    assert await firm.look() == {("ambiguous", native_id, WEI, (why,))}


async def test_two_accounts_for_one_human_are_ambiguous(firm):
    firm.there("wangw")
    firm.there("old-wei", mobile=MOBILE)
    [(kind, native_id, person, by)] = await firm.look()
    assert (kind, native_id, person, by[0]) == ("ambiguous", "old-wei,wangw", WEI, "several_accounts")


async def test_who_has_none_would_be_created_and_the_rest_is_unmatched(firm):
    firm.there("stranger", "李雷")
    assert await firm.look() == {("would_create", None, WEI, ()), ("unmatched", "stranger", None, ())}


async def test_what_would_change_is_said_beside(firm):
    firm.there("old-wei", mobile=MOBILE, title="Boss")
    assert await firm.look() == {
        ("linked", "old-wei", WEI, ("mobile_and_name",)),
        ("would_change", "old-wei", WEI, ("update", "grant:tag:sales")),
    }


async def test_the_companys_own_list_goes_first(firm):
    firm.there("wangw")
    firm.there("x17", "W. Wang")
    found = await firm.look({WEI: "X17"})
    assert ("linked", "x17", WEI, ("map",)) in found
    assert ("unmatched", "wangw", None, ()) in found


async def test_a_list_that_names_what_is_not_there_is_said(firm):
    found = await firm.look({WEI: "nobody", MEI: "x"})
    assert found == {
        ("ambiguous", "nobody", WEI, ("map", "no_free_account")),
        ("ambiguous", "x", MEI, ("map", "not_expected")),
    }


async def test_looking_remembers_nothing(firm):
    firm.there("wangw")
    await firm.look()
    assert await firm.store.accounts_of(WEI) == {}
    assert await firm.decisions() == []


async def test_what_is_applied_is_a_decision_and_nothing_is_written_there(firm):
    firm.there("wangw", title="Boss")
    firm.crm.lists = {"tag:sales": {"wangw"}, "tag:book-club": {"wangw"}}
    await firm.look(by="operator:li")
    await firm.settle()
    stored = (await firm.store.accounts_of(WEI))["crm"]
    assert (stored.ours, stored.granted) == (False, {"tag:sales"})
    assert await firm.decisions() == [("account_linked", "operator:li", "adopted:native_id")]
    assert [d["decision"]["kind"] for d in await firm.told("tenure.decision.made.v1")] == ["account_linked"]
    assert not firm.crm.calls.keys() - {"accounts", "departments", "read", "members"}
    assert await firm.look() == set(), "decided once and remembered"


async def test_under_enforce_the_adopted_account_becomes_as_policy_says():
    firm = Firm("enforce")
    await firm.hire("e1", title="Buyer")
    firm.there("old-wei", mobile=MOBILE, title="Boss")
    await firm.look(by="operator:li")
    await firm.settle()
    assert firm.account("old-wei") == ("active", ["tag:sales"])
    assert firm.crm.accounts["old-wei"].attributes["title"] == "Buyer"
    assert list(firm.crm.accounts) == ["old-wei"], "no second account"


async def test_an_observed_target_is_looked_at_and_not_applied():
    firm = Firm("observe")
    await firm.hire("e1")
    firm.there("wangw")
    assert ("linked", "wangw", WEI, ("native_id",)) in await firm.look()
    with pytest.raises(OnlyObservedError):
        await firm.look(by="operator:li")
    assert await firm.store.accounts_of(WEI) == {}


async def test_an_account_that_is_somebodys_or_that_we_closed_is_nobody_elses():
    firm = Firm("enforce")
    await firm.hire("e1")
    await firm.settle()
    await firm.say("left", "e2", worker_id="W1", effective_at="2026-02-25")
    await firm.settle()
    await firm.hire("e3", "W2", mobile="+8613800000002")
    firm.crm.accounts["wangw"].attributes["mobile"] = "+8613800000002"
    assert await firm.look() == {("would_create", None, MEI, ())}


async def test_departments_are_found_by_name_under_their_parent(firm):
    tree = [("10", "Sales", "1"), ("11", "North", "10"), ("12", "North", "1"), ("13", "Canteen", "1")]
    firm.crm.tree |= {i: NativeDepartment(i, name, parent) for i, name, parent in tree}
    await firm.say("department.changed", "d1", department_id="D1", name="Sales")
    await firm.say("department.changed", "d2", department_id="D2", name="North", parent_id="D1")
    await firm.say("department.changed", "d3", department_id="D3", name="South", parent_id="D1")
    found = {line for line in await firm.look(by="operator:li") if line[2] != WEI}
    assert found == {
        ("linked", "10", "D1", ("name",)),
        ("linked", "11", "D2", ("name",)),
        ("would_create", None, "D3", ()),
        ("unmatched", "12", None, ("department",)),
        ("unmatched", "13", None, ("department",)),
    }
    assert await firm.store.department_links("crm") == {"D1": "10", "D2": "11"}


# ---------------------------------------------------------------- matching alone


def test_one_account_for_several_people_is_nobodys():
    people = [Candidate(p, p, {"name": "Mei", "email": "m@example.net"}) for p in ("p1", "p2")]
    account = Account("m", AccountState.ACTIVE, {"name": "mei", "email": "M@example.net"})
    found = list(match(people, [account], ["email_and_name"], {}))
    assert [(m.kind, m.person_id, m.by) for m in found] == [
        ("ambiguous", p, ("several_people", "email_and_name")) for p in ("p1", "p2")
    ]
    twice = list(match(people, [account], [], {"p1": "m", "p2": "M"}))
    assert [m.by for m in twice] == [("map", "several_people")] * 2


def test_a_way_that_policy_does_not_name_only_proposes():
    person = Candidate("p1", "mei", {"name": "Mei", "mobile": "1"})
    account = Account("mei", AccountState.ACTIVE, {"name": "Mei", "mobile": "1"})
    [found] = match([person], [account], [], {})
    assert (found.kind, found.by) == ("ambiguous", ("native_id_alone", "mobile_alone"))


def test_a_department_whose_parent_is_unknown_there_is_not_looked_for_at_the_top():
    shown = [NativeDepartment("1", "company", None), NativeDepartment("2", "North", "1")]
    wanted = [Wanted("D1", "Sales", None), Wanted("D2", "North", "D1")]
    found = [(m.kind, m.department_id) for m in match_departments(wanted, {}, shown, "1", str.strip)]
    assert found == [("would_create", "D1"), ("would_create", "D2"), ("unmatched", None)]
