"""What a person should have follows from their state and the policy, and from nothing else."""

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from policy_people import AT, Tree, mei

from contracts import hr
from services.provisioner.connectors.registry import KINDS
from services.provisioner.model import Desired, PersonState, WorkerKey, WorkerState
from services.provisioner.policy.cel import midnight
from services.provisioner.policy.desired import desired, next_turn
from services.provisioner.policy.load import load

EXAMPLE = load(Path(__file__).with_name("example.yaml").read_text("utf-8"), KINDS)


def want(target: str = "wecom", **state: Any) -> Desired:
    return desired(EXAMPLE, mei(**state), Tree(), target, AT)


def test_a_joiner_gets_an_account_and_what_her_job_brings() -> None:
    found = want()
    assert (found.access, found.mode, found.invite, found.missing) == ("open", "enforce", True, ())
    assert found.departments == ("D-SALES",)
    assert set(found.grants) == {"tag:sales", "customer-contact"}
    assert found.attributes == {"name": "王美", "mobile": "+8613900000001", "email": None, "position": None}
    assert found.on_create == {"mobile", "email"}
    reason = found.grants["tag:sales"]
    assert (reason.rule, reason.facts, reason.policy) == ("birthright.sales", ("urn:hr:acme/evt-1/1",), EXAMPLE.version)
    assert found.reason.rule == "accounts.wecom"


def test_a_mover_has_what_the_new_job_brings() -> None:
    found = want(assignment={"department_id": "D-TAX", "job_function": "administration"})
    assert set(found.grants) == {"tag:office-management", "tag:announcements", "tag:finance"}


@pytest.mark.parametrize(
    ("state", "access", "case", "rule"),
    [
        ({"active": False}, "closed", "leave", "leavers"),
        ({"active": False, "stopped": True}, "closed", "leave", "leavers"),
        ({"stopped": True}, "closed", "stop", "stop"),
        ({"employment": {"type": "agency"}}, "closed", "leave", "accounts.wecom.for"),
        ({"employment": {}}, "closed", "leave", "accounts.wecom.for"),
        ({"worker": False, "active": False}, "closed", "leave", "leavers"),
    ],
    ids=["left", "left and stopped", "stopped", "agency", "employment unknown", "hire taken back"],
)
def test_whose_access_is_closed_and_why(state: dict[str, Any], access: str, case: str, rule: str) -> None:
    found = want(**state)
    assert (found.access, found.case, found.reason.rule, dict(found.grants)) == (access, case, rule, {})


TAX = {"A2": {"department_id": "D-TAX", "job_function": "administration", "title": "helper"}}


def test_a_rule_holds_if_any_position_satisfies_it_and_each_counts_only_as_a_whole() -> None:
    found = want(others=TAX)
    assert set(found.grants) == {
        "tag:sales", "customer-contact", "tag:office-management", "tag:announcements", "tag:finance",
    }  # fmt: skip
    assert found.departments == ("D-SALES", "D-TAX")
    both = load(BOTH, KINDS)
    sales_in_finance = desired(both, mei(others=TAX), Tree(), "crm", AT)
    assert dict(sales_in_finance.grants) == {}


BOTH = """
sources: {}
targets: {crm: {type: memory, mode: enforce}}
accounts: {crm: {}}
absences: {parental: close, "*": keep}
birthright:
  both: {when: 'assignment.job_function == "sales" && "D-FIN" in department.path', grants: {crm: ["tag:both"]}}
"""


def test_attributes_and_who_has_an_account_follow_the_first_position() -> None:
    found = want(assignment={"department_id": "D-SALES", "title": "head"}, others=TAX)
    assert found.attributes["position"] == "head"
    assert found.mode == "enforce"
    assert want("dingtalk", others={"A2": {"department_id": "D-IT"}}).mode == "observe"


def test_another_employment_that_lasts_is_another_position_and_one_that_ended_is_none() -> None:
    key = WorkerKey("acme", "W2")
    tax = WorkerState(key, active=True, assignment=hr.Assignment(department_id="D-TAX"))
    assert want(more_workers=(tax,)).departments == ("D-SALES", "D-TAX")
    assert "tag:finance" in want(more_workers=(tax,)).grants
    assert want(more_workers=(replace(tax, active=False),)).departments == ("D-SALES",)


@pytest.mark.parametrize(
    ("absent", "access", "rule"),
    [
        (["suspension"], "closed", "absences.suspension"),
        (["parental"], "open", "accounts.wecom"),
        (["parental", "suspension"], "closed", "absences.suspension"),
    ],
)
def test_an_absence_closes_by_kind(absent: list[str], access: str, rule: str) -> None:
    found = want(absent=absent)
    assert (found.access, found.reason.rule) == (access, rule)
    assert found.case == ("absence" if access == "closed" else "leave")


