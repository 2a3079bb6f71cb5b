"""`tenure.yaml` read, checked as a whole and turned into a Policy. Pure: text in, policy or problems out."""

import json
from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Any, Protocol, TypeVar, runtime_checkable

from pydantic import BaseModel

from services.provisioner.model import Case, Drift, Verb
from services.provisioner.policy.cel import Condition, ConditionError, compile_condition, field_problem
from services.provisioner.policy.check import validate, validate_unexpanded
from services.provisioner.policy.models import AccountSection, AttributeSection, File, TargetSection
from services.provisioner.policy.placeholders import expand as expand_text
from services.provisioner.policy.placeholders import missing
from services.provisioner.policy.problems import Path, PolicyError, Problem
from services.provisioner.policy.rules import ABSENCES, Accounts, Attribute, Birthright, Departments, Policy, Target
from services.provisioner.policy.usernames import template_problem
from services.provisioner.policy.yaml_at import Document, read

__all__ = ["Kind", "Policy", "PolicyError", "expand", "load", "version_of"]

OWN_KEYS = frozenset(TargetSection.model_fields)
NAME = AttributeSection(value="person.display_name")
"""What the attribute `name` shows where an account rule names no attributes."""

M = TypeVar("M", bound=BaseModel)


class Abilities(Protocol):
    """What policy must know of a connector; none of it is a call to the platform."""

    @property
    def fields(self) -> Mapping[str, object]: ...
    @property
    def closing(self) -> Mapping[Case, tuple[Verb, ...]]: ...
    @property
    def can_prepare(self) -> bool: ...
    def refusal(self, entitlement: str) -> str | None: ...


@runtime_checkable
class HandsOver(Protocol):
    @property
    def hands_over(self) -> frozenset[str]: ...


@runtime_checkable
class HandsOverInRemoval(Protocol):
    @property
    def given_in_removal(self) -> frozenset[str]: ...


class Kind(Protocol):
    """A kind of platform; `connectors.registry.KINDS` has them by name."""

    @property
    def config(self) -> type[BaseModel]: ...
    def abilities(self, config: Any) -> Abilities: ...  # noqa: ANN401 - a model of its own `config`


def load(text: str, kinds: Mapping[str, Kind], *, name: str = "tenure.yaml") -> Policy:
    """Read a policy; no secret is needed. Raises PolicyError with all problems at once."""
    document = read(text, name)
    if not isinstance(document.data, dict):
        raise PolicyError([Problem(1, 1, "", "a policy is a mapping: it begins with keys such as targets:")], name)
    file, problems = validate_unexpanded(File, document.data, document)
    if file is None:
        raise PolicyError(problems, name)
    loading = _Loading(document, file, kinds)
    policy = loading.policy(name)
    if loading.problems:
        raise PolicyError(loading.problems, name)
    return policy


def expand(policy: Policy, env: Mapping[str, str]) -> Mapping[str, BaseModel]:
    """The configuration of each target, placeholders replaced from `env`; secrets are SecretStr in it.

    Raises PolicyError naming every variable that is not set and every value that does not fit.
    """
    problems: list[Problem] = []
    found: dict[str, BaseModel] = {}
    for target in policy.targets.values():
        at: Path = ("targets", target.name)
        unset = list(missing(target.config, env))
        for path, name in unset:
            text = f"the variable {name} is not set; set it, or write ${{{name}:-default}}"
            problems.append(policy.document.problem(at + path, text))
        if unset:
            continue
        config, wrong = validate(target.model, expand_text(target.config, env), policy.document, at)
        problems += wrong
        if config is not None:
            found[target.name] = config
    if problems:
        raise PolicyError(problems, policy.name)
    return found


