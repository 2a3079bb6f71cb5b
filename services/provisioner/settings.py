"""The provisioner's settings."""

from pathlib import Path

from pydantic import Field, SecretStr

from services.kit.settings import ServiceSettings


class Settings(ServiceSettings):
    """Read once in `__main__.py`."""

    database: SecretStr = Field(
        description="PostgreSQL's address, `postgresql://user:password@host:port/name`; the provisioner keeps facts, "
        "queue and books there."
    )
    operators_file: Path = Field(
        default=Path("operators.json"),
        description="File of operators and the SHA-256 of their tokens; `tenure operator add` writes it.",
    )
    process_name: str = Field(
        default="provisioner", description="Name of this replica in leases and as static member of its Kafka group."
    )
    slots: int = Field(
        default=40, ge=2, le=1000, description="Passes at once on each target; a tenth is kept for leaves and stops."
    )
    lease: float = Field(
        default=15.0, ge=2.0, description="Seconds a replica's claims outlive its last heartbeat; longer than any call."
    )
    base_urls: dict[str, str] = Field(
        default_factory=dict,
        description="Addresses in place of the platforms' own, JSON by kind; `tenure up --sandbox` names the stand-ins.",
    )
    longest_call: float = Field(
        default=10.0, gt=0, description="Seconds one platform call may take before its outcome counts as unknown."
    )
