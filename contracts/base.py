"""What every model of the contract has in common."""

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

MAX_TEXT = 256
MAX_ID = 128


class Frozen(BaseModel):
    """A value of the contract. Unknown fields are dropped, so that a newer sender does not break an older reader."""

    model_config = ConfigDict(frozen=True, extra="ignore")


def _printable(value: str) -> str:
    if any(ord(c) < 0x20 or ord(c) == 0x7F or 0xD800 <= ord(c) <= 0xDFFF for c in value):  # noqa: PLR2004 - ASCII
        msg = "holds a control character"
        raise ValueError(msg)
    return value


Text = Annotated[str, StringConstraints(min_length=1, max_length=MAX_TEXT), AfterValidator(_printable)]
"""A name or a word from HR: 1 to 256 characters, no control characters; data, never interpreted."""

Id = Annotated[str, StringConstraints(min_length=1, max_length=MAX_ID, strip_whitespace=False), AfterValidator(_printable)]
"""An identifier: 1 to 128 characters, compared as it is."""

Extra = Annotated[dict[str, Any], Field(default_factory=dict)]
