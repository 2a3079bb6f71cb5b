"""Our own words in both languages; `texts/` has them, each key once: (English, Chinese)."""

from services.cli.language import LANGUAGE, LANGUAGES
from services.cli.texts import errors, exceptions, helps, holds, identity, previews, rosters, said, whole

TEXTS: dict[str, tuple[str, str]] = {
    **helps.TEXTS,
    **said.TEXTS,
    **previews.TEXTS,
    **exceptions.TEXTS,
    **holds.TEXTS,
    **identity.TEXTS,
    **rosters.TEXTS,
    **whole.TEXTS,
    **errors.TEXTS,
}


def t(key: str, **values: object) -> str:
    """The text of a key in the language of this process, its `{names}` filled."""
    return in_language(key, LANGUAGE, **values)


def in_language(key: str, language: str, **values: object) -> str:
    text = TEXTS[key][LANGUAGES.index(language)]
    return text.format(**values) if values else text
