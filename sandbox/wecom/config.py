"""What a company of the sandbox looks like at its start."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr

Profile = Literal["2021", "2023", "2026"]


class Scope(BaseModel):
    """Members by department (with those below), by userid, and by tag (name or id)."""

    model_config = ConfigDict(extra="forbid")

    departments: list[int] = []
    users: list[str] = []
    tags: list[str | int] = []


class WeComConfig(BaseModel):
    """Everything has a default: two secrets, the newest profile, no trusted-IP list."""

    model_config = ConfigDict(extra="forbid")

    corp_id: str = "wwsandbox00000001"
    contact_secret: SecretStr = SecretStr("sandbox-contact-secret")
    agent_id: int = 1000002
    app_secret: SecretStr = SecretStr("sandbox-app-secret")
    profile: Profile = "2026"
    """Generation of the documentation: the three contradict each other."""
    quota_scale: float = Field(default=1.0, gt=0)
    """Factor on every call quota."""
    concurrency: int | None = 5
    """Calls of one path under way at once before 45033; None: no gate."""
    latency_seconds: float = Field(default=0.0, ge=0)
    account_cap: int = 100_000
    """Members the company may have; three times as many creations a month."""
    extattr_names: list[str] = ["工号"]
    """Attribute names defined in the console; others vanish silently."""
    creator: str | None = None
    """Userid that cannot be deleted."""
    mail_domain: str | None = None
    """Domain of the mail product; without one ``biz_mail`` is ignored."""
    multi_language: bool = False
    """Whether ``name_en`` has an effect."""
    app_scope: Scope = Scope(departments=[1])
    """可见范围 of the application."""
    app_sees_private_fields: bool = False
    """True for applications made before 2022-06-20; later ones get no mobile, e-mail, gender and the like."""
    customer_contact_scope: Scope = Scope()
    """Who has the customer-contact function."""
    trusted_ips: list[str] | None = None
    """Addresses that may call; None: no list, everybody may."""
    contact_from_new_ip: bool = False
    """True: the contact-sync secret calls from an address unknown until now, and its detail reads get 48009."""
    secret_tries: int = 2000
    """Wrong secrets within an hour before an address is shut out for an hour."""
    lookup_failures: int = 20
    """Failed look-ups by mobile a day that are always free; above, a fifth of the members."""
    visibility_delay_seconds: float = Field(default=0.0, ge=0)
    """How long a new department cannot be used and a new member is not listed."""
    joins_on_invite: bool = False
    """Whether an invitation makes the member join at once."""
    member_messages: tuple[int, int] = (30, 1000)
    """Messages of one application to one member a minute and an hour; more are dropped silently."""
