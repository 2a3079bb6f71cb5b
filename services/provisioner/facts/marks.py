"""By which marks two records are of one human. A mobile and a personal e-mail are both re-issued; a name is shared.

Answers are used only where HR does not say itself whose worker it is, and no decision does.
"""

from collections.abc import Set as AbstractSet

from contracts import hr
from services.provisioner.facts.identity import own_person_id
from services.provisioner.model import Fact, Verdict, VerdictKind, WorkerKey

IDENTITY_UNCLEAR = Verdict(VerdictKind.INBOX, "identity_unclear")
LIKE = "identity_like:"


def same_again(known: hr.Person, had: AbstractSet[str], said: hr.Person) -> bool:
    """A hire under the number of somebody who left: is it them? `had` are the marks they ever had.

    A mobile or personal e-mail that agrees says so; the name alone only where neither side has another mark.
    """
    marks = marks_of(said)
    return bool(had & marks) or (not had and not marks and _agree(_name(known), _name(said)))


def perhaps_same(other: hr.Person, said: hr.Person) -> bool:
    """A hire under a new number: is it perhaps this other person? One mark alone says nothing."""
    marks = [_agree(other.mobile, said.mobile), _agree(other.personal_email, said.personal_email)]
    return all(marks) or (any(marks) and _agree(_name(other), _name(said)))


def said_of(fact: Fact) -> hr.Person:
    """What a fact says of who somebody is."""
    said = getattr(fact.body, "person", None)
    return said if isinstance(said, hr.Person) else hr.Person()


def marks_of(person: hr.Person) -> frozenset[str]:
    """What a person is looked up by, case folded."""
    return frozenset(mark.casefold() for mark in (person.mobile, person.personal_email) if mark)


def like(person_id: str) -> Verdict:
    """The doubt of a hire under a new number, naming whom it may be."""
    return Verdict(VerdictKind.INBOX, LIKE + person_id)


def suspected(reason: str, worker: WorkerKey) -> str | None:
    """Whom a doubt says that the worker may be: another person, or whoever had the number before; None of no doubt."""
    if reason == IDENTITY_UNCLEAR.reason:
        return own_person_id(worker)
    return reason.removeprefix(LIKE) if reason.startswith(LIKE) else None


def is_doubt(verdict: Verdict) -> bool:
    """Whether it says that nobody knows whose employment begins."""
    return verdict == IDENTITY_UNCLEAR or (verdict.reason or "").startswith(LIKE)


def _agree(one: str | None, other: str | None) -> bool:
    return one is not None and other is not None and one.casefold() == other.casefold()


def _name(person: hr.Person) -> str | None:
    whole = "".join(part for part in (person.family_name, person.given_name) if part)
    return "".join((person.display_name or whole).split()) or None
