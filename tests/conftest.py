"""Of every test: what our own code logged inside it holds nobody's mobile, no e-mail address and no signing secret."""

import re

import pytest

OURS = re.compile(r'"level": "(?:debug|info|warning|error)"|\[(?:debug|info|warning|error) *\]')
"""A line of our logger, as services write it or as it stands where nobody configured it; what pytest catches itself
("Captured log") is a library's text before our logger has taken out what it quotes."""
MARK = re.compile(r"(?<![\w.+-])(?:\+?86[ -]?)?1[3-9]\d[ -]?\d{4}[ -]?\d{4}(?![\w.-])|whsec_\w{8}|[\w.+-]+@[\w-]+\.\w+")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item):
    report = yield
    lines = (line for name, text in report.sections for line in text.splitlines()
             if not name.startswith("Captured log") and OURS.search(line))  # fmt: skip
    leaks = sorted({f"{found[0][:2]}…{found[0][-2:]}" for line in lines for found in MARK.finditer(line)})
    if report.passed and leaks:
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} logged what may be personal data or a secret: {', '.join(leaks)}"
    return report
