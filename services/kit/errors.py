"""Errors of the plumbing.

KitError
├── UsageError              who starts us: wrong use or configuration; one line, exit status 2
├── PublishError            the sender: the broker did not acknowledge; the record may still be stored later
├── UnreachableError        nobody: Kafka or the database is not there; the service ends and is started again
├── DatabaseGoneError       nobody: the database does not answer; what waits tries again (services/kit/database.py)
├── UnsafeSubscriberError   a developer: a subscriber could lose events silently
├── BrokenConsumerError     a developer: a batch could not be taken in; the service ends and reads it again
├── EndedTaskError          nobody: a task of a library ended; the service ends with it and is started again
├── ReopenError             nobody: the service is to be opened again, with what has changed meanwhile
└── EmbeddedError           who starts us: an embedded part did not start
"""


class KitError(Exception):
    """Something of the plumbing failed. Messages carry names and codes, never a secret or personal data."""


class UsageError(KitError):
    """Wrong use or wrong configuration: said in one line, exit status 2."""


class PublishError(KitError):
    """The broker did not acknowledge in time. That is no proof of absence: "failed" sends may be stored later."""


class UnreachableError(KitError):
    """Something we need to start with cannot be reached."""


class UnsafeSubscriberError(KitError):
    """A subscriber without explicit manual acknowledgement: an exception or a stop would drop events."""


class BrokenConsumerError(KitError):
    """A handler raised: nothing behind that batch may be committed."""

    def __init__(self, topic: str) -> None:
        super().__init__(f"a batch of {topic} could not be taken in; see the log before this line")


class EndedTaskError(KitError):
    """A task that only a restart brings back."""

    def __init__(self, task: str) -> None:
        super().__init__(f"{task} has ended by itself; see the log before this line")


class ReopenError(KitError):
    """No failure: a loop asks for the service to be closed and opened again."""


class EmbeddedError(KitError):
    """The embedded broker or database did not start, with what it said last."""
