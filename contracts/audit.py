"""Audit records, on `audit.events`: OCSF 1.8 classes inside CloudEvents, by the notifier alone, in one order."""

from typing import Annotated, Any, Literal

from pydantic import Field

from contracts.base import Frozen

SOURCE = "urn:tenure:notifier"
OCSF_VERSION = "1.8.0"

ACCOUNT_CHANGE, USER_ACCESS, GROUP_MANAGEMENT, ENTITY_MANAGEMENT = 3001, 3005, 3006, 3004


class AuditRecord(Frozen):
    """The data of an audit CloudEvent: an OCSF event. `type_uid` is class_uid x 100 + activity_id.

    `unmapped` holds what OCSF has no field for (facts, rule, policy version, plan and step, sequence in the log).
    """

    class_uid: Literal[3001, 3004, 3005, 3006]
    category_uid: Literal[3] = 3
    activity_id: Annotated[int, Field(ge=0, le=99)]
    type_uid: int
    severity_id: Annotated[int, Field(ge=0, le=99)]
    status_id: Annotated[int, Field(ge=0, le=99)]
    status_code: str | None = None
    time: int
    """Milliseconds since 1970."""
    message: str
    metadata: dict[str, Any]
    actor: dict[str, Any]
    user: dict[str, Any] | None = None
    group: dict[str, Any] | None = None
    entity: dict[str, Any] | None = None
    privileges: tuple[str, ...] | None = None
    unmapped: Annotated[dict[str, Any], Field(default_factory=dict)]


AUDIT: dict[str, type[Frozen]] = {"tenure.audit.recorded.v1": AuditRecord}
