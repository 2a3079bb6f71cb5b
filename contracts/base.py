"""What every model of the contract has in common."""

import re
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

MAX_TEXT = 256
MAX_ID = 128


class Frozen(BaseModel):
    """A value of the contract. Unknown fields are dropped, so that a newer sender does not break an older reader."""

    model_config = ConfigDict(frozen=True, extra="ignore")


_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
"""Control characters and what else begins a new line somewhere."""


def _one_line(value: str) -> str:
    return _CONTROLS.sub(" ", value)


def printable(value: str) -> str:
    """The value as it is; raises ValueError for control characters."""
    if _CONTROLS.search(value):
        msg = "holds a control character"
        raise ValueError(msg)
    return value


Text = Annotated[str, StringConstraints(min_length=1, max_length=MAX_TEXT), AfterValidator(_one_line)]
"""A name or a word from HR: 1 to 256 characters; data, never interpreted.

Line breaks and other control characters become spaces: in a log line or a header they would forge a second one.
"""

Id = Annotated[str, StringConstraints(min_length=1, max_length=MAX_ID), AfterValidator(printable)]
"""An identifier: 1 to 128 characters, compared as it is."""

Extra = Annotated[dict[str, Any], Field(default_factory=dict)]
