"""What one click changed on a ticket can be taken back from its page, until one goes on."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from tests.visiting import COMPOSER, HEAD, PANEL, Visit
from ticketing.desk import Desk
from ticketing.domain.people import Actor
from ticketing.domain.statuses import Priority, Resolution, Status, TicketCategory
from ticketing.domain.tickets import Ticket, TicketEdit
from ticketing.ui.undoing import undo_of

Behind = Callable[[Visit], Actor]
Look = Callable[[], Ticket]
Change = Callable[..., Ticket]


@pytest.fixture
def number(desk: Desk, carla: Visit, root: Visit, actor: Behind) -> str:
    """Return a ticket that Carla opened, with a tag, and Root has taken."""
    number = desk.tickets.open(actor(carla), "No dial tone", "The line is dead.").number
    return desk.tickets.edit(actor(root), number, TicketEdit(tags=("phone",), assignee="root")).id


@pytest.fixture
def stored(desk: Desk, number: str, root: Visit, actor: Behind) -> Look:
    """Return a way to look at the ticket as it is stored."""
    return lambda: desk.tickets.get(actor(root), int(number))


@pytest.fixture
def root_sets(desk: Desk, number: str, root: Visit, actor: Behind) -> Change:
    """Return how a colleague changes the ticket meanwhile."""
    return lambda **fields: desk.tickets.edit(actor(root), int(number), TicketEdit(**fields))


def state(ticket: Ticket) -> dict[str, Any]:
    """Return what of a ticket can be changed by one click."""
    return ticket.model_dump(include={"status", "resolution", "priority", "category", "assignee", "tags"})


def undo(visit: Visit) -> Visit:
    """Press the one button that takes something back."""
    (action,) = undos(visit)
    return visit.act(action)


def undos(visit: Visit) -> list[str]:
    return [action for action in visit.actions if action.startswith("undo")]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("priority", "high"),
        ("category", "network"),
        ("assignee", "ada"),
        ("assignee", ""),
        ("tags", ["phone", "urgent"]),
        ("tags", []),
        ("status", "pending"),
        ("status", "resolved"),
        ("status", "closed"),
    ],
    ids=str,
)
def test_a_choice_in_the_panel_can_be_taken_back(
    ada: Visit, number: str, stored: Look, field: str, value: object
) -> None:
    before = stored()

    ada.open("ticket", id=number).pick(field, value)
    assert ada.said == []
    assert ada.sent(HEAD)["actions"][0][1] == f"Undo: {field}"
    undo(ada)

    assert state(stored()) == state(before)
    assert len(stored().events) == len(before.events) + 2
    assert (ada.said, undos(ada)) == ([f"The change of {field} is undone."], [])


def test_why_a_ticket_is_done_can_be_taken_back(ada: Visit, number: str, stored: Look, root_sets: Change) -> None:
    root_sets(status=Status.CLOSED, resolution=Resolution.DUPLICATE)

    undo(ada.open("ticket", id=number).pick("resolution", "spam"))

    assert (stored().status, stored().resolution) == ("closed", "duplicate")


@pytest.mark.parametrize("person", ["ada", "carla"])
def test_both_sides_can_take_back_that_they_closed_a_ticket(
    sign_in: Callable[..., Visit], number: str, stored: Look, person: str
) -> None:
    before = stored()
    visit = sign_in(person).open("ticket", id=number).act("close")
    assert visit.said == ["The ticket is closed."]
    assert visit.sent(HEAD)["actions"][0][1:] == ["Undo: status", "undo"]

    undo(visit)

    assert state(stored()) == state(before)
    assert [(event.old, event.new) for event in stored().events[-2:]] == [("open", "closed"), ("closed", "open")]


def test_a_ticket_that_was_taken_goes_back_to_whose_it_was(ada: Visit, number: str, stored: Look) -> None:
    undo(ada.open("ticket", id=number).act("assign_to_me"))

    assert stored().assignee == "root"


@pytest.mark.parametrize("done", [Status.RESOLVED, Status.CLOSED])
def test_a_ticket_that_an_agent_reopened_is_done_again_as_what_it_was(
    ada: Visit, number: str, stored: Look, done: Status, root_sets: Change
) -> None:
    root_sets(status=done, resolution=Resolution.WONT_FIX)

    undo(ada.open("ticket", id=number).act("reopen"))

    assert (stored().status, stored().resolution) == (done, "wont_fix")


@pytest.mark.parametrize(
    ("person", "before", "action"),
    [
        ("ada", Status.PENDING, "close"),
        ("ada", Status.RESOLVED, "close"),
        ("carla", Status.PENDING, "close"),
        ("carla", Status.RESOLVED, "reopen"),
        ("carla", Status.CLOSED, "reopen"),
    ],
)
def test_where_no_arrow_leads_back_or_only_for_agents_none_is_offered(
    sign_in: Callable[..., Visit],
    number: str,
    stored: Look,
    person: str,
    before: Status,
    action: str,
    root_sets: Change,
) -> None:
    root_sets(status=before)

    visit = sign_in(person).open("ticket", id=number).act(action)

    assert stored().status is not before
    assert undos(visit) == []


def test_what_a_colleague_has_done_already_is_not_offered_as_ones_own(
    ada: Visit, number: str, root_sets: Change
) -> None:
    ada.open("ticket", id=number)
    root_sets(priority=Priority.HIGH)

    assert undos(ada.report(PANEL, "outbox", [[1, "priority", "high", "normal"]])) == []


def test_what_a_colleague_changed_in_the_same_moment_is_not_taken_for_ones_own(
    desk: Desk, ada: Visit, number: str, actor: Behind, stored: Look, root_sets: Change
) -> None:
    before = stored()
    root_sets(category=TicketCategory.NETWORK)
    after = desk.tickets.edit(actor(ada), int(number), TicketEdit(priority=Priority.HIGH))

    assert undo_of(actor(ada), before, after) is None


@pytest.mark.parametrize("person", ["ada", "carla"])
def test_what_somebody_else_changed_meanwhile_is_not_taken_back(
    sign_in: Callable[..., Visit], number: str, stored: Look, person: str, root_sets: Change
) -> None:
    visit = sign_in(person).open("ticket", id=number).act("close")
    root_sets(status=Status.OPEN)
    theirs = root_sets(status=Status.RESOLVED)

    undo(visit)

    assert visit.refused == ["Status was changed to “resolved” meanwhile, so nothing was undone."]
    assert undos(visit) == []
    assert stored() == theirs


@pytest.mark.parametrize("person", ["ada", "carla"])
def test_what_somebody_else_has_taken_back_already_is_taken_for_done(
    sign_in: Callable[..., Visit], number: str, stored: Look, person: str, root_sets: Change
) -> None:
    visit = sign_in(person).open("ticket", id=number).act("close")
    theirs = root_sets(status=Status.OPEN)

    undo(visit)

    assert visit.said == ["The change of status is undone."]
    assert stored() == theirs


def test_changes_of_other_fields_stay(ada: Visit, number: str, stored: Look, root_sets: Change) -> None:
    ada.open("ticket", id=number).pick("priority", "high")
    root_sets(status=Status.PENDING, tags=("vip",))

    undo(ada)

    assert (stored().priority, stored().status, stored().tags) == ("normal", "pending", ["vip"])


def test_a_second_click_on_undo_does_nothing_a_second_time(
    ada: Visit, number: str, stored: Look, root_sets: Change
) -> None:
    ada.open("ticket", id=number).pick("priority", "high")
    (action,) = undos(ada)
    ada.report(HEAD, "outbox", [[1, action, "open", ""]])
    theirs = root_sets(priority=Priority.HIGH)

    assert ada.report(HEAD, "outbox", [[1, action, "open", ""], [2, action, "open", ""]]).said == [
        "The change of priority is undone."
    ]

    assert stored() == theirs


def test_a_click_that_comes_after_another_deed_does_not_take_that_one_back(
    ada: Visit, number: str, stored: Look
) -> None:
    ada.open("ticket", id=number).pick("priority", "high")
    (action,) = undos(ada)
    ada.pick("category", "network")

    ada.act(action)

    assert ada.refused == ["This can be undone no longer. Please look, and change it by hand."]
    assert (stored().priority, stored().category) == ("high", "network")
    undo(ada)
    assert (stored().priority, stored().category) == ("high", "general")


def test_a_click_on_one_ticket_takes_nothing_back_on_another(
    desk: Desk, ada: Visit, carla: Visit, number: str, actor: Behind, stored: Look
) -> None:
    other = desk.tickets.open(actor(carla), "Another", "Text.").id
    ada.open("ticket", id=number).pick("priority", "high")
    (action,) = undos(ada)

    ada.open("ticket", id=other).act(action)

    assert stored().priority == "high"


def test_undo_stays_while_one_looks_around_and_when_something_is_refused(
    ada: Visit, number: str, stored: Look, root_sets: Change
) -> None:
    ada.open("ticket", id=number).pick("priority", "high")
    root_sets(category=TicketCategory.NETWORK)
    ada.unfold_history().report(PANEL, "outbox", [[9, "category", "billing", "general"]])
    assert ada.refused

    undo(ada)

    assert stored().priority == "normal"


@pytest.mark.parametrize(
    "go_on",
    [
        lambda ada, _other: ada.answer("We look into it."),
        lambda ada, _other: ada.report(HEAD, "back", value=True),
        lambda ada, other: ada.open("ticket", id=other),
        lambda ada, _other: ada.open("ticket", id="999"),
    ],
    ids=["answering", "going to the list", "going to another ticket", "going to a ticket that is not there"],
)
def test_undo_is_gone_once_one_goes_on(
    desk: Desk,
    ada: Visit,
    carla: Visit,
    number: str,
    actor: Behind,
    stored: Look,
    go_on: Callable[[Visit, str], object],
) -> None:
    other = desk.tickets.open(actor(carla), "Another", "Text.").id
    ada.open("ticket", id=number).pick("priority", "high")
    (action,) = undos(ada)

    go_on(ada, other)

    assert undos(ada.open("ticket", id=number)) == []
    ada.act(action)
    assert stored().priority == "high"


def test_what_was_done_before_somebody_else_signed_in_is_not_theirs_to_take_back(
    ada: Visit, root: Visit, number: str, stored: Look
) -> None:
    ada.open("ticket", id=number).pick("priority", "high")
    (action,) = undos(ada)

    ada.token = root.token
    ada.rerun()

    assert undos(ada) == []
    ada.act(action)
    assert stored().priority == "high"


def test_a_reply_that_was_just_sent_can_be_taken_back_out_of_the_composer(
    ada: Visit, number: str, stored: Look
) -> None:
    before = stored()
    ada.open("ticket", id=number).answer("Wrong window, sorry.", status="pending")
    mark, seconds, text = ada.sent(COMPOSER)["undo"]
    assert (text, 10 < seconds <= 15) == ("Wrong window, sorry.", True)

    ada.report(COMPOSER, "outbox", [[2, "take_back", mark]])

    assert (state(stored()), stored().messages) == (state(before), before.messages)
    assert ada.said == ["Your reply is taken back. Its text is in the field again."]
    assert ada.sent(COMPOSER)["undo"] is None
    assert "took a reply back" in str(ada.unfold_history().sent(PANEL)["history"])


def test_it_is_offered_after_a_reload_too_but_to_nobody_else_and_not_for_long(
    desk: Desk, ada: Visit, root: Visit, carla: Visit, number: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada.open("ticket", id=number).answer("Please plug it in.")

    assert Visit(desk, ada.token).open("ticket", id=number).sent(COMPOSER)["undo"]
    assert root.open("ticket", id=number).sent(COMPOSER)["undo"] is None
    assert carla.open("ticket", id=number).answer("It is in.").sent(COMPOSER)["undo"] is None
    later = desk.clock() + timedelta(seconds=16)
    monkeypatch.setattr(desk, "clock", lambda: later)
    assert Visit(desk, ada.token).open("ticket", id=number).sent(COMPOSER)["undo"] is None


@pytest.mark.parametrize("mark", ["nothing", "", 7, None, ["x"]])
def test_a_mark_of_no_reply_takes_nothing_back(ada: Visit, number: str, stored: Look, mark: object) -> None:
    ada.open("ticket", id=number).answer("Please plug it in.")
    before = stored()

    ada.report(COMPOSER, "outbox", [[2, "take_back", mark]])

    assert stored() == before
    assert ada.refusal(COMPOSER)
