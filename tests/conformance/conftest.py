"""One suite for every connector. WeCom is spoken to under all three generations of its documentation."""

import pytest
from subjects import OfMemory, of_dingtalk, of_wecom

from sandbox.serve import running

PROFILES = ("2021", "2023", "2026")


@pytest.fixture(scope="session")
def sandbox():
    """An address per profile, each started when first asked for."""
    running_now = {}
    started = {}

    def of(profile):
        if profile not in started:
            config = {
                "wecom": {"profile": profile, "quota_scale": 1000.0, "app_sees_private_fields": profile != "2026"},
                "dingtalk": {"scale": 1000.0},
            }
            running_now[profile] = running(config)
            started[profile] = running_now[profile].__enter__()
        return started[profile]

    yield of
    for context in running_now.values():
        context.__exit__(None, None, None)


@pytest.fixture(params=["memory", *(f"wecom-{profile}" for profile in PROFILES), "dingtalk"])
async def subject(request, sandbox):
    kind, _, profile = request.param.partition("-")
    match kind:
        case "memory":
            subject = OfMemory.opened()
        case "wecom":
            subject = of_wecom(sandbox(profile), profile)
        case _:
            subject = of_dingtalk(sandbox("2026"))
    yield subject
    await subject.connector.close()
    await subject.with_wrong_secret().close()


@pytest.fixture
def connector(subject):
    return subject.connector
