"""What would become of facts that are only looked at: judged as intake judges them and folded with what is known.

Pure. Facts are grouped by whom they may concern, so that one more fact folds its own group again and nothing else.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, NamedTuple

from contracts import hr
from contracts.decisions import Decision, PersonIdentified
from services.provisioner.facts.departments import departments
from services.provisioner.facts.doubts import MANY, Crowd
from services.provisioner.facts.history import history
from services.provisioner.facts.marks import marks_of, said_of
from services.provisioner.facts.standing import ALREADY_WITHDRAWN, name_of, named_by
from services.provisioner.facts.timeline import Timeline
from services.provisioner.model import Fact, FactKey, Verdict, VerdictKind, WorkerKey
from services.provisioner.policy.desired import desired
from services.provisioner.policy.load import Policy
from services.provisioner.policy.past import Past
from services.provisioner.preview.trees import Asked

Word = Literal["applied", "scheduled", "waiting", "duplicate", "superseded", "withdrawn", "no_effect", "conflict"]
Key = tuple[object, ...]
DEPARTMENTS: Key = ("departments",)
_WORDS: dict[VerdictKind, Word] = {
    VerdictKind.WAITS: "waiting",
    VerdictKind.INBOX: "conflict",
    VerdictKind.NO_EFFECT: "no_effect",
    VerdictKind.SUPERSEDED: "superseded",
    VerdictKind.WITHDRAWN: "withdrawn",
}


class Outcome(NamedTuple):
    outcome: Word
    reason: str | None = None


@dataclass(slots=True)
class Preview:
    """Add what is `known` first, then each new fact; ask what became of it at any time between."""

    policy: Policy
    now: datetime
    decisions: dict[str, list[Decision]] = field(default_factory=dict)
    _identified: dict[WorkerKey, list[PersonIdentified]] = field(default_factory=dict)
    _digests: dict[FactKey, str] = field(default_factory=dict)
    _groups: dict[Key, list[Fact]] = field(default_factory=dict)
    _above: dict[Key, Key] = field(default_factory=dict)
    _marked: dict[str, set[WorkerKey]] = field(default_factory=dict)
    _nobodys: set[str] = field(default_factory=set)
    _tree: Asked | None = None

    def known(self, facts: Iterable[Fact], decisions: Iterable[Decision] = ()) -> None:
        """What is recorded already."""
        for fact in facts:
            self.take(fact)
        for decision in decisions:
            self.decisions.setdefault(decision.person_id, []).append(decision)
            if isinstance(decision, PersonIdentified):
                worker = WorkerKey(decision.id_space, decision.worker_id)
                self._identified.setdefault(worker, []).append(decision)
                self._joined(self._root(("worker", *worker)), self._root(("person", decision.person_id)))

    def take(self, fact: Fact) -> Outcome | None:
        """Record a fact; an outcome at once only where it adds nothing: a repetition, or the same id with other data.

        The first taken stands, as at intake.
        """
        if fact.key in self._digests:
            same = self._digests[fact.key] == fact.digest
            return Outcome("duplicate") if same else Outcome("conflict", "other_data")
        self._digests[fact.key] = fact.digest
        keys = _keys(fact)
        root = self._root(keys[0])
        for key in keys[1:]:
            root = self._joined(root, self._root(key))
        if fact.worker is not None:
            for mark in marks_of(said_of(fact)):
                root = self._alike(mark, fact.worker, root)
        self._groups.setdefault(root, []).append(fact)
        if DEPARTMENTS in keys or isinstance(fact.body, hr.Withdrawn):
            self._tree = None
        return None

    def outcomes(self, facts: Sequence[Fact]) -> Iterator[Outcome]:
        """What becomes of each of these, as things stand; all of them were taken."""
        judged: dict[Key, dict[FactKey, Outcome]] = {}
        for fact in facts:
            root = self._root(_keys(fact)[0])
            if root not in judged:
                judged[root] = self._judged(self._groups[root])
            yield judged[root][fact.key]

    def _judged(self, facts: Sequence[Fact]) -> dict[FactKey, Outcome]:
        grouped, found = history(facts, self._identified_of(facts), self.now), dict[FactKey, Outcome]()
        for fact in grouped.unplaced:
            found[fact.key] = Outcome("waiting", "fact_unknown")
        tree = departments(grouped.departments, self.now)
        for fact in grouped.departments:
            found[fact.key] = self._word(fact, tree.verdicts[fact.key], fact.effective_at)
        crowd = Crowd({who: (own, self.decisions.get(who, ())) for who, own in grouped.persons.items()},
                      self._nobodys)  # fmt: skip
        for person_id, (own, decisions) in crowd.people.items():
            line = crowd.folded(person_id)
            missing = self._missing(line, tuple(decisions))
            for fact in own:
                word = self._word(fact, line.verdicts[fact.key], line.effective_at(fact.key))
                found[fact.key] = missing if missing and word.outcome == "applied" else word
        return found

    def _identified_of(self, facts: Iterable[Fact]) -> list[PersonIdentified]:
        """What was decided of whose the workers in these facts are."""
        workers = {fact.worker for fact in facts if fact.worker is not None}
        return [decision for worker in workers for decision in self._identified.get(worker, ())]

    def _word(self, fact: Fact, verdict: Verdict, effect: datetime) -> Outcome:
        if verdict == ALREADY_WITHDRAWN:
            return Outcome("duplicate", verdict.reason)
        if verdict.kind is not VerdictKind.APPLIES:
            return Outcome(_WORDS[verdict.kind], verdict.reason or None)
        if effect > self.now and not isinstance(fact.body, hr.Withdrawn):
            return Outcome("scheduled", f"until:{effect.isoformat()}")
        return Outcome("applied")

    def _missing(self, line: Timeline, decisions: tuple[Decision, ...]) -> Outcome | None:
        """What an enforcing target lacks before it makes the account; then all that is due waits."""
        state, tree = line.state(self.now), self._departments()
        past = Past(line, lambda _at: tree, decisions)
        for name in self.policy.targets:
            wanted = desired(self.policy, state, tree, name, self.now, past)
            if wanted.access != "closed" and wanted.missing and wanted.mode == "enforce":
                return Outcome("waiting", f"{name}:requires:{wanted.missing[0]}")
        return None

    def _departments(self) -> Asked:
        if self._tree is None:
            facts = history(self._groups.get(self._root(DEPARTMENTS), ())).departments
            self._tree = Asked(departments(facts, self.now))
        return self._tree

    def _alike(self, mark: str, worker: WorkerKey, root: Key) -> Key:
        """With whoever shares the mark, unless so many do that it is nobody's."""
        having = self._marked.setdefault(mark, set())
        having.add(worker)
        if len(having) > MANY:
            self._nobodys.add(mark)
            return root
        for other in having:
            root = self._joined(root, self._root(("worker", *other)))
        return root

    def _root(self, key: Key) -> Key:
        while (above := self._above.get(key, key)) != key:
            key = above
        return key

    def _joined(self, one: Key, other: Key) -> Key:
        """The smaller group goes into the larger."""
        if one == other:
            return one
        small, large = sorted((one, other), key=lambda key: len(self._groups.get(key, ())))
        self._above[small] = large
        self._groups.setdefault(large, []).extend(self._groups.pop(small, ()))
        return large


def _keys(fact: Fact) -> list[Key]:
    """Everything by which a fact can belong to others."""
    found: list[Key] = [("fact", *name_of(fact))]
    if isinstance(fact.body, hr.DepartmentChanged | hr.DepartmentClosed):
        found.append(DEPARTMENTS)
    if fact.worker is not None:
        found.append(("worker", *fact.worker))
        found.append(("person", f"{fact.worker.id_space}/{fact.worker.worker_id}"))
    named = fact.person_id
    if isinstance(fact.body, hr.Linked):
        named = named or fact.body.person_id
    if named:
        found.append(("person", named))
    if (about := named_by(fact)) is not None:
        found.append(("fact", *about))
    return found
