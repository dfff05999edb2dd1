"""What all tests share."""

import gc
import os
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import settings

# How long an example takes says more of the machine, and of who else works on it, than of the code.
settings.register_profile("patient", settings(), deadline=None)
settings.load_profile("patient")

_SLOW = frozenset({"browser", "faults", "large", "setup", "processes", "databases"})
_DATABASES = frozenset({"sqlite", "postgres"})
# All that was collected, before some of it is sorted out.
COLLECTED = pytest.StashKey[list[pytest.Item]]()


class LeftOut:
    """
    Says at the end how many tests could not run here and why; a strict run is red then.

    A test that never runs proves nothing, and in continuous integration nobody reads the list of skips. Elsewhere, what
    a machine lacks is no fault of the project; but how much of it was reached can then not be told.
    """

    def __init__(self, config: pytest.Config, *, strict: bool) -> None:
        self._config = config
        self._strict = strict
        self.tests: list[str] = []
        self.reasons: Counter[str] = Counter()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note a skipped test; an expected failure ran."""
        if report.skipped and not hasattr(report, "wasxfail"):
            self._note(report)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Note a module that was skipped whole."""
        if report.skipped:
            self._note(report)

    def pytest_deselected(self, items: list[pytest.Item]) -> None:
        """Note tests that were sorted out, which is their wish who ask for it."""
        self.tests += [item.nodeid for item in items]

    def pytest_testnodedown(self, node: Any) -> None:
        """Take over what a worker process of pytest-xdist sorted out."""
        self.tests += getattr(node, "workeroutput", {}).get("left_out", [])

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Fail a strict run, in a worker process by telling the process that controls it."""
        if hasattr(session.config, "workeroutput"):
            session.config.workeroutput["left_out"] = self.tests
        elif self._strict and self.tests and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> Iterator[None]:
        """Say what and why, after all else that is summed up."""
        yield
        for reason, number in self.reasons.most_common():
            tests = "1 test" if number == 1 else f"{number} tests"
            terminalreporter.write_line(f"COULD NOT RUN {tests}: {reason}", yellow=True)
        for test in dict.fromkeys(self.tests) if self._strict else ():
            terminalreporter.write_line(f"LEFT OUT {test}: in a strict run every test has to run", red=True)

    def _note(self, report: pytest.TestReport | pytest.CollectReport) -> None:
        self.tests.append(report.nodeid)
        said = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        self.reasons[said.removeprefix("Skipped: ")] += 1
        coverage = self._config.pluginmanager.getplugin("_cov")
        if coverage and not self._strict:
            coverage.options.cov_fail_under = None


def pytest_addoption(parser: pytest.Parser) -> None:
    """Know what `python3 -m ticketing test --strict` asks of pytest, whose own option of that name is another thing."""
    parser.addoption("--leave-nothing-out", action="store_true", help="fail when a test is skipped or deselected")


def pytest_configure(config: pytest.Config) -> None:
    """Look at what is left out; in continuous integration that may be nothing."""
    strict = config.getoption("--leave-nothing-out") or os.environ.get("CI") == "true"
    config.pluginmanager.register(LeftOut(config, strict=strict), "left-out")


def pytest_collection_finish() -> None:
    """Keep the garbage collector from going through all that was collected, for a second at a time, in every test."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark what is held against a database, and as fast what is neither that nor slow for another reason."""
    config.stash[COLLECTED] = list(items)
    for item in items:
        call = getattr(item, "callspec", None)
        if call and any(value in _DATABASES for value in call.params.values() if isinstance(value, str)):
            item.add_marker("databases")
        if _SLOW.isdisjoint(mark.name for mark in item.iter_markers()):
            item.add_marker("fast")
