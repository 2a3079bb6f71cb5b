"""What a connector is: small protocols by ability. A connector has those its platform has, and one file.

A connector never decides, never retries, never logs: the executor does, once for all. Every verb is safe to repeat:
already so is an outcome (`ALREADY_SO`), gone is success for a revoke or a removal. Everything else that the platform
refuses is raised as an error of `services.platforms.errors`. Every request passes the gate.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal, NamedTuple, Protocol, runtime_checkable

from services.provisioner.model import Account, Case, Verb

Outcome = Literal["done", "already_so"]
DONE: Outcome = "done"
ALREADY_SO: Outcome = "already_so"


@dataclass(frozen=True, slots=True)
class Field:
    """What can be done with one attribute of an account."""

    writable: Literal["always", "before_activation", "never"] = "always"
    readable: Literal["yes", "with_consent", "no"] = "yes"
    clearable: bool = True


@dataclass(frozen=True, slots=True)
class NewAccount:
    """What an account is made with. `departments` and `leads` are native ids; `suspended` prepares without access."""

    native_id: str
    attributes: Mapping[str, str | None]
    departments: tuple[str, ...]
    leads: frozenset[str] = frozenset()
    manager: str | None = None
    suspended: bool = False
    invite: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """What changes of an account, in one call. `attributes` only those that change, null clears.

    `departments` is the whole new list or None to leave it; `leads` counts only together with it.
    """

    attributes: Mapping[str, str | None] = field(default_factory=dict)
    departments: tuple[str, ...] | None = None
    leads: frozenset[str] = frozenset()
    manager: str | None = None


@dataclass(frozen=True, slots=True)
class NativeDepartment:
    """A department as the platform shows it. `order` is None where the platform does not tell."""

    native_id: str
    name: str
    parent: str | None
    order: int | None = None
    leaders: tuple[str, ...] = ()
    mark: str | None = None
    """Our department id, where the platform keeps one for us (DingTalk `source_identifier`)."""


@runtime_checkable
class ManagesAccounts(Protocol):
    """Accounts: made, read, changed, closed.

    `closing` says for each case the verbs that close an account here, in order (`{"leave": ("suspend",)}`), and
    `residue` the words for what that leaves behind. `fields` declares every attribute that policy may name.
    `shows_grants`: a read of the account tells its entitlements (else `members` of each list does).
    `reads_first`: verbs before which the account is read afresh, since an administrator may have written there.
    """

    fields: Mapping[str, Field]
    closing: Mapping[Case, tuple[Verb, ...]]
    residue: Mapping[Case, tuple[str, ...]]
    shows_grants: bool
    can_prepare: bool
    reads_first: frozenset[Verb]

    async def create(self, account: NewAccount) -> str:
        """Make the account and return its native id.

        Raises TakenError (with the holder where known) when id, mobile or e-mail is in use, AwaitsAcceptanceError
        when the person must accept first.
        """
        ...

    async def read(self, native_id: str) -> Account | None:
        """The account as it is now, or None when there is none. A removed account that still shows is REMOVED."""
        ...

    async def update(self, native_id: str, change: Change) -> Outcome: ...

    async def suspend(self, native_id: str) -> Outcome:
        """Lock: nobody gets in any more. Raises NotImplementedError where the platform cannot."""
        ...

    async def resume(self, native_id: str) -> Outcome: ...

    async def strip(self, native_id: str) -> Outcome:
        """Take every grant of ours and every department away; the account stays, in the platform's locked place."""
        ...

    async def remove(self, native_id: str) -> Outcome:
        """Take out of the company. Already gone is ALREADY_SO."""
        ...

    async def delete(self, native_id: str) -> Outcome:
        """Destroy for good."""
        ...

    async def invite(self, native_id: str) -> Outcome: ...

    def accounts(self) -> AsyncIterator[Account]:
        """Every account of the target, page by page."""
        ...


