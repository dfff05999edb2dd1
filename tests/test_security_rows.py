"""The pages of security agree with the tests: a test is named after its row, and what a page names is there."""

import re
from collections import defaultdict
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parent
ROOT = TESTS.parent
PAGE = (ROOT / "docs" / "security-rows.md").read_text("utf-8")
ASVS = (ROOT / "docs" / "asvs.md").read_text("utf-8")
# So many requirements has ASVS 5.0.0, of each level.
OF_LEVEL = (70, 183)
Rows = dict[str, set[str]]


def promised() -> Rows:
    """Return of each row on the page its tests, with their files."""
    rows = re.split(r"^\*\*([A-Z]\d+)\*\* ", PAGE, flags=re.MULTILINE)[1:]
    return {
        row: {f"{file}: {name}" for name, file in re.findall(r"^- `(\w+)` in `([\w/.]+)`$", text, re.MULTILINE)}
        for row, text in zip(rows[::2], rows[1::2], strict=True)
    }


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
