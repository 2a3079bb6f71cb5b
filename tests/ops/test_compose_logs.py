"""What the compose run looks for in its containers' logs."""

import pytest
from compose_check import JOBS, SERVICES, logs

FINE = '{"event": "intake.took", "person_id": "urn:hr:acme/W1001", "lag": 3}\n'


@pytest.fixture
def folders(tmp_path):
    written, secrets = tmp_path / "logs", tmp_path / "secrets"
    written.mkdir()
    secrets.mkdir()
    for name in ("kafka", "postgres", "prometheus", *JOBS, *SERVICES):
        (written / f"{name}.log").write_text(FINE)
    (secrets / "operator_token").write_text("k7Jx-secret-token_2026")
    (secrets / "operators.json").write_text(FINE)
    return written, secrets


def test_ids_and_codes_are_fine(folders):
    logs(*map(str, folders))


@pytest.mark.parametrize(
    ("log", "mark"),
    [("kafka", "+8613800001001"), ("ingest-2", "k7Jx-secret-token_2026"), ("ingest", "13700000000")],
    ids=["a mobile of the events", "a secret", "anybody's mobile"],
)
def test_a_mark_in_a_containers_log_fails(folders, log, mark):
    (folders[0] / f"{log}.log").write_text(FINE + mark)
    with pytest.raises(SystemExit, match="where none may be"):
        logs(*map(str, folders))


def test_a_log_that_is_missing_fails(folders):
    (folders[0] / "ingest.log").unlink()
    with pytest.raises(SystemExit, match="logs are missing"):
        logs(*map(str, folders))
