"""What a plan costs in platform calls, by API: the platform's minimum, as the passes spend it.

A person is read back once after the last step and read first where a verb replaces a whole list; people who are
planned together share the calls on a list. Tokens, and lists read once for everybody, are left out.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil

from services.platforms.quotas import Quota
from services.provisioner.connectors.base import Connector
from services.provisioner.model import Step, Verb

READ = "user/get"
_WRITES: Mapping[Verb, str] = {
    "create": "user/create",
    "update": "user/update", "move": "user/update", "suspend": "user/update", "resume": "user/update",
    "strip": "user/update", "remove": "user/delete", "delete": "user/delete", "invite": "batch/invite",
    "hand_over": "hand_over",
    "create_department": "department/create", "update_department": "department/update",
    "delete_department": "department/delete",
}  # fmt: skip
_LISTS: Mapping[str, Mapping[str, str]] = {
    "wecom": {"grant": "tag/addtagusers", "revoke": "tag/deltagusers", "read": "tag/get"},
    "dingtalk": {"grant": "role/addrolesforemps", "revoke": "role/removerolesforemps", "read": "role/simplelist"},
}
_MEMORY = {"grant": "grant", "revoke": "revoke", "read": "members"}
_NO_CALL = frozenset({("dingtalk", "invite")})
"""DingTalk invites by itself when the account is made."""


@dataclass(slots=True)
class Cost:
    """The calls on one target of type `kind`."""

    kind: str
    connector: Connector
    calls: Counter[str] = field(default_factory=Counter)
    _on_lists: Counter[tuple[str, str]] = field(default_factory=Counter)

    def person(self, steps: Sequence[Step]) -> None:
        """Count what these steps for one person, together one pass, take."""
        verbs = [step.verb for step in steps]
        if not verbs:
            return
        self.calls[READ] += 1 + any(verb in self.connector.reads_first for verb in verbs)
        for step in steps:
            if step.verb in ("grant", "revoke"):
                self._on_lists[step.verb, step.entitlement or ""] += 1
            elif (self.kind, step.verb) not in _NO_CALL:
                self.calls[_WRITES[step.verb]] += 1

    def department(self, verb: Verb) -> None:
        self.calls[_WRITES[verb]] += 1

    def total(self) -> dict[str, int]:
        """Calls by API; on a list as many as it takes when everybody shares them."""
        names, found = _LISTS.get(self.kind, _MEMORY), Counter(self.calls)
        for (verb, _), people in self._on_lists.items():
            found[names[verb]] += ceil(people / self.connector.per_call)
        if not self.connector.shows_grants:
            found[names["read"]] += sum(ceil(n / self.connector.per_call) for n in self._on_lists.values())
        return dict(sorted((+found).items()))

    def seconds(self, quota: Quota) -> float:
        """How long the busiest API takes at 95 % of its quota."""
        return max((count * quota.gap(api) for api, count in self.total().items()), default=0.0)
