"""Canned replies on the pages: how they are set up, offered in a ticket, and used there."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.visiting import COMPOSER, Visit, unescaped
from ticketing.desk import Desk
from ticketing.domain.canned_replies import CannedReply
from ticketing.domain.changes import ME, Changes
from ticketing.domain.people import Actor
from ticketing.domain.statuses import Priority, Status, TicketCategory
from ticketing.domain.teams import Team
from ticketing.domain.tickets import Ticket, TicketEdit

Behind = Callable[[Visit], Actor]
Look = Callable[[], Ticket]
GREETING = "Dear {{ requester.name }}, this is {{ ticket.label }}."


@pytest.fixture
def number(desk: Desk, carla: Visit, actor: Behind) -> str:
    """Return a ticket that Carla opened."""
    return desk.tickets.open(actor(carla), "No dial tone", "The line is dead.").id


@pytest.fixture
def stored(desk: Desk, number: str, root: Visit, actor: Behind) -> Look:
    """Return a way to look at the ticket as it is stored."""
    return lambda: desk.tickets.get(actor(root), int(number))


@pytest.fixture
def make(desk: Desk, ada: Visit, actor: Behind) -> Callable[..., CannedReply]:
    """Return a way for Ada to make a canned reply."""

    def made(name: str = "Greeting", text: str = GREETING, *, own: bool = False, **changes: Any) -> CannedReply:
        owner = "ada" if own else None
        return desk.definitions.save(
            actor(ada), CannedReply(name=name, text=text, owner=owner, changes=Changes(**changes))
        )

    return made


Make = Callable[..., CannedReply]


def all_of(desk: Desk, actor: Actor) -> list[CannedReply]:
    """Return the canned replies that somebody may use."""
    return desk.definitions.all(actor, CannedReply)


# Setting up


def test_an_agent_makes_one_for_all_and_finds_it_in_the_list(desk: Desk, ada: Visit, actor: Behind) -> None:
    desk.definitions.save(Actor.console(), Team(name="First line"))
    ada.open("desk_setup").press("open_canned_replies")
    assert ada.titles == ["Canned replies"]

    ada.open("desk_setup", kind="canned_replies", id="new").fill(canned_name="Greeting", canned_text=GREETING)
    ada.at.radio(key="canned_shared").set_value(True)
    ada.at.selectbox(key="canned_status").set_value(Status.PENDING)
    ada.at.selectbox(key="canned_assignee").set_value(ME)
    ada.at.selectbox(key="canned_team").set_value("first-line")
    ada.at.multiselect(key="canned_categories").set_value([TicketCategory.NETWORK])
    ada.fill(canned_add_tags="VPN, phone").press("save")

    (made,) = all_of(desk, actor(ada))
    assert (made.name, made.text, made.owner) == ("Greeting", GREETING, None)
    assert made.categories == (TicketCategory.NETWORK,)
    assert made.changes == Changes(status=Status.PENDING, team="first-line", assignee=ME, add_tags=("vpn", "phone"))
    assert ada.said[0] == "“Greeting” is saved."
    summary = "\n".join(unescaped(caption.value) for caption in ada.at.caption)
    changes = "Status: Pending · Team: First line · Assignee: whoever uses it · Tag: vpn · Tag: phone"
    assert f"All agents · {GREETING} · {changes}" in summary


def test_a_new_one_is_for_oneself_unless_one_says_otherwise(desk: Desk, ada: Visit, root: Visit, actor: Behind) -> None:
    ada.open("desk_setup", kind="canned_replies", id="new").fill(canned_name="Mine", canned_text="Hello").press("save")

    assert [one.owner for one in all_of(desk, actor(ada))] == ["ada"]
    assert all_of(desk, actor(root)) == []


def test_a_variable_that_there_is_none_of_is_refused_when_it_is_saved(desk: Desk, ada: Visit, actor: Behind) -> None:
    ada.open("desk_setup", kind="canned_replies", id="new")

    ada.fill(canned_name="Greeting", canned_text="Dear {{ requestr.name }}").press("save")

    assert ada.refused == ["Line 1, column 6: there is no variable “requestr.name”. Did you mean “requester.name”?"]
    assert all_of(desk, actor(ada)) == []
    assert ada.at.text_area(key="canned_text").value == "Dear {{ requestr.name }}"


def test_the_preview_fills_in_an_example_and_keeps_nothing(desk: Desk, ada: Visit, actor: Behind) -> None:
    ada.open("desk_setup", kind="canned_replies", id="new").fill(canned_name="Greeting", canned_text=GREETING)
    ada.at.selectbox(key="canned_priority").set_value(Priority.HIGH)

    ada.press("preview")

    assert "Dear Carla Ruiz, this is T-1042." in ada.html
    assert ":material/edit: Priority: High" in "\n".join(unescaped(line.value) for line in ada.at.markdown)
    assert all_of(desk, actor(ada)) == []


def test_the_preview_says_what_cannot_be_kept(ada: Visit) -> None:
    ada.open("desk_setup", kind="canned_replies", id="new").fill(canned_name="Greeting").press("preview")

    assert ada.refused == ["A canned reply needs a text, something to change, or both."]


def test_one_is_changed_in_its_form_and_what_was_set_is_there(
    desk: Desk, ada: Visit, actor: Behind, make: Make
) -> None:
    made = make(status=Status.PENDING, assignee="root", remove_tags=("noise",))

    ada.open("desk_setup", kind="canned_replies", id=made.id).fill(canned_text="Hello").press("save")

    (changed,) = all_of(desk, actor(ada))
    assert (changed.text, changed.owner, changed.changes, changed.version) == ("Hello", None, made.changes, 2)


def test_a_former_agent_stays_in_the_form_of_a_macro_that_names_them(
    desk: Desk, ada: Visit, root: Visit, actor: Behind, make: Make
) -> None:
    made = make(assignee="root")
    desk.agents.create_agent(Actor.console(), "chief", "a long walk home")
    desk.agents.change_role(Actor.console(), "chief", actor(root).role)
    desk.agents.deactivate(Actor.console(), "root")

    ada.open("desk_setup", kind="canned_replies", id=made.id)

    assert ada.at.selectbox(key="canned_assignee").value == "root"


# In a ticket


def ask(visit: Visit, reply: object) -> Any:
    """Ask a composer for the list, or for one of its replies, and return what it is then given."""
    return visit.ask_for_canned(reply).sent(COMPOSER)["canned"]


def test_the_list_is_sent_only_when_somebody_asks_for_it(ada: Visit, number: str, make: Make) -> None:
    make()

    given = ada.open("ticket", id=number).sent(COMPOSER)["canned"]

    assert (given["replies"], given["chosen"]) == (None, None)
    assert [name for _id, name, _whose in ask(ada, "")["replies"]] == ["Greeting"]
    assert ask(ada, None)["replies"] is None


def test_ones_own_come_first_then_those_that_all_share_by_name(
    desk: Desk, ada: Visit, root: Visit, actor: Behind, number: str, make: Make
) -> None:
    make("Beta"), make("Zeta", own=True), make("Alpha")
    desk.definitions.save(actor(root), CannedReply(name="Root's own", text="Hello", owner="root"))
    desk.definitions.save(actor(root), CannedReply(name="Bills", text="Hello", categories=(TicketCategory.BILLING,)))

    found = ask(ada.open("ticket", id=number), "")["replies"]

    assert [(name, whose) for _id, name, whose in found] == [("Zeta", "only mine"), ("Alpha", ""), ("Beta", "")]


def test_a_chosen_one_is_filled_in_for_this_ticket(ada: Visit, number: str, make: Make) -> None:
    made = make(status=Status.PENDING, add_tags=("vpn",), assignee=ME)

    chosen = ask(ada.open("ticket", id=number), made.id)["chosen"]

    assert chosen["text"] == f"Dear Carla, this is T-{number}."
    assert chosen["changes"] == ["Status: Pending", "Assignee: ada", "Tag: vpn"]
    assert (chosen["id"], chosen["version"], chosen["setsStatus"], chosen["warning"]) == (made.id, 1, True, "")


@pytest.mark.parametrize("forged", [7, True, ["x"], {"id": "x"}, "nobodys", "\x00", "\ud800", "x" * 10_000], ids=repr)
def test_what_is_no_canned_reply_of_theirs_is_not_shown(ada: Visit, number: str, make: Make, forged: object) -> None:
    make()

    assert ask(ada.open("ticket", id=number), forged)["chosen"] is None
    assert not ada.at.exception


def test_a_requester_is_offered_none_and_cannot_ask_for_any(carla: Visit, number: str, make: Make) -> None:
    made = make()
    carla.open("ticket", id=number)

    assert carla.sent(COMPOSER)["canned"] is None
    for asked in ("", made.id):
        assert ask(carla, asked) is None


def use(visit: Visit, made: CannedReply, text: str | None, status: str = "", **forged: Any) -> Visit:
    """Send a reply with a macro, or with None apply the macro at once."""
    at = visit.sent(COMPOSER)
    version = forged.get("version", made.version)
    message = [at["answer"]["done"] + 1, "macro", text, status, at["seen"], made.id, version]
    return visit.report(COMPOSER, "outbox", [message])


def test_a_macro_goes_with_the_reply(ada: Visit, number: str, stored: Look, make: Make) -> None:
    made = make(status=Status.PENDING, add_tags=("vpn",))

    use(ada.open("ticket", id=number), made, "Dear Carla, as I wrote it.")

    ticket = stored()
    assert (ticket.messages[-1].text, ticket.status, ticket.tags) == ("Dear Carla, as I wrote it.", "pending", ["vpn"])
    assert ada.said == ["Your reply is saved."]


def test_a_macro_that_sets_no_status_leaves_that_to_the_reply(
    ada: Visit, number: str, stored: Look, make: Make
) -> None:
    use(ada.open("ticket", id=number), make(add_tags=("vpn",)), "Done.", status="resolved")

    assert (stored().status, stored().tags) == ("resolved", ["vpn"])


def test_a_macro_without_a_text_is_applied_at_once(ada: Visit, number: str, stored: Look, make: Make) -> None:
    made = make("Take it", text="", assignee=ME, priority=Priority.HIGH)

    use(ada.open("ticket", id=number), made, None)

    ticket = stored()
    assert (ticket.assignee, ticket.priority, len(ticket.messages)) == ("ada", "high", 1)
    assert ada.said == ["The changes are made."]


def test_with_a_macro_an_empty_reply_is_refused_and_nothing_is_done(
    ada: Visit, number: str, stored: Look, make: Make
) -> None:
    before = stored()

    use(ada.open("ticket", id=number), make(add_tags=("vpn",)), "")

    assert ada.refusal(COMPOSER) == "Reply is empty. Please fill it in."
    assert stored() == before


def test_who_works_on_tickets_no_more_is_passed_over_before_everybodys_eyes(
    desk: Desk, ada: Visit, number: str, stored: Look, make: Make
) -> None:
    desk.agents.create_agent(Actor.console(), "bert", "a long walk home")
    made = make(assignee="bert", add_tags=("vpn",))
    desk.agents.deactivate(Actor.console(), "bert")
    sentence = "The assignee stays as it is: bert does not work on tickets any more."

    chosen = ask(ada.open("ticket", id=number), made.id)["chosen"]
    assert (chosen["changes"], chosen["warning"]) == (["Tag: vpn"], sentence)
    use(ada, made, "Hello")
    assert ada.said == [f"Your reply is saved. {sentence}"]
    use(ada, made, None)
    assert ada.said == [f"The changes are made. {sentence}"]
    assert (stored().assignee, stored().tags) == (None, ["vpn"])


def test_a_team_that_was_removed_is_passed_over_before_everybodys_eyes(
    desk: Desk, ada: Visit, number: str, stored: Look, make: Make
) -> None:
    team = desk.definitions.save(Actor.console(), Team(name="First line"))
    made, other = make(team=team.id, add_tags=("vpn",)), make("Other", team=team.id)
    shown = ask(ada.open("ticket", id=number), other.id)["chosen"]
    assert (shown["changes"], shown["warning"]) == (["Team: First line"], "")
    desk.definitions.remove(Actor.console(), Team, team.id, team.version)
    sentence = "The team stays as it is: First line takes no tickets any more."

    chosen = ask(ada.open("ticket", id=number), made.id)["chosen"]
    assert (chosen["changes"], chosen["warning"]) == (["Tag: vpn"], sentence)
    use(ada, made, "Hello")
    assert ada.said == [f"Your reply is saved. {sentence}"]
    assert (stored().team, stored().tags) == (None, ["vpn"])


def test_a_macro_that_was_changed_since_it_was_inserted_is_refused(
    ada: Visit, number: str, stored: Look, make: Make
) -> None:
    made, before = make(add_tags=("vpn",)), stored()

    use(ada.open("ticket", id=number), made, "Hello", version=made.version + 1)

    assert ada.refusal(COMPOSER) == "The canned reply “Greeting” was changed meanwhile. Please insert it again."
    assert stored() == before


def test_a_status_that_a_colleague_set_meanwhile_is_not_taken_back_by_a_macro(
    desk: Desk, ada: Visit, root: Visit, actor: Behind, number: str, stored: Look, make: Make
) -> None:
    made = make(status=Status.PENDING)
    ada.open("ticket", id=number)
    left = desk.tickets.edit(actor(root), int(number), TicketEdit(status=Status.ON_HOLD))

    use(ada, made, "Hello")
    assert "was changed to “on hold”" in ada.refusal(COMPOSER)
    use(ada, made, None)
    assert stored().status == "pending"  # by then Ada was shown what the colleague had set
    assert len(stored().messages) == len(left.messages)


def test_a_macro_that_crosses_a_closing_is_refused_in_words_that_fit(
    desk: Desk, ada: Visit, root: Visit, actor: Behind, number: str, stored: Look, make: Make
) -> None:
    made = make(add_tags=("vpn",))
    ada.open("ticket", id=number)
    closed = desk.tickets.close(actor(root), int(number))

    use(ada, made, "Hello")
    assert ada.refusal(COMPOSER) == "The ticket was closed before your message came. Your text is kept here."
    use(ada, made, None)
    assert ada.refusal(COMPOSER) == f"Ticket T-{number} is closed. Reopen it to go on."
    assert stored() == closed


def test_the_same_words_with_a_macro_are_another_message(ada: Visit, number: str, stored: Look, make: Make) -> None:
    made = make(add_tags=("vpn",))

    use(ada.open("ticket", id=number).answer("Hello"), made, "Hello")

    assert [message.text for message in stored().messages[1:]] == ["Hello", "Hello"]
    assert stored().tags == ["vpn"]


def test_a_macro_that_comes_again_after_a_reload_is_used_once(
    desk: Desk, ada: Visit, number: str, stored: Look, make: Make
) -> None:
    made = make(add_tags=("vpn",))
    sent = [[5, "macro", "Hello", "", "open", made.id, made.version]]

    ada.open("ticket", id=number).report(COMPOSER, "outbox", sent)
    Visit(desk, ada.token).open("ticket", id=number).report(COMPOSER, "outbox", sent)

    assert len(stored().messages) == len(["The line is dead.", "Hello"])


@pytest.mark.parametrize(
    "forged",
    [
        ["macro", "Hello", "", "open", "greeting"],
        ["macro", "Hello", "", "open", "greeting", "1"],
        ["macro", "Hello", "", "open", "greeting", 1.5],
        ["macro", "Hello", "", "open", 7, 1],
        ["macro", "Hello", "", "open", ["greeting"], 1],
        ["macro", "Hello", "", "exploded", "greeting", 1],
        ["macro", "Hello", "exploded", "open", "greeting", 1],
        ["macro", "Hello", None, "open", "greeting", 1],
        ["macro", 7, "", "open", "greeting", 1],
        ["macro", "Hello", "", "open", "greeting", 1, "more"],
        ["macro", "Hello", "", "open", "nobodys", 1],
        ["macro", None, "", "open", "\x00", 1],
        ["macro", None, "", "open", "\ud800", 1],
        ["reply", "Hello", "", "open", "greeting", 1],
    ],
    ids=repr,
)
def test_what_the_composer_cannot_send_is_refused(
    ada: Visit, number: str, stored: Look, make: Make, forged: list[object]
) -> None:
    make(add_tags=("vpn",))
    before = stored()

    ada.open("ticket", id=number).report(COMPOSER, "outbox", [[1, *forged]])

    assert stored() == before
    assert ada.refusal(COMPOSER)
    assert not ada.at.exception


def test_a_requester_uses_no_macro(carla: Visit, number: str, stored: Look, make: Make) -> None:
    made, before = make(add_tags=("vpn",)), stored()
    carla.open("ticket", id=number)

    use(use(carla, made, "Hello"), made, None)

    assert carla.refusal(COMPOSER) == "You may not change the fields of this ticket."
    assert stored() == before
