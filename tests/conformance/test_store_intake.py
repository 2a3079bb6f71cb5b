"""Intake of both stores: whose a fact is, and nothing by halves."""
# ruff: noqa: F811 - fixtures are imported and then asked for by name

from dataclasses import replace
from datetime import timedelta

import pytest
from store_fixtures import (  # noqa: F401 - fixtures
    EPOCH,
    LEASE,
    MEI,
    MEI_ID,
    NOW,
    SOURCE,
    TOPIC,
    WECOM,
    WEI,
    WEI_ID,
    accepted,
    claim_one,
    department,
    fact,
    hired,
    linked,
    server,
    settle_nothing,
    store,
    subject,
    take_in,
    template,
    updated,
    wake,
    withdrawn,
)

from contracts import hr
from contracts.decisions import AccessStopped, PersonIdentified
from services.provisioner.model import Account, AccountState, FactKey, WorkerKey
from services.provisioner.store.port import DEPARTMENTS, End, Mark, Message, NewEvent, StoredAccount, Touched

EARLIER, LATER = NOW - timedelta(days=1), NOW + timedelta(days=1)
P881 = f"{SOURCE}/p/P-881"


def persons(touched):
    return [set(one.persons) for one in touched]


async def idents(store, person):
    return [one.key.id for one in (await store.facts_of(person))[0]]


async def test_a_fact_comes_back_as_it_was(store):
    body = hr.Updated.model_validate(
        {
            "effective_at": "2026-03-02",
            "worker_id": "W1",
            "person": {"mobile": None, "display_name": "王伟"},
            "extra": {"note": "a\0b", "n": [1, None]},
        }
    )
    told = fact(body, "u1", person=P881)
    await take_in(store, told)
    ((back,), _) = await store.facts_of(P881)
    assert back == told
    assert back.body.person.model_fields_set == {"mobile", "display_name"}, "null clears, absent keeps"


@pytest.mark.parametrize("kind", sorted(hr.TYPES), ids=str)
async def test_every_type_of_fact_comes_back(store, kind):
    told = fact(_sample(hr.TYPES[kind]), "x1")
    await take_in(store, told, hired("h1"))
    assert told in ((await store.facts_of(MEI_ID))[0] + await store.department_facts())


def _sample(model):
    fields = {"effective_at": "2026-03-02", "worker_id": "W1", "person": {"locale": "zh-CN"}, "person_id": MEI_ID}
    fields |= {"assignment_id": "A1", "assignment": {}, "kind": "concurrent", "event_id": "h1", "department_id": "D1"}
    return model.model_validate({name: value for name, value in fields.items() if name in model.model_fields})


async def test_a_worker_is_a_person_of_its_own_until_named(store):
    assert persons(await take_in(store, hired("h1"))) == [{MEI_ID}]
    assert await store.person_of(MEI) == MEI_ID
    assert await store.person_of(WEI) is None


async def test_a_worker_changes_hands_and_both_hear_of_it(store):
    await take_in(store, hired("h1"))
    assert persons(await take_in(store, linked("l1", P881))) == [{MEI_ID, P881}]
    assert await idents(store, P881) == ["h1", "l1"]
    assert await idents(store, MEI_ID) == []
    assert await store.persons() == [P881]


async def test_the_first_fact_that_names_the_person_wins_whatever_its_arrival(store):
    await take_in(store, updated("u1", person="late", at=LATER))
    assert persons(await take_in(store, hired("h2", person="early", at=EARLIER))) == [{"late", "early"}]
    await take_in(store, updated("u3", person="between", at=NOW))
    assert await store.person_of(MEI) == "early"


SECOND = f"{MEI_ID}@2026-03-02T09:00:00Z"
"""Who holds Mei's number from NOW on."""


async def test_a_number_given_to_another_person_is_divided_by_date(store):
    await take_in(store, hired("h1", person="first", at=EARLIER, mobile="+8613800000001"))
    assert persons(await take_in(store, hired("h2", person="second", mobile="+8613800000002"))) == [{"second"}]
    assert persons(await take_in(store, updated("u1", at=EARLIER), updated("u2", at=LATER))) == [{"first"}, {"second"}]
    assert [await idents(store, who) for who in ("first", "second")] == [["h1", "u1"], ["h2", "u2"]]
    assert await store.persons_known_by({"+8613800000002"}) >= {"second"}
    assert [card.person_id for card in await store.find("+8613800000002")] == ["second"]
    assert await store.persons() == ["first", "second"]


