"""`python -m services.ingest`: reads settings, starts."""

from services.ingest.app import open_ingest
from services.ingest.settings import IngestSettings
from services.kit.app import run

if __name__ == "__main__":
    run("ingest", IngestSettings, open_ingest)
