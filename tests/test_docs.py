"""README and manual tell the truth about settings, commands and permissions."""

import re
from datetime import UTC, datetime
from pathlib import Path

import click
import pytest

from ticketing.cli import main
from ticketing.domain import mail_texts
from ticketing.domain.outbox import MailState
from ticketing.domain.query_language import FIELDS, HAS, IS, Asker, read_query
from ticketing.domain.reports import Metric
from ticketing.domain.rules import Rule, Trigger
from ticketing.domain.templates import VARIABLES
from ticketing.settings import PREFIX, TESTS_PREFIX, Settings
from ticketing.ui import wording

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
FOR_AGENTS = (ROOT / "docs/agents.md").read_text(encoding="utf-8")
ALL_SETTINGS = (ROOT / "docs/settings.md").read_text(encoding="utf-8")
FOR_MAIL = (ROOT / "docs/mail.md").read_text(encoding="utf-8")
LONGEST = 200
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def settings_rows() -> list[str]:
    """Write a line of a table for each setting."""
    rows = []
    for name, field in Settings.model_fields.items():
        default = "" if field.default is None else f"`{str(field.default).lower()}`"
        rows.append(f"| `{PREFIX}{name.upper()}` | {default} | {field.description} |")
    return rows


def test_the_readme_is_short_enough_to_be_read() -> None:
    assert len(README.splitlines()) <= LONGEST


def test_every_setting_is_listed_with_its_default() -> None:
    assert "\n".join(["| Setting | Default | What it is |", "|---|---|---|", *settings_rows()]) in ALL_SETTINGS


def test_the_settings_of_the_readme_are_listed_as_they_are_among_all() -> None:
    rows = re.findall(rf"^\| `{PREFIX}.*$", README, re.MULTILINE)

    assert len(rows) >= 10
    assert [row for row in settings_rows() if row in rows] == rows


def commands() -> list[str]:
    """Name every command, and those within another one."""
    groups = {name: command for name, command in main.commands.items() if isinstance(command, click.Group)}
    within = [f"{name} {each}" for name, group in groups.items() for each in group.commands]
    return sorted([*(main.commands.keys() - groups.keys()), *within])


@pytest.mark.parametrize("command", commands())
def test_the_readme_names_every_command(command: str) -> None:
    assert f"python3 -m ticketing {command}" in README


def invented(text: str) -> list[str]:
    """Name the commands, options, choices and settings in a text that do not exist; what follows `test` is pytest's."""
    settings = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields}
    named = re.findall(rf"\b{PREFIX}[A-Z_]+\b", text)
    found = [name for name in named if name not in settings and not name.startswith(TESTS_PREFIX)]
    for name, words in re.findall(r"python3 -m ticketing ([a-z][a-z-]*)([^`\n]*)", text):
        if name not in main.commands:
            found += [name] if name != "test" else []
            continue
        command = main.commands[name]
        if isinstance(command, click.Group):
            within = words.split()[0]
            if within not in command.commands:
                found.append(within)
                continue
            command = command.commands[within]
        parameters = command.params
        options = {option for parameter in parameters for option in parameter.opts}
        choices = {choice for parameter in parameters for choice in getattr(parameter.type, "choices", ())}
        found += [option for option in re.findall(r"--[a-z-]+", words) if option not in options]
        alternatives = re.findall(r"[a-z]+(?:\\\|[a-z]+)+", words)
        found += [choice for several in alternatives for choice in several.split(r"\|") if choice not in choices]
    return found


QUERIES = (ROOT / "docs" / "queries.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("field", FIELDS)
def test_every_field_of_the_query_language_is_described(field: str) -> None:
    assert f"| `{field}` | `{field}" in QUERIES


def test_everything_that_a_ticket_can_be_or_have_is_described_and_nothing_else() -> None:
    described = re.findall(r"^\| `(is|has):(\w+)` \|", QUERIES, re.MULTILINE)

    assert [value for field, value in described if field == "is"] == list(IS)
    assert sorted(value for field, value in described if field == "has") == sorted(HAS)


def test_every_example_of_the_query_language_can_be_read() -> None:
    examples = re.findall(r"`(-?[a-z.]+(?::|>=)[^`]+|-?\"[^`]+\"|-\w+)`", QUERIES)

    assert len(examples) > 40
    for example in examples:
        read_query(example, Asker("ada", NOON))


def test_the_readme_names_nothing_that_does_not_exist() -> None:
    assert invented(README) == []


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("| `python3 -m ticketing import FILE` | |", "import"),
        ("Look at it with `python3 -m ticketing serve --read-only`.", "--read-only"),
        ("| `python3 -m ticketing verify [--demo]` | |", "--demo"),
        (r"| `python3 -m ticketing export --format seed\|xml --out PATH` | |", "xml"),
        ("    python3 -m ticketing serve --prot 80\n", "--prot"),
        ("| `python3 -m ticketing settings forget` | |", "forget"),
        ("| `python3 -m ticketing settings import FILE [--force]` | |", "--force"),
        ("Set `TICKETING_SMTP_HOST`.", "TICKETING_SMTP_HOST"),
    ],
)
def test_what_a_text_invents_would_be_found(line: str, name: str) -> None:
    assert invented(line) == [name]


