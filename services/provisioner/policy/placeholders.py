"""`${NAME}` and `${NAME:-default}` in the text values of a policy; secrets are never written into the file.

A key whose value comes to nothing (`${NAME:-}`, unset) is as if it were not written.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from services.provisioner.policy.problems import Path

_PLACEHOLDER = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}")

Replace = Callable[[re.Match[str]], str]


class MissingVariableError(KeyError):
    """A placeholder without a default names a variable that is not set."""


def has_placeholder(value: object) -> bool:
    return isinstance(value, str) and _PLACEHOLDER.search(value) is not None


def defaults(value: Any) -> Any:  # noqa: ANN401 - any YAML value
    """The value with every placeholder that has a default replaced by it; the others stay as they are."""
    return _over(value, lambda found: found[2] if found[2] is not None else found[0])


def expand(value: Any, env: Mapping[str, str]) -> Any:  # noqa: ANN401 - any YAML value
    """The value with its placeholders replaced. An empty variable counts as unset, as in a shell's `:-`.

    Raises MissingVariableError.
    """
    return _over(value, lambda found: _value(found, env))


def missing(value: Any, env: Mapping[str, str], path: Path = ()) -> Iterator[tuple[Path, str]]:  # noqa: ANN401 - any YAML value
    """(path, variable) of every placeholder that could not be replaced."""
    if isinstance(value, Mapping):
        for key, below in value.items():
            yield from missing(below, env, (*path, key))
    elif isinstance(value, (list, tuple)):
        for i, below in enumerate(value):
            yield from missing(below, env, (*path, i))
    elif isinstance(value, str):
        for found in _PLACEHOLDER.finditer(value):
            if found[2] is None and not env.get(found[1]):
                yield path, found[1]


def _value(found: re.Match[str], env: Mapping[str, str]) -> str:
    value = env.get(found[1]) or found[2]
    if value is None:
        raise MissingVariableError(found[1])
    return value


def _over(value: Any, replace: Replace) -> Any:  # noqa: ANN401 - any YAML value
    if isinstance(value, Mapping):
        replaced = {key: _over(below, replace) for key, below in value.items()}
        return {key: found for key, found in replaced.items() if found != "" or value[key] == ""}
    if isinstance(value, (list, tuple)):
        return [_over(below, replace) for below in value]
    return _PLACEHOLDER.sub(replace, value) if isinstance(value, str) else value
