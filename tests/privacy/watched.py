"""Whatever an installation of the tests writes is scanned when it ends: nobody's data, no secret, whatever was tested.

Its logs and its store's, what its services show last, and what they refused, for the people of the events that it was
sent and for its own secrets; and where it sends them the traces, to the last one. The sandbox stands for platforms,
which are given names and mobiles to keep.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
from scanner import Marks, Scanner, anybodys_mobile

from services.cli.installation import SERVICES, Installation

SHOWN = ("/metrics", "/healthz", "/readyz")
FIELDS = {"mobile": "mobiles", "telephone": "mobiles", "personal_email": "emails", "email": "emails",
          "birth_date": "births"}  # fmt: skip
"""Field of an event → kind of mark. Shorter values than `SHORTEST` say nothing about anybody."""
SHORTEST = 8


class Heard:
    """Fills while the installation runs."""

    def __init__(self) -> None:
        self.marks: dict[str, set[str]] = {"mobiles": set(), "emails": set(), "births": set()}
        self.refused: dict[str, str] = {}
        self.secrets: dict[str, str] = {}

    def sent(self, events: Iterable[Mapping[str, Any]]) -> None:
        for event in events:
            for name, value in _fields(event):
                if name in FIELDS and isinstance(value, str) and len(value) >= SHORTEST:
                    self.marks[FIELDS[name]].add(value)

    def answered(self, what: str, answer: httpx.Response) -> None:
        if not answer.is_success:
            self.refused[f"{answer.status_code} to {what} {len(self.refused)}"] = answer.text

    def scan(self, places: Mapping[str, str]) -> None:
        """AssertionError names marks by their ends."""
        secrets = {f"secret {name}": value for name, value in self.secrets.items()}
        marks = Marks(*(tuple(sorted(self.marks[kind])) for kind in ("mobiles", "emails", "births")), secrets=secrets)
        leaks = [str(leak) for leak in Scanner(marks).scan(places)]
        logs = {place: text for place, text in places.items() if place.endswith(".log")}
        leaks += [
            f"a mobile …{found[-4:]} in {place}" for place, text in logs.items() for found in anybodys_mobile(text)
        ]
        assert not leaks, f"personal data or secrets where none may be: {leaks[:20]}"


@contextmanager
def watched(installation: Installation) -> Iterator[Heard]:
    """Scan at the end of the block, unless it failed for another reason."""
    heard = Heard()
    yield heard
    data, ready = installation.options.data, installation.ready
    heard.secrets |= secrets_of(data, ready)
    heard.scan(written(data, ready) | heard.refused)


def written(data: Path, ready: Mapping[str, Any]) -> dict[str, str]:
    """Every log but the sandbox's, and what each service that still answers shows."""
    logs = {log.name: log for log in (data / "logs").iterdir() if log.name != "sandbox.log"}
    store = {"postgres.log": data / "postgres" / "log"}
    found = {name: log.read_text(errors="replace") for name, log in (logs | store).items() if log.exists()}
    with httpx.Client(timeout=30, trust_env=False) as http:
        for service in SERVICES:
            for path in SHOWN:
                with suppress(httpx.TransportError):  # a test may have killed it
                    found[f"{service} {path}"] = http.get(ready[service] + path).text
    return found


def secrets_of(data: Path, ready: Mapping[str, Any]) -> dict[str, str]:
    """Made by `tenure up` for what was not set, and shown to its operator."""
    made: dict[str, str] = json.loads((data / "secrets.json").read_text())
    return made | {name: ready[name] for name in ("operator_token", "signing_secret")}


def _fields(value: Any) -> Iterator[tuple[str, Any]]:
    """(name, value) of every field, however deep."""
    match value:
        case dict():
            for name, inner in value.items():
                yield name, inner
                yield from _fields(inner)
        case list():
            for inner in value:
                yield from _fields(inner)
