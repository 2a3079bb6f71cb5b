"""Messages nobody could read: looking at one, sending it again (corrected), or letting it go."""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from services.provisioner.operators.errors import OperatorError
from services.provisioner.store.port import Message, Quarantined, Store

LARGEST = 2**63 - 1
"""The largest number the store knows: no message has one above it."""


@dataclass(frozen=True, slots=True)
class Quarantine:
    """The bytes stay in `hr.quarantine` and in the store; what is sent again is a new record of its old topic."""

    store: Store

    async def listed(self) -> list[dict[str, Any]]:
        return [_line(row) for row in await self.store.quarantined()]

    async def show(self, event_no: int) -> dict[str, Any]:
        """One message with its bytes: as text where they are UTF-8, else in base64."""
        row = await self._one(event_no)
        try:
            body: dict[str, Any] = {"text": row.raw.decode()}
        except UnicodeDecodeError:
            body = {"base64": base64.b64encode(row.raw).decode()}
        headers = {name: value.decode(errors="replace") for name, value in row.headers}
        return {**_line(row), **body, "headers": headers}

    async def dismiss(self, event_no: int, by: str, reason: str) -> dict[str, Any]:
        return await self._close(event_no, f"dismissed by {by}: {reason}")

    async def resend(self, event_no: int, by: str, data: dict[str, Any] | None) -> dict[str, Any]:
        """Publish it again with `data` in place of its value; the old one is superseded."""
        row = await self._one(event_no)
        value = json.dumps(data, ensure_ascii=False, sort_keys=True).encode() if data is not None else row.raw
        key = _header(row.headers, "ce_subject") or _header(row.headers, "ce_id") or str(event_no)
        try:
            headers = tuple((name, value_.decode().encode()) for name, value_ in row.headers)
        except UnicodeDecodeError:
            raise OperatorError("its headers are no text: dismiss it and send the event anew") from None
        async with self.store.intake() as tx:
            await tx.publish([Message(row.topic, key, value, headers)])
        return await self._close(event_no, f"resent by {by}")

    async def _one(self, event_no: int) -> Quarantined:
        rows: Sequence[Quarantined] = await self.store.quarantined(event_no) if event_no <= LARGEST else ()
        if not rows:
            raise OperatorError(f"no message {event_no} is in quarantine; `tenure quarantine list` shows them")
        return rows[0]

    async def _close(self, event_no: int, reason: str) -> dict[str, Any]:
        if event_no > LARGEST or not await self.store.close_quarantined(event_no, reason):
            raise OperatorError(f"no message {event_no} is in quarantine; `tenure quarantine list` shows them")
        return {"event_no": event_no, "state": "superseded", "reason": reason}


def _header(headers: Sequence[tuple[str, bytes]], name: str) -> str | None:
    return next((value.decode(errors="replace") for key, value in headers if key == name), None)


def _line(row: Quarantined) -> dict[str, Any]:
    return {
        "event_no": row.event_no,
        "topic": row.topic,
        "partition": row.partition,
        "offset": row.offset,
        "reason": row.reason,
        "accepted_at": row.accepted_at.isoformat(),
        "bytes": len(row.raw),
    }
