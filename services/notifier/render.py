"""A confirmed event as a short text. Pure but for reading our own templates once.

Names are data: a template is filled in one pass, so that nothing in a value is looked at again; line breaks, control
characters and marks that turn the direction of text are taken out, and what a channel gives a meaning is replaced.
The reference stands in every text, since DingTalk drops the second of two equal texts a day.
"""

import json
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from string import Template
from typing import Any
from zoneinfo import ZoneInfo

from contracts.lifecycle import CONFIRMED, Confirmation
from contracts.provisioning import TYPE_OF, AttentionRaised, Done, EventSettled, Matter, TargetResult
from services.notifier.messages import Audience
from services.notifier.notices import ChannelName, Locale

TEMPLATES = Path(__file__).parent / "templates"
MAX_NAME = 64
MAX_COMMAND = 200
MAX_BYTES = 1600
"""Of a text without its reference: WeCom and DingTalk both end at 2048 bytes, DingTalk's wrapping included."""
NAMELESS = "—"

_TURNS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")
_BREAKS = frozenset({"Cc", "Zl", "Zp"})
_LOOKALIKES: Mapping[str, Mapping[int, str]] = {
    # WeCom shows <a href> in a text message as a link (WeCom doc 90236).
    "wecom": str.maketrans({"<": "＜", ">": "＞", "&": "＆"}),
    # DingTalk makes links of markdown and mentions of @ in some clients.
    "dingtalk": str.maketrans({"[": "［", "]": "］", "@": "＠", "<": "＜", ">": "＞", "*": "＊", "`": "｀", "#": "＃"}),
}


def plain(text: str, channel: ChannelName, longest: int = MAX_NAME) -> str:
    """A value that a channel shows as it is, on one line."""
    kept = "".join(
        " " if unicodedata.category(c) in _BREAKS else c
        for c in text
        if c not in _TURNS and unicodedata.category(c) != "Cs"
    )
    line = " ".join(kept.split())
    line = line if len(line) <= longest else line[: longest - 1] + "…"
    return line.translate(_LOOKALIKES.get(channel, {}))


@dataclass(frozen=True, slots=True)
class Renderer:
    """`locale` where the reader's is not known; `zones` of the sources, for their dates."""

    locale: Locale = "zh-CN"
    zones: Mapping[str, ZoneInfo] = field(default_factory=dict)

    def __call__(self, told: EventSettled, audience: Audience, channel: ChannelName, locale: str | None) -> str:
        """The text of a chat message, or the body of a webhook, which holds the text and the confirmation."""
        language = "zh" if (locale or self.locale).lower().startswith("zh") else "en"
        title, text = self._text(told, audience, channel, language)
        if channel != "webhook":
            return f"{title}\n{text}"
        return _payload(told, audience, title, text)

    def alert(self, told: AttentionRaised, reference: str, channel: ChannelName) -> str:
        """What waits for a person, each matter with the command to type."""
        language = "zh" if self.locale.lower().startswith("zh") else "en"
        words = _words(language)
        matters = [_matter(matter, words, channel) for matter in told.matters]
        if told.count > len(matters):
            matters.append(f"{words['labels']['more']}{words['colon']}{told.count - len(matters)} → tenure todo")
        values = {"kind": words["kinds"][told.kind], "count": str(told.count), "matters": "\n".join(matters),
                  "reference": plain(reference, channel)}  # fmt: skip
        title, *body = [Template(line).safe_substitute(values) for line in _lines(f"{language}/attention.txt")]
        text = _clipped("\n".join(body))
        if channel != "webhook":
            return f"{title}\n{text}"
        said = told.model_dump(mode="json", exclude_none=True)
        return _sent(TYPE_OF[AttentionRaised], told.raised_at, {"audience": "it", "title": title, "text": text, **said})

    def _text(self, told: EventSettled, audience: Audience, channel: ChannelName, language: str) -> tuple[str, str]:
        words = _words(language)
        values = {
            "name": plain(told.display_name or "", channel) or NAMELESS,
            "person": plain(told.person_id or "", channel),
            "date": self._date(told),
            "accounts": "\n".join(_account(target, words, channel) for target in told.targets),
            "done": "\n".join(_done(told.targets, words, channel)),
            "notes": "\n".join(_notes(told, words, channel)),
            "reference": _reference(told, channel),
        }
        title, *body, reference = [
            Template(line).safe_substitute(values) for line in _template(language, told, audience)
        ]
        lines = "\n".join(line for part in body for line in part.split("\n") if line)
        return title, f"{_clipped(lines)}\n{reference}"

    def _date(self, told: EventSettled) -> str:
        at = told.effective_at or told.settled_at
        local = at.astimezone(self.zones.get(told.event.source, UTC))
        return local.strftime("%Y-%m-%d" if (local.hour, local.minute) == (0, 0) else "%Y-%m-%d %H:%M")


