"""What is wrong in a policy file, where, and what to do about it."""

from collections.abc import Iterable
from typing import NamedTuple

Path = tuple[str | int, ...]
"""The keys and list positions that lead to a place in the file."""


def dotted(path: Path) -> str:
    return ".".join(map(str, path))


class Problem(NamedTuple):
    """`line` and `column` count from 1; `path` is dotted. `text` names keys and placeholders, never a secret."""

    line: int
    column: int
    path: str
    text: str

    def __str__(self) -> str:
        return (
            f"{self.line}:{self.column}: {self.path}: {self.text}"
            if self.path
            else f"{self.line}:{self.column}: {self.text}"
        )


class PolicyError(ValueError):
    """The policy cannot be used; `problems` has every reason at once, in the order of the file."""

    def __init__(self, problems: Iterable[Problem], name: str = "tenure.yaml") -> None:
        self.problems = tuple(sorted(problems))
        self.name = name
        super().__init__("\n".join(f"{name}:{problem}" for problem in self.problems))