async def test_a_number_is_whose_it_is_now(store):
    await take_in(store, hired("h1", person="first", at=EARLIER), hired("h2", person="second", at=LATER))
    assert await store.person_of(MEI) == "first"
    await store.set_clock(LATER, 0.0)
    assert await store.person_of(MEI) == "second"


async def test_a_division_that_moves_or_goes_takes_its_facts_along(store):
    await take_in(store, hired("h1", person="first", at=EARLIER), hired("h2", person="second", at=NOW))
    between = NOW + timedelta(hours=1)
    await take_in(store, updated("u1", at=between), hired("h2", person="second", revision=2, at=LATER))
    assert [await idents(store, who) for who in ("first", "second")] == [["h1", "u1"], ["h2", "h2"]]
    touched = persons(await take_in(store, hired("h2", person="first", revision=3, at=LATER)))
    assert touched == [{"first", "second"}]
    assert await idents(store, "first") == ["h1", "h2", "u1", "h2", "h2"]
    assert await store.persons() == ["first"]


async def test_an_operator_divides_a_number(store):
    await take_in(store, hired("h1", at=EARLIER), hired("h2", at=NOW), updated("u1", at=LATER))
    async with store.intake() as tx:
        await tx.decide(_identified("d1", SECOND, NOW).model_copy(update={"since": NOW}))
    assert [await idents(store, who) for who in (MEI_ID, SECOND)] == [["h1"], ["h2", "u1"]]
    assert await store.person_of(MEI) == SECOND
    await take_in(store, updated("u2", at=LATER), withdrawn("w1", "u1"))
    assert await idents(store, SECOND) == ["h2", "u1", "u2", "w1"]
    async with store.intake() as tx:
        await tx.decide(_identified("d2", MEI_ID, LATER).model_copy(update={"since": NOW}))
    assert await idents(store, MEI_ID) == ["h1", "h2", "u1", "u2", "w1"]


async def test_hrs_last_link_wins_over_every_hire_whatever_its_arrival(store):
    await take_in(store, hired("h1", person="named", at=EARLIER), linked("l1", "last", at=NOW))
    assert await store.person_of(MEI) == "last"
    assert persons(await take_in(store, linked("l2", "between", at=EARLIER + timedelta(hours=1)))) == [{"last"}]


async def test_an_announced_link_counts_from_its_date_on(store):
    await take_in(store, hired("h1", at=EARLIER), linked("l1", P881, at=LATER))
    assert await store.person_of(MEI) == MEI_ID
    await wake(store, MEI_ID)
    claim = await claim_one(store, await store.join("test", LEASE))
    assert (await store.load(claim)).turns_at == LATER
    assert await store.families() == [(MEI_ID,)]
    async with store.intake() as tx:
        assert await tx.turn(MEI_ID, LATER - timedelta(seconds=1)) == {MEI_ID}
    assert await store.person_of(MEI) == MEI_ID
    async with store.intake() as tx:
        assert await tx.turn(MEI_ID, LATER) == {MEI_ID, P881}
    assert await store.person_of(MEI) == P881
    assert (await store.load(claim)).turns_at is None


async def test_who_will_be_joined_by_an_announced_link_is_told_as_one_family(store):
    await take_in(store, hired("h1", person=P881, at=EARLIER), hired("h2", worker=WEI, at=EARLIER))
    assert await store.families() == sorted([(P881,), (WEI_ID,)])
    await take_in(store, linked("l1", MEI_ID, worker=WEI, at=LATER))
    assert await store.families() == [tuple(sorted((P881, WEI_ID)))]


async def test_a_link_withdrawn_before_its_date_moves_nobody(store):
    await take_in(store, hired("h1", at=EARLIER), linked("l1", P881, at=LATER))
    assert persons(await take_in(store, withdrawn("w1", "l1"))) == [{MEI_ID}]
    async with store.intake() as tx:
        assert await tx.turn(MEI_ID, LATER) == {MEI_ID}


async def test_a_link_of_an_employment_that_begins_no_earlier_counts_at_once(store):
    await take_in(store, linked("l1", P881, at=LATER), hired("h1", at=LATER))
    assert await store.person_of(MEI) == P881
    await take_in(store, hired("h0", at=NOW))
    assert await store.person_of(MEI) == MEI_ID


