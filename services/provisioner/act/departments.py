"""One pass over a target's departments: the queue row `#departments`.

Parents first, deletions children first; each new department is remembered as ours at once. At the end whoever waits
for a department, or counts in one that changed, is due again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from contracts.provisioning import StepTaken, TargetResult, Verb
from services.platforms import gate
from services.platforms.errors import PlatformError
from services.platforms.gate import GateClosedError
from services.provisioner.act.endings import Ending, ending
from services.provisioner.act.executor import result_of
from services.provisioner.act.target import Target
from services.provisioner.facts.departments import Department, Departments
from services.provisioner.model import Fact, FactKey, Step, WorkerKey
from services.provisioner.plan.books import Books, Judged, message
from services.provisioner.plan.departments import DepartmentStep, Wanted, plan_departments
from services.provisioner.store.port import DEPARTMENTS, Claim, End, Finished, Mark, PersonFile, Store

_WAITS_FOR = "department:"


@dataclass(slots=True)
class DepartmentPass:
    """`tree` is folded at `at`; `file` holds the department facts and their open events."""

    store: Store
    target: Target
    claim: Claim
    process: UUID
    file: PersonFile
    at: datetime
    tree: Departments
    _taken: list[StepTaken] = field(default_factory=list)
    _links: dict[str, str] = field(default_factory=dict)
    _plan_id: int = 0

    async def run(self) -> Finished:
        how = Ending("settled", "")
        if self.target.departments != "none" and self.target.mode == "enforce":
            try:
                how = await self._reconcile()
            except PlatformError as error:
                how = ending(error, self.claim.attempts, self.at)
            except GateClosedError:
                how = Ending("retry", "paused", not_before=1.0)
        books = self._books()
        end = End(
            how.verdict,
            how.reason or None,
            reached_at=self.at,
            next_at=self.tree.next_change,
            not_before=how.not_before,
            result=TargetResult(target=self.target.name, platform=self.target.platform, mode=self.target.mode),
            standing=books.standing,
        )
        finished = await self.store.finish(self.claim, self.process, end, books)
        if how.reason != "paused":
            await self._wake_people()
        return finished

    # ------------------------------------------------------------ the difference

    async def _reconcile(self) -> Ending:
        connector = self.target.connector
        self._links = dict(await self.store.department_links(self.target.name))
        waiting = await self._waited_for()
        shown = await connector.departments()
        wanted = await self._wanted(waiting)
        closed = [d.department_id for d in self.tree.closed()] if self.target.departments == "full" else []
        steps = list(plan_departments(wanted, closed, self._links, shown, await self.target.top(), connector.fitting))
        if steps:
            blocked = await self._carry_out(steps)
            if blocked:
                return blocked
        return self._problem() or Ending("settled", "")

    async def _carry_out(self, steps: Sequence[DepartmentStep]) -> Ending | None:
        plan_id = await self.store.intend(self.claim, self.process, [_step(step, self.target.name) for step in steps])
        if plan_id is None:
            raise GateClosedError
        self._plan_id = plan_id
        blocked: Ending | None = None
        try:
            for step in steps:
                if step.parent and step.parent not in self._links:
                    continue  # what it hangs under was refused
                try:
                    await self._take(step)
                except PlatformError as error:
                    self._tell(step, error)
                    refused = await self._refused(step, error)
                    blocked = refused if blocked is None or refused.verdict == "retry" else blocked
                    if step.verb != "delete_department" and (refused.verdict != "inbox" or refused.pause_target):
                        break
                else:
                    self._tell(step, None)
        finally:
            told = [message(o, f"step/{o.plan_id}/{o.number}", DEPARTMENTS, self.at) for o in self._taken]
            await self.store.record([(plan_id, outcome) for outcome in self._taken], told)
        return blocked

    async def _take(self, step: DepartmentStep) -> None:
        connector, department_id = self.target.connector, step.department_id
        parent = self._links[step.parent] if step.parent else await self.target.top()
        if step.verb == "create_department":
            name = step.name or department_id
            native_id = await connector.create_department(name, parent, step.order, department_id)
            if (
                native_id in self._links.values()
            ):  # the platform answered with a sibling of that name, which is another's
                own = connector.fitting(f"{name} ({department_id})")
                native_id = await connector.create_department(own, parent, step.order, department_id)
            await self.store.link_department(self.target.name, department_id, native_id)
            self._links[department_id] = native_id
        elif step.verb == "update_department":
            await connector.update_department(
                step.native_id or "",
                name=step.name,
                parent=parent if step.moves else None,
                order=step.order,
                leaders=step.leaders,
            )
        else:
            await connector.delete_department(step.native_id or "")
            await self.store.link_department(self.target.name, department_id, None)

    async def _refused(self, step: DepartmentStep, error: PlatformError) -> Ending:
        """A department that still holds people waits for them to move; without a successor somebody decides."""
        if step.verb == "delete_department":
            inside = await self.store.persons_in({step.department_id})
            if self.tree.effective(step.department_id) != step.department_id:
                return Ending("retry", f"not_empty:{step.department_id}", not_before=2.0)
            return Ending("inbox", f"closed_not_empty:{step.department_id}:{','.join(sorted(inside)[:20])}")
        return ending(error, self.claim.attempts, self.at)

    def _problem(self) -> Ending | None:
        if self.tree.problems:
            first = self.tree.problems[0]
            return Ending("inbox", f"{first.reason}:{first.department_id}")
        return None

    # ------------------------------------------------------------ what should be

    async def _waited_for(self) -> list[str]:
        """Departments that somebody was put into before they were announced: they exist under their id."""
        rows = await self.store.waiting()
        reasons = [r.reason or "" for r in rows if r.target == self.target.name and r.verdict == "waiting"]
        named = {reason.removeprefix(_WAITS_FOR) for reason in reasons if reason.startswith(_WAITS_FOR)}
        return sorted(named - self.tree.known.keys())

    async def _wanted(self, unannounced: Sequence[str]) -> list[Wanted]:
        announced = [
            Wanted(
                d.department_id,
                d.name,
                self.tree.parent(d.department_id),
                d.order,
                await self._leaders(d),
            )
            for d in self.tree.open()
        ]
        # Made before a later announcement, kept by its link.
        named = [d for d in self._links if d not in self.tree.known and d not in unannounced]
        return [*announced, *(Wanted(d, self.tree.name(d), None) for d in [*named, *unannounced])]

    async def _leaders(self, department: Department) -> tuple[str, ...] | None:
        """Native ids of those leaders who are in the department already; None where members carry it themselves."""
        native = self._links.get(department.department_id)
        if native is None or not self.target.connector.leaders_with_departments:
            return None
        found, space = [], self.target.space_of(department.leaders_from or "")
        for worker_id in department.leader_ids:
            person_id = await self.store.person_of(WorkerKey(space, worker_id))
            stored = (await self.store.accounts_of(person_id)).get(self.target.name) if person_id else None
            if stored and stored.observed.state.open and native in stored.observed.departments:
                found.append(stored.observed.native_id)
        return tuple(sorted(found))

    # ------------------------------------------------------------ the end

    async def _wake_people(self) -> None:
        changed = {_department_of(fact) for fact in self.file.facts if fact.key in {e.key for e in self.file.events}}
        affected = {below for department_id in changed if department_id for below in self.tree.subtree(department_id)}
        people = set(await self.store.persons_in(affected)) if affected else set()
        for row in await self.store.waiting(100_000):
            if row.target == self.target.name and (row.reason or "").removeprefix(_WAITS_FOR) in self._links:
                people.add(row.person_id)
        people.discard(DEPARTMENTS)
        if people:
            async with self.store.intake() as tx:
                marks = [Mark(person_id, gate.EVERYDAY, self.at) for person_id in sorted(people)]
                await tx.mark(marks, [self.target.name])

    def _books(self) -> Books:
        by_key: Mapping[FactKey, Fact] = {fact.key: fact for fact in self.file.facts}
        judged = {
            key: Judged(verdict, by_key[key].effective_at)
            for key, verdict in self.tree.verdicts.items()
            if key in by_key
        }
        ids = {key: found for key, fact in by_key.items() if (found := _department_of(fact))}
        return Books(self.at, judged, None, department_ids=ids)

    def _tell(self, step: DepartmentStep, error: PlatformError | None) -> None:
        self._taken.append(
            StepTaken(
                plan_id=str(self._plan_id),
                number=len(self._taken),
                person_id=DEPARTMENTS,
                target=self.target.name,
                platform=self.target.platform,
                verb=_verb(step),
                native_id=self._links.get(step.department_id) or step.native_id,
                entitlement=None,
                fields=_fields(step),
                result=result_of(error) if error else "done",
                code=error.code if error else None,
                detail=step.department_id,
                irreversible=step.verb == "delete_department",
                at=self.at,
            )
        )


def _verb(step: DepartmentStep) -> Verb:
    return step.verb


def _fields(step: DepartmentStep) -> tuple[str, ...]:
    named = {"name": step.name, "parent": step.moves or None, "order": step.order, "leaders": step.leaders}
    return tuple(name for name, value in named.items() if value is not None)


def _step(step: DepartmentStep, target: str) -> Step:
    return replace(Step(step.verb, target, step.native_id or ""), entitlement=step.department_id)


def _department_of(fact: Fact) -> str | None:
    found: str | None = getattr(fact.body, "department_id", None)
    return found
