"""First contact with a target that has accounts already: which of them is whose. Pure.

A native id, or a mobile or e-mail together with the name, links where policy's `match` names that way and nothing
else fits; a mobile or an e-mail alone only proposes. What the company's own list says goes first.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from services.provisioner.connectors.base import NativeDepartment
from services.provisioner.model import Account
from services.provisioner.plan.departments import Wanted

Kind = Literal["linked", "ambiguous", "unmatched", "would_create", "would_change"]
KINDS: tuple[Kind, ...] = ("linked", "ambiguous", "unmatched", "would_create", "would_change")

_WAYS = {"mobile": "mobile_and_name", "email": "email_and_name"}


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody who is to have an account and has none: the name it would get, and what would stand in it."""

    person_id: str
    native_id: str
    attributes: Mapping[str, str | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Match:
    """A line of the answer. `by`: the ways that agree, why it is ambiguous, or what would change.

    Of a department `department_id` is HR's and `native_id` the platform's.
    """

    kind: Kind
    native_id: str | None
    person_id: str | None = None
    by: tuple[str, ...] = ()
    department_id: str | None = None


def match(
    people: Sequence[Candidate], free: Sequence[Account], ways: Sequence[str], stated: Mapping[str, str]
) -> Iterator[Match]:
    """Each of the people and each account that is nobody's, once. `stated`: native id by person, the company's word."""
    named = {native_id.casefold() for native_id in stated.values()}
    index = _Index([account for account in free if account.native_id.casefold() not in named])
    listed = {account.native_id.casefold(): account.native_id for account in free}
    found = {p.person_id: index.fitting(p, ways) for p in people if p.person_id not in stated}
    claims = _claims(found)
    met = set(named)
    for person in people:
        if person.person_id in stated:
            yield _as_stated(person.person_id, stated[person.person_id], stated, listed)
            continue
        fits = found[person.person_id]
        met |= {native_id.casefold() for native_id in fits}
        yield _judged(person, fits, claims)
    for account in free:
        if account.native_id.casefold() not in met:
            yield Match("unmatched", account.native_id)


@dataclass(frozen=True, slots=True)
class _Fit:
    """How one account fits one person: by ways that suffice, and by marks that only propose."""

    strong: tuple[str, ...] = ()
    weak: tuple[str, ...] = ()


class _Index:
    """Accounts by the marks that one asks for."""

    def __init__(self, accounts: Sequence[Account]) -> None:
        self._by: dict[tuple[str, str], list[Account]] = {}
        for account in accounts:
            for mark in ("native_id", *_WAYS):
                if value := _mark(account, mark):
                    self._by.setdefault((mark, value), []).append(account)

    def fitting(self, person: Candidate, ways: Sequence[str]) -> dict[str, _Fit]:
        """By native id."""
        found: dict[str, _Fit] = {}
        for account in self._by.get(("native_id", person.native_id.casefold()), ()):
            other = _differ(account.attributes.get("name"), person.attributes.get("name"))
            sure = "native_id" in ways and not other
            _add(found, account, "native_id" if sure else "other_name" if other else "native_id_alone", sure=sure)
        for mark, way in _WAYS.items():
            value = (person.attributes.get(mark) or "").casefold()
            for account in self._by.get((mark, value), ()) if value else ():
                sure = way in ways and _same(account.attributes.get("name"), person.attributes.get("name"))
                _add(found, account, way if sure else f"{mark}_alone", sure=sure)
        return found


def _mark(account: Account, mark: str) -> str:
    return (account.native_id if mark == "native_id" else account.attributes.get(mark) or "").casefold()


def _add(found: dict[str, _Fit], account: Account, way: str, *, sure: bool) -> None:
    fit = found.get(account.native_id, _Fit())
    found[account.native_id] = _Fit((*fit.strong, way), fit.weak) if sure else _Fit(fit.strong, (*fit.weak, way))


def _claims(found: Mapping[str, Mapping[str, _Fit]]) -> dict[str, int]:
    """How many people have a way to each account that suffices."""
    counts: dict[str, int] = {}
    for fits in found.values():
        for native_id, fit in fits.items():
            counts[native_id] = counts.get(native_id, 0) + bool(fit.strong)
    return counts


def _judged(person: Candidate, fits: Mapping[str, _Fit], claims: Mapping[str, int]) -> Match:
    if not fits:
        return Match("would_create", None, person.person_id)
    strong = [native_id for native_id, fit in fits.items() if fit.strong]
    if len(strong) == 1 and claims[strong[0]] == 1:
        return Match("linked", strong[0], person.person_id, fits[strong[0]].strong)
    reasons = ["several_accounts"] if len(fits) > 1 else []
    reasons += ["several_people"] if any(claims[native_id] > 1 for native_id in strong) else []
    ways = [way for fit in fits.values() for way in (*fit.strong, *fit.weak)]
    return Match("ambiguous", ",".join(sorted(fits)), person.person_id, tuple(dict.fromkeys((*reasons, *ways))))


def _as_stated(person_id: str, native_id: str, stated: Mapping[str, str], listed: Mapping[str, str]) -> Match:
    twice = sum(other.casefold() == native_id.casefold() for other in stated.values()) > 1
    there = listed.get(native_id.casefold())
    if twice or there is None:
        return Match("ambiguous", native_id, person_id, ("map", "several_people" if twice else "no_free_account"))
    return Match("linked", there, person_id, ("map",))


def _same(one: str | None, other: str | None) -> bool:
    return bool(one) and bool(other) and (one or "").casefold() == (other or "").casefold()


def _differ(one: str | None, other: str | None) -> bool:
    return bool(one) and bool(other) and not _same(one, other)


def match_departments(
    wanted: Sequence[Wanted],
    links: Mapping[str, str],
    shown: Sequence[NativeDepartment],
    top: str,
    fitting: Callable[[str], str],
) -> Iterator[Match]:
    """Departments by name under a parent that is matched itself; `wanted` stands parents before children."""
    native = {d.native_id for d in shown}
    met = {there for there in links.values() if there in native}
    place: dict[str | None, str | None] = {None: top, **{d: n for d, n in links.items() if n in native}}
    for department in wanted:
        if department.department_id in place:
            continue
        above = place.get(department.parent)
        below = [d for d in shown if above is not None and d.parent == above and d.native_id not in met]
        fits = [d for d in below if _fits(d, department, fitting)]
        place[department.department_id] = fits[0].native_id if len(fits) == 1 else None
        if len(fits) == 1:
            met.add(fits[0].native_id)
            yield Match("linked", fits[0].native_id, by=("name",), department_id=department.department_id)
        elif fits:
            ids = ",".join(d.native_id for d in fits)
            yield Match("ambiguous", ids, by=("several_departments",), department_id=department.department_id)
        else:
            yield Match("would_create", None, department_id=department.department_id)
    rest = (d for d in _under(shown, top) if d.native_id not in met)
    yield from (Match("unmatched", d.native_id, by=("department",)) for d in rest)


def _fits(there: NativeDepartment, department: Wanted, fitting: Callable[[str], str]) -> bool:
    return there.mark == department.department_id or there.name == fitting(department.name)


def _under(shown: Sequence[NativeDepartment], top: str) -> list[NativeDepartment]:
    """Everything under the top; parents stand before children."""
    inside, found = {top}, list[NativeDepartment]()
    for department in shown:
        if department.parent in inside:
            inside.add(department.native_id)
            found.append(department)
    return found
