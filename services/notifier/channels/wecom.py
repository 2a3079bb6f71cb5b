"""WeCom application messages (WeCom doc 90236).

With `enable_duplicate_check` an identical request is accepted and delivered to nobody for up to four hours, so a
message in doubt may be repeated within that time. errcode 0 is not delivery: unknown receivers are only named.
"""

from datetime import datetime, timedelta
from typing import Any

from services.notifier.messages import Message
from services.platforms.wecom import APP, WeCom

API = "message/send"
INTERVAL = timedelta(hours=4)
MARGIN = timedelta(minutes=5)
"""Their clock is not ours."""


class WeComChannel:
    def __init__(self, client: WeCom) -> None:
        self._client = client

    async def send(self, message: Message) -> str:
        answer = await self._client.call(API, body=body(message, self._client.agent_id), token=APP)
        return "not_all_receivers" if answer.get("invaliduser") else ""

    def dropped_until(self, tried_at: datetime) -> datetime:
        return tried_at + INTERVAL - MARGIN

    async def close(self) -> None:
        await self._client.close()


def body(message: Message, agent_id: int) -> dict[str, Any]:
    return {
        "touser": "|".join(message.to),
        "msgtype": "text",
        "agentid": agent_id,
        "text": {"content": message.text},
        "enable_duplicate_check": 1,
        "duplicate_check_interval": int(INTERVAL.total_seconds()),
    }
