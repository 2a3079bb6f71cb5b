"""Errors of the provisioner's operator API, named by who acts next: all of them the caller.

What platforms refuse is in `services.platforms.errors`; what the store refuses in `services.provisioner.store.errors`.
"""

from collections.abc import Sequence


class OperatorError(Exception):
    """The request names something that is not there or not clear. `title` is safe to show."""

    status = 422
    title = "the request cannot be carried out"

    def __init__(self, detail: str, **more: object) -> None:
        super().__init__(detail)
        self.detail, self.more = detail, more


class UnknownPersonError(OperatorError):
    status, title = 404, "nobody has that id"

    def __init__(self) -> None:
        # What was asked for may be a mobile or a name: no error says it again.
        super().__init__("no person, worker or account is called that; `tenure find` searches names too")


class AmbiguousPersonError(OperatorError):
    status, title = 409, "several people have that id"

    def __init__(self, person_ids: Sequence[str]) -> None:
        super().__init__("name one of them by person_id", person_ids=list(person_ids))


class AmbiguousWorkerError(OperatorError):
    status, title = 409, "several workers have that number"

    def __init__(self, workers: Sequence[str]) -> None:
        super().__init__("name one of them with its id space", workers=list(workers))


class UnknownTargetError(OperatorError):
    status, title = 404, "no such target"

    def __init__(self, target: str, known: Sequence[str]) -> None:
        super().__init__(f"{target!r} is not a target; these are: {', '.join(known)}")


class StillRefusedError(OperatorError):
    status, title = 409, "the platform still refuses our secret"

    def __init__(self, api: str, code: str) -> None:
        super().__init__(f"{api} answered {code}: correct the secret or the permission, then `tenure continue` again")


class NothingHeldError(OperatorError):
    status, title = 404, "no guard holds that"

    def __init__(self) -> None:
        super().__init__("`tenure holds list` says what is held, by cause, kind and target")


class NothingToChangeError(OperatorError):
    status, title = 404, "there is nothing to change"
