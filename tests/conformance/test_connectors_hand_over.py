"""What `HandsOver` promises: safe to repeat, and honest about what is on its way."""

import pytest

from services.platforms.errors import NeedsPersonError
from services.provisioner.connectors.base import HandedOver, HandsOver


@pytest.fixture
async def pair(subject, connector):
    """A leaver, locked, and who takes over; both had joined."""
    if not isinstance(connector, HandsOver):
        pytest.skip("the platform hands over in the removal, or not at all")
    leaver, heir = [await subject.made() for _ in range(2)]
    for native_id in (leaver, heir):
        subject.activate(native_id)
    await connector.suspend(leaver)
    return leaver, heir


async def test_who_owns_nothing_needs_nobody(connector, pair):
    for what in connector.hands_over:
        assert await connector.hand_over(pair[0], None, what) == HandedOver()


async def test_what_somebody_owns_needs_somebody_to_take_it(subject, connector, pair):
    for what in connector.hands_over:
        subject.own(pair[0], what, "x1")
        with pytest.raises(NeedsPersonError, match="nobody_to_take_over"):
            await connector.hand_over(pair[0], None, what)


async def test_customers_go_over_in_their_time_and_once(subject, connector, pair):
    leaver, heir = pair
    for number in range(3):
        subject.own(leaver, "customers", f"x{number}")
    for _ in range(2):
        assert (await connector.hand_over(leaver, heir, "customers")).under_way == 3
    subject.a_day_passes()
    assert await connector.hand_over(leaver, heir, "customers") == HandedOver()
    with pytest.raises(NeedsPersonError, match="nobody_to_take_over"):
        await connector.hand_over(heir, None, "customers")


async def test_groups_go_over(subject, connector, pair):
    leaver, heir = pair
    subject.own(leaver, "customer_groups", "g1")
    await connector.hand_over(leaver, heir, "customer_groups")
    subject.a_day_passes()
    assert await connector.hand_over(leaver, heir, "customer_groups") == HandedOver()
    with pytest.raises(NeedsPersonError, match="nobody_to_take_over"):
        await connector.hand_over(heir, None, "customer_groups")
