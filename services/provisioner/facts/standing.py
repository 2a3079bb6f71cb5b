"""Which of the given facts stand: the highest revision of each, unless withdrawn."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from contracts import hr
from contracts.decisions import ConflictSettled, Decision
from services.provisioner.model import Fact, FactKey, Verdict, VerdictKind

Name = tuple[str, str]
"""A fact without its revision: source and id."""

REVISED = Verdict(VerdictKind.SUPERSEDED, "revised")
APPLIES = Verdict(VerdictKind.APPLIES)
UNKNOWN = Verdict(VerdictKind.WAITS, "fact_unknown")
NOT_ITS_OWN = Verdict(VerdictKind.INBOX, "not_its_own")
WITHDRAWS_ITSELF = Verdict(VerdictKind.INBOX, "withdraws_itself")
ALREADY_WITHDRAWN = Verdict(VerdictKind.NO_EFFECT, "already_withdrawn")
"""A second withdrawal of the same fact: in the books a duplicate."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What is left to fold, and what is settled already.

    `taken` has one fact a key, the others of that key being repetitions or conflicts. `withdrawn` pairs what is
    undone with what undid it. `first_recorded` says when we first heard of a fact, in any revision. `verdicts` holds
    all that is settled here, every withdrawal among them.
    """

    taken: tuple[Fact, ...]
    live: tuple[Fact, ...]
    withdrawn: tuple[tuple[Fact, Fact], ...]
    first_recorded: Mapping[Name, datetime]
    verdicts: dict[FactKey, Verdict]


def name_of(fact: Fact) -> Name:
    return (fact.key.source, fact.key.id)


def named_by(fact: Fact) -> Name | None:
    """The fact that a withdrawal is about; None if this fact is no withdrawal."""
    if not isinstance(fact.body, hr.Withdrawn):
        return None
    return (fact.body.event_source or fact.key.source, fact.body.event_id)


def given_back(facts: Iterable[Fact]) -> dict[FactKey, Fact]:
    """For each withdrawal of a withdrawal the fact at the end of that chain, which has its effect again through it."""
    newest = {name_of(fact): fact for fact in sorted(facts, key=lambda fact: fact.key)}
    found: dict[FactKey, Fact] = {}
    for fact in filter(named_by, newest.values()):
        last, links, seen = fact, 0, {name_of(fact)}
        while (name := named_by(last)) in newest and name is not None and name not in seen:
            last, links = newest[name], links + 1
            seen.add(name)
        if links and not links % 2 and named_by(last) is None:
            found[fact.key] = last
    return found


def stand(facts: Iterable[Fact], decisions: Iterable[Decision] = ()) -> Standing:
    """Judge revisions and withdrawals; the same answer for any order of the facts."""
    first: dict[Name, datetime] = {}
    messages: dict[FactKey, list[Fact]] = {}
    for fact in facts:
        name = name_of(fact)
        first[name] = min(first.get(name, fact.recorded_at), fact.recorded_at)
        messages.setdefault(fact.key, []).append(fact)
    settled = {FactKey(d.source, d.event_id, d.revision): d.digest for d in decisions if isinstance(d, ConflictSettled)}
    newest: dict[Name, Fact] = {}
    verdicts: dict[FactKey, Verdict] = {}
    taken = tuple(_first_taken(messages[key], settled.get(key)) for key in sorted(messages))
    for fact in taken:  # sorted, so a higher revision of the same fact comes later
        older = newest.get(name_of(fact))
        if older is not None:
            verdicts[older.key] = REVISED
        newest[name_of(fact)] = fact
    undone = _undone(newest, verdicts)
    return Standing(taken, *_divided(newest, undone, verdicts), first, verdicts)


def _first_taken(messages: Collection[Fact], settled: str | None) -> Fact:
    """Of messages under one key the decided digest stands, else the first taken; of equal ones the earliest `time`."""
    if len(messages) == 1:
        return next(iter(messages))
    chosen = [fact for fact in messages if fact.digest == settled] or messages
    digest = min(chosen, key=lambda fact: (fact.recorded_at, fact.digest)).digest
    equal = (fact for fact in chosen if fact.digest == digest)
    return min(equal, key=lambda fact: (fact.time, fact.recorded_at))


def _divided(
    newest: Mapping[Name, Fact], undone: Mapping[Name, Fact], verdicts: dict[FactKey, Verdict]
) -> tuple[tuple[Fact, ...], tuple[tuple[Fact, Fact], ...]]:
    """What is live, and what is withdrawn with what undid it."""
    for name, by in undone.items():
        verdicts[newest[name].key] = Verdict(VerdictKind.WITHDRAWN, f"withdrawn_by:{by.key.id}")
    live = (f for n, f in newest.items() if n not in undone and not isinstance(f.body, hr.Withdrawn))
    return tuple(live), tuple((newest[name], by) for name, by in undone.items())


def _undone(newest: Mapping[Name, Fact], verdicts: dict[FactKey, Verdict]) -> dict[Name, Fact]:
    """What is withdrawn, and by which withdrawal; every withdrawal gets its verdict.

    A withdrawal counts unless it is withdrawn itself, so they are judged from those that nobody withdraws.
    """
    about = _own_targets(newest, verdicts)
    unjudged = Counter(about.values())
    undone: dict[Name, Fact] = {}
    free = [name for name in about if not unjudged[name]]
    while free:
        name = free.pop()
        target = about.pop(name)
        if name not in undone:
            _withdraw(newest, name, target, undone, verdicts)
        unjudged[target] -= 1
        if not unjudged[target] and target in about:
            free.append(target)
    for name in about:
        verdicts[newest[name].key] = WITHDRAWS_ITSELF
    return undone


def _own_targets(newest: Mapping[Name, Fact], verdicts: dict[FactKey, Verdict]) -> dict[Name, Name]:
    about: dict[Name, Name] = {}
    for name, fact in newest.items():
        target = named_by(fact)
        if target is None:
            continue
        if target[0] == fact.key.source:
            about[name] = target
        else:
            verdicts[fact.key] = NOT_ITS_OWN
    return about


def _withdraw(
    newest: Mapping[Name, Fact], name: Name, target: Name, undone: dict[Name, Fact], verdicts: dict[FactKey, Verdict]
) -> None:
    fact = newest[name]
    if target not in newest:
        verdicts[fact.key] = UNKNOWN
        return
    by, *later = sorted([fact, *([undone[target]] if target in undone else [])], key=lambda f: (f.time, f.key))
    for other in later:
        verdicts[other.key] = ALREADY_WITHDRAWN
    verdicts[by.key] = APPLIES
    undone[target] = by
