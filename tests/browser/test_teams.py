"""Teams at work: a new ticket finds its team and its agent, who hands it on with a note."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.acting import choose, conversation, expect_ticket, fill_in_ticket, history, pick_from, wait_until
from tests.browser.conftest import Windows, settle
from tests.serving import Server
from ticketing.domain.statuses import TicketCategory
from ticketing.domain.teams import Dealing, Team

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


@pytest.fixture
def teams(server: Server) -> Iterator[tuple[Team, Team]]:
    """Return a team that takes tickets about hardware, and another one; other tests know of none."""
    desk, root = server.desk, server.actor("root")
    first = Team(
        name="First line", members=("ada",), dealing=Dealing.ROUND_ROBIN, categories=(TicketCategory.HARDWARE,)
    )
    second = Team(name="Second line", members=("bert", "root"), dealing=Dealing.LEAST_LOADED)
    made = desk.definitions.save(root, first), desk.definitions.save(root, second)
    yield made
    for team in made:
        desk.definitions.remove(root, Team, team.id, desk.definitions.get(root, Team, team.id).version)


def form(page: Page) -> Locator:
    """Return the form that hands a ticket on."""
    return page.locator(".st-key-transfer")


def pick(page: Page, field: str, option: str) -> None:
    """Choose in one of the boxes of that form."""
    box = form(page).get_by_role("combobox", name=field)
    pick_from(box, option)
    expect(box).to_have_value(option)


def pick_team(page: Page, team: str, rule: str) -> None:
    """Choose a team, and wait until one can choose among its members or take its rule."""
    pick(page, "Team", team)
    expect(form(page).get_by_role("combobox", name="To whom")).to_have_value(rule)
    settle(page)


def test_a_new_ticket_is_dealt_to_its_team_and_handed_on_with_a_note(
    windows: Windows, server: Server, teams: tuple[Team, Team]
) -> None:
    carla = windows.open("new_ticket", person="carla")
    pick_from(carla.get_by_role("combobox", name="Category"), "Hardware")
    fill_in_ticket(carla, "Screen flickers", "It flickers.")
    expect_ticket(carla, "Screen flickers")
    number = int(carla.url.rpartition("=")[2])

    page = windows.open(f"ticket?id={number}", person="ada")
    expect(page.get_by_role("combobox", name="Team").locator("option:checked")).to_have_text("First line")
    expect(page.get_by_role("combobox", name="Assignee").locator("option:checked")).to_have_text("ada")
    page.get_by_role("button", name="Transfer…").click()
    form(page).get_by_role("textbox", name="Internal note").fill("The cable is fine.")
    pick_team(page, "Second line", "Whoever has the fewest")
    pick(page, "To whom", "root")
    pick(page, "To whom", "Whoever has the fewest")
    expect(form(page).get_by_role("textbox", name="Internal note")).to_have_value("The cable is fine.")
    form(page).get_by_role("button", name="Transfer", exact=True).click()

    expect(page.get_by_text("has the ticket now.")).to_be_visible()
    expect(form(page)).to_have_count(0)
    expect(conversation(page)).to_contain_text("The cable is fine.")
    expect(page.get_by_role("combobox", name="Team").locator("option:checked")).to_have_text("Second line")
    expect(history(page)).to_contain_text("changed team: First line → Second line")
    ticket = server.ticket(number)
    assert ticket.team == teams[1].id
    assert ticket.assignee in teams[1].members
    carla.reload()
    expect_ticket(carla, "Screen flickers")
    expect(conversation(carla)).not_to_contain_text("The cable is fine.")
    expect(carla.get_by_text("Second line")).to_have_count(0)

    page.get_by_role("button", name="Undo: team").click()
    expect(page.get_by_role("combobox", name="Assignee").locator("option:checked")).to_have_text("ada")


@pytest.mark.usefixtures("teams")
def test_what_was_typed_outlives_a_refusal_and_a_reload(windows: Windows, server: Server) -> None:
    number = server.desk.tickets.open(server.actor("carla"), "Noisy disk", "It hums.").number
    page = windows.open(f"ticket?id={number}", person="ada")
    note = form(page).get_by_role("textbox", name="Internal note")
    page.get_by_role("button", name="Transfer…").click()
    pick_team(page, "Second line", "Whoever has the fewest")
    note.fill("Please look at it.")
    server.desk.tickets.assign(server.actor("bert"), number, "bert")

    form(page).get_by_role("button", name="Transfer", exact=True).click()
    expect(page.get_by_role("alert").filter(has_text="Assignee was changed to “bert”")).to_be_visible()
    expect(note).to_have_value("Please look at it.")
    wait_until(page, lambda: "Please look at it." in page.evaluate("JSON.stringify(sessionStorage)"))
    page.reload()
    settle(page)
    page.get_by_role("button", name="Transfer…").click()
    expect(note).to_have_value("Please look at it.")
    pick_team(page, "Second line", "Whoever has the fewest")
    form(page).get_by_role("button", name="Transfer", exact=True).click()

    expect(page.get_by_text("root has the ticket now.")).to_be_visible()
    expect(conversation(page)).to_contain_text("Please look at it.")
    choose(page, "Team", "No team")
    expect(page.get_by_role("button", name="Undo: team")).to_be_visible()
    settle(page)
    page.get_by_role("button", name="Transfer…").click()
    expect(note).to_have_value("")
    assert server.ticket(number).team is None
