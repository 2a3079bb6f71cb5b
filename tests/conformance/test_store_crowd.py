"""20,000 changes due in one second: nobody early, nobody twice, nobody forgotten, leavers first, on both stores."""
# ruff: noqa: F811 - fixtures are imported and then asked for by name

import asyncio
from datetime import timedelta

import pytest
from store_fixtures import (  # noqa: F401 - fixtures
    LEASE,
    NOW,
    WECOM,
    server,
    settle_nothing,
    store,
    subject,
    template,
)

from services.provisioner.store.port import End, Mark

pytestmark = [pytest.mark.usefixtures("subject"), pytest.mark.histories]
MIDNIGHT = NOW + timedelta(days=1)
EVERYDAY, LEAVERS, AT_ONCE = 19_000, 1_000, 500


async def test_twenty_thousand_changes_of_one_second_are_each_done_once(subject):
    people = {f"p{n}": 1 for n in range(EVERYDAY)} | {f"gone{n}": 0 for n in range(LEAVERS)}
    async with subject.store.intake() as tx:
        await tx.mark([Mark(person, lane, MIDNIGHT) for person, lane in people.items()], [WECOM])
    one, other = await subject.store.join("one", LEASE), await subject.other.join("other", LEASE)
    await subject.store.set_clock(MIDNIGHT - timedelta(seconds=1), 0.0)
    assert not [c for lane in (0, 1) for c in await subject.store.claim(one, WECOM, lane, AT_ONCE)]
    await subject.store.set_clock(MIDNIGHT, 0.0)
    done = []
    for lane in (0, 1):
        while claims := [
            (store, process, claim)
            for store, process in ((subject.store, one), (subject.other, other))
            for claim in await store.claim(process, WECOM, lane, AT_ONCE)
        ]:
            end = End(verdict="settled", reached_at=MIDNIGHT)
            ends = (store.finish(claim, process, end, settle_nothing) for store, process, claim in claims)
            assert set(await asyncio.gather(*ends)) == {"done"}
            done += [claim.person_id for _, _, claim in claims]
    assert set(done[:LEAVERS]) == {p for p, lane in people.items() if not lane}
    assert len(done) == len(people)
    assert set(done) == people.keys()
