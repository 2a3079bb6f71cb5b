"""`python -m services.provisioner`: reads settings, starts."""

from services.kit.app import run
from services.provisioner.app import opened
from services.provisioner.settings import Settings

if __name__ == "__main__":
    run("provisioner", Settings, opened)
