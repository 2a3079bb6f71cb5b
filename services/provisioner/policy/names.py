"""How a person is called, put together from what HR gave."""

import re
from functools import cache
from importlib.resources import files

from contracts import hr

HAN = re.compile(r"[\u3007\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U000323af]")

DOTS = re.compile(r"[·•‧∙⋅・･]")
"""What is typed for the dot between the parts of a minority's name (U+00B7 is right): no surname comes first."""


def display_name(person: hr.Person) -> str | None:
    """As HR sent it, else family and given name: joined where either is Chinese, else given name first."""
    if person.display_name:
        return person.display_name
    family, given = person.family_name, person.given_name
    if family and given:
        return family + given if HAN.search(family + given) else f"{given} {family}"
    return family or given


def family_and_given(person: hr.Person) -> tuple[str, str]:
    """Both names; a display name is split if need be, a Chinese one after its surname, another at its last space."""
    if person.family_name or person.given_name:
        return person.family_name or "", person.given_name or ""
    name = (person.display_name or "").strip()
    if HAN.match(name) and not DOTS.search(name):
        compound = len(name) > 2 and len(name) - 2 <= 2 and name[:2] in readings()  # noqa: PLR2004 - characters
        return (name[:2], name[2:]) if compound else (name[:1], name[1:])
    given, _, family = name.rpartition(" ")
    return family, given


@cache
def readings() -> dict[str, tuple[str, ...]]:
    """Surname → its syllables, where the most usual reading of the character is not that of the surname."""
    table: dict[str, tuple[str, ...]] = {}
    for line in files(__package__).joinpath("surnames.tsv").read_text("utf-8").splitlines():
        surname, _, syllables = line.partition("\t")
        if syllables:
            table[surname] = tuple(syllables.split())
    return table
