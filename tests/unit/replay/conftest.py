import json

import pytest

from services.cli.__main__ import run


@pytest.fixture
def tenure(tmp_path, capsys):
    """Runs a command over lines (objects or raw text) under a policy: (exit status, rows, standard error)."""

    def command(name, lines, policy, *words):
        file, config = tmp_path / "events.jsonl", tmp_path / "tenure.yaml"
        texts = [line if isinstance(line, str) else json.dumps(line, ensure_ascii=False) for line in lines]
        file.write_text("".join(text + "\n" for text in texts), encoding="utf-8")
        config.write_text(policy, encoding="utf-8")
        capsys.readouterr()
        status = run(["--json", "--config", str(config), name, str(file), *words])
        said = capsys.readouterr()
        return status, [json.loads(line) for line in said.out.splitlines()], said.err

    return command
