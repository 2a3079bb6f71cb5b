"""Records on disk, grouped so that whatever belongs together stays together."""

import pytest

from services.provisioner.preview.families import DEPARTMENTS, Families, Reading, decision_place, place_of

SOURCE = "urn:hr:acme"


def add(families, number, own_id, kind="hr.worker.updated.v1", **data):
    families.add(number, str(number).encode(), place_of(SOURCE, own_id, kind, data, SOURCE))


@pytest.fixture
def families():
    with Families() as families:
        yield families


def groups(families):
    families.link()
    found = [families.departments(), *families.people()]
    return [[number for number, _ in families.records(family)] for family in found]


def of(families, number):
    return next(group for group in groups(families) if number in group)


def test_each_worker_is_a_family_and_departments_are_one(families):
    add(families, 1, "a", worker_id="W1")
    add(families, 2, "b", worker_id="W2")
    add(families, 3, "c", worker_id="W1")
    add(families, 4, "d", "hr.department.changed.v1", department_id="D1")
    add(families, 5, "e", "hr.department.closed.v1", department_id="D2")
    first, *rest = groups(families)
    assert first == [4, 5]
    assert sorted(rest) == [[1, 3], [2]]


def test_workers_of_one_person_are_one_family(families):
    add(families, 1, "a", worker_id="W1", person_id="P-1")
    add(families, 2, "b", worker_id="W2", person_id="P-1")
    add(families, 3, "c", worker_id="W3", person_id="urn:hr:acme/W4")
    add(families, 4, "d", worker_id="W4")
    assert sorted(groups(families)) == [[], [1, 2], [3, 4]]


@pytest.mark.parametrize("first", [True, False], ids=["withdrawal first", "withdrawal last"])
def test_a_withdrawal_goes_with_its_fact_through_other_withdrawals(families, first):
    numbers = iter((1, 2, 3) if first else (3, 2, 1))
    add(families, next(numbers), "c", "hr.event.withdrawn.v1", event_id="b")
    add(families, next(numbers), "b", "hr.event.withdrawn.v1", event_id="a")
    add(families, next(numbers), "a", worker_id="W1")
    assert of(families, 1) == [1, 2, 3]


def test_a_withdrawal_of_a_department_goes_with_the_departments(families):
    add(families, 1, "a", "hr.event.withdrawn.v1", event_id="d")
    add(families, 2, "d", "hr.department.changed.v1", department_id="D1")
    assert of(families, 1) == [1, 2]


def test_one_id_told_of_two_workers_makes_them_one_family(families):
    add(families, 1, "a", worker_id="W1")
    add(families, 2, "a", worker_id="W2")
    add(families, 3, "b", worker_id="W2")
    assert of(families, 1) == [1, 2, 3]


def test_no_record_is_lost_or_told_twice_and_another_reader_sees_the_same(families):
    for number in range(12_000):
        add(families, number, f"e{number}", worker_id=f"W{number % 1000}", person_id=f"P{number % 250}")
    families.link()
    reading = Reading(families.path)
    told = [number for family in families.people() for number, _ in reading.records(family)]
    assert sorted(told) == [*range(12_000)]
    assert families.count() == 12_000
    assert families.records((DEPARTMENTS,)) == []


def test_nothing_is_left_behind():
    with Families() as families:
        folder = families.path.parent
        assert folder.exists()
        assert folder.stat().st_mode & 0o077 == 0
    assert not folder.exists()


def test_a_decision_of_whose_a_worker_is_makes_the_two_one_family(families):
    add(families, 1, "a", worker_id="W1")
    add(families, 2, "b", worker_id="W2")
    add(families, 3, "c", worker_id="W3")
    said = {"kind": "person_identified", "id_space": SOURCE, "worker_id": "W2", "person_id": f"{SOURCE}/W1"}
    families.add(4, b"4", decision_place(said))
    families.add(5, b"5", decision_place({"kind": "access_stopped", "person_id": f"{SOURCE}/W3"}))
    assert sorted(groups(families)) == [[], [1, 2, 4], [3, 5]]
