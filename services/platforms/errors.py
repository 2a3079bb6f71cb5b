"""What a platform's refusal means, named by who acts next.

PlatformError
├── TryLaterError            nobody: the same call may succeed after `after` seconds
├── OutcomeUnknownError      we: look at the account before anything else is tried
├── NotThereError            we: what the call names does not exist (an account, a department, a list)
├── AwaitsAcceptanceError    the person: an invitation was sent and must be accepted first
└── NeedsPersonError         an operator: the inbox
    ├── TakenError           … the id, mobile or e-mail belongs to another account
    └── CredentialError      … secret, permission or address refused: the target pauses at once

Messages carry codes and ids, never a name, a number, an address or a token.
"""

from typing import Literal


class PlatformError(Exception):
    """A platform did not do what was asked. `code` is its own code, `api` the call, as in its documentation."""

    def __init__(self, code: str, api: str, hint: str = "") -> None:
        super().__init__(f"{api}: {code}" + (f" ({hint})" if hint else ""))
        self.code, self.api, self.hint = code, api, hint


class TryLaterError(PlatformError):
    """Busy, throttled or unreachable, and surely not done. `after`: seconds the platform asks for, if it says."""

    def __init__(self, code: str, api: str, *, after: float | None = None, hint: str = "") -> None:
        super().__init__(code, api, hint)
        self.after = after


class OutcomeUnknownError(PlatformError):
    """The call may or may not have been done: time-out after sending, or an unreadable answer."""


class NotThereError(PlatformError):
    """`what` is missing on the platform."""

    def __init__(self, code: str, api: str, what: Literal["account", "department", "list"]) -> None:
        super().__init__(code, api, what)
        self.what = what


class AwaitsAcceptanceError(PlatformError):
    """The platform invited the person itself; the account exists once they accept."""


class NeedsPersonError(PlatformError):
    """No repetition helps; an operator decides. `hint` is a word for the inbox, such as `department_not_empty`."""


class TakenError(NeedsPersonError):
    """A unique mark is in use. `holder` is the native id of the account that holds it, where the platform says so."""

    def __init__(
        self, code: str, api: str, field: Literal["native_id", "mobile", "email"], holder: str | None = None
    ) -> None:
        super().__init__(code, api, f"{field}_taken")
        self.field, self.holder = field, holder


Refused = Literal["secret", "permission", "address"]
"""What a platform did not accept: who we say we are, what the application may do, or where the call came from."""


class CredentialError(NeedsPersonError):
    """Secret, permission, scope or source address refused: repeating it can get us banned, so the target pauses."""

    def __init__(self, code: str, api: str, hint: str = "", *, refused: Refused = "secret") -> None:
        super().__init__(code, api, hint)
        self.refused = refused
