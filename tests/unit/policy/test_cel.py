"""Conditions: what they read is checked when the policy is loaded, what they answer when a person is judged."""

from datetime import UTC, date, datetime

import pytest
from policy_people import AT, Tree, mei

from services.provisioner.policy.cel import ConditionError, Context, compile_condition


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ('"D-IT" in department.path', ["department.path"]),
        ("has(person.mobile) || has(person.personal_email)", ["person.mobile", "person.personal_email"]),
        ('person["mobile"] == "x"', ["person.mobile"]),
        ('[person.locale, "en"].exists(l, l == assignment.title)', ["person.locale", "assignment.title"]),
        ('{"a": person.mobile}["a"] == "x"', ["person.mobile"]),
        ('employment.type == "x" ? today < employment.ends_at : worker_id == person_id',
         ["employment.type", "today", "employment.ends_at", "worker_id", "person_id"]),
        ('extra.badge.colour == "red" && "vip" in extra', ["extra.badge.colour", "extra"]),
    ],
)  # fmt: skip
def test_every_field_that_is_read_is_known(text: str, fields: list[str]) -> None:
    assert [".".join(path) for path in compile_condition(text).fields] == fields


@pytest.mark.parametrize(
    ("text", "line", "column", "said"),
    [
        ('has(person.mobil) || person.family_name == ""', 1, 5, "unknown field person.mobil"),
        ('true\n  && assignment.titel == "x"', 2, 6, "did you mean title?"),
        ('person.all(k, k == "x")', 1, 1, "name the field of person"),
        ("person == person", 1, 1, "name the field of person"),
        ('person[worker_id] == "x"', 1, 1, "name the field in plain text"),
        ('today.startsWith("2026-12")', 1, 1, "today can only be compared with a date"),
        ("department.leader == 'x'", 1, 1, "unknown field department.leader"),
        ("nobody == 'x'", 1, 1, "unknown name nobody"),
        ("assignment.grade > 5", 1, 18, "no matching overload"),
        ("'\u738b\u738b' == person.family_name && person.nick == ''", 1, 31, "unknown field person.nick"),
        ("x" * 3000, 1, 1, "longer than 2000"),
    ],
)
def test_what_cannot_be_known_is_refused_where_it_stands(text: str, line: int, column: int, said: str) -> None:
    with pytest.raises(ConditionError) as caught:
        compile_condition(text)
    fault = caught.value.faults[0]
    assert (fault.line, fault.column) == (line, column)
    assert said in fault.text


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ('assignment.job_function == "sales"', True),
        ('"D-CO" in department.path && department.name == "SALES"', True),
        ("has(person.personal_email)", False),
        ('person.personal_email == "x"', False),
        ('!(person.personal_email == "x")', False),
        ('person.personal_email == "x" || has(person.mobile)', True),
        ('today == "2026-03-20"', True),
        ('extra.level == 3 && extra.team == "a"', True),
        ('person.display_name.endsWith("美")', True),
    ],
)
def test_a_condition_that_needs_an_unknown_field_does_not_hold(text: str, answer: bool) -> None:
    context = Context(mei(extra={"level": 3, "team": "a", "gone": None}), Tree(), AT)
    assert compile_condition(text).holds(context) is answer


def test_today_is_the_date_where_the_person_is() -> None:
    late = datetime(2026, 3, 19, 16, 30, tzinfo=UTC)
    assert compile_condition('today == "2026-03-20"').holds(Context(mei(), Tree(), late))


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("has(person.mobile)", ()),
        ("has(person.mobile) && has(person.work_email)", ("person.work_email",)),
        ("has(person.work_email) || has(person.personal_email)", ("person.work_email", "person.personal_email")),
        ('person.mobile.startsWith("+1")', ("person.mobile",)),
        ("false", ("false",)),
    ],
)
def test_missing_names_the_fields_that_would_help(text: str, missing: tuple[str, ...]) -> None:
    assert compile_condition(text).missing(Context(mei(), Tree(), AT)) == missing


def test_people_of_a_closed_department_count_in_its_successor() -> None:
    context = Context(mei(assignment={"department_id": "D-OLD"}), Tree(), AT)
    assert compile_condition('"D-FIN" in department.path && department.id == "D-TAX"').holds(context)


def test_somebody_without_a_department_is_in_none() -> None:
    context = Context(mei(assignment={}), Tree(), AT)
    assert compile_condition('!("D-FIN" in department.path) && !has(department.id)').holds(context)


def test_a_rule_about_today_can_turn_on_the_date_and_the_day_after() -> None:
    state = mei(employment={"probation_ends_at": "2026-04-01", "starts_at": "2026-01-01"})
    condition = compile_condition(
        'today < employment.probation_ends_at || today == "2026-05-01" || today < employment.starts_at'
    )
    assert sorted(condition.turns(Context(state, Tree(), AT))) == [
        date(2026, 4, 1), date(2026, 4, 2), date(2026, 5, 1), date(2026, 5, 2),
    ]  # fmt: skip
    assert list(compile_condition("has(employment.starts_at)").turns(Context(state, Tree(), AT))) == []
