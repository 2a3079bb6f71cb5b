"""Errors of the notifier, named by who acts next.

What platforms refuse is in `services.platforms.errors`, wrong configuration is `services.kit.errors.UsageError`;
an outcome that nobody can read is a value (`read.Unreadable`), since nothing may stop for it.
"""

from services.kit.database import DatabaseGoneError


class StoreGoneError(DatabaseGoneError):
    """Nobody: the database is gone or too busy. Whether the transaction under way took hold is unknown; repeat it.

    The ids of records and messages make repeating safe.
    """