@runtime_checkable
class HoldsEntitlements(Protocol):
    """Lists: tags, roles, groups. An entitlement is named `kind:name`, such as `tag:sales`.

    `per_call` is how many accounts one grant or revoke may name; the executor shares calls among people.
    """

    per_call: int

    def refusal(self, entitlement: str) -> str | None:
        """Why this platform cannot give that entitlement, or None if it can. No I/O: used when policy is loaded."""
        ...

    async def grant(self, entitlement: str, native_ids: Sequence[str]) -> Mapping[str, Outcome]:
        """Give it to each; the list is made if it is missing. Raises NotThereError("account") if one is unknown."""
        ...

    async def revoke(self, entitlement: str, native_ids: Sequence[str]) -> Mapping[str, Outcome]:
        """Take it from each; who does not hold it, is gone, or whose list is gone, is ALREADY_SO."""
        ...

    async def members(self, entitlement: str) -> frozenset[str]:
        """Native ids of everybody who holds it; empty when the list does not exist."""
        ...


@runtime_checkable
class ManagesDepartments(Protocol):
    """The platform's tree of departments. Native ids are text. `root` is the id of the top.

    `leaders_with_departments`: leaders stand at the department (`update_department`), not with the account (`leads`).
    """

    root: str
    leaders_with_departments: bool

    async def departments(self) -> Sequence[NativeDepartment]:
        """The whole tree, parents before children."""
        ...

    async def create_department(self, name: str, parent: str, order: int | None, mark: str) -> str:
        """Make it under `parent` and return its native id; a sibling that carries our `mark` or name is taken."""
        ...

    async def update_department(
        self,
        native_id: str,
        *,
        name: str | None = None,
        parent: str | None = None,
        order: int | None = None,
        leaders: tuple[str, ...] | None = None,
    ) -> Outcome:
        """Rename, move, order, or name the leaders (native account ids; only members of it)."""
        ...

    async def delete_department(self, native_id: str) -> Outcome:
        """Raises NeedsPersonError while it holds people or departments; gone is ALREADY_SO."""
        ...

    def fitting(self, name: str) -> str:
        """The name as this platform takes it: illegal characters become `_`, too long is cut."""
        ...


class HandedOver(NamedTuple):
    """How far a hand-over is: `under_way` go over by themselves and are looked for `after` that long.

    `refused` stay where they are for good: whom they belong to wants it so.
    """

    under_way: int = 0
    refused: int = 0
    after: timedelta = timedelta(days=1)


@runtime_checkable
class HandsOver(Protocol):
    """Gives what a leaver owned to somebody else. `hands_over` are the words for it, such as `customers`.

    `needed_to_hand_over`: entitlements that a leaver keeps until it is done.
    """

    hands_over: frozenset[str]
    needed_to_hand_over: frozenset[str]

    async def hand_over(self, native_id: str, to: str | None, what: str) -> HandedOver:
        """Read what is still the leaver's and hand over what is not on its way; nothing left is HandedOver().

        Raises NeedsPersonError for what cannot be handed over, or when there is something and nobody to take it
        (`to` None); what can was started all the same.
        """
        ...


@runtime_checkable
class HandsOverInRemoval(Protocol):
    """Gives what a leaver owned to somebody else in the call that removes the account: afterwards nobody can.

    `given_in_removal` are the words for it; none where the target is not set up so.
    """

    @property
    def given_in_removal(self) -> frozenset[str]: ...

    async def remove_for(self, native_id: str, to: str | None) -> Outcome:
        """Remove the account, for `to`; for nobody (None) what it owned stays where the platform leaves it."""
        ...


@runtime_checkable
class Probes(Protocol):
    async def probe(self) -> None:
        """One harmless call that proves secret, address and permission; raises what a verb would raise."""
        ...


@runtime_checkable
class NamesResidue(Protocol):
    """Entitlements that can be given and yet not take effect: `may_leave` names them."""

    may_leave: frozenset[str]

    async def residue_of(self, entitlement: str, native_ids: Sequence[str]) -> Mapping[str, str]:
        """For each account in which it has no effect: a word for what is missing."""
        ...


class Connector(ManagesAccounts, HoldsEntitlements, ManagesDepartments, Probes, Protocol):
    """What WeCom, DingTalk and the memory target all have. Start-up refuses a policy that needs more."""


def given_in_removal(connector: object) -> frozenset[str]:
    """What goes to somebody else with the removal of an account there."""
    return connector.given_in_removal if isinstance(connector, HandsOverInRemoval) else frozenset()


def batches(items: Sequence[str], size: int) -> list[Sequence[str]]:
    """As many a call as the platform takes."""
    return [items[start : start + size] for start in range(0, len(items), size)]