def version_of(data: object) -> str:
    """Twelve hex digits that change with what the file says, not with comments, order of keys or layout."""
    canonical = json.dumps(data, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return sha256(canonical.encode()).hexdigest()[:12]


class _Loading:
    """One file on its way; every check adds to `problems` and goes on."""

    def __init__(self, document: Document, file: File, kinds: Mapping[str, Kind]) -> None:
        self.document, self.file, self.kinds = document, file, kinds
        self.problems: list[Problem] = []
        self.warnings: list[Problem] = []
        self.abilities: dict[str, Abilities] = {}
        """By target; without those whose configuration cannot be read yet."""

    def policy(self, name: str) -> Policy:
        self._check_names()
        self._check_notify()
        file = self.file
        if file.leavers.end_sessions:
            text = "no platform here can end sessions; what remains is named as residue"
            self.warnings.append(self.document.problem(("leavers", "end_sessions"), text, at_key=True))
        targets = {key: made for key, target in file.targets.items() if (made := self._target(key, target))}
        return Policy(
            version=version_of(self.document.data),
            targets=targets,
            accounts={key: self._accounts(key, rule) for key, rule in file.accounts.items()},
            departments={key: self._departments(key) for key in file.targets},
            birthrights=tuple(self._birthright(key) for key in file.birthright),
            sources=file.sources,
            notify=self.file.notify,
            warnings=tuple(sorted(self.warnings)),
            document=self.document,
            name=name,
            absences={**ABSENCES, **file.absences},
            exceptions=file.exceptions,
            exclusive=self._exclusive(),
            employment_ends=file.employment_ends,
            leavers=file.leavers,
            drift=Drift(**file.drift.model_dump()),
            protected=frozenset(file.protected),
            guards=file.guards,
        )

    def _refuse(self, path: Path, text: str, *, at_key: bool = False) -> None:
        self.problems.append(self.document.problem(path, text, at_key=at_key))

    def _check_names(self) -> None:
        targets = self.file.targets
        for path in self._target_names():
            if path[-1] not in targets:
                known = ", ".join(targets) or "none"
                self._refuse(path, f"no target is called {path[-1]}; targets are: {known}", at_key=True)
        for name in targets:
            if name not in self.file.accounts:
                text = f"nothing says who has an account on {name}; add accounts.{name} ({{}} means everybody employed)"
                self._refuse(("targets", name), text, at_key=True)
        urns: dict[str, str] = {}
        for name, source in self.file.sources.items():
            if source.source in urns:
                self._refuse(("sources", name, "source"), f"is the source of {urns[source.source]} already")
            urns.setdefault(source.source, name)

    def _target_names(self) -> Iterator[Path]:
        yield from (("accounts", name) for name in self.file.accounts)
        yield from (("departments", name) for name in self.file.departments)
        for rule, section in self.file.birthright.items():
            yield from (("birthright", rule, "grants", name) for name in section.grants)
            yield from (("birthright", rule, "deny", name) for name in section.deny)

    def _target(self, name: str, section: TargetSection) -> Target | None:
        at: Path = ("targets", name)
        kind = self.kinds.get(section.type)
        if kind is None:
            self._refuse((*at, "type"), f"unknown type {section.type}; known are {', '.join(sorted(self.kinds))}")
            return None
        config = {key: value for key, value in self.document.data["targets"][name].items() if key not in OWN_KEYS}
        read_config, problems = validate_unexpanded(kind.config, config, self.document, at)
        self.problems += problems
        if read_config is not None:
            self.abilities[name] = kind.abilities(read_config)
            self._close_by(name, section)
        return Target(
            name=name,
            type=section.type,
            config=config,
            model=kind.config,
            mode=section.mode,
            enforce_for=self._condition((*at, "enforce_for"), section.enforce_for),
            invite=section.invite == "on_first_day",
            close_by=section.close_by,
            **self._hand_over(name, section),
        )

    def _hand_over(self, name: str, section: TargetSection) -> dict[str, tuple[str, ...]]:
        """What is handed over here, and what stays although policy wishes it everywhere."""
        kind, everywhere = self.abilities.get(name), self.file.leavers.hand_over
        can = kind.hands_over if isinstance(kind, HandsOver) else frozenset[str]()
        can |= kind.given_in_removal if isinstance(kind, HandsOverInRemoval) else frozenset()
        for number, what in enumerate(section.hand_over or ()):
            if what not in can:
                known = f"it can hand over {', '.join(sorted(can))}" if can else "it can hand over nothing"
                self._refuse(("targets", name, "hand_over", number), f"{section.type} has no way to do that; {known}")
        if section.hand_over and everywhere is None:
            text = "says nothing of who takes over; add leavers: {hand_over: {to: [manager], what: [...]}}"
            self._refuse(("targets", name, "hand_over"), text, at_key=True)
        wished = everywhere.what if everywhere else ()
        here = section.hand_over if section.hand_over is not None else wished
        return {"hands_over": tuple(w for w in here if w in can), "keeps": tuple(w for w in wished if w not in can)}

    def _close_by(self, name: str, section: TargetSection) -> None:
        verbs = {verb for way in self.abilities[name].closing.values() for verb in way}
        for case, verb in section.close_by.items():
            path: Path = ("targets", name, "close_by", case)
            if verb not in verbs:
                can = ", ".join(sorted(verbs))
                self._refuse(path, f"{section.type} has no way to {verb} an account; it can {can}")

    def _accounts(self, name: str, rule: AccountSection) -> Accounts:
        at: Path = ("accounts", name)
        kind = self.abilities.get(name)
        if rule.username is not None and (said := template_problem(rule.username)):
            self._refuse((*at, "username"), said)
        if rule.prepare is not None and kind and not kind.can_prepare:
            self._refuse(
                (*at, "prepare"), f"{name} cannot hold an account that nobody can use yet; remove prepare", at_key=True
            )
        return Accounts(
            target=name,
            for_=self._condition((*at, "for"), rule.for_),
            requires=self._condition((*at, "requires"), rule.requires),
            match=rule.match,
            username=rule.username,
            attributes=self._attributes(at, rule, kind),
            prepare=rule.prepare,
        )

    def _attributes(self, at: Path, rule: AccountSection, kind: Abilities | None) -> dict[str, Attribute]:
        written = rule.attributes
        if written is None:
            written = {"name": NAME} if kind is None or "name" in kind.fields else {}
        found: dict[str, Attribute] = {}
        for name, value in written.items():
            path: Path = (*at, "attributes", name)
            if kind is not None and name not in kind.fields:
                self._refuse(
                    path, f"{at[1]} has no attribute {name}; it has {', '.join(sorted(kind.fields))}", at_key=True
                )
            section = value if isinstance(value, AttributeSection) else AttributeSection(value=value)
            fields = tuple(section.value.split("."))
            if said := field_problem(fields):
                self._refuse((*path, "value") if isinstance(value, AttributeSection) else path, said)
            found[name] = Attribute(fields, section.write == "on_create")
        return found

    def _departments(self, name: str) -> Departments:
        section = self.file.departments.get(name)
        return Departments(section.manage, section.under) if section else Departments()

    def _birthright(self, name: str) -> Birthright:
        at: Path = ("birthright", name)
        section = self.file.birthright[name]
        if not section.grants and not section.deny:
            self._refuse(at, "grants nothing; add grants, or remove the rule", at_key=True)
        for way, lists in (("grants", section.grants), ("deny", section.deny)):
            for target, entitlements in lists.items():
                self._entitlements((*at, way, target), entitlements)
        if section.keep_after_move and not (section.when and section.grants):
            text = "keeps what the rule grants once `when` stopped holding; this rule has no " + (
                "grants" if section.when else "`when`"
            )
            self._refuse((*at, "keep_after_move"), text, at_key=True)
        return Birthright(
            name=name,
            when=self._condition((*at, "when"), section.when),
            grants=section.grants,
            deny=section.deny,
            keep=section.keep_after_move,
        )

    def _entitlements(self, at: Path, entitlements: tuple[str, ...]) -> None:
        kind = self.abilities.get(str(at[-1]))
        for i, entitlement in enumerate(entitlements):
            if kind is not None and (said := kind.refusal(entitlement)):
                self._refuse((*at, i), said)

    def _exclusive(self) -> dict[str, frozenset[str]]:
        found: dict[str, frozenset[str]] = {}
        for name, way in self.file.entitlements.items():
            target, _, entitlement = name.partition(":")
            path: Path = ("entitlements", name)
            if target not in self.file.targets or not entitlement:
                self._refuse(path, "must be a target and what it gives, such as wecom:tag:finance", at_key=True)
            elif (kind := self.abilities.get(target)) and (said := kind.refusal(entitlement)):
                self._refuse(path, said, at_key=True)
            elif way == "exclusive":
                found[target] = found.get(target, frozenset()) | {entitlement}
        return found

    def _check_notify(self) -> None:
        it = self.file.notify.it
        if it is None:
            return
        needed = ("url", "secret") if it.channel == "webhook" else ("to",)
        for key in needed:
            if not getattr(it, key):
                self._refuse(("notify", "it"), f"channel {it.channel} needs {key}; add it")
        types = {target.type for target in self.file.targets.values()}
        if it.channel != "webhook" and it.channel not in types:
            self._refuse(("notify", "it", "channel"), f"no target is of type {it.channel}; add one, or use webhook")

    def _condition(self, path: Path, text: str | None) -> Condition | None:
        if text is None:
            return None
        try:
            return compile_condition(text)
        except ConditionError as error:
            for fault in error.faults:
                place = self.document.inside(path, fault.line, fault.column)
                self.problems.append(Problem(*place, ".".join(map(str, path)), fault.text))
            return None
