"""Opens the channels that the policy file calls for."""

from collections.abc import Callable, Mapping
from datetime import datetime

from pydantic import SecretStr

from services.notifier.channels.base import Channel
from services.notifier.channels.dingtalk import DingTalkChannel
from services.notifier.channels.webhook import WebhookChannel
from services.notifier.channels.wecom import WeComChannel
from services.notifier.notices import DingTalkTarget, Installation, WeComTarget
from services.platforms import dingtalk, wecom
from services.platforms.gate import Gate
from services.platforms.http import Http
from services.platforms.quotas import UNBOUNDED, Quota

WEBHOOK = "webhook"
"""Name in gate and errors of the target that is none of the policy's."""
QUOTAS: Mapping[str, Quota] = {"wecom": wecom.QUOTA, "dingtalk": dingtalk.QUOTA}

Channels = Mapping[str, Channel]
"""By target; a webhook stands under WEBHOOK."""


def quotas(installation: Installation) -> dict[str, Quota]:
    """The limits that the shared gate keeps for these channels."""
    return {name: QUOTAS[kind] for name, kind in installation.kinds.items()} | {WEBHOOK: UNBOUNDED}


def open_channels(
    installation: Installation,
    gate: Gate,
    *,
    now: Callable[[], datetime],
    base_urls: Mapping[str, str] | None = None,
    time_out: float = 10.0,
) -> dict[str, Channel]:
    """`base_urls`, by target or kind, take the place of the addresses in the policy file. The caller closes them."""
    addresses = base_urls or {}
    channels: dict[str, Channel] = {}
    for name, target in installation.targets.items():
        url = addresses.get(name) or addresses.get(target.type) or target.base_url
        channels[name] = _open(target, Http(name, gate, time_out=time_out), url)
    it = installation.notices.it
    if it and it.channel == WEBHOOK and it.url and it.secret:
        channels[WEBHOOK] = WebhookChannel(Http(WEBHOOK, gate, time_out=time_out), it.url, it.secret, now)
    return channels


def _open(target: WeComTarget | DingTalkTarget, http: Http, url: str | None) -> Channel:
    if isinstance(target, WeComTarget):
        # Messages are the application's; the contact secret is not needed and not held here.
        secrets = wecom.Secrets(target.corp_id, SecretStr(""), target.app.agent_id, target.app.secret)
        return WeComChannel(wecom.WeCom(http, secrets, url or wecom.BASE_URL))
    oapi = url or target.oapi_base_url or dingtalk.OAPI
    client = dingtalk.DingTalk(http, target.app_key, target.app_secret, oapi_base_url=oapi)
    return DingTalkChannel(client, target.agent_id)
