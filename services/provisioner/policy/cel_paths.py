"""What a checked CEL expression reads, taken from its serialised form (`cel.expr.CheckedExpr`).

The checker does not know the fields of maps, so that a misspelt field would be silently unknown for ever.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

COMPARISONS = frozenset({"_<_", "_<=_", "_>_", "_>=_", "_==_", "_!=_"})

# Field numbers of cel/expr/checked.proto and cel/expr/syntax.proto.
_ANY_VALUE, _CHECKED_EXPR, _CHECKED_SOURCE, _SOURCE_POSITIONS = 2, 4, 5, 4
_ID, _CONST, _IDENT, _SELECT, _CALL, _LIST, _STRUCT, _COMPREHENSION = 2, 3, 4, 5, 6, 7, 8, 9
_CONST_STRING, _SELECT_OPERAND, _SELECT_FIELD = 6, 1, 2
_CALL_TARGET, _CALL_FUNCTION, _CALL_ARGS = 1, 2, 3
_LIST_ELEMENTS, _STRUCT_ENTRIES, _ENTRY_KEY, _ENTRY_VALUE = 1, 2, 3, 4
_COMPREHENSION_PARTS = (2, 4, 5, 6, 7)

Fields = dict[int, list[bytes | int]]


@dataclass(frozen=True, slots=True)
class Read:
    """A variable or a field of one; `offset` in characters of the expression. `compared`: a side of a comparison."""

    path: tuple[str, ...]
    offset: int
    compared: bool = False
    computed: bool = False
    """The field's name is computed, so that nobody can say which field it is."""


@dataclass(slots=True)
class Reads:
    found: list[Read] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    """Every text constant."""


def reads(serialized: bytes) -> Reads:
    checked = _fields(_bytes(_fields(serialized), _ANY_VALUE))
    offsets: dict[int, int] = {}
    for entry in _fields(_bytes(checked, _CHECKED_SOURCE)).get(_SOURCE_POSITIONS, []):
        pair = _fields(entry)
        offsets[_int(pair, 1)] = _int(pair, 2)
    walk = _Walk(offsets, Reads())
    walk.visit(_bytes(checked, _CHECKED_EXPR))
    return walk.reads


@dataclass(slots=True)
class _Walk:
    offsets: dict[int, int]
    reads: Reads

    def visit(self, raw: bytes, *, compared: bool = False) -> None:
        expression = _fields(raw)
        read = self.path(expression)
        if read:
            self.reads.found.append(Read(read.path, read.offset, compared, read.computed))
            if not read.computed:
                return
        if _CONST in expression:
            constant = _fields(_bytes(expression, _CONST))
            self.reads.texts += [text.decode() for text in constant.get(_CONST_STRING, []) if isinstance(text, bytes)]
        comparison = _CALL in expression and _text(_fields(_bytes(expression, _CALL)), _CALL_FUNCTION) in COMPARISONS
        for part in _parts(expression):
            self.visit(part, compared=comparison)

    def path(self, expression: Fields) -> Read | None:
        """`a.b.c` or `a.b["c"]`, if the expression is no more than that."""
        if _IDENT in expression:
            name = _text(_fields(_bytes(expression, _IDENT)), 1)
            return Read((name,), self.offsets.get(_int(expression, _ID), 0))
        if _SELECT in expression:
            select = _fields(_bytes(expression, _SELECT))
            root = self.path(_fields(_bytes(select, _SELECT_OPERAND)))
            return root and Read((*root.path, _text(select, _SELECT_FIELD)), root.offset, computed=root.computed)
        call = _fields(_bytes(expression, _CALL)) if _CALL in expression else {}
        if call and _text(call, _CALL_FUNCTION) == "_[_]":
            holder, index = (_fields(argument) for argument in call[_CALL_ARGS])
            root = self.path(holder)
            name = _text(_fields(_bytes(index, _CONST)), _CONST_STRING) if _CONST in index else ""
            return root and Read(
                (*root.path, name) if name else root.path, root.offset, computed=root.computed or not name
            )
        return None


def _parts(expression: Fields) -> Iterator[bytes]:
    if _SELECT in expression:
        yield _bytes(_fields(_bytes(expression, _SELECT)), _SELECT_OPERAND)
    if _CALL in expression:
        call = _fields(_bytes(expression, _CALL))
        yield from _all(call, _CALL_TARGET, _CALL_ARGS)
    if _LIST in expression:
        yield from _all(_fields(_bytes(expression, _LIST)), _LIST_ELEMENTS)
    if _STRUCT in expression:
        for entry in _all(_fields(_bytes(expression, _STRUCT)), _STRUCT_ENTRIES):
            yield from _all(_fields(entry), _ENTRY_KEY, _ENTRY_VALUE)
    if _COMPREHENSION in expression:
        yield from _all(_fields(_bytes(expression, _COMPREHENSION)), *_COMPREHENSION_PARTS)


def _fields(raw: bytes | int) -> Fields:
    """Protocol buffers' wire format: field number → its values."""
    if isinstance(raw, int):
        raise TypeError("a message was expected")
    found: Fields = {}
    at = 0
    while at < len(raw):
        tag, at = _varint(raw, at)
        number, wire = tag >> 3, tag & 7
        value: bytes | int
        match wire:
            case 0:
                value, at = _varint(raw, at)
            case 2:
                length, at = _varint(raw, at)
                value, at = raw[at : at + length], at + length
            case _:
                length = 8 if wire == 1 else 4
                value, at = raw[at : at + length], at + length
        found.setdefault(number, []).append(value)
    return found


def _varint(raw: bytes, at: int) -> tuple[int, int]:
    result = shift = 0
    while True:
        byte = raw[at]
        at += 1
        result |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:  # noqa: PLR2004 - the top bit says that more follows
            return result, at


def _bytes(fields: Fields, number: int) -> bytes:
    value = fields.get(number, [b""])[0]
    return value if isinstance(value, bytes) else b""


def _all(fields: Fields, *numbers: int) -> Iterator[bytes]:
    for number in numbers:
        yield from (value for value in fields.get(number, []) if isinstance(value, bytes))


def _int(fields: Fields, number: int) -> int:
    value = fields.get(number, [0])[0]
    return value if isinstance(value, int) else 0


def _text(fields: Fields, number: int) -> str:
    return _bytes(fields, number).decode()
