"""The catalogue: every text in both languages, every key used, every command explained with an example."""

import re
import string
import subprocess
import sys
from pathlib import Path

import click
import pytest

from services.cli.__main__ import MODULES
from services.cli.command import LazyGroup
from services.cli.language import chosen
from services.cli.messages import TEXTS, in_language

CLI = Path(__file__).parents[3] / "services" / "cli"
SOURCE = "\n".join(path.read_text(encoding="utf-8") for path in CLI.glob("*.py"))
CHINESE = re.compile("[一-鿿（：]")


def commands():
    root = LazyGroup(MODULES)
    for name in root.list_commands(click.Context(root)):
        command = root.get_command(click.Context(root), name)
        yield name, command
        if isinstance(command, click.Group):
            yield from ((f"{name} {below}", one) for below, one in command.commands.items())


COMMANDS = dict(commands())
"""By what one types: `status`, `quarantine list`."""


def places(text):
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_both_languages_say_something_and_fill_the_same_places():
    assert [key for key, (english, chinese) in TEXTS.items() if places(english) != places(chinese)] == []
    assert [key for key, texts in TEXTS.items() if not all(text.strip() for text in texts)] == []


def test_chinese_is_chinese_and_english_is_not():
    """Names of people are names, and an example is what one types."""
    texts = {key: pair for key, pair in TEXTS.items() if not key.startswith(("example.", "demo."))}
    assert [key for key, (_, chinese) in texts.items() if not CHINESE.search(chinese)] == []
    assert [key for key, (english, _) in texts.items() if CHINESE.search(english)] == []


def test_every_key_that_the_code_names_exists():
    named = set(re.findall(r'\bt\(\s*"([a-z0-9_.]+)"[,)]', SOURCE))
    assert named
    assert named <= TEXTS.keys()


def test_no_text_is_left_over():
    """A key is used by name, by a prefix (`state.` + …), or by a command of that name."""
    built = tuple(set(re.findall(r'["\']([a-z_]+\.)["\'] \+ ', SOURCE)) - {"help.", "example."})
    named = set(re.findall(r"""["']([a-z0-9_]+(?:\.[a-z0-9_]+)?)["']""", SOURCE))
    named |= {f"{kind}.{name.replace(' ', '_')}" for name in COMMANDS for kind in ("help", "example")}
    assert [key for key in TEXTS if key not in named and not key.startswith(built)] == []


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_explained_with_an_example_of_itself(name):
    key = name.replace(" ", "_")
    text = COMMANDS[name].help or ""
    assert in_language(f"help.{key}", "en") in text or in_language(f"help.{key}", "zh") in text
    example = in_language(f"example.{key}", "en")
    assert example.startswith("tenure ")
    assert isinstance(COMMANDS[name], click.Group) or example.startswith(f"tenure {name}")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_takes_the_common_options_and_explains_all(name):
    options = {opt: param for param in COMMANDS[name].params if isinstance(param, click.Option) for opt in param.opts}
    assert {"--json", "--config", "--data", "--url", "--token", "--lang"} <= options.keys()
    assert all(param.help for param in options.values())


@pytest.mark.parametrize(
    ("arguments", "environment", "language"),
    [
        (["--lang", "zh"], {}, "zh"),
        (["status", "--lang=en"], {"LANG": "zh_CN.UTF-8"}, "en"),
        ([], {"LANG": "zh_CN.UTF-8"}, "zh"),
        ([], {"TENURE_LANG": "en", "LANG": "zh_CN.UTF-8"}, "en"),
        ([], {"LC_ALL": "en_US.UTF-8", "LANG": "zh_TW.UTF-8"}, "en"),
        ([], {"LANG": "de_DE"}, "en"),
        ([], {}, "en"),
        (["--lang"], {}, "en"),
    ],
)
def test_the_language_is_the_option_else_the_locale(arguments, environment, language):
    assert chosen(arguments, environment) == language


def test_help_in_chinese_and_without_anything_heavy():
    """`tenure --help` answers at once because it imports next to nothing."""
    script = (
        "import sys; sys.argv = ['tenure', '--help', '--lang', 'zh'];"
        "from services.cli.__main__ import run; status = run();"
        "heavy = {'pydantic', 'httpx', 'aiokafka', 'sqlalchemy', 'yaml', 'rich', 'asyncio'} & sys.modules.keys();"
        "sys.exit(f'heavy: {heavy}' if heavy or status else 0)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert TEXTS["help.send"][1] in done.stdout
