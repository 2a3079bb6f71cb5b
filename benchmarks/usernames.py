"""User names for 100,000 Chinese names, none given twice, beside the bare transliteration of the same names.

Names are drawn about as they are in China: a few families are very common. The registry is a set that keeps the rule
of the one in PostgreSQL: the first candidate whose folded form nobody ever had. A person asks with as many candidates
as a pass does, and whoever gets none would wait in the inbox.
"""

import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from pypinyin import lazy_pinyin

from benchmarks.events import FAMILIES, GIVENS
from benchmarks.figures import Figure, Goal
from contracts.hr import Person
from services.provisioner.act.reconcile import NAMES_AT_ONCE
from services.provisioner.model import PersonState
from services.provisioner.policy.usernames import candidates

TEMPLATES = ("{family.pinyin}{given.initials}", "{family.pinyin}{given.pinyin}")
COMMON = (7.1, 7.0, 6.7, 5.1, 4.6, 3.1)
"""Per cent of the people in each of the first families."""
AT = datetime(2026, 6, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Given:
    """Seconds, how many people had a name at the end, how many names there were, and how many were tried."""

    seconds: float
    named: int
    different: int
    tried: int


def measure(*, quick: bool) -> list[Figure]:
    people = drawn(2_000 if quick else 100_000)
    begun = time.perf_counter()
    for family, given in people:
        lazy_pinyin(family + given)
    bare = len(people) / (time.perf_counter() - begun)
    return [figure for template in TEMPLATES for figure in _figures(template, people, bare)]


def _figures(template: str, people: Sequence[tuple[str, str]], bare: float) -> list[Figure]:
    given = _give(template, people)
    if given.named != given.different:
        raise RuntimeError(f"{given.named - given.different} people have another's name")
    return [
        Figure(f"names given a second, `{template}`", len(people) / given.seconds, "1/s", "pinyin alone", bare),
        Figure(f"people without a name, `{template}`", len(people) - given.named, "", f"of {len(people):,}", None,
               Goal(0, better="less")),
        Figure(f"candidates tried a name, `{template}`", given.tried / len(people), "", "none taken", 1),
    ]  # fmt: skip


def drawn(count: int) -> list[tuple[str, str]]:
    """Five families have a third of the people; given names of two characters, five in six, or of one."""
    chance = random.Random(1)
    shares = [*COMMON, *(2.2 / (1 + 0.06 * rank) for rank in range(len(FAMILIES) - len(COMMON)))]
    families = chance.choices(FAMILIES, shares, k=count)
    return [(family, "".join(chance.choices(GIVENS, k=chance.choice((1, 2, 2, 2, 2, 2))))) for family in families]


def _give(template: str, people: Sequence[tuple[str, str]]) -> Given:
    taken: set[str] = set()
    begun, named, tried = time.perf_counter(), 0, 0
    for number, (family, given) in enumerate(people):
        found = _tries(template, _state(number, family, given))
        for name in found:
            tried += 1
            if name not in taken:
                taken.add(name)
                named += 1
                break
    return Given(time.perf_counter() - begun, named, len(taken), tried)


def _tries(template: str, state: PersonState) -> Iterator[str]:
    """What a pass tries, in rounds of more and more candidates until one is free."""
    return (name.casefold() for many in NAMES_AT_ONCE for name in candidates(template, state, many))


def _state(number: int, family: str, given: str) -> PersonState:
    person = Person(family_name=family, given_name=given, display_name=family + given)
    return PersonState(f"p{number}", AT, "Asia/Shanghai", active=True, person=person)