def test_the_file_says_which_kinds_close_and_what_it_does_not_name_stays_as_it_is() -> None:
    policy = load(BOTH, KINDS)
    found = [desired(policy, mei(absent=[kind]), Tree(), "crm", AT).access for kind in ("parental", "suspension", "x")]
    assert found == ["closed", "closed", "open"]
    everything = load(BOTH.replace('"*": keep', '"*": close'), KINDS)
    assert desired(everything, mei(absent=["x"]), Tree(), "crm", AT).reason.rule == "absences.*"


def test_a_leaver_is_no_absent_and_a_stop_comes_first() -> None:
    assert want(absent=["suspension"], stopped=True).case == "stop"
    assert want(absent=["suspension"], active=False).case == "leave"


def test_what_requires_lacks_is_named() -> None:
    assert want(person={"display_name": "王美"}).missing == ("person.mobile", "person.personal_email")
    assert want("dingtalk", person={"display_name": "王美"}).missing == ("person.mobile",)


def test_only_the_pilot_is_enforced_and_a_leaver_of_the_pilot_still_is() -> None:
    pilot = {"department_id": "D-IT"}
    assert want("dingtalk").mode == "observe"
    assert want("dingtalk", assignment=pilot).mode == "enforce"
    assert want("dingtalk", assignment=pilot, active=False).mode == "enforce"
    assert want("dingtalk", active=False).mode == "observe"


def test_an_account_made_for_a_hire_that_was_taken_back_is_closed_in_a_pilot_too() -> None:
    found = want("dingtalk", worker=False, active=False)
    assert (found.access, found.mode) == ("closed", "enforce")


def test_a_leader_leads_and_a_leaver_no_longer() -> None:
    assert want().leads == {"D-SALES"}
    assert want(active=False).leads == frozenset()


def test_people_of_a_closed_department_are_placed_in_its_successor() -> None:
    assert want(assignment={"department_id": "D-OLD"}).departments == ("D-TAX",)
    assert want(assignment={}).departments == ()


def test_the_manager_is_named_in_her_own_hr_system() -> None:
    assert want(assignment={"manager_id": "W9"}).manager == "acme/W9"
    assert want().manager is None


def test_a_name_is_put_together_where_hr_sends_none() -> None:
    assert want(person={"family_name": "王", "given_name": "美"}).attributes["name"] == "王美"
    assert want(person={"family_name": "Wang", "given_name": "Mei"}).attributes["name"] == "Mei Wang"


def test_a_target_that_manages_no_departments_places_nobody() -> None:
    text = (
        "targets: {m: {type: memory, mode: enforce, invite: never}}\n"
        "accounts: {m: {attributes: {alias: extra.level}}}\n"
    )
    found = desired(load(text, KINDS), mei(extra={"level": 3}), Tree(), "m", AT)
    assert (found.departments, found.leads, found.invite) == ((), frozenset(), False)
    assert found.attributes == {"alias": "3"}


def test_a_rule_about_today_makes_a_person_due_at_their_own_midnight() -> None:
    text = (
        "targets: {m: {type: memory}}\naccounts: {m: {}}\nbirthright:\n"
        "  new: {when: today < employment.probation_ends_at, grants: {m: ['tag:new']}}\n"
    )
    policy, state = load(text, KINDS), mei(employment={"probation_ends_at": "2026-04-01"})
    turn = next_turn(policy, state, Tree(), AT)
    assert turn == midnight(date(2026, 4, 1), "Asia/Shanghai")
    assert set(desired(policy, state, Tree(), "m", AT).grants) == {"tag:new"}
    assert set(desired(policy, state, Tree(), "m", turn).grants) == set()


@given(
    state=st.builds(
        mei,
        active=st.booleans(),
        stopped=st.booleans(),
        person=st.fixed_dictionaries({"mobile": st.sampled_from(["+8613900000001", None])}),
        employment=st.fixed_dictionaries({"type": st.sampled_from(["employee", "agency", None])}),
        assignment=st.fixed_dictionaries(
            {
                "department_id": st.sampled_from(["D-SALES", "D-TAX", "D-OLD", "D-IT", "D-NEW", None]),
                "job_function": st.sampled_from(["sales", "administration", None]),
            }
        ),
    ),
    target=st.sampled_from(["wecom", "dingtalk"]),
)
def test_the_same_state_gives_the_same_and_the_closed_hold_nothing(state: PersonState, target: str) -> None:
    found = desired(EXAMPLE, state, Tree(), target, AT)
    assert found == desired(EXAMPLE, state, Tree(), target, AT)
    assert found.access == "open" or not found.grants
    assert found.access == "closed" or (state.active and not state.stopped)
