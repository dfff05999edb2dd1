"""The desk's main job through its pages, on each store: somebody asks, an agent answers, both see how it ended."""

from pathlib import Path

import pytest

from tests.pages.conftest import SignIn
from tests.postgres import databases
from tests.visiting import COMPOSER, HEAD, LIST, PANEL, Visit
from ticketing.desk import Desk


@pytest.fixture(params=["json", "sqlite", "postgres"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the address of a store of each kind that lasts."""
    kinds = {"json": f"json:{tmp_path / 'data'}", "sqlite": f"sqlite:///{tmp_path / 'desk.db'}"}
    return kinds.get(request.param) or databases().create("pages")


def test_a_ticket_goes_from_its_first_word_to_its_last(desk: Desk, carla: Visit, ada: Visit, sign_in: SignIn) -> None:
    carla.open("new_ticket").fill(title="No dial tone", description="The line is dead.").press("submit")
    assert carla.sent(HEAD)["title"] == "No dial tone"

    assert [row[3] for row in ada.open("all_tickets").sent(LIST)["rows"]] == ["No dial tone"]
    ada.open("ticket", id="1").act("assign_to_me").pick("priority", "high")
    ada.answer("Is the plug in?", status="pending").answer("He sounds cross.", kind="note")
    assert {field[0]: field[2] for field in ada.sent(PANEL)["fields"]} == {
        "status": "pending",
        "priority": "high",
        "category": "general",
        "assignee": "ada",
    }

    carla.open("ticket", id="1")
    assert "Is the plug in?" in carla.html
    assert "cross" not in carla.html
    carla.answer("It was not.").act("close")
    assert carla.sent(COMPOSER)["closed"]
    assert sign_in("oskar").open("ticket", id="1").titles == ["Nothing to see here"]

    found = desk.tickets.get(desk.sessions.actor(ada.token or ""), 1)
    words = ["The line is dead.", "Is the plug in?", "He sounds cross.", "It was not."]
    assert [message.text for message in found.messages] == words
    assert ada.open("all_tickets", view="done", q="cross").sent(LIST)["rows"][0][4] == "Closed"
    history = [line[1] for line in ada.open("ticket", id="1").unfold_history().sent(PANEL)["history"]]
    assert history[0] == "changed status: Open → Closed"
    assert "changed priority: Normal → High" in history