async def test_a_worker_named_as_a_person_is_followed_and_everybody_hears_of_it(store):
    third = WorkerKey(SOURCE, "W3")
    await take_in(store, hired("h3", worker=third), linked("l3", WEI_ID, worker=third))
    await take_in(store, hired("h2", worker=WEI))
    assert await store.person_of(third) == WEI_ID
    touched = persons(await take_in(store, linked("l2", MEI_ID, worker=WEI)))
    assert touched == [{WEI_ID, MEI_ID}]
    assert {await store.person_of(w) for w in (WEI, third)} == {MEI_ID}
    assert persons(await take_in(store, hired("h1", person=P881))) == [{P881, MEI_ID}]
    assert {await store.person_of(w) for w in (MEI, WEI, third)} == {P881}


async def test_workers_that_name_each_other_are_one_person(store):
    await take_in(store, hired("h1"), hired("h2", worker=WEI))
    await take_in(store, linked("l1", WEI_ID), linked("l2", MEI_ID, worker=WEI))
    assert {await store.person_of(w) for w in (MEI, WEI)} == {MEI_ID}


async def test_tenures_own_word_stands_against_a_hire_and_not_against_a_link_or_an_operator(store):
    await take_in(store, hired("h1"))
    async with store.intake() as tx:
        await tx.decide(_identified("d1", MEI_ID, NOW, by="tenure"))
    await take_in(store, hired("h2", person="hired", at=EARLIER))
    assert await store.person_of(MEI) == MEI_ID
    await take_in(store, linked("l1", P881))
    assert await store.person_of(MEI) == P881
    async with store.intake() as tx:
        await tx.decide(_identified("d2", "by operator", EARLIER))
        await tx.decide(_identified("d3", MEI_ID, LATER, by="tenure"))
    assert await store.person_of(MEI) == "by operator"


async def test_a_withdrawn_link_gives_the_worker_back(store):
    await take_in(store, hired("h1"), linked("l1", P881))
    assert persons(await take_in(store, withdrawn("w1", "l1"))) == [{MEI_ID, P881}]
    assert await idents(store, MEI_ID) == ["h1", "l1", "w1"]
    await take_in(store, withdrawn("w2", "w1"))
    assert await store.person_of(MEI) == P881


async def test_a_withdrawal_before_its_fact_finds_it(store):
    assert persons(await take_in(store, withdrawn("w2", "w1"), withdrawn("w1", "h1"))) == [set(), set()]
    assert persons(await take_in(store, hired("h1"))) == [{MEI_ID}]
    assert sorted(await idents(store, MEI_ID)) == ["h1", "w1", "w2"]
    assert [event.key.id for event in await store.events_of(MEI_ID)] == ["w2", "w1", "h1"]


async def test_a_withdrawal_that_names_the_worker_waits_there(store):
    assert persons(await take_in(store, withdrawn("w1", "h1", worker=MEI))) == [{MEI_ID}]
    assert persons(await take_in(store, hired("h1", worker=WEI))) == [{MEI_ID, WEI_ID}]
    assert await idents(store, WEI_ID) == ["w1", "h1"]


async def test_withdrawals_of_each_other_end(store):
    await take_in(store, withdrawn("w1", "w2"), withdrawn("w2", "w1"))
    assert (await store.books()).by_state == {"waiting": 2}


async def test_a_revision_that_names_another_worker_moves_the_whole_fact(store):
    await take_in(store, hired("h1"))
    assert persons(await take_in(store, hired("h1", worker=WEI, revision=2))) == [{MEI_ID, WEI_ID}]
    assert await idents(store, MEI_ID) == []
    assert [one.key.revision for one in (await store.facts_of(WEI_ID))[0]] == [1, 2]
    await take_in(store, hired("h2", revision=2))
    assert persons(await take_in(store, hired("h2", worker=WEI))) == [{MEI_ID}]


async def test_an_operators_word_is_not_flipped_by_later_facts(store):
    await take_in(store, hired("h1"))
    async with store.intake() as tx:
        await tx.decide(_identified("d1", P881, NOW))
        await tx.decide(_identified("d2", "older word", EARLIER))
        await tx.decide(_identified("d1", "same id again", LATER))
    assert persons(await take_in(store, linked("l1", "other", at=EARLIER))) == [{P881}]
    assert [one.person_id for one in (await store.facts_of(P881))[1]] == [P881]


def _identified(ident, person, recorded_at, by="operator:li"):
    return PersonIdentified(decision_id=ident, person_id=person, by=by, effective_at=NOW,
                            recorded_at=recorded_at, id_space=SOURCE, worker_id="W1")  # fmt: skip


