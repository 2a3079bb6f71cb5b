"""Secrets that the file names and nobody set: made once, kept in `DIR/secrets.json`, readable by the owner alone."""

import base64
import hashlib
import json
import os
import re
import secrets
from collections.abc import Mapping
from pathlib import Path

from services.cli.files import read_object

_NEEDED = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
"""A placeholder without a default."""

OPERATOR = "TENURE_TOKEN"


def complete(text: str, folder: Path, environment: Mapping[str, str]) -> dict[str, str]:
    """Values for every placeholder of the policy that the environment does not set, and the operator's token."""
    path = folder / "secrets.json"
    kept: dict[str, str] = read_object(path) if path.exists() else {}
    named = {name for name in _NEEDED.findall(text) if not environment.get(name)} | {OPERATOR}
    for name in sorted(named - kept.keys()):
        kept[name] = _made(name)
    write_private(path, json.dumps(kept, indent=1))
    return {name: kept[name] for name in named}


def _made(name: str) -> str:
    if name == OPERATOR:
        return secrets.token_urlsafe(32)
    # Standard Webhooks signs with base64 keys; other secrets only have to be unguessable.
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


def add_operator(path: Path, name: str, token: str) -> None:
    """Write the hash of an operator's token into the operators' file."""
    known = known_operators(path) | {name: hashlib.sha256(token.encode()).hexdigest()}
    write_private(path, json.dumps({"operators": known}, indent=1, sort_keys=True))


def known_operators(path: Path) -> dict[str, str]:
    """Name → hash of the token; empty where there is no file. Raises ValueError, KeyError or TypeError for others."""
    return dict(json.loads(path.read_text(encoding="utf-8"))["operators"]) if path.exists() else {}


def write_private(path: Path, text: str) -> None:
    """Write a file for the owner alone (0600), in one piece."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as out:
        out.write(text)
    part.replace(path)
