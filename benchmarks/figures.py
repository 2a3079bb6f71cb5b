"""A figure, what stands beside it from the same run, and what we want it to be."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Goal:
    """What the figure (or its ratio to the baseline) should reach: at least or at most `bound`."""

    bound: float
    of: Literal["figure", "ratio"] = "figure"
    better: Literal["more", "less"] = "more"

    def met(self, figure: float, ratio: float | None) -> bool:
        """A ratio that could not be had meets nothing."""
        value = figure if self.of == "figure" else ratio
        if value is None:
            return False
        return value >= self.bound if self.better == "more" else value <= self.bound

    def __str__(self) -> str:
        return f"{'ratio ' if self.of == 'ratio' else ''}{'≥' if self.better == 'more' else '≤'} {shown(self.bound)}"


@dataclass(frozen=True, slots=True)
class Figure:
    """`beside` is the baseline's value in the same unit, None where nothing can stand beside it."""

    what: str
    value: float
    unit: str
    baseline: str
    beside: float | None
    goal: Goal | None = None

    @property
    def ratio(self) -> float | None:
        return self.value / self.beside if self.beside else None

    @property
    def verdict(self) -> str:
        """Whether the goal is met; empty where there is none."""
        if self.goal is None:
            return ""
        return "met" if self.goal.met(self.value, self.ratio) else "**not met**"


def to_json(figures: Sequence[Figure]) -> list[dict[str, Any]]:
    return [asdict(figure) for figure in figures]


def from_json(values: Sequence[dict[str, Any]]) -> list[Figure]:
    """The inverse of `to_json`."""
    return [Figure(**{**value, "goal": Goal(**value["goal"]) if value["goal"] else None}) for value in values]


def shown(value: float | None) -> str:
    """Three digits that mean something, thousands apart."""
    if value is None:
        return "–"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"
