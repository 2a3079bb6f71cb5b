"""The command, against the module's `world`."""

import json

import pytest

from services.cli.__main__ import run


@pytest.fixture
def tenure(world, capsys):
    """The lines that a command prints as JSON."""

    def command(*words, status=0):
        capsys.readouterr()
        data = str(world.installation.options.data)
        assert run(["--json", "--data", data, *words]) == status, capsys.readouterr().err
        return [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    return command