async def _with_account(store, process, person, native_id):
    await wake(store, person)
    claim = await claim_one(store, process)
    account = StoredAccount(Account(native_id, AccountState.ACTIVE), NOW, granted=frozenset({"tag:a"}))
    assert await store.finish(claim, process, End("settled", account=account), settle_nothing) == "done"


async def test_the_account_of_somebody_who_is_another_person_goes_along_and_is_looked_at_again(store):
    process = await store.join("one", LEASE)
    await take_in(store, hired("h1"), hired("h2", worker=WEI))
    await _with_account(store, process, WEI_ID, "wei")
    await wake(store, WEI_ID)
    working = await claim_one(store, process)
    await take_in(store, linked("l2", MEI_ID, worker=WEI))
    await wake(store, MEI_ID)
    moved = (await store.accounts_of(MEI_ID))[WECOM]
    assert (moved.observed.native_id, moved.checked_at, moved.granted) == ("wei", None, {"tag:a"})
    assert await store.accounts_of(WEI_ID) == {}
    assert await store.linked(WECOM, "wei") == MEI_ID
    kept = End("settled", account=StoredAccount(Account("wei", AccountState.ACTIVE), NOW))
    assert await store.finish(working, process, kept, settle_nothing) == "fenced"
    assert await store.accounts_of(WEI_ID) == {}


async def test_an_account_stays_where_the_other_has_one_or_a_worker_is_left(store):
    process = await store.join("one", LEASE)
    await take_in(store, hired("h1"), hired("h2", worker=WEI))
    await _with_account(store, process, MEI_ID, "mei")
    await _with_account(store, process, WEI_ID, "wei")
    await take_in(store, linked("l2", MEI_ID, worker=WEI))
    assert await store.linked(WECOM, "wei") == WEI_ID
    await take_in(store, linked("l3", P881, worker=WEI, at=LATER))
    assert await store.linked(WECOM, "mei") == MEI_ID


async def test_a_fact_told_again_keeps_its_earliest_time(store):
    await take_in(store, hired("h1"), department("d1"))
    h1, d1, unknown = FactKey(SOURCE, "h1", 1), FactKey(SOURCE, "d1", 1), FactKey(SOURCE, "no", 1)
    version = await store.department_version()
    async with store.intake() as tx:
        assert await tx.earlier({h1: LATER, unknown: EARLIER}) == Touched(frozenset(), frozenset())
        assert await tx.earlier({h1: EARLIER}) == Touched(frozenset({MEI_ID}), frozenset())
        assert await tx.earlier({h1: EARLIER}) == Touched(frozenset(), frozenset())
        assert await tx.earlier({d1: EARLIER}) == Touched(frozenset(), frozenset({"D1"}))
    assert [one.time for one in (await store.facts_of(MEI_ID))[0]] == [EARLIER]
    assert await store.department_version() > version


async def test_persons_are_known_by_marks_whole_and_folded(store):
    await take_in(store, hired("h1", mobile="+8613800000000", personal_email="Mei@example.net"))
    await take_in(store, hired("h2", worker=WEI, mobile="+8613800000001", display_name="Mei"))
    assert await store.persons_known_by(["+8613800000000", "mei@example.net"]) == {MEI_ID}
    assert await store.persons_known_by(["+8613800000000", "+8613800000001"]) == {MEI_ID, WEI_ID}
    assert await store.persons_known_by(["+861380000000", "nobody@example.net"]) == frozenset()
    assert await store.persons_known_by([]) == frozenset()


async def test_who_waits_over_somebody_is_found_by_whom_the_doubt_names(store):
    await take_in(store, hired("h1"))
    async with store.intake() as tx:
        doubt = replace(accepted(hired("h2", worker=WEI)), state="inbox", reason=f"identity_like:{MEI_ID}")
        await tx.add(EPOCH, [doubt])
        assert await tx.doubting([MEI_ID, "nobody"]) == {WEI_ID}
        assert await tx.doubting([WEI_ID]) == frozenset()
        assert await tx.doubting([]) == frozenset()


async def test_department_facts_stand_apart(store):
    before = await store.department_version()
    touched = await take_in(store, department("d1"), withdrawn("w1", "d1"))
    assert touched == [Touched(frozenset(), frozenset({"D1"}))] * 2
    assert await store.department_version() > before
    assert [one.key.id for one in await store.department_facts()] == ["d1", "w1"]
    process = await store.join("one", LEASE)
    await wake(store, DEPARTMENTS)
    file = await store.load(await claim_one(store, process))
    assert [event.key.id for event in file.events] == ["d1", "w1"]
    assert await store.persons() == []


