"""The provisioner's settings."""

from datetime import timedelta
from pathlib import Path
from typing import Self

from pydantic import Field, SecretStr, model_validator

from services.kit.settings import ServiceSettings

MARGIN = 1.0
"""Seconds between the end of the longest call and the end of the lease that it was begun under."""


class Settings(ServiceSettings):
    """Read once in `__main__.py`."""

    database: SecretStr = Field(
        description="PostgreSQL's address, `postgresql://user:password@host:port/name`; the provisioner keeps facts, "
        "queue and books there."
    )
    policy_from_file: bool = Field(
        default=False,
        description="Start with the policy file even where another policy is in force, and put it in force uncounted.",
    )
    operators_file: Path = Field(
        default=Path("operators.json"),
        description="File of operators and the SHA-256 of their tokens; `tenure operator add` writes it.",
    )
    process_name: str = Field(
        default="provisioner",
        description="Name of this replica in leases and as static member of its Kafka group; no two share one.",
    )
    slots: int = Field(
        default=100, ge=2, le=1000, description="Passes at once on each target; a tenth is kept for leaves and stops."
    )
    lease: float = Field(
        default=15.0, ge=2.0, description="Seconds a replica's claims outlive its last heartbeat; longer than any call."
    )
    base_urls: dict[str, str] = Field(
        default_factory=dict,
        description="Addresses in place of the platforms' own, JSON by kind; `tenure up --sandbox` names them.",
    )
    outbox_keep: timedelta = Field(
        default=timedelta(days=3),
        description="How long published records are kept, to fill a new embedded broker again. Days as `P3D`.",
    )
    sweep_every: timedelta = Field(
        default=timedelta(hours=6),
        description="How often each target is read whole and compared, in business time, as `PT6H`; `PT0S`: only when "
        "an operator asks.",
    )
    attention_every: float = Field(
        default=30.0, gt=0,
        description="Seconds between two looks at what waits for a person; what is new is told to the IT channel.",
    )  # fmt: skip
    longest_call: float = Field(
        default=10.0, gt=0, description="Seconds one platform call may take before its outcome counts as unknown."
    )

    @property
    def beat(self) -> float:
        """Seconds between two heartbeats."""
        return self.lease / 5

    @model_validator(mode="after")
    def _lease_outlives_a_call(self) -> Self:
        """A call begins only where it surely ends inside the lease; else none ever would."""
        if self.lease - self.beat <= self.longest_call + MARGIN:
            least = (self.longest_call + MARGIN) * 5 / 4
            raise ValueError(f"lease must be longer than {least:g} s for calls of {self.longest_call:g} s")
        return self
