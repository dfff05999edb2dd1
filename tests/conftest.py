"""What all tests share."""

import os
from typing import Any

import pytest


class NothingLeftOut:
    """
    Turn a run red when a test of the suite was skipped or deselected.

    A test that never runs proves nothing, and in continuous integration nobody reads the list of skips.
    """

    def __init__(self) -> None:
        self.left_out: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note a skipped test; an expected failure ran."""
        if report.skipped and not hasattr(report, "wasxfail"):
            self.left_out.append(report.nodeid)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Note a module that was skipped whole."""
        if report.skipped:
            self.left_out.append(report.nodeid)

    def pytest_deselected(self, items: list[pytest.Item]) -> None:
        """Note tests that were sorted out."""
        self.left_out += [item.nodeid for item in items]

    def pytest_testnodedown(self, node: Any) -> None:
        """Take over what a worker process of pytest-xdist sorted out."""
        self.left_out += getattr(node, "workeroutput", {}).get("left_out", [])

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Fail the run, in a worker process by telling the process that controls it."""
        if hasattr(session.config, "workeroutput"):
            session.config.workeroutput["left_out"] = self.left_out
        elif self.left_out and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say why."""
        for test in dict.fromkeys(self.left_out):
            terminalreporter.write_line(f"LEFT OUT {test}: with CI=true every test has to run", red=True)


def pytest_configure(config: pytest.Config) -> None:
    """Leave nothing out in continuous integration."""
    if os.environ.get("CI") == "true":
        config.pluginmanager.register(NothingLeftOut(), "nothing-left-out")
