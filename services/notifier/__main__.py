"""`python -m services.notifier`: reads settings, starts."""

from services.kit.app import run
from services.notifier.app import opened
from services.notifier.settings import Settings

if __name__ == "__main__":
    run("notifier", Settings, opened)
