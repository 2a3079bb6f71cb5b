"""DingTalk work notices (asynchronous sending of enterprise session messages, `asyncsend_v2`).

A person gets the same text once a day, days being China's; a repeat is accepted and dropped. The answer is a task,
not a delivery: who is over the daily limit gets nothing, and only `getsendresult` would tell.
"""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from services.notifier.messages import Message
from services.platforms.dingtalk import DingTalk

API = "/topapi/message/corpconversation/asyncsend_v2"
CHINA = ZoneInfo("Asia/Shanghai")
MARGIN = timedelta(minutes=5)


class DingTalkChannel:
    def __init__(self, client: DingTalk, agent_id: int) -> None:
        self._client, self._agent_id = client, agent_id

    async def send(self, message: Message) -> str:
        await self._client.call(API, body(message, self._agent_id))
        return ""

    def dropped_until(self, tried_at: datetime) -> datetime:
        day = tried_at.astimezone(CHINA).replace(hour=0, minute=0, second=0, microsecond=0)
        return day + timedelta(days=1) - MARGIN

    async def close(self) -> None:
        await self._client.close()


def body(message: Message, agent_id: int) -> dict[str, Any]:
    text = {"msgtype": "text", "text": {"content": message.text}}
    return {"agent_id": agent_id, "userid_list": ",".join(message.to), "msg": text}
