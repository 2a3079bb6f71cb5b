"""Finds marks of given people and secrets of an installation in texts, however they are written.

A mobile counts with and without country code, in groups, in full-width digits; any mark counts also escaped (JSON,
percent) and in base64. A place is what a person would look up: a log's name, an address, a topic with its offset.
"""

import base64
import binascii
import json
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import unquote

_GAPS = re.compile(r"(?<=\d)[\s().\-–]{1,3}(?=\d)")
_ESCAPED = re.compile(r"\\u([0-9a-fA-F]{4})")
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{16,}={0,2}")
_ANY_MOBILE = re.compile(r"(?<![\w.+-])(?:\+?86[ -]?)?1[3-9]\d[ -]?\d{4}[ -]?\d{4}(?![\w.-])")
_COUNTRY = "86"
SHORTEST = 11
"""Digits from which on a number is somebody's, wherever it stands."""


@dataclass(frozen=True, slots=True)
class Leak:
    place: str
    what: str

    def __str__(self) -> str:
        return f"{self.what} in {self.place}"


@dataclass(frozen=True, slots=True)
class Marks:
    """What must not be found. Birth dates are written as HR writes them, 1990-04-17."""

    mobiles: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    births: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    secrets: Mapping[str, str] | None = None
    """By what they are, such as `operator token`; the label is all that is told of a secret that was found."""


class Scanner:
    def __init__(self, marks: Marks) -> None:
        self._needles = dict(_needles(marks))

    def scan(self, places: Mapping[str, str]) -> list[Leak]:
        """Every mark in every place, once."""
        return [Leak(place, what) for place, text in places.items() for what in self.seen(text)]

    def seen(self, text: str) -> list[str]:
        """What a text holds, by its labels."""
        forms = set(_forms(text))
        return sorted(
            what for what, needles in self._needles.items() if any(n in form for n in needles for form in forms)
        )


def anybodys_mobile(text: str) -> list[str]:
    """Whatever looks like a Chinese mobile standing by itself, whoever's it is."""
    return _ANY_MOBILE.findall(text)


def _needles(marks: Marks) -> Iterator[tuple[str, tuple[str, ...]]]:
    for mobile in marks.mobiles:
        digits = re.sub(r"\D", "", mobile)
        yield f"mobile …{digits[-4:]}", (digits.removeprefix(_COUNTRY) if len(digits) > SHORTEST else digits,)
    for email in marks.emails:
        yield f"e-mail {email[:3]}…", (email.casefold(),)
    for day in marks.births:
        yield f"birth date {day[:3]}…", (day, day.replace("-", ""), day.replace("-", "/"))
    for name in marks.names:
        yield f"name {name[:1]}…", (name.casefold(),)
    for what, secret in (marks.secrets or {}).items():
        bare = secret.removeprefix("whsec_")
        yield what, (bare.casefold(), bare.rstrip("=").casefold())


def _forms(text: str) -> Iterator[str]:
    """The text as it stands and as whoever reads it could write it."""
    plain = _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)
    once = unicodedata.normalize("NFKC", unquote(plain)).casefold()
    for form in (once, *map(str.casefold, _inside_base64(text))):
        yield form
        yield _GAPS.sub("", form)


def _inside_base64(text: str) -> Iterable[str]:
    for found in _BASE64.findall(text):
        padded = found.rstrip("=").translate(str.maketrans("-_", "+/"))
        try:
            yield base64.b64decode(padded + "=" * (-len(padded) % 4)).decode()
        except (binascii.Error, UnicodeDecodeError):
            continue


def without(text: str, *fields: str) -> str:
    """A JSON object without the fields where a mark is allowed, to be scanned for what remains."""
    return json.dumps({name: value for name, value in json.loads(text).items() if name not in fields})
