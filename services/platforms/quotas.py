"""Published limits as data: calls per window and API of each platform. The limiter keeps every one of them."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Window:
    """At most `calls` in any `seconds`."""

    calls: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Quota:
    """The limits of one platform: `default` for every API, `apis` where one differs, `in_flight` calls per API."""

    default: tuple[Window, ...]
    apis: dict[str, tuple[Window, ...]] = field(default_factory=dict)
    in_flight: int = 5

    def windows(self, api: str) -> tuple[Window, ...]:
        """All windows that bound this API."""
        return self.apis.get(api, self.default)

    def gap(self, api: str) -> float:
        """Seconds between two starts that keep every window at 95 %; 0 where nothing is bounded."""
        return max((w.seconds / (w.calls * 0.95) for w in self.windows(api)), default=0.0)


UNBOUNDED = Quota(default=(), in_flight=1000)