async def test_a_person_fact_leaves_the_department_version(store):
    before = await store.department_version()
    await take_in(store, hired("h1"))
    assert await store.department_version() == before


async def test_what_is_known_is_told_by_revision(store):
    await take_in(store, hired("h1"), hired("h1", revision=3))
    async with store.intake() as tx:
        known = await tx.known([(SOURCE, "h1"), (SOURCE, "no")])
    assert known == {(SOURCE, "h1"): {1: "h1-1", 3: "h1-3"}, (SOURCE, "no"): {}}


async def test_positions_are_kept_by_epoch_and_never_go_back(store):
    async with store.intake() as tx:
        assert await tx.positions("e1", [(TOPIC, 0)]) == {(TOPIC, 0): 0}
        await tx.advance("e1", {(TOPIC, 0): 7})
    async with store.intake() as tx:
        await tx.advance("e1", {(TOPIC, 0): 5, (TOPIC, 1): 1})
    async with store.intake() as tx:
        assert await tx.positions("e1", [(TOPIC, 0), (TOPIC, 2)]) == {(TOPIC, 0): 7, (TOPIC, 2): 0}
        assert await tx.positions("e2", [(TOPIC, 0)]) == {(TOPIC, 0): 0}
    assert (await store.books()).positions == {("e1", TOPIC, 0): 7, ("e1", TOPIC, 1): 1}


async def test_a_transaction_that_fails_leaves_nothing(store):
    await take_in(store, hired("h1"))

    async def fails():
        async with store.intake() as tx:
            await tx.add(EPOCH, [accepted(linked("l1", P881)), accepted(department("d1"))])
            await tx.mark([Mark(MEI_ID, 0, NOW)], [WECOM])
            await tx.publish([Message("t", "k", b"v", ())])
            await tx.advance(EPOCH, {(TOPIC, 0): 9})
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fails()
    assert await store.person_of(MEI) == MEI_ID
    assert (await store.rows_of(MEI_ID), await store.outbox(9), await store.department_facts()) == ((), [], ())
    assert (await store.books()).positions == {}
    await take_in(store, linked("l1", P881))


async def test_an_event_without_a_fact_belongs_to_its_id(store):
    await take_in(store, hired("h1"))
    double = NewEvent(TOPIC, 9, 1, "duplicate", NOW, key=FactKey(SOURCE, "h1", 1), type="hr.worker.hired.v1")
    async with store.intake() as tx:
        assert await tx.add(EPOCH, [double]) == [Touched(frozenset(), frozenset())]
    assert [event.state for event in await store.events_of(MEI_ID)] == ["in_progress", "duplicate"]
    assert (await store.books()).by_state == {"in_progress": 1, "duplicate": 1}


async def test_the_unreadable_is_kept_byte_for_byte_until_closed(store):
    headers = (("ce_id", b"\x00\xff"), ("na\0me", b""))
    odd = NewEvent(TOPIC, 9, 2, "quarantined", NOW, reason="no\0json", raw=b"\x00{", headers=headers, type="a\0b")
    async with store.intake() as tx:
        await tx.add(EPOCH, [odd])
    (kept,) = await store.quarantined()
    assert (kept.raw, kept.headers[0], kept.offset) == (b"\x00{", headers[0], 2)
    assert await store.quarantined(kept.event_no) == [kept]
    assert await store.quarantined(kept.event_no + 1) == []
    assert await store.close_quarantined(kept.event_no, "resent")
    assert not await store.close_quarantined(kept.event_no, "resent")
    assert (await store.books()).by_state == {"superseded": 1}


async def test_several_marks_of_a_person_are_one(store):
    process = await store.join("one", LEASE)
    async with store.intake() as tx:
        await tx.mark([Mark(MEI_ID, 2, EARLIER), Mark(MEI_ID, 1, NOW), Mark(MEI_ID, 0, LATER)], [WECOM])
    claim = await claim_one(store, process, lane=1)
    assert (claim.due_at, claim.generation) == (EARLIER, 1)


async def test_decisions_of_a_person_are_loaded_with_the_facts(store):
    process = await store.join("one", LEASE)
    stop = AccessStopped(
        decision_id="s1", person_id=MEI_ID, by="operator:li", reason="lost", effective_at=NOW, recorded_at=NOW
    )
    async with store.intake() as tx:
        await tx.add(EPOCH, [accepted(hired("h1"))])
        await tx.decide(stop)
        await tx.mark([Mark(MEI_ID, 0, NOW)], [WECOM])
    file = await store.load(await claim_one(store, process, lane=0))
    assert file.decisions == (stop,)
    assert [one.key.id for one in file.facts] == ["h1"]
    assert (file.account, file.open_plan, file.accounts) == (None, None, {})