def test_the_readme_names_the_port_and_the_host_that_hold_without_options() -> None:
    with main.commands["serve"].make_context("serve", []) as typed:
        port, host = typed.params["port"], typed.params["host"]

    assert f"serve [--port {port}] [--host {host}]" in README
    assert f"<http://localhost:{port}>" in README


@pytest.mark.parametrize("name", VARIABLES)
def test_agents_are_told_of_every_variable(name: str) -> None:
    assert f"| `{{{{ {name} }}}}` |" in FOR_AGENTS


@pytest.mark.parametrize("name", mail_texts.VARIABLES)
def test_admins_are_told_of_every_variable_of_a_mail(name: str) -> None:
    assert f"`{name}`" in FOR_MAIL


@pytest.mark.parametrize("state", MailState)
def test_every_fate_of_a_mail_is_described(state: MailState) -> None:
    assert f"\n| {state} | " in FOR_MAIL


@pytest.mark.parametrize("trigger", Trigger)
def test_agents_are_told_of_every_trigger_of_a_rule(trigger: Trigger) -> None:
    assert re.search(rf"^\| when \|.*\b{wording.t(f'setup.rules.trigger.{trigger}')}\b", FOR_AGENTS, re.MULTILINE)


def test_the_examples_of_rules_can_be_kept() -> None:
    words = {wording.t(f"setup.rules.trigger.{trigger}"): trigger for trigger in Trigger}
    table = FOR_AGENTS.partition("| | When |")[2].partition("\n\n")[0]
    rows = [[cell.strip() for cell in row.strip("|").split("|")] for row in table.splitlines()[2:]]

    for name, when, query, does in rows:
        rule = Rule(name=name, trigger=words[when], query=query.strip("`"), reply=does.partition("`")[2].strip("`"))
        assert rule.model_copy(update={"note": "Look!"}).checked()
    assert len(rows) == 3


def test_the_pictures_of_the_readme_exist() -> None:
    pictures = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", README)

    assert len(pictures) == 2
    assert all((ROOT / picture).stat().st_size > 10_000 for picture in pictures)


@pytest.mark.parametrize("page", ["agents.md", "reports.md"])
def test_the_pictures_of_the_documentation_exist(page: str) -> None:
    pictures = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", (ROOT / "docs" / page).read_text(encoding="utf-8"))

    assert pictures
    assert all((ROOT / "docs" / picture).stat().st_size > 10_000 for picture in pictures)


@pytest.mark.parametrize("metric", Metric)
def test_each_metric_of_reports_is_defined(metric: Metric) -> None:
    defined = (ROOT / "docs" / "reports.md").read_text(encoding="utf-8")

    assert f"\n### {wording.WORDING[f'metric.{metric}']}\n" in defined
    assert wording.WORDING[f"how.{metric}"]


def test_every_word_of_the_catalogue_is_used_and_every_word_used_is_in_it() -> None:
    sources = [*(ROOT / "ticketing" / "ui").rglob("*.py"), *(ROOT / "pages").glob("*.py")]
    code = "\n".join(path.read_text(encoding="utf-8") for path in sources if path.name != "wording.py")
    whole = set(re.findall(r'\bt\(\s*"([a-z_.]+)"', code)) | set(re.findall(r'"([a-z_]+\.[a-z_]+)"', code))
    stems = tuple(re.findall(r'\bt\(\s*f"([a-z_.]*)\{', code))

    missing = {key for key in re.findall(r'\bt\(\s*"([a-z_.]+)"', code) if key not in wording.WORDING}
    unused = {key for key in wording.WORDING if key not in whole and not key.startswith(stems)}

    assert not missing
    assert not unused
