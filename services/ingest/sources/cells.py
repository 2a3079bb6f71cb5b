"""The text of a spreadsheet's cells as the contract's values. Nothing is evaluated and no zero is lost."""

import re
import unicodedata
from datetime import date, timedelta

EPOCH_1900, EPOCH_1904 = date(1899, 12, 30), date(1904, 1, 1)
"""Day 0 of a workbook's serial dates, as right from March 1900 on (1900 is no leap year, Excel says it is)."""
FIRST_YEAR, LAST_YEAR = 1900, 2200
_INVISIBLE = "\ufeff\u200b\u200e\u200f\u2060"
_DATE = re.compile(
    r"(?P<y>\d{4})(?:(?P<sep>[-/.])(?P<m>\d{1,2})(?P=sep)(?P<d>\d{1,2})|年(?P<m2>\d{1,2})月(?P<d2>\d{1,2})日?)"
    r"(?:[T ]+\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?"
)
_PACKED = re.compile(r"(\d{4})(\d{2})(\d{2})")
_SERIAL = re.compile(r"(\d{5})(?:\.\d+)?")
_EXCEL_ERROR = re.compile(r"#(?:N/A|REF!|VALUE!|NAME\?|DIV/0!|NULL!|NUM!|SPILL!|CALC!)|#{3,}")
_ROUNDED = re.compile(r"\d\.\d+E\+\d+", re.IGNORECASE)


class CellError(ValueError):
    """What is wrong with a cell, in words that never quote it."""


def trimmed(text: str) -> str:
    """Without space of any width around it, and without marks that nobody sees."""
    return text.strip().strip(_INVISIBLE).strip()


def header(text: str) -> str:
    """A column's name as names are compared: width, case and spacing do not count."""
    return " ".join(unicodedata.normalize("NFKC", trimmed(text)).casefold().split())


def checked(text: str) -> str:
    """The text as it stands; raises CellError for what a spreadsheet shows in place of a value that it lost."""
    if _EXCEL_ERROR.fullmatch(text):
        raise CellError("holds an error of the spreadsheet, not a value")
    if _ROUNDED.fullmatch(text):
        raise CellError("was rounded by the spreadsheet (1.38E+10); format the column as text and export again")
    return text


def narrow(text: str) -> str:
    """Full-width digits and signs as the plain ones."""
    return unicodedata.normalize("NFKC", text)


def day(text: str, epoch: date = EPOCH_1900) -> str:
    """A date in its usual writings as `2026-03-01`; a time of day behind it is left out. Raises CellError.

    Taken are 2026-03-01, 2026/3/1, 2026.3.1, 2026年3月1日, 20260301 and a workbook's serial day such as 46082.
    """
    text = trimmed(narrow(text))
    serial = _SERIAL.fullmatch(text)
    found = epoch + timedelta(days=int(serial[1])) if serial else _written(text)
    if not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise CellError(f"must lie between the years {FIRST_YEAR} and {LAST_YEAR}")
    return found.isoformat()


def _written(text: str) -> date:
    if match := _PACKED.fullmatch(text):
        parts = match.groups()
    elif match := _DATE.fullmatch(text):
        parts = (match["y"], match["m"] or match["m2"], match["d"] or match["d2"])
    else:
        raise CellError("is no date with the year first, such as 2026-03-01, 2026/3/1, 2026年3月1日 or 20260301")
    try:
        return date(*map(int, parts))
    except ValueError:
        raise CellError("is a date that does not exist") from None
