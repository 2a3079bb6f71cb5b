"""Who takes over what a leaver owned: the first named with an open account, in use before invited."""

from collections.abc import Collection, Iterable

from services.provisioner.model import AccountState, WorkerKey
from services.provisioner.store.port import Questions


async def heir_of(
    heirs: Iterable[str], leaver: str, target: str, store: Questions, refused: Collection[str] = ()
) -> str | None:
    """The native id there; `heirs` are `id_space/worker_id`. Nobody takes over from themselves.

    `refused` are native ids that the platform did not take.
    """
    invited: str | None = None
    for heir in heirs:
        id_space, _, worker_id = heir.rpartition("/")
        person = await store.person_of(WorkerKey(id_space, worker_id))
        if person is None or person == leaver:
            continue
        account = (await store.accounts_of(person)).get(target)
        if account and account.observed.native_id in refused:
            continue
        if account and account.observed.state is AccountState.ACTIVE:
            return account.observed.native_id
        if account and account.observed.state is AccountState.INVITED:
            # Remembered so until the next sweep, though they may have joined since: the platform knows.
            invited = invited or account.observed.native_id
    return invited
