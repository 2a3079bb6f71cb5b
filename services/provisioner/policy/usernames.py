"""User names from people's names, by a template such as `{family.pinyin}{given.initials}`.

Pure and endless: the first candidate that nobody on the target has, or ever had, is the person's for ever.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from hashlib import sha256
from itertools import count, islice

from anyascii import anyascii
from pypinyin import lazy_pinyin

from services.provisioner.model import PersonState
from services.provisioner.policy.names import HAN, display_name, family_and_given, readings

MAX_LENGTH = 64
PLACEHOLDERS = frozenset(
    f"{who}.{how}" for who in ("family", "given", "display") for how in ("pinyin", "initials", "ascii")
)
PLACEHOLDERS |= {"worker_id"}

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_RUN = re.compile(f"(?:{HAN.pattern})+|[^{HAN.pattern[1:-1]}]+")
_REST = re.compile(r"[a-z0-9_.@-]*")


def template_problem(template: str) -> str | None:
    """What is wrong with a template, or None."""
    for name in _PLACEHOLDER.findall(template):
        if name not in PLACEHOLDERS:
            return f"unknown placeholder {{{name}}}; known are {', '.join(sorted(PLACEHOLDERS))}"
    rest = _PLACEHOLDER.sub("", template)
    if not _REST.fullmatch(rest.replace("@", "")) or "@" in rest:
        return "between placeholders only a-z, 0-9, dot, dash and underscore may stand"
    return None if _PLACEHOLDER.search(template) else "a template needs a placeholder, such as {family.pinyin}"


def candidates(template: str | None, state: PersonState, limit: int) -> tuple[str, ...]:
    """The first `limit` candidates: base, base2, base3 …, each 1 to 64 characters, beginning with a letter or digit.

    With a template of `[a-z0-9_.-]`. Without one, or where the name gives nothing, the worker id in `[A-Za-z0-9_.-]`.
    """
    return tuple(islice(endless(template, state), limit))


def endless(template: str | None, state: PersonState) -> Iterator[str]:
    return numbered((_filled(template, state) if template else "") or _from_worker_id(state))


def numbered(base: str) -> Iterator[str]:
    """The base itself, then base2, base3 and so on."""
    yield base
    for number in count(2):
        yield base[: MAX_LENGTH - len(str(number))] + str(number)


def _filled(template: str, state: PersonState) -> str:
    names = dict(zip(("family", "given"), family_and_given(state.person), strict=True))
    names["display"] = display_name(state.person) or ""

    def value(found: re.Match[str]) -> str:
        who, _, how = found[1].partition(".")
        if who == "worker_id":
            return _worker_id(state)
        if how == "ascii":
            return anyascii(names[who])
        syllables = _display_syllables(state) if who == "display" else _syllables(names[who], surname=who == "family")
        return "".join(syllable[:1] if how == "initials" else syllable for syllable in syllables)

    return _cleaned(_PLACEHOLDER.sub(value, template).lower())


def _display_syllables(state: PersonState) -> tuple[str, ...]:
    name = display_name(state.person) or ""
    family, given = family_and_given(state.person)
    if HAN.match(name) and name == family + given:
        return _syllables(family, surname=True) + _syllables(given)
    return _syllables(name)


@lru_cache(maxsize=20_000)  # names are common, and reading one takes longer than all else about a user name
def _syllables(name: str, *, surname: bool = False) -> tuple[str, ...]:
    """Pinyin of Chinese (ü is v, as people type it), the words of anything else in ASCII."""
    if surname and name in readings():
        return readings()[name]
    found: list[str] = []
    for run in _RUN.findall(name):
        if HAN.match(run):
            known = readings().get(run[:1]) if surname else None
            spoken = [*known, *lazy_pinyin(run[1:])] if known else lazy_pinyin(run)
            found += [anyascii(syllable) for syllable in spoken]
        else:
            found += re.split(r"[^A-Za-z0-9]+", anyascii(run).replace("'", ""))
    return tuple(syllable for syllable in found if syllable)


def _from_worker_id(state: PersonState) -> str:
    return _cleaned(_worker_id(state)) or "p" + sha256(state.person_id.encode()).hexdigest()[:10]


def _worker_id(state: PersonState) -> str:
    worker = state.primary or (state.workers[-1] if state.workers else None)
    return anyascii(worker.worker.worker_id) if worker else ""


def _cleaned(text: str) -> str:
    """A platform's user id begins with a letter or digit (WeCom's rule, the strictest that we know)."""
    return re.sub(r"[^A-Za-z0-9_.-]", "", text).lstrip("_.-")[:MAX_LENGTH]
