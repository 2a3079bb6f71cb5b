"""Real histories, told in order, in disorder and shuffled, fold into the states that SQL found in their sources."""

import pytest
from histories import (
    DISORDERED,
    PLAIN,
    ZH,
    columns_of,
    facts,
    folded_rows,
    in_order,
    moment,
    oracle,
    sha256_of,
    shuffled,
    timelines,
    true_rows,
    unsupported,
)

from contracts import hr
from services.provisioner.facts.history import history
from services.provisioner.model import VerdictKind

SEEDS = (1, 20, 300)
TOLD = [*PLAIN, DISORDERED, *(shuffled(told, seed) for told in (*PLAIN, DISORDERED) for seed in SEEDS)]
NAMES = [f"{told.file} {' '.join(told.how)}".strip() for told in TOLD]


@pytest.mark.parametrize("told", TOLD, ids=NAMES)
def test_at_each_date_exactly_the_true_people_work_in_their_true_places(told):
    dates = oracle(told)
    assert len(dates) == 5
    for day, true in dates.items():
        expected = in_order({name: row[name] for name in told.columns} for row in true_rows(told, day))
        found = in_order(folded_rows(told, moment(day)))
        assert len(found) == true["active"], day
        assert found == expected, day


@pytest.mark.parametrize("told", [t for t in TOLD if t.name != "k8s-membership"])
def test_the_rows_have_the_oracles_digest(told):
    """Every column of the oracle is folded here; k8s-membership has two (teams) that are no facts of HR."""
    assert list(told.columns) == columns_of(told)
    for day, true in oracle(told).items():
        assert sha256_of(folded_rows(told, moment(day)), told.columns) == true["sha256_of_rows"], day


@pytest.mark.parametrize("told", [*PLAIN, DISORDERED])
def test_a_shuffled_history_folds_into_equal_timelines(told):
    def by_person(t):
        return {line.person_id: line for line in timelines(t)}

    clean = by_person(told)
    for seed in SEEDS:
        assert by_person(shuffled(told, seed)) == clean


@pytest.mark.parametrize("told", PLAIN)
def test_in_a_clean_history_every_fact_applies_but_those_not_supported_yet(told):
    verdicts = {key: verdict for line in timelines(told) for key, verdict in line.verdicts.items()}
    workers = [fact for fact in facts(told) if fact.worker is not None]
    assert len(verdicts) == len(workers)
    later = {fact.key for fact in unsupported(told)}
    odd = {key: verdict for key, verdict in verdicts.items() if verdict.kind is not VerdictKind.APPLIES}
    assert odd.keys() == later
    assert all(verdict.reason.startswith("not_supported_yet:") for verdict in odd.values())


def test_the_disordered_history_withdraws_and_corrects_as_its_counts_say():
    kinds = [verdict.kind for line in timelines(DISORDERED) for verdict in line.verdicts.values()]
    assert kinds.count(VerdictKind.WITHDRAWN) == 5 + 5 + 7
    assert kinds.count(VerdictKind.SUPERSEDED) == 17 + 15
    assert not {VerdictKind.WAITS, VerdictKind.INBOX} & set(kinds)


@pytest.mark.parametrize("told", [DISORDERED, *(shuffled(DISORDERED, seed) for seed in SEEDS)])
def test_the_disordered_history_has_every_moment_of_the_clean_one_and_no_other(told):
    """Sharper than the five dates: most corrections move a date by days, between them."""

    def moments(t):
        return {
            line.person_id: [
                (m.at, m.person, [(w.worker, w.active, w.employment, w.assignment) for w in m.workers])
                for m in line.moments
            ]
            for line in timelines(t)
            if line.moments
        }

    assert moments(told) == moments(ZH)


def test_the_histories_without_second_assignments_name_no_fact_that_is_left_out():
    assert {told.name: len(unsupported(told)) for told in PLAIN} == {
        "adventureworks-hr": 0, "employees-db": 0, "k8s-membership": 0, "figurant-200": 0, "company-zh-150": 0,
    }  # fmt: skip


def test_every_department_of_a_history_is_known_by_its_name():
    assert {type(fact.body) for fact in history(facts(ZH)).departments} == {hr.DepartmentChanged}
