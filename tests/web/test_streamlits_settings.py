"""What else the shipped configuration of Streamlit promises: it runs quietly, and looks right by day and by night."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

CONFIG: dict[str, Any] = tomllib.loads(
    (Path(__file__).resolve().parents[2] / ".streamlit" / "config.toml").read_text("utf-8")
)
SHIPPED = {
    "server.headless": True,
    "server.fileWatcherType": "none",
    "server.runOnSave": False,
    "server.xsrfCookieSameSite": "strict",
    "server.maxMessageSize": 50,
    "client.showErrorLinks": False,
    "client.toolbarMode": "minimal",
    "runner.postScriptGC": False,
}


@pytest.mark.parametrize("option", SHIPPED)
def test_h1_no_visitor_can_change_how_the_server_runs_nor_look_behind_it(option: str) -> None:
    section, name = option.split(".")

    assert CONFIG[section][name] == SHIPPED[option]


def test_there_is_a_theme_for_the_day_and_one_for_the_night_with_the_same_parts() -> None:
    theme = CONFIG["theme"]

    assert set(theme["light"]) == set(theme["dark"])
    assert all(theme["light"][part] != theme["dark"][part] for part in theme["light"])


def luminance(colour: str) -> float:
    """Return the relative luminance of a colour such as #4338CA, as WCAG defines it."""
    parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(
    ("ink", "paper"),
    [("textColor", "backgroundColor"), ("textColor", "secondaryBackgroundColor"), ("linkColor", "backgroundColor")],
)
def test_words_and_links_stand_out_from_their_ground(theme: str, ink: str, paper: str) -> None:
    brighter, darker = sorted((luminance(CONFIG["theme"][theme][part]) for part in (ink, paper)), reverse=True)

    assert (brighter + 0.05) / (darker + 0.05) >= 4.5
