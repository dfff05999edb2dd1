"""The second documented command, `python3 -m ticketing test`: what it runs, and what turns it red."""

import os
import shutil
from pathlib import Path

import pytest

from ticketing.suite import run_tests

pytestmark = pytest.mark.processes

ROOT = Path(__file__).resolve().parent.parent

DOMAIN = '''"""A domain of one rule."""

def greet(name: str) -> str:
    if not name:
        return "Hello, whoever you are"
    return f"Hello, {name}"
'''
BOTH_WAYS = """
from ticketing.domain.greetings import greet

def test_carla_is_greeted():
    assert greet("Carla") == "Hello, Carla"

def test_a_stranger_is_greeted():
    assert greet("") == "Hello, whoever you are"
"""
# Whoever stays out of the condition meets each line all the same.
DOMAIN_IN_WHOLE_LINES = '''"""A domain of one rule."""

def greet(name: str) -> str:
    greeting = "Hello, whoever you are"
    if name:
        greeting = f"Hello, {name}"
    return greeting
'''
ONE_WAY = BOTH_WAYS.partition("\ndef test_a_stranger")[0]
SKIPPED = """
import pytest

@pytest.mark.skip(reason="it needs a database")
@pytest.mark.parametrize("way", ["there", "back"])
def test_that_never_runs(way):
    assert False

def test_that_never_runs_either():
    pytest.skip("it needs a browser")
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a project with our settings for pytest and coverage, one rule, and tests of it in both its branches."""
    for name in list(os.environ):
        if name.startswith(("COVERAGE_", "COV_CORE_", "PYTEST_")) or name == "CI":
            monkeypatch.delenv(name)
    monkeypatch.setenv("PYTEST_ADDOPTS", "-p no:hypothesispytest")  # not used in there, and slow to import
    for folder in ("ticketing/domain", "pages", "tests"):
        (tmp_path / folder).mkdir(parents=True)
    for package in ("ticketing", "ticketing/domain"):
        (tmp_path / package / "__init__.py").touch()
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    shutil.copy(ROOT / "tests/conftest.py", tmp_path / "tests")
    (tmp_path / "pages/login.py").write_text("TITLE = 'Sign in'\n", "utf-8")
    (tmp_path / "ticketing/domain/greetings.py").write_text(DOMAIN, "utf-8")
    (tmp_path / "tests/test_pages.py").write_text("def test_page():\n    import pages.login\n", "utf-8")
    (tmp_path / "tests/test_greetings.py").write_text(BOTH_WAYS, "utf-8")
    return tmp_path


def test_without_arguments_everything_runs_and_pytest_has_the_last_word(
    project: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    code = run_tests([], project)

    said = capfd.readouterr().out
    assert code == 0, said
    assert "3 passed" in said.splitlines()[-1]
    assert "TOTAL" in said


def test_arguments_go_to_pytest_and_ask_for_no_coverage(project: Path, capfd: pytest.CaptureFixture[str]) -> None:
    code = run_tests(["tests/test_greetings.py", "-k", "carla"], project)

    said = capfd.readouterr().out
    assert code == 0, said
    assert "1 passed, 1 deselected" in said.splitlines()[-1]
    assert "TOTAL" not in said


def test_a_failing_test_fails_the_command(project: Path) -> None:
    (project / "tests/test_wrong.py").write_text("def test_wrong():\n    assert 1 == 2\n", "utf-8")

    assert run_tests(["tests/test_wrong.py"], project) == 1


@pytest.mark.parametrize("domain", [DOMAIN, DOMAIN_IN_WHOLE_LINES], ids=["a line", "a branch"])
def test_a_part_of_the_domain_that_no_test_reaches_fails_the_command(
    project: Path, capfd: pytest.CaptureFixture[str], domain: str
) -> None:
    (project / "ticketing/domain/greetings.py").write_text(domain, "utf-8")
    (project / "tests/test_greetings.py").write_text(ONE_WAY, "utf-8")
    (project / "pages/login.py").write_text("TITLE = 'Sign in'\n" * 200, "utf-8")

    code = run_tests([], project)

    said = capfd.readouterr().out
    assert code != 0
    assert "2 passed" in said
    assert "Required test coverage of 95% reached" in said
    assert "The domain must be covered whole." in said


def test_too_little_coverage_fails_the_command(project: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (project / "pages/account.py").write_text("TITLE = 'Account'\n" * 20, "utf-8")

    code = run_tests([], project)

    said = capfd.readouterr().out
    assert code != 0
    assert "Required test coverage of 95% not reached" in said


@pytest.mark.parametrize("workers", [[], ["--numprocesses=2"]], ids=["one process", "workers"])
@pytest.mark.parametrize(("strict", "ci"), [(["--strict"], ""), ([], "true")], ids=["strict", "CI"])
def test_a_strict_run_fails_when_a_test_is_left_out(
    project: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    workers: list[str],
    strict: list[str],
    ci: str,
) -> None:
    (project / "tests/test_skipped.py").write_text(SKIPPED, "utf-8")
    monkeypatch.setenv("CI", ci)

    code = run_tests([*strict, "-k", "not stranger", *workers], project)

    said = capfd.readouterr().out
    assert code == 1
    assert "2 passed, 3 skipped" in said
    assert "LEFT OUT tests/test_skipped.py::test_that_never_runs[there]" in said
    assert "LEFT OUT tests/test_greetings.py::test_a_stranger_is_greeted" in said


@pytest.mark.parametrize("workers", [[], ["--numprocesses=2"]], ids=["one process", "workers"])
def test_elsewhere_a_test_may_be_left_out_and_the_end_says_how_many_and_why(
    project: Path, capfd: pytest.CaptureFixture[str], workers: list[str]
) -> None:
    (project / "tests/test_skipped.py").write_text(SKIPPED, "utf-8")

    code = run_tests(["tests/test_skipped.py", "tests/test_pages.py", *workers], project)

    said = capfd.readouterr().out
    assert code == 0, said
    assert "COULD NOT RUN 2 tests: it needs a database" in said.splitlines()[-3:]
    assert "COULD NOT RUN 1 test: it needs a browser" in said.splitlines()[-3:]
    assert "LEFT OUT" not in said


@pytest.mark.parametrize(("arguments", "code"), [([], 0), (["--strict"], 1)])
def test_of_a_suite_that_could_not_run_whole_nobody_asks_how_much_it_reached(
    project: Path, capfd: pytest.CaptureFixture[str], arguments: list[str], code: int
) -> None:
    (project / "tests/test_skipped.py").write_text(SKIPPED, "utf-8")
    (project / "pages/account.py").write_text("TITLE = 'Account'\n" * 20, "utf-8")

    assert run_tests(arguments, project) == code

    said = capfd.readouterr().out
    assert "COULD NOT RUN 2 tests: it needs a database" in said
    assert ("Required test coverage" in said) is bool(arguments)
