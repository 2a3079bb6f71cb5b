"""What the compose file and the Dockerfile promise, read from them; compose.sh shows that it also runs."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from shipped import ROOT, load

from services.ingest.settings import IngestSettings
from services.kit.settings import ServiceSettings
from services.notifier.settings import Settings as NotifierSettings
from services.provisioner.settings import Settings as ProvisionerSettings

COMPOSE = load(ROOT / "docker-compose.yml")
SERVICES = COMPOSE["services"]
OURS = {"ingest": IngestSettings, "provisioner": ProvisionerSettings, "notifier": NotifierSettings}
CHAT = {"wecom_contact_secret", "wecom_app_secret", "dingtalk_app_secret"}
JOBS = ("migrate", "topics", "tenure")
BIN = Path(sys.executable).parent


def seconds(text):
    return int(re.fullmatch(r"(\d+)s", text)[1])


@pytest.mark.parametrize("name", SERVICES)
def test_no_service_is_root_writes_its_own_files_or_gains_rights(name):
    service = SERVICES[name]
    assert not service["user"].startswith(("0", "root"))
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["mem_limit"]


@pytest.mark.parametrize("name", SERVICES)
def test_what_is_published_listens_on_this_machine_only(name):
    assert all(port.startswith("127.0.0.1:") for port in SERVICES[name].get("ports", ()))


@pytest.mark.parametrize("name", [name for name in SERVICES if name not in JOBS])
def test_what_runs_on_is_looked_at_and_started_again(name):
    assert SERVICES[name]["healthcheck"]["test"][0] == "CMD"
    assert SERVICES[name]["restart"] == "unless-stopped"


@pytest.mark.parametrize("name", OURS)
def test_a_stop_is_given_longer_than_the_service_takes(name):
    assert seconds(SERVICES[name]["stop_grace_period"]) > ServiceSettings.model_fields["grace"].default


@pytest.mark.parametrize("name", OURS)
def test_a_service_starts_after_the_parts_and_jobs_it_needs(name):
    assert SERVICES[name]["depends_on"] == {
        "kafka": {"condition": "service_healthy"},
        "postgres": {"condition": "service_healthy"},
        "migrate": {"condition": "service_completed_successfully"},
        "topics": {"condition": "service_completed_successfully"},
    }


@pytest.mark.parametrize("name", OURS)
def test_a_variable_of_a_service_is_one_of_its_settings(name):
    known = {f"TENURE_{field.upper()}" for field in OURS[name].model_fields}
    given = {
        key.removesuffix("_FILE") if key.endswith("DATABASE_FILE") else key for key in SERVICES[name]["environment"]
    }
    assert {key for key in given if key.startswith("TENURE_")} <= known


@pytest.mark.parametrize("name", SERVICES)
def test_no_secret_stands_in_the_environment(name):
    """Only the command, which a person runs, takes a token from that person's own environment."""
    service = SERVICES[name]
    open_ones = {key: value for key, value in (service.get("environment") or {}).items()
                 if re.search(r"SECRET|PASSWORD|TOKEN|DATABASE", key) and not key.endswith("_FILE")}  # fmt: skip
    assert all(name == "tenure" and value.startswith("${") for value in open_ones.values())
    assert set(service.get("secrets", ())) <= COMPOSE["secrets"].keys()


@pytest.mark.parametrize("name", OURS)
def test_what_the_sample_policy_names_is_handed_over(name):
    """Each service gets the secrets of its own parts of the policy, and no other's."""
    wanted = {"ingest": {"acme_hr_secret"}, "provisioner": CHAT | {"database", "operators.json"},
              "notifier": CHAT | {"database"}}  # fmt: skip
    assert set(SERVICES[name]["secrets"]) == wanted[name]
    files = set(SERVICES[name]["environment"].values())
    assert {f"/run/secrets/{secret}" for secret in wanted[name]} <= files


def test_every_secret_is_made_by_the_script(tmp_path):
    script = ROOT / "ops" / "compose" / "secrets.sh"
    first = subprocess.run(["bash", script, tmp_path / "s"], capture_output=True, text=True, check=True)
    wanted = {Path(secret["file"].rpartition("}/")[2]).name for secret in COMPOSE["secrets"].values()}
    made = {file.name: file.read_text() for file in (tmp_path / "s").iterdir()}
    assert wanted <= made.keys()
    assert (tmp_path / "s").stat().st_mode & 0o077 == 0
    assert not any(value.strip() in first.stdout for value in made.values())
    again = subprocess.run(["bash", script, tmp_path / "s"], capture_output=True, text=True, check=True)
    assert again.stdout == ""
    assert made == {file.name: file.read_text() for file in (tmp_path / "s").iterdir()}


@pytest.mark.parametrize(
    "command",
    [
        [BIN / "hadolint", "Dockerfile"],
        [
            BIN / "compose-lint",
            "check",
            "--config",
            "ops/compose/lint.yml",
            "--strict-config",
            "--fail-on",
            "low",
            "docker-compose.yml",
        ],
    ],
    ids=["hadolint", "compose-lint"],
)
def test_a_linter_finds_nothing(command):
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