async def test_a_person_is_found_by_any_mark(store):
    mei = hired("h1", display_name="王美", mobile="+8613800000000", personal_email="Mei@example.net")
    await take_in(store, mei, hired("h2", worker=WEI, display_name="王伟"))
    for text in ("王美", "+86138", "mei@EXAMPLE.net", "W1", MEI_ID):
        assert [card.person_id for card in await store.find(text)] == [MEI_ID], text
    assert [card.person_id for card in await store.find("王")] == [MEI_ID, WEI_ID]
    assert [card.workers for card in await store.find("W2")] == [(WorkerKey(SOURCE, "W2"),)]
    for text in ("", "美", "%", "\0"):
        assert await store.find(text) == []


async def test_what_a_person_must_decide_is_shown_with_whose_it_is(store):
    await take_in(store, hired("h1"))
    second = FactKey(SOURCE, "h1", 1)
    said = [("inbox", "conflict", "hr.worker.hired.v1"), ("waiting", "no_hire_known", "hr.worker.left.v1"),
            ("waiting", "until:2026-09-01", "hr.worker.left.v1")]  # fmt: skip
    told = [
        NewEvent(TOPIC, 9, n, state, NOW, reason=reason, key=second, type=kind)
        for n, (state, reason, kind) in enumerate(said)
    ]
    async with store.intake() as tx:
        await tx.add(EPOCH, told)
    listed = await store.undecided({"no_hire_known"})
    assert {event.worker for event in listed} == {MEI}
    shown = [(e.state, e.reason, e.key, e.type, e.person_id) for e in listed]
    assert shown == [
        ("inbox", "conflict", second, "hr.worker.hired.v1", MEI_ID),
        ("waiting", "no_hire_known", second, "hr.worker.left.v1", MEI_ID),
    ]
    assert len(await store.undecided(set(), limit=5)) == 1
    assert len(await store.undecided({"no_hire_known"}, limit=1)) == 1


async def test_an_event_about_a_department_is_the_departments(store):
    await take_in(store, department("d1"))
    odd = NewEvent(TOPIC, 9, 1, "inbox", NOW, reason="conflict", key=FactKey(SOURCE, "d1", 1), type="x")
    async with store.intake() as tx:
        await tx.add(EPOCH, [odd])
    assert [(event.person_id, event.worker) for event in await store.undecided(())] == [(DEPARTMENTS, None)]


async def test_only_a_conflict_is_let_go_and_once(store):
    await take_in(store, hired("h1"))
    odd = NewEvent(TOPIC, 9, 1, "inbox", NOW, reason="conflict", key=FactKey(SOURCE, "h1", 1), type="x")
    other = NewEvent(TOPIC, 9, 2, "inbox", NOW, reason="hire_begins_later", key=FactKey(SOURCE, "h1", 1), type="x")
    async with store.intake() as tx:
        await tx.add(EPOCH, [odd, other])
    first, second = await store.undecided(())
    assert not await store.close_conflict(second.event_no, "a")
    assert await store.close_conflict(first.event_no, "a")
    assert not await store.close_conflict(first.event_no, "a")
    assert [(e.state, e.reason) for e in await store.events_of(MEI_ID)][1:] == [
        ("superseded", "a"), ("inbox", "hire_begins_later")
    ]  # fmt: skip


async def test_processes_are_named_while_they_live(store):
    one = await store.join("provisioner-1", LEASE)
    await store.join("provisioner-1", LEASE)
    await store.join("provisioner-2", LEASE)
    assert await store.processes() == ["provisioner-1", "provisioner-1", "provisioner-2"]
    await store.leave(one)
    assert await store.processes() == ["provisioner-1", "provisioner-2"]


async def test_what_concerns_nobody_yet_waits_and_not_in_progress(store):
    await take_in(store, hired("e1"), withdrawn("e2", "unknown"), withdrawn("e3", "e1"))
    found = await store.undecided({"fact_unknown"})
    assert [(event.key.id, event.state, event.person_id) for event in found] == [("e2", "waiting", None)]
    assert (await store.books()).by_state == {"in_progress": 2, "waiting": 1}
