"""Files of rows, CSV and XLSX, as text. Formulas are text, leading zeros stay, nothing is evaluated."""

import codecs
import csv
import re
import warnings
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time
from io import StringIO
from itertools import islice
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError
from zipfile import BadZipFile

from services.cli.errors import UsageError
from services.cli.messages import t
from services.ingest.sources.cells import EPOCH_1900, EPOCH_1904, trimmed
from services.ingest.sources.roster import RosterMap, Row, Table

DELIMITERS = ",;\t|"
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_ZEROS = re.compile(r"0+")
EXACT = 10**15
"""Excel keeps 15 digits of a number; what is longer has lost its last ones."""


def read_table(file: Path, mapping: RosterMap) -> Table:
    """The file as its ending says; raises UsageError where it cannot be read as that."""
    match file.suffix.lower():
        case ".csv":
            return _table(_csv(file, mapping), mapping, EPOCH_1900, file)
        case ".xlsx":
            return _workbook(file, mapping)
    raise UsageError(t("error.roster_kind", file=file))


def _table(rows: Iterable[Row], mapping: RosterMap, epoch: date, file: Path, *, padded: bool = False) -> Table:
    """The names and what is below them; a row without any value is none."""
    told = iter(rows)
    head = next((row for row in told if row.line >= mapping.header), None)
    names = _without_tail(head.cells) if head else ()
    if not names:
        raise UsageError(t("error.roster_header", file=file, line=mapping.header))
    found = [row for row in told if any(map(trimmed, row.cells))]
    if padded:
        missing = ("",) * len(names)
        found = [Row(line, cells + missing[len(cells) :]) for line, cells in found]
    return Table(names, tuple(found), epoch)


def _without_tail(cells: tuple[str, ...]) -> tuple[str, ...]:
    """Without empty cells at the end."""
    count = max((index for index, cell in enumerate(cells, start=1) if trimmed(cell)), default=0)
    return cells[:count]


def _csv(file: Path, mapping: RosterMap) -> Iterator[Row]:
    text = _decoded(file, mapping.encoding)
    head = next(islice(text.splitlines(), mapping.header - 1, None), "")
    delimiter = max(DELIMITERS, key=head.count) if mapping.delimiter == "auto" else mapping.delimiter
    reader = csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True)
    line = 0
    try:
        for cells in reader:
            yield Row(line + 1, tuple(cells))
            line = reader.line_num
    except csv.Error as exc:
        raise UsageError(t("error.roster_csv", file=file, line=line + 1, why=exc)) from None


def _decoded(file: Path, encoding: str) -> str:
    raw = file.read_bytes()
    marked = next((name for bom, name in _BOMS if raw.startswith(bom)), None)
    for name in [marked] if marked else ["utf-8", "gb18030"] if encoding == "auto" else [encoding]:
        try:
            return raw.decode(name)
        except UnicodeDecodeError:
            continue
    raise UsageError(t("error.roster_encoding", file=file, encoding=encoding))


def _workbook(file: Path, mapping: RosterMap) -> Table:
    from openpyxl import load_workbook
    from openpyxl.utils.datetime import CALENDAR_MAC_1904

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of styles and extensions that are not read here
            book = load_workbook(file, read_only=True, data_only=False, keep_links=False)
            try:
                epoch = EPOCH_1904 if book.epoch == CALENDAR_MAC_1904 else EPOCH_1900
                return _table(_cells(book, mapping, file), mapping, epoch, file, padded=True)
            finally:
                book.close()
    except (BadZipFile, KeyError, ValueError, EOFError, OverflowError, ParseError) as exc:
        raise UsageError(t("error.roster_xlsx", file=file, kind=type(exc).__name__)) from None


def _cells(book: Any, mapping: RosterMap, file: Path) -> Iterator[Row]:  # noqa: ANN401 - openpyxl's workbook
    names = [sheet.title for sheet in book.worksheets]
    wanted = mapping.sheet or next(iter(names), None)
    if wanted not in names:
        raise UsageError(t("error.roster_sheet", file=file, sheet=wanted, known=", ".join(names)))
    sheet = book[wanted]
    sheet.reset_dimensions()  # some exporters write a size that is not so, and rows beyond it would be lost
    for line, cells in enumerate(sheet.iter_rows(), start=1):
        yield Row(line, _without_tail(tuple(map(_text, cells))))


def _text(cell: Any) -> str:  # noqa: ANN401 - openpyxl's cell
    """What stands in the cell: a formula as it is written, a whole number without a point, a date in ISO 8601."""
    value = cell.value
    match value:
        case None:
            return ""
        case bool():
            return str(value).upper()
        case int() | float():
            return _number(value, cell.number_format or "")
        case datetime():
            return value.date().isoformat() if value.time() == time.min else value.isoformat(" ")
        case date() | time():
            return value.isoformat()
    return str(getattr(value, "text", value))  # a formula over several cells is an object that has its text


def _number(value: float, shown_as: str) -> str:
    """With the zeros that the cell's format puts before it; a number that lost digits as one that tells so."""
    if abs(value) >= EXACT:
        return f"{float(value):.5E}"
    if value != int(value):
        return str(value)
    zeros = _ZEROS.fullmatch(shown_as)
    return str(int(value)).zfill(len(zeros[0]) if zeros else 0)
