"""What `tenure up` says once everything runs, and what the sandbox is told before."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from services.cli.errors import UsageError
from services.kit.clock import ClockRow
from services.kit.sources import SourceConfig
from services.kit.sources import expand as expand_text
from services.provisioner.policy.load import Policy, PolicyError, expand

SANDBOXED = ("wecom", "dingtalk")


def sandbox_config(policy: Policy, environment: Mapping[str, str], more: Mapping[str, Any]) -> dict[str, Any]:
    """The companies and secrets that the policy's targets name, and `more` of each platform's own settings."""
    config: dict[str, Any] = {name: dict(more.get(name, {})) for name in SANDBOXED}
    try:
        models = expand(policy, environment)
    except PolicyError as exc:
        raise UsageError(str(exc)) from None
    for name, model in models.items():
        said: Any = model
        match policy.targets[name].type:
            case "wecom":
                config["wecom"] |= {
                    "corp_id": said.corp_id, "contact_secret": said.contact_secret.get_secret_value(),
                    "agent_id": said.app.agent_id, "app_secret": said.app.secret.get_secret_value(),
                }  # fmt: skip
            case "dingtalk":
                config["dingtalk"] |= {
                    "app_key": said.app_key, "app_secret": said.app_secret.get_secret_value(),
                    "agent_id": said.agent_id,
                }  # fmt: skip
            case _:
                pass
    return config


def announcement(
    policy: Policy,
    environment: Mapping[str, str],
    urls: Mapping[str, str],
    *,
    kafka: str,
    database: str,
    token: str,
    config: Path,
    embedded: bool,
    clock: ClockRow | None,
    sandbox: tuple[str, Mapping[str, Any]] | None,
) -> dict[str, Any]:
    """The first line of `tenure up`, and run.json. It holds secrets: the file is for its owner alone."""
    sources = {name: _source(name, one, urls["ingest"], environment) for name, one in policy.sources.items()}
    first = next(iter(sources.values()), {"source": None, "events": None, "signing_secret": None})
    said = {
        "ready": True, "ingest": urls["ingest"], "source": first["source"], "signing_secret": first["signing_secret"],
        "provisioner": urls["provisioner"], "notifier": urls["notifier"], "events": first["events"],
        "operator_token": token, "kafka": kafka, "database": database, "sources": sources, "config": str(config),
        "embedded_broker": embedded,
    }  # fmt: skip
    if sandbox:
        url, companies = sandbox
        said["sandbox"] = {name: {"url": f"{url}/{name}", **companies[name]} for name in SANDBOXED}
    if clock:
        said["clock"] = clock.model_dump(mode="json")
    return said


def _source(name: str, source: SourceConfig, ingest: str, environment: Mapping[str, str]) -> dict[str, Any]:
    secret = source.secrets[0].get_secret_value() if source.secrets else None
    return {
        "source": source.source, "events": f"{ingest}/events/{name}", "auth": source.auth,
        "signing_secret": expand_text(secret, environment, f"sources.{name}"),
    }  # fmt: skip
