"""Which policy a process runs: the one in force, by the store; the file's at the very first start, or when told so."""

from contextlib import suppress
from pathlib import Path

import structlog

from services.kit.errors import UsageError
from services.provisioner.connectors.registry import KINDS
from services.provisioner.policy.load import Policy, PolicyError, load
from services.provisioner.settings import Settings
from services.provisioner.store.port import PolicyInForce, Store

log = structlog.get_logger()


async def in_force(settings: Settings, store: Store) -> Policy:
    """The policy that is in force, which at the first start is the file's. Raises UsageError for a faulty one."""
    kept = await store.policy_in_force()
    if kept is None or settings.policy_from_file:
        text = _text(settings.config)
        policy = read_policy(text, settings.config.name)
        kept = await _first(store, PolicyInForce(policy.version, text, looked=True), anew=settings.policy_from_file)
    policy = read_policy(kept.text, settings.config.name)
    _compare(settings.config, kept)
    return policy


async def _first(store: Store, policy: PolicyInForce, *, anew: bool) -> PolicyInForce:
    kept = await store.first_policy(policy)
    if anew and kept.version != policy.version:
        kept = policy._replace(looked=False)
        async with store.intake() as tx:
            await tx.enforce(kept)
    return kept


def _compare(config: Path, kept: PolicyInForce) -> None:
    """Say so where the file is another policy: it changes nothing until it is applied."""
    with suppress(UsageError):
        text = _text(config)
        if text != kept.text and read_policy(text, config.name).version != kept.version:
            log.warning("policy.file_differs", in_force=kept.version, next="tenure policy apply")


def _text(config: Path) -> str:
    try:
        return config.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise UsageError(f"{config} does not exist; `tenure init` writes one") from None


def read_policy(text: str, name: str) -> Policy:
    """A policy file, checked; raises UsageError with every problem, by line and column."""
    try:
        return load(text, KINDS, name=name)
    except PolicyError as exc:
        raise UsageError(str(exc)) from None
