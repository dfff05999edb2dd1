"""The README tells the truth about settings, commands and permissions."""

import re
from pathlib import Path

import pytest

from ticketing.cli import main
from ticketing.settings import PREFIX, Settings
from ticketing.ui import wording

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
LONGEST = 200


def settings_table() -> str:
    rows = ["| Setting | Default | What it is |", "|---|---|---|"]
    for name, field in Settings.model_fields.items():
        default = "" if field.default is None else f"`{str(field.default).lower()}`"
        rows.append(f"| `{PREFIX}{name.upper()}` | {default} | {field.description} |")
    return "\n".join(rows)


def test_the_readme_is_short_enough_to_be_read() -> None:
    assert len(README.splitlines()) <= LONGEST


def test_the_readme_lists_every_setting_with_its_default() -> None:
    assert settings_table() in README


@pytest.mark.parametrize("command", sorted(main.commands))
def test_the_readme_names_every_command(command: str) -> None:
    assert f"python3 -m ticketing {command}" in README


def test_the_pictures_of_the_readme_exist() -> None:
    pictures = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", README)

    assert len(pictures) == 2
    assert all((ROOT / picture).stat().st_size > 10_000 for picture in pictures)


def test_every_word_of_the_catalogue_is_used_and_every_word_used_is_in_it() -> None:
    sources = [*(ROOT / "ticketing" / "ui").glob("*.py"), *(ROOT / "pages").glob("*.py")]
    code = "\n".join(path.read_text(encoding="utf-8") for path in sources if path.name != "wording.py")
    whole = set(re.findall(r'\bt\(\s*"([a-z_.]+)"', code)) | set(re.findall(r'"([a-z_]+\.[a-z_]+)"', code))
    stems = tuple(re.findall(r'\bt\(\s*f"([a-z_.]*)\{', code))

    missing = {key for key in re.findall(r'\bt\(\s*"([a-z_.]+)"', code) if key not in wording.WORDING}
    unused = {key for key in wording.WORDING if key not in whole and not key.startswith(stems)}

    assert not missing
    assert not unused
