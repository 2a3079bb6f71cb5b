"""The policy file as it is written: every key of every section. What the values mean together is `load`'s business."""

from datetime import timedelta
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints

from services.kit.sources import Duration, SourceConfig
from services.provisioner.model import Mode

Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$")]
"""A name given in this file: letters, digits, dash and underscore, at most 64."""
Condition = Annotated[
    str, Field(min_length=1, description='A condition in CEL, such as assignment.job_function == "sales".')
]
FieldPath = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*(\.[A-Za-z0-9_]+)*$")]
"""A field of the HR contract, such as person.display_name, or one below extra."""
Entitlement = Annotated[str, StringConstraints(min_length=1, max_length=128)]
Share = Annotated[str, StringConstraints(pattern=r"^\d{1,3}(\.\d+)?%$")]


class Section(BaseModel):
    """Part of the file. Unknown keys are refused: a misspelt wish must not be lost quietly."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, use_attribute_docstrings=True)


WorkerId = Annotated[str, StringConstraints(pattern=r"^.+/[^/]+$")]
"""A worker by `id_space/worker_id`."""
Property = Literal["customers", "customer_groups", "work"]
"""What a leaver can own on a platform."""


class TargetSection(Section):
    """One platform. The keys beside these (addresses, secrets) are those of its type."""

    model_config = ConfigDict(extra="allow")

    type: str
    """The kind of platform, such as wecom or dingtalk."""
    mode: Mode = "observe"
    """observe reads and plans, adopt also links accounts that exist, only enforce writes."""
    enforce_for: Condition | None = None
    """With mode enforce: whom it is for; everybody else is only observed."""
    invite: Literal["on_first_day", "never"] = "on_first_day"
    """Whether people are invited to the platform when their account opens."""
    close_by: dict[Literal["leave", "stop", "absence"], Literal["suspend", "strip", "remove"]] = Field(
        default_factory=dict
    )
    """How access ends in each case, where not the platform's usual way."""
    hand_over: tuple[Property, ...] | None = None
    """What of a leaver is handed over here, where not all that `leavers.hand_over` names and the platform can."""


class AttributeSection(Section):
    value: FieldPath
    write: Literal["always", "on_create"] = "always"
    """on_create writes it when the account is made and never afterwards."""


class AccountSection(Section):
    """Who has an account on the target, and what stands in it."""

    for_: Condition | None = Field(default=None, alias="for")
    """Who has an account there; without it everybody employed. Losing it is a leave on that target."""
    requires: Condition | None = None
    """What must be known before an account is made."""
    match: tuple[Literal["native_id", "mobile_and_name", "email_and_name"], ...] = ("native_id",)
    """How an account that is there already is recognised as somebody's."""
    username: str | None = None
    """A template such as {family.pinyin}{given.initials}; without it the worker id."""
    prepare: Duration | None = None
    """How long before the first day the account is made, suspended."""
    attributes: dict[str, FieldPath | AttributeSection] | None = None
    """Attribute of the account: the field that it shows. Without it only the name, from person.display_name."""


class DepartmentSection(Section):
    manage: Literal["none", "link", "full"] = "none"
    """none: everybody sits in `under`. link: those that exist are used. full: ours are made and kept as HR says."""
    under: Annotated[str, StringConstraints(pattern="^/")] = "/"
    """The department of the platform under which ours are, by its names from the top, such as /Group/Shanghai."""


class BirthrightSection(Section):
    when: Condition | None = None
    """Whom it concerns; without it everybody."""
    grants: dict[Name, tuple[Entitlement, ...]] = Field(default_factory=dict)
    """Target: what is given there."""
    deny: dict[Name, tuple[Entitlement, ...]] = Field(default_factory=dict)
    """Target: what is refused there, whoever grants it."""
    keep_after_move: Duration = timedelta(0)
    """How long it stays after the condition stopped holding, for handing over."""


class HandOver(Section):
    to: tuple[Literal["successor", "manager"] | WorkerId, ...] = Field(min_length=1)
    """Who takes over: the first with an open account. The leave names a successor; a worker is `id_space/worker_id`."""
    what: tuple[Property, ...] = Field(min_length=1)
    """What is handed over where the platform can; elsewhere it is residue."""


