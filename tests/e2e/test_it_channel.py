"""What waits for a person reaches the IT team's channel, signed, with the command to type."""

import pytest
from listener import listening
from staff import departments
from standardwebhooks.webhooks import Webhook
from world import POLICY, SPEEDY, running, until

pytestmark = pytest.mark.timeout(180)
SECRET = "whsec_dGhlIElUIGNoYW5uZWwncyBvd24gc2VjcmV0"


@pytest.fixture
def channel():
    """Its address, and what came."""
    got = []

    def take(asked):
        got.append(Webhook(SECRET).verify(asked.body, dict(asked.headers.items())))
        return 204, b""

    with listening(take) as address:
        yield f"{address}/hook", got


def test_the_it_team_is_told_once_with_the_command(channel, tmp_path):
    url, got = channel
    policy = tmp_path / "policy.yaml"
    notify = f'\nnotify:\n  it: {{channel: webhook, url: "{url}", secret: "{SECRET}"}}\n'
    policy.write_text(POLICY.read_text() + notify)
    with running(policy, env={**SPEEDY, "TENURE_ATTENTION_EVERY": "0.3"}) as world:
        world.send(departments())
        world.settle()
        assert world.order("/v1/pause", {"target": "wecom", "reason": "maintenance"}).status_code == 200
        until(
            lambda: [one for one in got if one["type"] == "tenure.attention.raised.v1"], 60, "the message about a pause"
        )
        assert world.order("/v1/continue", {"target": "wecom"}).status_code == 200
        (told,) = [one["data"] for one in got if one["type"] == "tenure.attention.raised.v1"]
    assert (told["kind"], told["count"], told["matters"][0]["target"]) == ("paused", 1, "wecom")
    assert "→ tenure continue wecom" in told["text"]
