"""The pages of security agree with the tests: a test is named after its row, and what a page names is there."""

import re
from collections import defaultdict
from functools import cache
from pathlib import Path

import pytest

from tests.conftest import COLLECTED

TESTS = Path(__file__).resolve().parent
ROOT = TESTS.parent
PAGE = (ROOT / "docs" / "security-rows.md").read_text("utf-8")
ASVS = (ROOT / "docs" / "asvs.md").read_text("utf-8")
# So many requirements has ASVS 5.0.0, of each level.
OF_LEVEL = (70, 183)
Rows = dict[str, set[str]]
# Rows that do not depend on where a desk keeps what it has; all others are shown on PostgreSQL too.
IN_NO_STORE = {
    "what a password may be, before anything of it is kept": "A2 A3 A4 A8",
    "what a request says of itself, and whence it comes": "A13 S8 N2 Z9",
    "what Streamlit keeps of a session in its own process": "S6 S9 Z10",
    "what a browser is sent, and does with it": "O1 O2 O3 O4 O5 P1 U4 U5",
    "how a mail or a file may be called": "E1 U3",
    "files, of which PostgreSQL has none of the desk's own": "D4",
    "how a desk is set up, shipped and made": "H1 H2 K1 K2",
}


@cache
def promised() -> Rows:
    """Return of each row on the page its tests, with their files."""
    rows = re.split(r"^\*\*([A-Z]\d+)\*\* ", PAGE, flags=re.MULTILINE)[1:]
    return {
        row: {f"{file}: {name}" for name, file in re.findall(r"^- `(\w+)` in `([\w/.]+)`$", text, re.MULTILINE)}
        for row, text in zip(rows[::2], rows[1::2], strict=True)
    }


@cache
def shown() -> Rows:
    """Return the tests that are named after a row."""
    found: Rows = defaultdict(set)
    for path in TESTS.rglob("test_*.py"):
        for name, row in re.findall(r"^ *def (test_([a-z]\d+)_\w+)\(", path.read_text("utf-8"), re.MULTILINE):
            found[row.upper()].add(f"{path.relative_to(TESTS).as_posix()}: {name}")
    return dict(found)


def test_no_test_that_is_named_after_a_row_is_missing_on_the_page() -> None:
    assert shown().keys() - promised().keys() == set()


@pytest.mark.parametrize("row", promised())
def test_each_row_names_its_tests_and_no_others(row: str) -> None:
    assert promised()[row] == shown()[row] != set()


def test_each_row_that_depends_on_the_store_is_shown_on_postgres_too(request: pytest.FixtureRequest) -> None:
    collected = defaultdict(set)
    for item in request.config.stash[COLLECTED]:
        name = getattr(item, "originalname", item.name)
        collected[f"{item.path.relative_to(TESTS).as_posix()}: {name}"].add("postgres" in item.nodeid)
    # When only some files are looked at, others may hold what is missing.
    whole = {row: tests for row, tests in promised().items() if tests <= collected.keys()}
    in_no_store = {row for rows in IN_NO_STORE.values() for row in rows.split()}

    assert in_no_store <= promised().keys()
    on_postgres = {row for row, tests in whole.items() if any(True in collected[test] for test in tests)}
    assert whole.keys() - on_postgres == whole.keys() & in_no_store


def test_no_row_stands_twice_on_the_page() -> None:
    assert len(re.findall(r"^\*\*[A-Z]\d+\*\*", PAGE, re.MULTILINE)) == len(promised())


def test_each_requirement_of_asvs_is_named_once() -> None:
    for text, wanted in zip(ASVS.split("## Level 2"), OF_LEVEL, strict=True):
        cells: list[str] = re.findall(r"^\| ([\d., ]+) \| [^|]+ \| [^|]+ \|$", text, re.MULTILINE)
        named = [each for cell in cells for each in cell.split(", ")]

        assert len(named) == len(set(named)) == wanted


def test_what_the_page_of_asvs_names_is_there() -> None:
    answers = "\n".join(re.findall(r"^\| [\d., ]+ \| [^|]+ \| ([^|]+) \|$", ASVS, re.MULTILINE))
    rows = set(re.findall(r"\b[A-Z]\d{1,2}\b", re.sub(r"`[^`]+`", "", answers)))
    files = [ROOT / path for path in re.findall(r"`((?:docs|tests|ticketing)/[\w/.]+)`", answers)]
    pages = [ROOT / "docs" / page for page in re.findall(r"\]\(([\w-]+\.md)\)", answers)]

    assert rows <= promised().keys()
    assert [path for path in (*files, *pages) if not path.exists()] == []
