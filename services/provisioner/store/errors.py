"""What the store raises beside mistakes of ours."""

from services.kit.database import DatabaseGoneError


class StoreUnavailableError(DatabaseGoneError):
    """The database is gone, restarting, or too busy. Nothing is lost that was reported done; repeat the call later.

    Whether the call under way took hold is unknown: positions, fences and ids make repeating it safe.
    """
