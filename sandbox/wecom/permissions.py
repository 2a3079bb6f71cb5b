"""Which secret may call what, and from where (pages 90198, 96067, 96255; codes 48002, 48009, 60020)."""

from sandbox.clock import Clock
from sandbox.wecom.errors import WeComError
from sandbox.wecom.model import App

TRUST_DELAY = 60
"""A trusted address is effective a minute after it was entered."""

CONTACT_ONLY = {
    "user/create",
    "user/update",
    "user/delete",
    "user/batchdelete",
    "user/list_id",
    "department/create",
    "department/update",
    "department/delete",
}
AGENT_ONLY = {"message/send", "message/recall"}
CUSTOMER_CONTACT = "externalcontact/"
"""Only applications that may call it do; the contact-sync secret is none."""
DETAIL_READS = {"user/get", "user/list", "user/simplelist", "department/list", "department/get"}


def check_permission(app: App, path: str, *, contact_from_new_ip: bool) -> None:
    agent_only = path in AGENT_ONLY or path.startswith(CUSTOMER_CONTACT)
    if path in CONTACT_ONLY if app.kind == "agent" else agent_only:
        raise WeComError(48002)
    if app.kind == "contact" and contact_from_new_ip and path in DETAIL_READS:
        raise WeComError(48009)


class TrustedIps:
    """No list at all lets everybody in."""

    def __init__(self, ips: list[str] | None, clock: Clock) -> None:
        self._clock = clock
        self._since: dict[str, float] | None = None if ips is None else dict.fromkeys(ips, 0.0)

    def replace(self, ips: list[str]) -> None:
        known = self._since or {}
        self._since = {ip: known.get(ip, self._clock.real() + TRUST_DELAY) for ip in ips}

    def check(self, ip: str) -> None:
        if self._since is not None and self._since.get(ip, float("inf")) > self._clock.real():
            raise WeComError(60020)
