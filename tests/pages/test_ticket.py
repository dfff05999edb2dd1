"""A ticket's head, panel and composer: what they believe of what a browser reports, and what they answer."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from tests.visiting import COMPOSER, HEAD, PANEL, Visit
from ticketing.desk import Desk, shared_desk
from ticketing.domain.people import Actor
from ticketing.domain.statuses import Status
from ticketing.domain.text import TAGS_LIMIT
from ticketing.domain.tickets import Ticket, TicketEdit

Behind = Callable[[Visit], Actor]
Look = Callable[[], Ticket]


@pytest.fixture
def number(desk: Desk, carla: Visit, actor: Behind) -> str:
    """Return a ticket that Carla opened."""
    return desk.tickets.open(actor(carla), "No dial tone", "The line is dead.").id


@pytest.fixture
def stored(desk: Desk, number: str, root: Visit, actor: Behind) -> Look:
    """Return a way to look at the ticket as it is stored."""
    return lambda: desk.tickets.get(actor(root), int(number))


# The head


def test_the_head_offers_each_side_what_it_may_do(ada: Visit, carla: Visit, number: str) -> None:
    assert ada.open("ticket", id=number).actions == ["assign_to_me", "transfer", "snooze", "close"]
    assert carla.open("ticket", id=number).actions == ["close"]


@pytest.mark.parametrize(
    "forged",
    [
        [[1, "reopen", "open", ""]],
        [[1, "delete"]],
        [[1, "close ", "open", ""]],
        [[1, "close"]],
        [[1, "close", "exploded", ""]],
        [[1, "close", "open", None]],
        [[1, ["close"], "open", ""]],
        [[0, "close", "open", ""]],
        [["1", "close", "open", ""]],
        [[1, "close", "open", "", 2]],
        [["close"]],
        [1, "close"],
        [[]],
        {"close": 1},
        "close",
        None,
        True,
    ],
    ids=repr,
)
def test_an_action_that_is_not_on_offer_is_not_done(ada: Visit, number: str, stored: Look, forged: object) -> None:
    before = stored()

    ada.open("ticket", id=number).report(HEAD, "outbox", forged)

    assert stored() == before
    assert ada.said == []


def test_a_click_that_was_dealt_with_is_not_dealt_with_again(
    desk: Desk, ada: Visit, root: Visit, number: str, actor: Behind, stored: Look
) -> None:
    ada.open("ticket", id=number).report(HEAD, "outbox", [[1, "assign_to_me", "open", ""]])
    desk.tickets.assign(actor(root), int(number), "root")

    ada.report(HEAD, "outbox", [[1, "assign_to_me", "open", ""]])

    assert stored().assignee == "root"


@pytest.mark.parametrize(
    ("action", "meanwhile"),
    [("assign_to_me", TicketEdit(assignee="root")), ("close", TicketEdit(status=Status.ON_HOLD))],
    ids=["take", "close"],
)
def test_a_click_in_the_head_takes_nothing_back_that_a_colleague_did_meanwhile(
    ada: Visit, root: Visit, number: str, actor: Behind, stored: Look, action: str, meanwhile: TicketEdit
) -> None:
    ada.open("ticket", id=number)
    left = shared_desk().tickets.edit(actor(root), int(number), meanwhile)

    ada.act(action)

    assert len(ada.refused) == 1
    assert "was changed to “" in ada.refused[0]
    assert stored() == left


def test_reopening_does_not_take_back_that_a_colleague_did_so_and_resolved_it_again(
    desk: Desk, ada: Visit, root: Visit, number: str, actor: Behind, stored: Look
) -> None:
    desk.tickets.close(actor(root), int(number))
    ada.open("ticket", id=number)
    desk.tickets.reopen(actor(root), int(number))
    left = desk.tickets.edit(actor(root), int(number), TicketEdit(status=Status.RESOLVED))

    ada.act("reopen")

    assert len(ada.refused) == 1
    assert stored() == left


def test_the_head_names_no_account_to_a_requester(
    desk: Desk, carla: Visit, root: Visit, number: str, actor: Behind
) -> None:
    desk.tickets.assign(actor(root), int(number), "root")

    assert carla.open("ticket", id=number).sent(HEAD)["seen"] == ["open", ""]


def test_a_click_that_is_sent_again_is_confirmed_again(
    ada: Visit, number: str, pass_seconds: Callable[[float], None]
) -> None:
    click = [[1, "assign_to_me", "open", ""]]
    ada.open("ticket", id=number).report(HEAD, "outbox", click)
    pass_seconds(6)

    assert ada.report(HEAD, "outbox", click).said == ["The ticket is yours now."]

    pass_seconds(6)
    assert ada.rerun().said == []


def test_a_confirmation_stays_while_somebody_else_has_the_page_drawn_anew_and_follows_to_no_other_page(
    desk: Desk, ada: Visit, carla: Visit, number: str, actor: Behind, pass_seconds: Callable[[float], None]
) -> None:
    pass_seconds(0)  # and from now on no others
    ada.open("ticket", id=number).act("assign_to_me")

    desk.tickets.reply(actor(carla), int(number), "It hums.")
    assert ada.rerun().said == ["The ticket is yours now."]

    assert ada.open("all_tickets").said == []


def test_what_is_done_next_takes_the_place_of_what_was_said(ada: Visit, number: str) -> None:
    ada.open("ticket", id=number).act("assign_to_me").pick("priority", "high")

    assert ada.said == []


def test_a_requester_cannot_take_a_ticket(carla: Visit, number: str, stored: Look) -> None:
    carla.open("ticket", id=number).act("assign_to_me")

    assert stored().assignee is None


def test_closing_what_a_colleague_has_closed_just_shows_it_closed(
    desk: Desk, ada: Visit, root: Visit, number: str, actor: Behind, stored: Look
) -> None:
    ada.open("ticket", id=number)
    closed = desk.tickets.close(actor(root), int(number))

    ada.act("close")

    assert ada.refused == []
    assert ada.actions == ["reopen"]
    assert stored() == closed


def test_the_heads_of_a_ticket_and_its_follow_up_lead_to_each_other(
    desk: Desk, carla: Visit, number: str, actor: Behind
) -> None:
    desk.tickets.close(actor(carla), int(number))
    after = desk.tickets.open(actor(carla), "Dead again", "Once more.", follows=int(number))

    assert carla.open("ticket", id=number).sent(HEAD)["related"] == [["goes on in", after.number, after.label]]
    assert carla.unfold_history().sent(PANEL)["history"][0][:2] == [
        "Carla",
        f"opened a follow-up: it goes on in {after.label}",
    ]
    carla.report(HEAD, "related", after.number)

    assert carla.titles == ["Dead again"]
    assert carla.sent(HEAD)["related"] == [["follows", int(number), f"T-{number}"]]


@pytest.mark.parametrize("forged", [2, 99, True, "1", [1], None, 1.0], ids=repr)
def test_a_related_ticket_that_the_head_does_not_name_is_not_gone_to(
    desk: Desk, carla: Visit, oskar: Visit, number: str, actor: Behind, forged: object
) -> None:
    desk.tickets.open(actor(oskar), "Somebody else's", "Text.")
    desk.tickets.open(actor(carla), "Unrelated", "Text.")

    carla.open("ticket", id=number).report(HEAD, "related", forged)

    assert carla.titles == ["No dial tone"]
    assert not carla.at.exception


def test_an_action_after_the_end_of_the_session_leads_to_signing_in(
    desk: Desk, ada: Visit, number: str, stored: Look
) -> None:
    ada.open("ticket", id=number)
    desk.sessions.sign_out(ada.token or "")

    ada.act("close")

    assert ada.titles == ["Sign in"]
    assert stored().status == "open"


@pytest.mark.parametrize(("person", "title"), [("ada", "All tickets"), ("carla", "My tickets")])
def test_the_way_back_leads_to_the_list(sign_in: Callable[..., Visit], number: str, person: str, title: str) -> None:
    visit = sign_in(person).open("ticket", id=number)
    assert visit.sent(HEAD)["back"] == [title.lower().replace(" ", "_"), title]

    visit.report(HEAD, "back", value=True)

    assert visit.titles == [title]


# The panel


@pytest.mark.parametrize(
    "choice",
    [
        ["status", "exploded"],
        ["status", "On hold"],
        ["status", ""],
        ["status", None],
        ["status", ["closed"]],
        ["resolution", "solved"],
        ["resolution", "lost"],
        ["priority", 3],
        ["category", {"a": "b"}],
        ["assignee", "carla"],
        ["assignee", "nobody.like.this"],
        ["assignee", None],
        ["tags", "one, two"],
        ["tags", ["fine", 7]],
        ["tags", ["nul\x00"]],
        ["tags", ["\ud800"]],
        ["tags", [f"tag {number}" for number in range(TAGS_LIMIT + 1)]],
        ["title", "Mine now"],
        ["requester", "ada"],
        ["version", 99],
        [["status"], "closed"],
        [None, None],
    ],
    ids=repr,
)
def test_a_choice_that_the_panel_does_not_offer_changes_nothing(
    ada: Visit, number: str, stored: Look, choice: tuple[Any, object]
) -> None:
    before = stored()

    ada.open("ticket", id=number).pick(*choice)

    assert stored() == before
    assert not ada.at.exception
    assert "Something went wrong" not in " ".join(ada.said)


@pytest.mark.parametrize(
    "forged",
    [
        None,
        "priority",
        {"field": "priority", "value": "high"},
        ["priority", "high"],
        [[0, "priority", "high", "normal"]],
        [[-1, "priority", "high", "normal"]],
        [["1", "priority", "high", "normal"]],
        [[1.5, "priority", "high", "normal"]],
        [[True, "priority", "high", "normal"]],
        [[1, "priority"]],
        [[1, "priority", "high"]],
        [[1, "priority", "high", 2]],
        [[1, "priority", "high", None]],
        [[1, "priority", "high", "normal", 2]],
    ],
    ids=repr,
)
def test_what_is_no_list_of_numbered_choices_changes_nothing(
    ada: Visit, number: str, stored: Look, forged: object
) -> None:
    before = stored()

    ada.open("ticket", id=number).report(PANEL, "outbox", forged)

    assert stored() == before
    assert not ada.at.exception


def test_choices_that_arrive_together_are_all_saved_and_each_once(ada: Visit, number: str, stored: Look) -> None:
    ada.open("ticket", id=number)
    chosen: list[list[object]] = [[1, "priority", "high", "normal"], [2, "tags", ["phone"], []]]

    ada.report(PANEL, "outbox", chosen)
    ada.report(PANEL, "outbox", [*chosen, [3, "category", "network", "general"]])

    ticket = stored()
    assert (ticket.priority, ticket.tags, ticket.category) == ("high", ["phone"], "network")
    assert [event.field for event in ticket.events] == ["opened", "priority", "tags", "category"]
    assert ada.sent(PANEL)["answer"] == {"done": 3, "refusals": []}


def test_one_field_can_be_changed_twice_before_the_page_is_drawn_again(ada: Visit, number: str, stored: Look) -> None:
    ada.open("ticket", id=number).report(
        PANEL, "outbox", [[1, "priority", "high", "normal"], [2, "priority", "low", "high"]]
    )

    assert ada.refused == []
    assert stored().priority == "low"


def test_a_refused_choice_is_answered_so_that_the_browser_shows_what_is_stored(
    desk: Desk, ada: Visit, root: Visit, number: str, actor: Behind
) -> None:
    ada.open("ticket", id=number)
    desk.tickets.edit(actor(root), int(number), TicketEdit(assignee="root"))

    ada.pick("assignee", "ada")

    fields = {field: value for field, _label, value, _options in ada.sent(PANEL)["fields"]}
    assert fields["assignee"] == "root"
    assert ada.refused == [ada.refusal(PANEL)]


def test_the_assignee_can_be_taken_away(desk: Desk, ada: Visit, number: str, actor: Behind, stored: Look) -> None:
    desk.tickets.assign(actor(ada), int(number), "ada")

    ada.open("ticket", id=number).pick("assignee", "")

    assert stored().assignee is None


def test_a_former_agent_stays_in_the_list_while_the_ticket_is_theirs(
    desk: Desk, ada: Visit, root: Visit, number: str, actor: Behind
) -> None:
    desk.tickets.assign(actor(ada), int(number), "ada")
    desk.agents.deactivate(actor(root), "ada")

    root.open("ticket", id=number)

    (options,) = (options for field, _label, _value, options in root.sent(PANEL)["fields"] if field == "assignee")
    assert ["ada", "ada"] in options


def test_the_fields_of_a_closed_ticket_cannot_be_forged_open(
    desk: Desk, ada: Visit, number: str, actor: Behind, stored: Look
) -> None:
    closed = desk.tickets.close(actor(ada), int(number))

    ada.open("ticket", id=number).pick("priority", "urgent")

    assert stored() == closed
    assert ada.refused == [f"Ticket T-{number} is closed. Reopen it to go on."]


def test_why_a_ticket_is_done_is_chosen_once_it_is_done_and_can_be_corrected_when_it_is_closed(
    desk: Desk, ada: Visit, carla: Visit, number: str, actor: Behind, stored: Look
) -> None:
    fields = [field for field, *_rest in ada.open("ticket", id=number).sent(PANEL)["fields"]]
    assert "resolution" not in fields
    desk.tickets.close(actor(carla), int(number))

    ada.open("ticket", id=number).pick("resolution", "wont_fix")

    assert ada.refused == []
    assert stored().resolution == "wont_fix"
    assert ada.sent(PANEL)["fields"][1][:3] == ["resolution", "Resolution", "wont_fix"]
    assert ada.unfold_history().sent(PANEL)["history"][0][1] == "changed resolution: Solved → Won't fix"
    assert ["Resolution", "Won't fix"] in carla.open("ticket", id=number).sent(PANEL)["facts"]


def test_a_requester_gets_no_fields_and_no_tags(
    desk: Desk, carla: Visit, ada: Visit, number: str, actor: Behind, stored: Look
) -> None:
    desk.tickets.edit(actor(ada), int(number), TicketEdit(tags=("vip",)))
    before = stored()

    panel = carla.open("ticket", id=number).sent(PANEL)
    carla.pick("priority", "urgent")

    assert (panel["fields"], panel["tags"]) == ([], None)
    assert stored() == before


def test_the_history_is_sent_only_when_it_is_unfolded(ada: Visit, number: str) -> None:
    assert ada.open("ticket", id=number).sent(PANEL)["history"] is None

    assert len(ada.unfold_history().sent(PANEL)["history"]) == 1
    assert ada.unfold_history(up=True).sent(PANEL)["history"] is None


def test_a_history_that_was_unfolded_is_there_when_one_comes_back(ada: Visit, number: str) -> None:
    ada.open("ticket", id=number).unfold_history().open("all_tickets")

    assert len(ada.open("ticket", id=number).sent(PANEL)["history"]) == 1


# The composer


@pytest.mark.parametrize(
    ("person", "days", "sentence"),
    [
        ("carla", 14, "This ticket is closed. Reopen it to go on."),
        ("carla", 15, "This ticket is closed. If it comes back, please open a follow-up."),
        ("oskar", 0, "This ticket is closed. If it comes back, please open a follow-up."),
        ("ada", 15, "This ticket is closed. Reopen it to go on."),
    ],
    ids=["its requester", "its requester too late", "a watcher", "an agent"],
)
def test_a_closed_ticket_takes_no_message_and_says_what_can_be_done(
    desk: Desk, sign_in: Callable[..., Visit], number: str, person: str, days: int, sentence: str
) -> None:
    closed_at = desk.clock() - timedelta(days=days) + timedelta(minutes=1)
    with desk.store.write() as tx:
        ticket = tx.tickets.find(int(number))
        assert ticket is not None
        closed = {"watchers": ["oskar"], "status": Status.CLOSED, "closed_at": closed_at, "resolved_at": closed_at}
        tx.tickets.save(ticket.model_copy(update=closed))

    visit = sign_in(person).open("ticket", id=number)

    assert visit.sent(COMPOSER)["closed"] == sentence
    assert ("reopen" in visit.actions) == ("Reopen" in sentence)


@pytest.mark.parametrize("person", ["carla", "oskar"], ids=["who may reopen it", "who may not"])
def test_a_message_that_crosses_a_closing_is_refused_in_words_that_fit(
    desk: Desk, sign_in: Callable[..., Visit], root: Visit, number: str, actor: Behind, stored: Look, person: str
) -> None:
    with desk.store.write() as tx:
        tx.tickets.save(stored().model_copy(update={"watchers": ["oskar"]}))
    visit = sign_in(person).open("ticket", id=number)
    desk.tickets.close(actor(root), int(number))

    visit.answer("One more thing")

    assert visit.refusal(COMPOSER) == "The ticket was closed before your message came. Your text is kept here."
    assert [message.text for message in stored().messages] == ["The line is dead."]


def test_a_reply_offers_the_statuses_to_which_an_arrow_leads(
    desk: Desk, ada: Visit, root: Visit, number: str, actor: Behind
) -> None:
    def offered() -> list[str]:
        return [status for status, _word in ada.open("ticket", id=number).sent(COMPOSER)["statuses"]]

    assert offered() == ["", "pending", "on_hold", "resolved", "closed"]

    desk.tickets.edit(actor(root), int(number), TicketEdit(status=Status.RESOLVED))

    assert offered() == ["", "closed"]


@pytest.mark.parametrize(
    "forged",
    [
        None,
        "Hello",
        [["reply", "Hello"]],
        [[1, "reply", "Hello"]],
        [[0, "reply", "Hello", "", "open"]],
        [["1", "reply", "Hello", "", "open"]],
        [[1, "secret", "Hello", "", "open"]],
        [[1, ["reply"], "Hello", "", "open"]],
        [[1, "reply", 7, "", "open"]],
        [[1, "reply", None, "", "open"]],
        [[1, "reply", "Hello", "exploded", "open"]],
        [[1, "reply", "Hello", "open", "open"]],
        [[1, "reply", "Hello", None, "open"]],
        [[1, "reply", "Hello", "", "open", "more"]],
        [[1, "reply", "Hello", "", "open", {"read": "1"}]],
        [[1, "reply", "Hello", "", "open", {"read": True}]],
        [[1, "reply", "Hello", "", "exploded"]],
        [[1, "reply", "Hello", ""]],
        {"kind": "reply", "text": "Hello"},
    ],
    ids=repr,
)
def test_what_the_composer_cannot_send_is_not_written(ada: Visit, number: str, stored: Look, forged: object) -> None:
    before = stored()

    ada.open("ticket", id=number).report(COMPOSER, "outbox", forged)

    assert stored() == before
    assert not ada.at.exception
    assert ada.said == []


@pytest.mark.parametrize(
    "text", ["nul\x00", "\ud800", "x" * 20_001, "\u200b"], ids=["nul", "surrogate", "long", "blank"]
)
def test_a_text_that_cannot_be_kept_is_refused_in_a_sentence(ada: Visit, number: str, stored: Look, text: str) -> None:
    before = stored()

    ada.open("ticket", id=number).answer(text)

    assert ada.refusal(COMPOSER)
    assert stored() == before


def test_the_same_message_sent_twice_is_one_message(ada: Visit, number: str, stored: Look) -> None:
    ada.open("ticket", id=number)

    for place in (1, 1, 2):
        ada.report(COMPOSER, "outbox", [[place, "reply", "Is the plug in?", "", "open"]])

    assert [message.text for message in stored().messages] == ["The line is dead.", "Is the plug in?"]
    assert ada.said == ["Your reply is saved."]


def test_a_message_that_comes_again_after_a_reload_is_one_message_also_when_it_was_answered(
    desk: Desk, carla: Visit, root: Visit, number: str, actor: Behind, stored: Look
) -> None:
    message = [[1, "reply", "Still broken.", "", "open"]]
    carla.open("ticket", id=number).report(COMPOSER, "outbox", message)
    desk.tickets.reply(actor(root), int(number), "Is the plug in?")

    reloaded = Visit(desk, carla.token).open("ticket", id=number).report(COMPOSER, "outbox", message)

    assert len(stored().messages) == len(["The line is dead.", "Still broken.", "Is the plug in?"])
    assert reloaded.said == ["Your reply is saved."]


def test_the_same_words_with_another_status_are_another_message(ada: Visit, number: str, stored: Look) -> None:
    ada.open("ticket", id=number).answer("Done.").answer("Done.", status="closed")

    assert [message.text for message in stored().messages] == ["The line is dead.", "Done.", "Done."]
    assert stored().status == "closed"


def test_the_same_words_after_the_ticket_was_resolved_open_it_again(
    desk: Desk, carla: Visit, root: Visit, number: str, actor: Behind, stored: Look
) -> None:
    carla.open("ticket", id=number).answer("Still broken.")
    desk.tickets.edit(actor(root), int(number), TicketEdit(status=Status.RESOLVED))

    carla.answer("Still broken.")

    assert stored().status == "open"
    assert [message.text for message in stored().messages] == ["The line is dead.", "Still broken.", "Still broken."]


@pytest.mark.parametrize(("kind", "status"), [("note", ""), ("reply", "closed")])
def test_a_requester_can_forge_neither_a_note_nor_a_status(
    carla: Visit, number: str, stored: Look, kind: str, status: str
) -> None:
    before = stored()

    carla.open("ticket", id=number).answer("Let me in.", kind=kind, status=status)

    assert stored() == before
    assert carla.refusal(COMPOSER)


def test_a_message_that_meets_a_fault_of_ours_is_not_taken_for_saved(
    desk: Desk, ada: Visit, number: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_given: object, **_named: object) -> None:
        raise ZeroDivisionError

    ada.open("ticket", id=number)
    with monkeypatch.context() as broken:
        broken.setattr(desk.tickets, "reply", fail)
        ada.answer("Where does it go?")

    assert ada.rerun().refusal(COMPOSER) == "This could not be done. Please try again."


def test_a_message_that_this_version_cannot_read_is_not_taken_for_saved(ada: Visit, number: str) -> None:
    ada.open("ticket", id=number).report(
        COMPOSER, "outbox", [[1, "reply", "Written by a newer page", "", "open", "more"]]
    )

    assert ada.refusal(COMPOSER) == "This could not be done. Please try again."


def test_a_message_after_the_end_of_the_session_leads_to_signing_in(
    desk: Desk, carla: Visit, number: str, stored: Look
) -> None:
    carla.open("ticket", id=number)
    desk.sessions.sign_out(carla.token or "")

    carla.answer("Too late.")

    assert carla.titles == ["Sign in"]
    assert len(stored().messages) == 1


def test_code_in_a_message_keeps_its_lines_of_spaces(carla: Visit, number: str) -> None:
    carla.open("ticket", id=number).answer("```\nif up:\n    \n    ring()\n```")

    assert "if up:\n    \n    ring()" in carla.html


def test_what_others_wrote_while_one_typed_is_shown_before_the_answer_is_sent(
    desk: Desk, ada: Visit, carla: Visit, number: str, actor: Behind, stored: Look
) -> None:
    ada.open("ticket", id=number)
    message = ["reply", "Is the plug in?", "", "open", {"read": ada.sent(COMPOSER)["messages"]}]
    desk.tickets.reply(actor(carla), int(number), "Never mind.")

    ada.report(COMPOSER, "outbox", [[1, *message]])

    assert ada.refusal(COMPOSER).startswith("Carla has replied meanwhile.")
    assert "Never mind." in ada.html
    assert [message.text for message in stored().messages] == ["The line is dead.", "Never mind."]
    message[-1] = {"read": ada.sent(COMPOSER)["messages"]}
    ada.report(COMPOSER, "outbox", [[2, *message]])
    assert [message.text for message in stored().messages] == ["The line is dead.", "Never mind.", "Is the plug in?"]


def test_a_note_that_came_meanwhile_keeps_no_requester_from_answering(
    desk: Desk, carla: Visit, root: Visit, number: str, actor: Behind, stored: Look
) -> None:
    carla.open("ticket", id=number)
    message = [1, "reply", "It works again.", "", "open", {"read": carla.sent(COMPOSER)["messages"]}]
    desk.tickets.note(actor(root), int(number), "Between us")

    carla.report(COMPOSER, "outbox", [message])

    assert stored().messages[-1].text == "It works again."


def test_an_answer_that_comes_again_is_not_held_up_by_what_was_written_after_it(
    desk: Desk, ada: Visit, carla: Visit, number: str, actor: Behind, stored: Look
) -> None:
    message = [[1, "reply", "Is the plug in?", "", "open", {"read": 1}]]
    ada.open("ticket", id=number).report(COMPOSER, "outbox", message)
    desk.tickets.reply(actor(carla), int(number), "It is.")

    reloaded = Visit(desk, ada.token).open("ticket", id=number).report(COMPOSER, "outbox", message)

    assert (reloaded.said, reloaded.refusal(COMPOSER)) == (["Your reply is saved."], "")
    assert len(stored().messages) == len(["The line is dead.", "Is the plug in?", "It is."])