def _reference(told: EventSettled, channel: ChannelName) -> str:
    revision = f" r{told.event.revision}" if told.event.revision > 1 else ""
    return plain(told.event.id, channel) + revision


def _account(target: TargetResult, words: Mapping[str, Any], channel: ChannelName) -> str:
    native_id = f"{words['open']}{plain(target.native_id, channel)}{words['close']}" if target.native_id else ""
    return f"{_name(target, words)}{native_id}{words['colon']}{words['states'].get(target.state, target.state)}"


def _done(targets: tuple[TargetResult, ...], words: Mapping[str, Any], channel: ChannelName) -> Iterator[str]:
    for target in targets:
        steps = [_step(step, words, channel) for step in target.done]
        if steps:
            label = words["labels"]["done"]
            yield f"{_name(target, words)} {label}{words['colon']}{words['separator'].join(steps)}"


def _step(step: Done, words: Mapping[str, Any], channel: ChannelName) -> str:
    verb = words["verbs"].get(step.verb, step.verb)
    return f"{verb} {plain(step.entitlement, channel)}" if step.entitlement else str(verb)


def _notes(told: EventSettled, words: Mapping[str, Any], channel: ChannelName) -> Iterator[str]:
    for target in told.targets:
        for code in target.residue:
            text = words["residue"].get(code, plain(code, channel))
            yield f"{words['labels']['residue']}{words['colon']}{_name(target, words)}{words['separator']}{text}"
    for due in told.due_later:
        verb = words["verbs"].get(due.verb, due.verb)
        yield f"{words['labels']['later']}{words['colon']}{due.target} {verb} {due.due_at:%Y-%m-%d}"


def _matter(matter: Matter, words: Mapping[str, Any], channel: ChannelName) -> str:
    people = f"{matter.people} {words['labels']['people']}" if matter.people is not None else ""
    about = (matter.target, matter.person_id, people, matter.reason)
    said = words["separator"].join(plain(word, channel) for word in about if word)
    return f"{said}\n→ {plain(matter.next, channel, MAX_COMMAND)}"


def _name(target: TargetResult, words: Mapping[str, Any]) -> str:
    return str(words["platforms"].get(target.platform, target.target))


def _payload(told: EventSettled, audience: Audience, title: str, text: str) -> str:
    shared = {name: getattr(told, name) for name in Confirmation.model_fields}
    confirmation = Confirmation.model_validate(shared).model_dump(mode="json", exclude_none=True)
    data = {"audience": audience, "title": title, "text": text, "confirmation": confirmation}
    return _sent(CONFIRMED, told.settled_at, data)


def _sent(kind: str, at: datetime, data: Mapping[str, Any]) -> str:
    return json.dumps({"type": kind, "timestamp": _iso(at), "data": data}, ensure_ascii=False)


def _iso(at: datetime) -> str:
    return at.astimezone(UTC).isoformat()


def _clipped(text: str) -> str:
    raw = text.encode()
    return text if len(raw) <= MAX_BYTES else raw[:MAX_BYTES].decode(errors="ignore") + "…"


@cache
def _words(language: str) -> Mapping[str, Any]:
    found: dict[str, Any] = json.loads((TEMPLATES / "words.json").read_text(encoding="utf-8"))[language]
    return found


def _template(language: str, told: EventSettled, audience: Audience) -> tuple[str, ...]:
    return _lines(f"{language}/{told.change}.{audience}.txt")


@cache
def _lines(name: str) -> tuple[str, ...]:
    return tuple((TEMPLATES / name).read_text(encoding="utf-8").splitlines())