class Leavers(Section):
    """What becomes of a leaver's account."""

    suspend: Literal["at_once"] = "at_once"
    end_sessions: bool = False
    """A wish: no platform here can end sessions, so what remains is named as residue."""
    hand_over: HandOver | None = None
    delete_after: Duration | None = None


class Drift(Section):
    closed_by_others: Literal["hold", "repair", "report"] = "hold"
    reopened_by_others: Literal["close", "hold", "report"] = "close"
    field_of_ours: Literal["repair", "hold", "report"] = "repair"
    unknown_account: Literal["report", "hold"] = "report"
    """An account that is nobody's: report names it in a sweep, hold also tells people; nothing touches it."""


class Exceptions(Section):
    longest: Duration
    ends_on: tuple[Literal["move", "leave"], ...] = ()


class Guard(Section):
    """A mass change that is held: more people than this in the window."""

    steps: tuple[Literal["close", "delete", "create", "resume", "rename", "move", "revoke"], ...] = Field(min_length=1)
    within: Duration | None = None
    more_than: Share | Annotated[int, Field(ge=0)]
    and_at_least: Annotated[int, Field(ge=1)] | None = None
    people: Annotated[int, Field(ge=1)] = 1
    """How many operators must release it."""


class ItNotice(Section):
    """Where the IT team is told."""

    channel: Literal["wecom", "dingtalk", "webhook"]
    """wecom and dingtalk send through the target of that type; webhook posts a signed message."""
    to: tuple[str, ...] = ()
    """Native ids of those who are told (wecom, dingtalk)."""
    url: str | None = None
    secret: SecretStr | None = None
    """The webhook's signing key."""


class ManagerNotice(Section):
    channels: tuple[Literal["wecom", "dingtalk"], ...] = ("wecom", "dingtalk")
    """The first on which the manager has an open account is used."""


class Notify(Section):
    """Who is told when an HR event is confirmed."""

    it: ItNotice | None = None
    manager: ManagerNotice | None = None
    locale: Literal["zh-CN", "en"] = "zh-CN"
    """The language where the person's own is not known."""


class File(Section):
    """tenure.yaml: which HR systems are heard, which platforms served, and who has what there."""

    sources: dict[Name, SourceConfig] = Field(default_factory=dict)
    targets: dict[Name, TargetSection] = Field(default_factory=dict)
    accounts: dict[Name, AccountSection] = Field(default_factory=dict)
    departments: dict[Name, DepartmentSection] = Field(default_factory=dict)
    birthright: dict[Name, BirthrightSection] = Field(default_factory=dict)
    entitlements: dict[str, Literal["additive", "exclusive"]] = Field(default_factory=dict)
    employment_ends: dict[str, Literal["close", "inbox", "ignore"]] = Field(default_factory=dict)
    """What the end of an employment of a type does by itself; `*` is every other type. Default: nothing."""
    absences: dict[str, Literal["close", "keep"]] = Field(default_factory=dict)
    """What an absence of a kind does to access; `*` is every other kind. Default: suspension closes, the rest keep."""
    leavers: Leavers = Leavers()
    drift: Drift = Drift()
    exceptions: Exceptions | None = None
    protected: tuple[str, ...] = ()
    """Persons, or workers as `id_space/worker_id`: every closing of theirs waits in the inbox for a person's word."""
    guards: tuple[Guard, ...] = ()
    notify: Notify = Notify()


def known_keys(path: tuple[str | int, ...]) -> tuple[str, ...]:
    """The keys that may stand in the mapping at that path; empty where any may or the place is unknown."""
    annotation: Any = File
    for part in path:
        annotation = next((found for inner in _alternatives(annotation) if (found := _below(inner, part))), None)
    for inner in _alternatives(annotation):
        if _is_model(inner):
            return tuple(field.alias or name for name, field in inner.model_fields.items())
    return ()


def _below(annotation: Any, part: str | int) -> Any:  # noqa: ANN401 - annotations
    if _is_model(annotation):
        fields = annotation.model_fields.items()
        return next((field.annotation for name, field in fields if part == (field.alias or name)), None)
    arguments = get_args(annotation)
    return arguments[1 if get_origin(annotation) is dict else 0] if arguments else None


def _alternatives(annotation: Any) -> tuple[Any, ...]:  # noqa: ANN401 - annotations
    return get_args(annotation) if get_origin(annotation) in (Union, UnionType) else (annotation,)


def _is_model(annotation: Any) -> bool:  # noqa: ANN401 - annotations
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)
