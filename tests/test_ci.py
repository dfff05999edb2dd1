"""Continuous integration runs everything: the script for a bare Debian, and the workflow that calls it."""

import os
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
WORKFLOW = (ROOT / ".github" / "workflows" / "ci.yml").read_text("utf-8")
Done = subprocess.CompletedProcess[str]
README = (ROOT / "README.md").read_text("utf-8")
EVERYTHING = "python3 -m ticketing test"
STRICT = f"{EVERYTHING} --strict"
# What the script finds on a machine: each program only writes down how it was called. The Python of a bare Debian
# cannot make virtual environments, and here its tests fail.
PROGRAMS = {
    "apt-get": 'echo "apt-get $*"',
    "python3": '[ "$1" = -c ] && exit 1; echo "python3 $* (CI=$CI, input: $(cat))"; exit 3',
}
ALL_PROGRAMS = PROGRAMS | {
    "python3": '[ "$1" = -c ] && exit 0; echo "python3 $* (CI=$CI, input: $(cat))"',
    **dict.fromkeys(
        (
            "chromium",
            "chromium-headless-shell",
            "clamd",
            "curl",
            "dovecot",
            "git",
            "initdb",
            "jq",
            "nginx",
            "openssl",
            "systemd-analyze",
        ),
        "",
    ),
}
# Where Debian keeps what its PostgreSQL packages bring; on no search path is it.
POSTGRES = "/usr/lib/postgresql"


def run_on(machine: Path, programs: dict[str, str], script: Path = ROOT / ".ci" / "run") -> Done:
    """Run the script where there are these programs and no others."""
    for name, lines in programs.items():
        (machine / name).write_text(f"#!/bin/sh\nPATH=/usr/bin:/bin\n{lines}\n", "utf-8")
        (machine / name).chmod(0o755)
    (machine / "dirname").symlink_to("/usr/bin/dirname")
    return subprocess.run(
        ["/bin/bash", script],
        env={"PATH": str(machine)},
        input="what somebody types",
        capture_output=True,
        text=True,
        check=False,
    )


def test_on_a_bare_debian_everything_is_installed_then_everything_is_tested(tmp_path: Path) -> None:
    done = run_on(tmp_path, PROGRAMS)

    *_, update, install, tests = done.stdout.splitlines()
    assert update == "apt-get update"
    assert install.startswith("apt-get install -y ")
    assert set(install.split()) >= {
        "chromium",
        "chromium-headless-shell",
        "clamav-daemon",
        "curl",
        "dovecot-imapd",
        "git",
        "jq",
        "nginx-light",
        "openssl",
        "python3-venv",
        "systemd",
    }
    assert tests == f"{STRICT} (CI=true, input: )"


def test_failing_tests_fail_the_run(tmp_path: Path) -> None:
    assert run_on(tmp_path, PROGRAMS).returncode == 3


def test_on_a_machine_that_has_everything_nothing_is_installed(tmp_path: Path) -> None:
    done = run_on(tmp_path, ALL_PROGRAMS)

    assert done.returncode == 0
    assert done.stdout == f"{STRICT} (CI=true, input: )\n"


def without_postgres_of_debian(folder: Path, *there: str) -> Path:
    """Copy the script to where only these programs are among what PostgreSQL's packages bring."""
    for program in there:
        path = folder / "postgresql" / "15" / "bin" / program
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    lines = (ROOT / ".ci" / "run").read_text("utf-8")
    assert POSTGRES in lines
    (folder / ".ci").mkdir()
    (folder / ".ci" / "run").write_text(lines.replace(POSTGRES, str(folder / "postgresql")), "utf-8")
    return folder / ".ci" / "run"


@pytest.mark.parametrize(
    ("program", "package"),
    {
        "chromium": "chromium",
        "chromium-headless-shell": "chromium-headless-shell",
        "clamd": "clamav-daemon",
        "curl": "curl",
        "dovecot": "dovecot-imapd",
        "git": "git",
        "initdb": "postgresql",
        "jq": "jq",
        "nginx": "nginx-light",
        "openssl": "openssl",
        "systemd-analyze": "systemd",
    }.items(),
)
def test_what_alone_is_missing_is_installed_alone(tmp_path: Path, program: str, package: str) -> None:
    others = {name: lines for name, lines in ALL_PROGRAMS.items() if name != program}

    done = run_on(tmp_path, others, without_postgres_of_debian(tmp_path))

    assert done.stdout.splitlines() == [
        "apt-get update",
        f"apt-get install -y --no-install-recommends {package}",
        f"{STRICT} (CI=true, input: )",
    ]


@pytest.mark.parametrize(("there", "installs"), [("initdb", False), ("psql", True)], ids=["a server", "only a client"])
def test_postgresql_is_there_when_its_server_is(tmp_path: Path, there: str, *, installs: bool) -> None:
    others = {name: lines for name, lines in ALL_PROGRAMS.items() if name != "initdb"}

    done = run_on(tmp_path, others, without_postgres_of_debian(tmp_path, there))

    assert ("apt-get install" in done.stdout) is installs


def test_git_lists_the_project_even_if_another_user_owns_its_files(tmp_path: Path) -> None:
    done = run_on(tmp_path, ALL_PROGRAMS | {"python3": '[ "$1" = -c ] || git config --get-all safe.directory'})

    assert done.stdout == f"{ROOT}\n"


def test_the_script_can_be_run() -> None:
    assert os.access(ROOT / ".ci" / "run", os.X_OK)


def test_the_script_runs_what_the_readme_promises() -> None:
    assert f"\n{EVERYTHING}\n" in README


def test_the_workflow_runs_the_script_with_a_browser_at_hand() -> None:
    steps = re.findall(r"^ +- (?:name: .+\n +)?run: (.+)$", WORKFLOW, re.MULTILINE)

    assert ".ci/run" in steps
    assert any("chromium-headless-shell" in step for step in steps[: steps.index(".ci/run")])
    assert "continue-on-error" not in WORKFLOW


@pytest.mark.parametrize("part", re.findall(rf"{STRICT} (.+)", WORKFLOW))
def test_the_workflow_leaves_out_no_test_of_the_parts_it_runs_elsewhere(part: str) -> None:
    assert all((ROOT / folder).is_dir() for folder in part.split())


def test_the_workflow_lets_no_test_be_left_out() -> None:
    assert WORKFLOW.count(EVERYTHING) == WORKFLOW.count(STRICT) == 1
