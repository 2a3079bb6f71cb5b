"""What can be chosen about the stand-in, at start and while it runs."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from sandbox.quotas import Limit

CONTACTS = frozenset(
    {
        "qyapi_base",
        "qyapi_manage_addresslist",
        "qyapi_get_member",
        "qyapi_get_member_by_mobile",
        "qyapi_get_department_member",
        "qyapi_get_department_list",
    }
)
FIELDS = frozenset({"mobile", "state_code", "email", "org_email", "telephone", "work_place", "remark", "hired_date"})


class App(BaseModel):
    """An application's key and secret, and what the organisation's administrator let it do."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    app_key: str
    app_secret: SecretStr
    agent_id: int = 1001
    permissions: frozenset[str] = CONTACTS | {"Contact.Common.Read", "Hrm.Process.ReadWrite"}
    readable_fields: frozenset[str] = FIELDS
    """Personal fields; the others are silently absent from what the app reads."""
    scope: tuple[int, ...] = (1,)
    """Departments (and all below) that the app may touch."""


class Switches(BaseModel):
    """Where the documentation is silent, contradicts itself, or depends on what the organisation bought."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    edition: Literal["standard", "professional"] = "standard"
    """``professional`` has ``terminateAndHandOver`` (Smart HR) and no monthly quota."""
    mobile_in_update: Literal["ignore", "reject"] = "ignore"
    """``ignore`` or ``reject`` (40022): the guide says that a number cannot be changed, not what happens."""
    unknown_user: int | None = None
    """One code for every call about an unknown user; by default 33012, and 60121 for update and getbymobile."""
    mobile_clash_names_user: bool = True
    """Whether 60104 carries the ``userid`` of the holder."""
    plain_gateway_errors: bool = False
    """Answer 40014 and the like in ``errcode`` itself, not inside 88."""
    strings_for_numbers: bool = False
    """Answer as sloppily as the samples of the documentation: numbers and booleans as strings."""
    protected_mobiles: frozenset[str] = frozenset()
    """People who must agree before anyone adds them: 40103 until they accept."""
    extension_fields: frozenset[str] | None = None
    """Custom fields set up in the console; None takes any."""
    corp_mail: bool = False
    """Without it ``org_email`` is silently without effect."""
    position_management: int | None = None
    """The code that update answers to a new title or department once Smart HR manages positions; None: not upgraded."""
    department_members: int = 1000
    department_depth: int = 15
    page_size: int = 100
    month_calls: int = 5000
    platform_busy: bool = False
    """Answer 90002 to everything: the whole platform is over its limit for this API."""
    notices_a_day: int = 500
    notice_people: int = 5000


class Config(Switches):
    """The organisation's part of the sandbox's configuration; every field has a default."""

    corp_id: str = "ding-sandbox"
    app_key: str = "ding-sandbox-app"
    app_secret: SecretStr = SecretStr("ding-sandbox-secret")
    agent_id: int = 1001
    more_apps: tuple[App, ...] = ()
    limits: tuple[Limit, ...] = (Limit(path="*", calls=20, seconds=1),)
    scale: float = Field(default=1.0, gt=0)
    """Multiplies every limit on calls, the ban of an address included."""
    latency: float = Field(default=0.0, ge=0)
    """Seconds that every call takes."""

    def apps(self) -> tuple[App, ...]:
        first = App(app_key=self.app_key, app_secret=self.app_secret, agent_id=self.agent_id)
        return (first, *self.more_apps)
