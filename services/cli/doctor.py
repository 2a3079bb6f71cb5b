"""`tenure doctor`: what is wrong with this set-up, and the next step for each."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import httpx

from services.cli import checks
from services.cli.checks import Finding, fine
from services.cli.client import Api
from services.cli.command import Command, Common, by_name, common
from services.cli.errors import AnswerError, CommandError
from services.cli.files import read_object, read_text
from services.cli.messages import t
from services.cli.running import find, read
from services.cli.up import policy_file, policy_version

if TYPE_CHECKING:
    from services.provisioner.policy.load import Policy

MARKS = {"ok": "✓", "note": "·", "problem": "✗"}


@click.command("doctor", cls=Command, key="doctor")
@click.option("--probe/--no-probe", default=True, show_default=True, help=t("option.probe"))
@common
def doctor(shared: Common, *, probe: bool) -> None:
    problems = 0
    for finding in look(shared, probe=probe):
        problems += finding.level == "problem"
        click.echo(checks.as_json(finding) if shared.json else words(finding))
    if problems:
        raise AnswerError(t("error.doctor", n=problems))


def words(finding: Finding) -> str:
    line = f"{MARKS[finding.level]} {finding.check} {finding.subject}: {finding.detail}"
    return f"{line}\n    → {finding.next}" if finding.next else line


def look(shared: Common, *, probe: bool) -> Iterator[Finding]:
    """Every check that can be made from here, the policy file first."""
    said = read(shared.data) or {}
    yield from _policy(shared, said, probe=probe)
    if not shared.url:
        yield _operators(shared)
    yield from _services(shared, said)
    yield from checks.of_disk(shared.data)
    environment = _environment(shared)
    yield from _collected(_parts(environment, said))


def _environment(shared: Common) -> Mapping[str, str]:
    """Ours, and the secrets that `tenure up` made for what we do not set."""
    from services.kit.settings import Environment

    path = shared.data / "secrets.json"
    made: dict[str, str] = read_object(path) if path.exists() else {}
    return Environment({**made, **os.environ})


def _policy(shared: Common, said: Mapping[str, Any], *, probe: bool) -> Iterator[Finding]:
    from services.provisioner.connectors.registry import KINDS
    from services.provisioner.policy.load import PolicyError, load

    file = _file(shared, said)
    try:
        policy = load(read_text(file), KINDS, name=file.name)
    except FileNotFoundError:
        yield Finding("problem", "policy", str(file), t("doctor.no_file"), "tenure init")
        return
    except PolicyError as exc:
        for problem in exc.problems:
            yield Finding("problem", "policy", file.name, str(problem), t("doctor.next_edit", line=problem.line))
        return
    models, unset = _models(policy, _environment(shared), said)
    yield from checks.of_policy(policy, unset)
    if probe:
        yield from asyncio.run(checks.of_targets(policy, models))


def _models(policy: "Policy", env: Mapping[str, str], said: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Targets as they are spoken to (the stand-ins where they run), or what is not set."""
    from services.provisioner.policy.load import PolicyError, expand

    try:
        models = expand(policy, env)
    except PolicyError as exc:
        return {}, [str(problem) for problem in exc.problems]
    urls = {kind: one["url"] for kind, one in said.get("sandbox", {}).items()}
    kinds = {name: policy.targets[name].type for name in models}
    return {
        name: model.model_copy(update={"base_url": urls[kinds[name]]}) if kinds[name] in urls else model
        for name, model in models.items()
    }, []


def _operators(shared: Common) -> Finding:
    from services.cli.secrets import known_operators

    path = Path(os.environ.get("TENURE_OPERATORS_FILE") or shared.data / "operators.json")
    try:
        known = known_operators(path)
    except (ValueError, KeyError, TypeError):
        return Finding(
            "problem", "operators", str(path), t("error.operators_unreadable", file=path), "tenure operator add"
        )
    if not known:
        return Finding("problem", "operators", str(path), t("doctor.no_operators"), "tenure operator add NAME")
    return fine("operators", str(path), ", ".join(sorted(known)))


def _services(shared: Common, said: Mapping[str, Any]) -> Iterator[Finding]:
    urls = {name: said[name] for name in ("ingest", "provisioner", "notifier") if said.get(name)}
    if shared.url:
        urls = {"provisioner": shared.url.rstrip("/")}
    if not urls:
        yield Finding("note", "installation", str(shared.data), t("doctor.not_running"), "tenure up")
        return
    with httpx.Client(timeout=checks.SECONDS, trust_env=False) as http:
        yield from checks.of_services(urls, http)
    try:
        with Api(find(shared)) as api:
            status = api.get("/v1/status")
    except CommandError as exc:
        yield Finding("problem", "operator_api", urls["provisioner"], str(exc), "tenure operator add NAME")
        return
    yield from checks.of_status(status)
    elsewhere = shared.url and not shared.config and "config" not in said
    file = _file(shared, said)
    if not elsewhere and (version := policy_version(file)):
        yield from checks.of_policy_in_force(version, status.get("policy"), file.name)


def _file(shared: Common, said: Mapping[str, Any]) -> Path:
    """The policy file that is meant: the one named, else that of the running installation."""
    return policy_file(shared) if shared.config or "config" not in said else Path(said["config"])


async def _parts(environment: Mapping[str, str], said: Mapping[str, Any]) -> AsyncIterator[Finding]:
    if dsn := environment.get("TENURE_DATABASE") or said.get("database"):
        async for finding in checks.of_database(dsn):
            yield finding
    if kafka := environment.get("TENURE_KAFKA") or said.get("kafka"):
        embedded = kafka == said.get("kafka") and bool(said.get("embedded_broker"))
        async for finding in checks.of_kafka(kafka, embedded=embedded):
            yield finding


def _collected(findings: AsyncIterator[Finding]) -> list[Finding]:
    async def collect() -> list[Finding]:
        return [finding async for finding in findings]

    return asyncio.run(collect())


COMMANDS = by_name(doctor)
