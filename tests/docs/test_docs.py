"""The documents say what the code says: no setting, metric, decision, link or file that only one of them knows."""

import importlib.util
import re
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parent.parent.parent
DOCS = ROOT / "docs"
ARCHITECTURE = DOCS / "architecture.md"
SECTIONS = ("Status", "Area", "Date", "Context", "Decision", "Consequences", "Alternatives", "References")
ADRS = sorted((DOCS / "adr").glob("[0-9]*.md"))
OURS = ("contracts", "docs", "ops", "sandbox", "services", "tests", "tools")
PAGES = sorted(
    page
    for found in (ROOT.glob("*.md"), *((ROOT / folder).rglob("*.md") for folder in OURS))
    for page in found
    if "node_modules" not in page.parts
)
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
IN_BACKTICKS = re.compile(r"`((?:contracts|services|sandbox|tests|tools|docs)/[\w./*{},-]*)`")


@cache
def tool() -> ModuleType:
    """tools/docs.py, which is no part of the installed package."""
    spec = importlib.util.spec_from_file_location("tenure_docs_tool", ROOT / "tools" / "docs.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def plain(text: str) -> str:
    """Without fenced code, where brackets are no links."""
    return re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)


def anchors(page: Path) -> set[str]:
    """As GitHub makes them of headings."""
    heads = re.findall(r"^#+ +(.+)$", plain(page.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


def braced(path: str) -> list[str]:
    """`a/{b,c}.py` as its files."""
    found = re.search(r"\{([^}]*)\}", path)
    if not found:
        return [path]
    return [name for one in found[1].split(",") for name in braced(path[: found.start()] + one + path[found.end() :])]


def test_the_generated_tables_are_those_of_the_code():
    run = subprocess.run(
        [sys.executable, "-m", "tools.docs", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr


def test_every_setting_stands_on_its_page_and_says_when_to_change_it():
    page = (DOCS / "reference" / "settings.md").read_text(encoding="utf-8")
    when = page.partition("## When to change what")[2]
    names = {tool().variable(name) for kind in tool().models().values() for name in kind.model_fields}
    assert len(names) > 20
    assert not {name for name in names if f"`{name}`" not in page}
    assert not {name for name in names if f"`{name}`" not in when}


def test_every_route_on_the_page_says_what_it_is_for():
    page = (DOCS / "reference" / "http.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(?:GET|POST) (\S+)` \|[^|]*\| (.*)\|$", page, re.MULTILINE)
    assert len(rows) > 25
    assert [path for path, words in rows if not words.strip()] == []


def test_every_metric_stands_on_its_page():
    page = (DOCS / "reference" / "metrics.md").read_text(encoding="utf-8")
    found = tool().metrics()
    assert len(found) > 15
    assert not {one.name for one in found if f"`{one.name}`" not in page}


def test_metrics_are_made_only_where_the_page_looks_for_them():
    makes = re.compile(r"\b(?:Counter|Gauge|Histogram|Summary)\(\s*\"tenure_")
    files = [file for folder in ("services", "sandbox") for file in (ROOT / folder).rglob("*.py")]
    elsewhere = [file for file in files if file.name != "metrics.py" and makes.search(file.read_text(encoding="utf-8"))]
    assert not elsewhere


@pytest.mark.parametrize("page", ADRS, ids=lambda page: page.stem)
def test_a_decision_record_has_every_section_in_order(page: Path):
    text = page.read_text(encoding="utf-8")
    heads = re.findall(r"^## (.+)$", text, re.MULTILINE)
    listed = re.findall(r"^- \*\*(\w+)\*\*: .+$", text, re.MULTILINE)
    assert listed + heads == list(SECTIONS)
    decision = text.partition("## Decision\n\n")[2].partition("\n\n## ")[0]
    assert decision.startswith("> "), "the decision opens with one line that can be quoted"
    assert re.match(r"# \d{4} ", text)
    assert re.match(r"# (\d{4}) ", text)[1] == page.stem[:4]


def test_decision_records_are_numbered_without_a_hole():
    assert [int(page.stem[:4]) for page in ADRS] == list(range(1, len(ADRS) + 1))


def test_every_dependency_has_its_reason():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    named = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    page = next(page for page in ADRS if page.stem.endswith("dependencies")).read_text(encoding="utf-8")
    missing = [name for name in (re.match(r"[\w-]+", line)[0] for line in named) if f"| {name} |" not in page]
    assert not missing


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_no_link_is_broken(page: Path):
    broken = []
    for link in LINK.findall(plain(page.read_text(encoding="utf-8"))):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        there = (page.parent / path) if path else page
        if not there.exists() or (anchor and there.suffix == ".md" and anchor not in anchors(there)):
            broken.append(link)
    assert not broken


def test_every_file_that_the_architecture_names_exists():
    named = {path for text in IN_BACKTICKS.findall(ARCHITECTURE.read_text(encoding="utf-8")) for path in braced(text)}
    assert len(named) > 30
    missing = [path for path in sorted(named) if not ([*ROOT.glob(path)] if "*" in path else (ROOT / path).exists())]
    assert not missing


def test_every_topic_stands_in_the_architecture():
    from contracts.topics import TOPICS  # noqa: PLC0415 - only this test needs it

    page = ARCHITECTURE.read_text(encoding="utf-8")
    for topic in TOPICS:
        kept = "for ever" if topic.retention is None else f"{topic.retention.days} days"
        assert f"| `{topic.name}` | `{topic.key}` | {topic.partitions} | {kept} |" in page


def test_the_architecture_stays_short_and_knows_every_promise():
    text = ARCHITECTURE.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 250
    assert all(f"| P{number} |" in text for number in range(1, 14))
