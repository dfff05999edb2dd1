"""Several tickets at once: what is to be done, what would come of it, what came of it, and the way back."""

from collections.abc import Callable

import pytest

from tests.visiting import LIST, Visit, unescaped
from ticketing.desk import Desk
from ticketing.domain.people import Actor
from ticketing.domain.statuses import Priority, Status
from ticketing.domain.tickets import Ticket, TicketEdit
from ticketing.ui.wording import t

Behind = Callable[[Visit], Actor]
CONSOLE = Actor.console()


@pytest.fixture
def numbers(desk: Desk, carla: Visit, actor: Behind) -> list[int]:
    """Return three tickets of Carla's, of which the last one is closed."""
    found = [desk.tickets.open(actor(carla), f"Lamp *{place}*", "Dark.").number for place in range(1, 4)]
    desk.tickets.close(CONSOLE, found[-1])
    return found


@pytest.fixture
def chosen(ada: Visit, numbers: list[int]) -> Visit:
    """Return the page on which Ada is asked what is to be done to them."""
    return ada.open("all_tickets", view="all").report(LIST, "chosen", numbers).open("bulk")


def stored(desk: Desk, numbers: list[int]) -> list[Ticket]:
    return [desk.tickets.get(CONSOLE, number) for number in numbers]


def outcomes(visit: Visit) -> str:
    """Return what is told of each ticket."""
    return next(unescaped(element.value) for element in visit.at.main.markdown if "**T" in element.value)


def test_what_would_happen_is_told_of_each_ticket_before_it_does(desk: Desk, chosen: Visit, numbers: list[int]) -> None:
    assert chosen.titles == [t("bulk.title", n=3)]

    chosen.at.selectbox(key="bulk_status").select(Status.PENDING)
    chosen.at.selectbox(key="bulk_assignee").select("ada")
    chosen.press("bulk_preview")

    told = outcomes(chosen)
    assert told.startswith(f"- **T-{numbers[2]}** Lamp *3*")
    assert "is closed. Reopen it to go on." in told
    assert told.count("Status: Open → Pending") == told.count("Assignee: Unassigned → ada") == 2
    assert {ticket.assignee for ticket in stored(desk, numbers)} == {None}


def test_what_is_refused_stays_and_what_came_of_the_rest_is_told_and_taken_back(
    desk: Desk, chosen: Visit, numbers: list[int]
) -> None:
    chosen.at.selectbox(key="bulk_status").select(Status.PENDING)
    chosen.at.selectbox(key="bulk_assignee").select("ada")
    chosen.fill(bulk_add_tags="cellar, night", bulk_reply="We are on it.").press("bulk_preview")
    assert t("bulk.reply_goes") in [caption.value for caption in chosen.at.caption]

    chosen.press("bulk_apply")

    assert chosen.titles == [t("bulk.done_title")]
    assert chosen.said == [t("bulk.done", n=2), t("bulk.refused", n=1)]
    changed = stored(desk, numbers)
    assert [ticket.status for ticket in changed] == [Status.PENDING, Status.PENDING, Status.CLOSED]
    assert [ticket.assignee for ticket in changed] == ["ada", "ada", None]
    assert [ticket.tags for ticket in changed] == [["cellar", "night"], ["cellar", "night"], []]
    assert [len(ticket.messages) for ticket in changed] == [2, 2, 1]

    chosen.press("bulk_undo")

    assert chosen.said[0] == t("bulk.taken_back", n=2)
    assert not chosen.has_button("bulk_undo")
    changed = stored(desk, numbers)
    assert [ticket.status for ticket in changed] == [Status.OPEN, Status.OPEN, Status.CLOSED]
    assert [ticket.assignee for ticket in changed] == [None] * 3
    assert [len(ticket.messages) for ticket in changed] == [1, 1, 1]
    assert any("reply taken back" in text for text in (each.value for each in chosen.at.markdown))


def test_what_a_colleague_did_meanwhile_is_not_taken_back(desk: Desk, chosen: Visit, numbers: list[int]) -> None:
    chosen.at.selectbox(key="bulk_priority").select(Priority.URGENT)
    chosen.press("bulk_preview").press("bulk_apply")
    desk.tickets.edit(CONSOLE, numbers[0], TicketEdit(priority=Priority.LOW))

    chosen.press("bulk_undo")

    assert chosen.said == [t("bulk.taken_back", n=1), t("bulk.refused", n=1)]
    assert [ticket.priority for ticket in stored(desk, numbers)] == [Priority.LOW, Priority.NORMAL, Priority.NORMAL]


def test_the_way_back_is_gone_when_its_time_is_over(chosen: Visit, pass_seconds: Callable[[float], None]) -> None:
    chosen.at.selectbox(key="bulk_priority").select(Priority.URGENT)
    chosen.press("bulk_preview").press("bulk_apply")
    assert chosen.has_button("bulk_undo")

    pass_seconds(31)

    assert not chosen.rerun().has_button("bulk_undo")


def test_all_that_the_list_has_is_chosen_also_beyond_its_page(ada: Visit, numbers: list[int]) -> None:
    ada.open("all_tickets", view="all", q="lamp").report(LIST, "chosen", "all")

    assert ada.titles == [t("bulk.title", n=len(numbers))]


def test_who_asks_for_nothing_is_told_so_and_nothing_can_be_applied(chosen: Visit) -> None:
    chosen.press("bulk_preview")

    assert chosen.said == [t("bulk.nothing")]
    assert not chosen.has_button("bulk_apply")


@pytest.mark.parametrize(
    ("field", "typed", "sentence"),
    [
        ("bulk_merge_into", "the other one", "“the other one”"),
        ("bulk_merge_into", "T-99", "There is no ticket T-99"),
        ("bulk_add_tags", "x" * 41, "Tag has 41 characters"),
        ("bulk_reply", "\u200b", "Reply is empty"),
    ],
)
def test_what_cannot_be_is_refused_with_a_sentence_and_cannot_be_applied(
    chosen: Visit, field: str, typed: str, sentence: str
) -> None:
    chosen.fill(**{field: typed}).press("bulk_preview")

    assert sentence in "".join([*chosen.refused, *(unescaped(element.value) for element in chosen.at.main.markdown)])
    assert not chosen.has_button("bulk_apply")


def test_who_has_chosen_nothing_is_told_how(ada: Visit) -> None:
    ada.open("bulk")

    assert ada.said == [t("bulk.none_chosen")]
    assert ada.press("way_back").titles == [t("page.all_tickets")]


def test_the_page_is_for_agents_alone(carla: Visit, numbers: list[int]) -> None:
    assert numbers
    with pytest.raises(ValueError, match="Could not find a navigation page"):
        carla.open("bulk")


def test_who_is_no_agent_any_more_changes_nothing(
    desk: Desk, chosen: Visit, numbers: list[int], root: Visit, actor: Behind
) -> None:
    chosen.at.selectbox(key="bulk_priority").select(Priority.URGENT)
    chosen.press("bulk_preview")
    desk.agents.deactivate(actor(root), "ada")

    chosen.press("bulk_apply")

    assert chosen.titles == [t("page.login")]
    assert {ticket.priority for ticket in stored(desk, numbers)} == {Priority.NORMAL}
