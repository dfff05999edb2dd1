"""What the desk is made of: which packages, under which licences; and that nothing secret is among its files."""

import json
import re
import subprocess
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from tests.environments import environment_of
from ticketing.pins import canonical

pytestmark = pytest.mark.processes

ROOT = Path(__file__).resolve().parent.parent
PINS = re.findall(
    r"^([\w.-]+)(?:\[[\w,-]+\])?==([^\s;]+)", (ROOT / "requirements.txt").read_text("utf-8"), re.MULTILINE
)
WORKFLOW = YAML(typ="safe").load((ROOT / ".github" / "workflows" / "packages.yml").read_text("utf-8"))
STEPS = [step for job in WORKFLOW["jobs"].values() for step in job["steps"]]
COMMANDS = [step["run"] for step in STEPS if "run" in step]
# Each may be used and passed on beside code under the MIT licence. The LGPL asks that one can put another version of
# its library in its place, as one can with any Python package.
TAKEN = {
    *(
        "0BSD",
        "Apache-2.0",
        "BSD-2-Clause",
        "BSD-3-Clause",
        "CC0-1.0",
        "LGPL-3.0-only",
        "MIT",
        "MIT-0",
        "MIT-CMU",
        "MPL-2.0",
    ),
    *("PSF-2.0", "Zlib"),
}
# What packages say that name no licence of the SPDX list.
IN_OTHER_WORDS = {
    "3-Clause BSD License": "BSD-3-Clause",
    "Apache License 2.0": "Apache-2.0",
    "License :: OSI Approved :: Apache Software License": "Apache-2.0",
    "License :: OSI Approved :: BSD License": "BSD-3-Clause",
    "License :: OSI Approved :: MIT License": "MIT",
    "License :: OSI Approved :: Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
}
SECRETS = {
    "a private key": r"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----",
    "a key of AWS": r"\bAKIA[0-9A-Z]{16}\b",
    "a token of GitHub": r"\b(?:gh[pousr]_[0-9A-Za-z]{36}|github_pat_\w{40,})",
    "a token of Slack": r"\bxox[abprs]-[0-9A-Za-z-]{20,}",
    "a token of PyPI": r"\bpypi-AgEI[\w-]{50,}",
    "a signed token": r"\beyJ[\w-]{20,}\.eyJ[\w-]{20,}\.[\w-]{20,}",
}


def is_here(name: str) -> bool:
    """Whether a package is installed: some are for other systems."""
    try:
        metadata(name)
    except PackageNotFoundError:
        return False
    return True


NAMES = list(dict.fromkeys(name for name, _ in PINS))
HERE = [name for name in NAMES if is_here(name)]


@pytest.fixture(scope="module")
def bill(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """Have the list of packages made as the workflow has it made."""
    [command] = [command for command in COMMANDS if command.startswith("cyclonedx-py")]
    tools = environment_of(ROOT / "tests" / "audit" / "requirements.txt") / "bin"
    place = tmp_path_factory.mktemp("bill") / "bill.json"
    program, *arguments = command.split()
    arguments[arguments.index("--output-file") + 1] = str(place)
    subprocess.run([tools / program, *arguments], cwd=ROOT, check=True)
    made: dict[str, object] = json.loads(place.read_text("utf-8"))
    return made


def test_k2_the_bill_of_materials_names_every_pinned_package_and_no_other(bill: dict[str, object]) -> None:
    components = bill["components"]

    assert bill["bomFormat"] == "CycloneDX"
    assert isinstance(components, list)
    assert {(canonical(each["name"]), each["version"]) for each in components} == {
        (canonical(name), version) for name, version in PINS
    }
    assert all(each["purl"].startswith("pkg:pypi/") for each in components)


def test_k1_the_audit_fails_for_a_package_that_it_cannot_look_up() -> None:
    [audit] = [command for command in COMMANDS if command.startswith("pip-audit")]

    assert {"--strict", "--require-hashes", "--disable-pip"} < set(audit.split())
    assert audit.split()[-2:] == ["--requirement", "requirements.txt"]
    assert all(
        step.keys() <= {"name", "uses", "with", "run"} for job in WORKFLOW["jobs"].values() for step in job["steps"]
    )
    assert {"push", "pull_request", "schedule"} <= set(WORKFLOW["on"])


@pytest.mark.parametrize("command", COMMANDS)
def test_k1_what_the_workflow_runs_can_fail(command: str) -> None:
    assert "||" not in command
    assert ";" not in command


def licences_of(name: str) -> set[str]:
    """Return under which licences a package that is here may be used."""
    found = metadata(name)
    said = found["License-Expression"]
    if said:
        return set(re.split(r" AND | OR ", said))
    classifiers = [each for each in found.get_all("Classifier", []) if each.startswith("License ::")]
    return {IN_OTHER_WORDS.get(each, each) for each in classifiers or [found["License"]]}


def listed() -> dict[str, str]:
    """Return what the documentation says of each package."""
    text = (ROOT / "docs" / "licences.md").read_text("utf-8")
    return dict(re.findall(r"^\| ([\w.-]+) \| ([^|]+) \|$", text.partition("|---|")[2], re.MULTILINE))


@pytest.mark.parametrize("name", HERE)
def test_k2_each_package_is_under_a_licence_that_may_be_used(name: str) -> None:
    assert licences_of(name) <= TAKEN


def test_k2_the_licence_of_each_package_is_listed() -> None:
    said = listed()

    assert list(said) == NAMES
    assert {name: set(said[name].split(", ")) for name in HERE} == {name: licences_of(name) for name in HERE}


def secrets_in(text: str) -> set[str]:
    return {what for what, pattern in SECRETS.items() if re.search(pattern, text)}


def test_k2_no_file_holds_a_secret() -> None:
    files = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    found = {
        path: secrets_in((ROOT / path).read_text("utf-8", errors="replace"))
        for path in filter(None, files.split("\0"))
        if (ROOT / path).is_file()
    }

    assert {path: what for path, what in found.items() if what} == {}
    assert secrets_in(f"key = {'AKIA' + 'Q' * 16}\n{'-' * 5}BEGIN PRIVATE KEY{'-' * 5}") == {
        "a key of AWS",
        "a private key",
    }


def test_k2_whoever_finds_a_weakness_reads_how_to_report_it_and_what_is_supported() -> None:
    policy = (ROOT / "SECURITY.md").read_text("utf-8")

    for part in ("Report a vulnerability", "Supported versions", "advisory"):
        assert part in policy
    for path in re.findall(r"\]\(([^)]+)\)", policy):
        assert (ROOT / path).is_file()
