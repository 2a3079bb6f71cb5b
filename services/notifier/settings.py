"""The notifier's settings."""

from datetime import timedelta

from pydantic import Field, SecretStr

from services.kit.settings import ServiceSettings


class Settings(ServiceSettings):
    """Read once in `__main__.py`."""

    database: SecretStr = Field(
        description="PostgreSQL's address, `postgresql://user:password@host:port/name`; the notifier keeps what it has "
        "to publish and to send there."
    )
    process_name: str = Field(
        default="notifier",
        description="Name of this replica in leases and as static member of its Kafka group; no two share one.",
    )
    base_urls: dict[str, str] = Field(
        default_factory=dict,
        description="Addresses in place of the platforms' own, JSON by target name or by kind; `tenure up --sandbox` "
        "points them at the sandbox.",
    )
    outbox_keep: timedelta = Field(
        default=timedelta(days=3),
        description="How long published records are kept to fill a lost broker again, ISO 8601 (`P3D`).",
    )
    seen_keep: timedelta = Field(
        default=timedelta(days=400),
        description="How long outcomes are remembered to drop repeats; longer than `provisioning.outcomes` keeps them.",
    )
    message_seconds: float = Field(
        default=10.0, gt=0, le=30, description="Seconds one call of a message channel may take."
    )
    message_give_up: timedelta = Field(
        default=timedelta(days=3), description="Age at which a message that could not be sent is given up."
    )
