"""Settings as one file in a browser: had from one desk, given to it again, looked at, and brought in."""

import json

import pytest
from playwright.sync_api import expect

from tests.browser.acting import GAPS, click_twice
from tests.browser.conftest import PHONE, Windows, settle
from tests.serving import Server
from ticketing.domain.people import Actor
from ticketing.domain.teams import Team

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def test_an_admin_takes_the_settings_along_and_brings_them_in_changed(windows: Windows, server: Server) -> None:
    team = server.desk.definitions.save(Actor.console(), Team(name="Night <b>shift</b>"))
    root = windows.open("desk_setup", person="root")
    with root.expect_download() as download:
        root.get_by_role("button", name="Export").click()
    whole = json.loads(download.value.path().read_text("utf-8"))
    assert download.value.suggested_filename == "ticketing-settings.json"

    (exported,) = (one for one in whole["settings"]["teams"] if one["id"] == team.id)
    exported["name"] = "Night *watch*"
    whole["settings"] = {"teams": [exported]}  # other tests have left things that name people who were never there
    root.locator("input[type=file]").set_input_files(
        {"name": "settings.json", "mimeType": "application/json", "buffer": json.dumps(whole).encode()}
    )
    expect(root.get_by_text("Name: Night <b>shift</b> → Night *watch*")).to_be_visible()
    root.get_by_role("button", name="Import", exact=True).click()

    expect(root.get_by_text("Imported: 0 added, 1 changed.")).to_be_visible()
    expect(root.get_by_role("button", name="Import", exact=True)).to_be_hidden()
    assert server.desk.definitions.get(Actor.console(), Team, team.id).name == "Night *watch*"


@pytest.mark.parametrize("gap", GAPS)
def test_who_imports_settings_with_two_clicks_is_told_of_it(windows: Windows, server: Server, gap: int) -> None:
    team = server.desk.definitions.save(Actor.console(), Team(name=f"Clicked {gap}"))
    whole = json.loads(server.desk.settings_files.export(Actor.console()))
    (exported,) = (one for one in whole["settings"]["teams"] if one["id"] == team.id)
    exported["name"] = f"Clicked twice {gap}"
    whole["settings"] = {"teams": [exported]}
    root = windows.open("desk_setup", person="root")
    root.locator("input[type=file]").set_input_files(
        {"name": "settings.json", "mimeType": "application/json", "buffer": json.dumps(whole).encode()}
    )

    click_twice(root.get_by_role("button", name="Import", exact=True), server, gap)

    expect(root.get_by_text("Imported: 0 added, 1 changed.")).to_be_visible()
    expect(root.get_by_role("button", name="Import", exact=True)).to_be_hidden()
    settle(root)
    expect(root.get_by_text("Imported: 0 added, 1 changed.")).to_be_visible()
    assert server.desk.definitions.get(Actor.console(), Team, team.id).version == team.version + 1


def test_it_can_be_used_on_a_phone(windows: Windows) -> None:
    root = windows.open("desk_setup", person="root", **PHONE)
    settle(root)

    expect(root.get_by_role("button", name="Export")).to_be_visible()
    assert root.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
