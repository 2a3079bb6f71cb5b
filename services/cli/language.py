"""Which language we speak: `--lang`, else TENURE_LANG, else the locale. Chosen once, before anything is said."""

import os
import sys
from collections.abc import Mapping, Sequence

LANGUAGES = ("en", "zh")


def chosen(arguments: Sequence[str], environment: Mapping[str, str]) -> str:
    """Click reads `--lang` too late: its help texts exist by then."""
    for index, argument in enumerate(arguments):
        name, _, value = argument.partition("=")
        if name == "--lang":
            given = value or (arguments[index + 1] if index + 1 < len(arguments) else "")
            if given in LANGUAGES:
                return given
    named = (environment.get(name) for name in ("TENURE_LANG", "LC_ALL", "LC_MESSAGES", "LANG"))
    first = next((value for value in named if value), "")
    return "zh" if first.lower().startswith("zh") else "en"


LANGUAGE = chosen(sys.argv[1:], os.environ)
