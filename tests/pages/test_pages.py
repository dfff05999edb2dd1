"""Each page, as people meet it through the router."""

import re
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

import pytest

import ticketing.desk
from tests.pages.conftest import PASSWORD
from tests.visiting import COMPOSER, LIST, PANEL, Visit, unescaped
from ticketing.desk import Desk, open_desk
from ticketing.domain.errors import RegistrationClosedError, ThrottledError, WrongCredentialsError
from ticketing.domain.people import Actor, Role
from ticketing.domain.queries import MOST_HITS, UNASSIGNED, View
from ticketing.domain.scopes import Scope
from ticketing.domain.statuses import Priority, Status, TicketCategory
from ticketing.domain.tickets import MessageKind, TicketEdit
from ticketing.services.first_launch import FIRST_USERNAME
from ticketing.services.throttle import FAILURES_PER_MINUTE, FREE_FAILURES, REGISTRATIONS_PER_HOUR
from ticketing.settings import Settings
from ticketing.ui.wording import t

Behind = Callable[[Visit], Actor]


@pytest.fixture
def number(desk: Desk, carla: Visit, actor: Behind) -> str:
    """Return a ticket that Carla opened."""
    ticket = desk.tickets.open(actor(carla), "No dial tone", "The line is dead.")
    return ticket.id


def links(visit: Visit) -> list[str]:
    """Return what the links to other pages say."""
    return [unescaped(link.proto.label) for link in visit.at.get("page_link")]


# Signing in


def test_a_wrong_password_is_refused_and_the_name_stays_in_the_form(desk: Desk) -> None:
    stranger = Visit(desk).open("login")

    stranger.fill(username="carla", password="not the password").press("submit")

    assert stranger.refused == ["Username or password is wrong."]
    assert stranger.at.text_input(key="username").value == "carla"


def test_a_right_password_is_handed_to_the_browser(desk: Desk) -> None:
    stranger = Visit(desk).open("login")

    stranger.fill(username="carla", password=PASSWORD).press("submit")

    assert stranger.refused == []
    assert len(stranger.at.get("bidi_component")) == 1


@pytest.mark.parametrize(("address", "refused"), [("203.0.113.9", True), ("203.0.113.10", False)])
def test_who_signs_in_from_an_address_that_failed_too_often_has_to_wait(
    desk: Desk, address: str, *, refused: bool
) -> None:
    for number in range(FAILURES_PER_MINUTE):
        with pytest.raises(WrongCredentialsError):
            desk.accounts.sign_in(f"name-{number}", PASSWORD, address="203.0.113.9")

    stranger = Visit(desk, address=address).open("login").fill(username="carla", password=PASSWORD).press("submit")

    assert any("Too many attempts" in words for words in stranger.refused) is refused
    assert len(stranger.at.get("bidi_component")) == (0 if refused else 1)


def test_a_browser_that_is_known_signs_in_while_strangers_hammer_at_the_account(desk: Desk) -> None:
    hand_off = desk.accounts.sign_in_browser("carla", PASSWORD, browser="firefox")
    device = desk.sessions.redeem(hand_off, browser="firefox").device
    known, unknown = (
        Visit(desk, device=shown).open("login").fill(username="carla", password=PASSWORD) for shown in (device, None)
    )
    for number in range(FREE_FAILURES):  # after which one has to wait for two seconds
        with pytest.raises(WrongCredentialsError):
            desk.accounts.sign_in("carla", "a wrong walk home", address=f"203.0.113.{number}")
    unknown.press("submit")
    known.press("submit")

    assert known.refused == []
    assert ["Too many attempts" in words for words in unknown.refused] == [True]


def test_who_registers_too_often_from_one_address_has_to_wait(desk: Desk) -> None:
    for number in range(REGISTRATIONS_PER_HOUR):
        desk.accounts.register(f"name-{number}", "Somebody", PASSWORD, PASSWORD, address="203.0.113.9")
    form = {"username": "erin", "display_name": "Erin", "password": PASSWORD, "confirmation": PASSWORD}

    refused, taken = (
        Visit(desk, address=address).open("register").fill(**form).press("submit").refused
        for address in ("203.0.113.9", "203.0.113.10")
    )

    assert ["Too many attempts" in words for words in refused] == [True]
    assert taken == []


def test_where_registering_is_closed_nothing_leads_there_and_nobody_gets_in(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert t("login.no_account") in links(Visit(desk).open("login"))
    closed = open_desk(Settings(storage_url="memory:", registration="closed"), password_rounds=4)
    monkeypatch.setattr(ticketing.desk, "_shared", closed)
    form = {"username": "erin", "display_name": "Erin", "password": PASSWORD, "confirmation": PASSWORD}

    assert t("login.no_account") not in links(Visit(closed).open("login"))
    assert Visit(closed).open("register").fill(**form).press("submit").refused == [str(RegistrationClosedError())]
    closed.close()


def test_a_new_desk_says_how_to_begin(desk: Desk) -> None:
    assert any("supportpass" in words for words in Visit(desk).open("login").said)


def test_whose_session_has_ended_is_told_so_until_their_cookie_is_gone(desk: Desk, carla: Visit, actor: Behind) -> None:
    desk.agents.deactivate(Actor.console(), FIRST_USERNAME)
    desk.sessions.end(actor(carla), actor(carla).session or "")

    assert carla.open("login").said == [t("login.session_ended")]
    assert Visit(desk).open("login").said == []


def test_somebody_signed_in_is_led_on_from_the_sign_in_page(carla: Visit) -> None:
    carla.rerun()

    assert carla.titles == ["My tickets"]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"username": ""}, "Username is empty. Please fill it in."),
        (
            {"username": "CARLA"},
            "The username “carla” is taken. Please choose another one, or sign in if you have just made this account.",
        ),
        ({"confirmation": "another walk home"}, "The two passwords differ. Please type the same one twice."),
        ({"password": "short", "confirmation": "short"}, None),
    ],
    ids=["empty", "taken", "mismatch", "weak"],
)
def test_a_registration_is_refused_with_its_own_sentence(
    desk: Desk, change: dict[str, str], sentence: str | None
) -> None:
    visit = Visit(desk).open("register")
    form = {"username": "erin", "display_name": "Erin", "password": PASSWORD, "confirmation": PASSWORD}

    visit.fill(**form | change).press("submit")

    assert len(visit.refused) == 1
    assert sentence is None or visit.refused == [sentence]


def test_whoever_registers_is_signed_in_at_once(desk: Desk) -> None:
    visit = Visit(desk).open("register")

    visit.fill(username="erin", display_name="Erin", password=PASSWORD, confirmation=PASSWORD).press("submit")

    assert visit.refused == []
    assert len(visit.at.get("bidi_component")) == 1
    assert desk.sessions.actor(desk.accounts.sign_in("erin", PASSWORD)).role is Role.USER


# Requesters


def test_a_requester_opens_a_ticket_and_lands_on_it(carla: Visit) -> None:
    carla.open("new_ticket").fill(title="No dial tone", description="The line is dead.").press("submit")

    assert carla.titles == ["No dial tone"]
    assert carla.said == ["Ticket T-1 is open."]
    assert "The line is dead." in carla.html


def test_a_blank_title_is_refused_and_the_description_stays(carla: Visit) -> None:
    carla.open("new_ticket").fill(title=" \u200b ", description="The line is dead.").press("submit")

    assert carla.refused == ["Title is empty. Please fill it in."]
    assert carla.at.text_area(key="description").value == "The line is dead."


def test_whoever_comes_back_at_once_is_told_that_the_ticket_was_saved(carla: Visit, number: str) -> None:
    carla.open("new_ticket")

    assert any(f"T-{number} was saved" in caption.value for caption in carla.at.caption)


def test_a_follow_up_says_what_it_follows_and_is_tied_to_it(
    desk: Desk, carla: Visit, number: str, actor: Behind
) -> None:
    desk.tickets.close(actor(carla), int(number))

    carla.open("new_ticket", follows=number)
    assert "Follows T-1: No dial tone" in links(carla)
    carla.fill(title="Dead again", description="Once more.").press("submit")

    assert carla.titles == ["Dead again"]
    assert desk.tickets.get(actor(carla), 2).follows == int(number)


def test_the_same_words_after_another_ticket_are_another_follow_up(
    desk: Desk, carla: Visit, number: str, actor: Behind
) -> None:
    other = desk.tickets.open(actor(carla), "Hum on the line", "It hums.").id
    for each in (number, other):
        desk.tickets.close(actor(carla), int(each))
        carla.open("new_ticket", follows=each).fill(title="Again", description="Once more.").press("submit")

    assert [desk.tickets.get(actor(carla), each).follows for each in (3, 4)] == [int(number), int(other)]


@pytest.mark.parametrize("asked", ["99", "0", "x", "", "-1", "9" * 40])
def test_nothing_follows_a_ticket_that_is_not_there_or_is_somebody_elses(
    desk: Desk, carla: Visit, oskar: Visit, number: str, actor: Behind, asked: str
) -> None:
    desk.tickets.close(actor(carla), int(number))
    foreign = oskar.open("new_ticket", follows=number).said

    assert oskar.open("new_ticket", follows=asked).said == foreign
    assert foreign == ["It does not exist, or it is not yours to see."]
    assert not oskar.has_button("submit")


def test_whoever_would_follow_up_an_open_ticket_is_sent_there(carla: Visit, number: str) -> None:
    carla.open("new_ticket", follows=number)

    assert carla.said == [f"Ticket T-{number} is not closed. Please go on there."]
    assert not carla.has_button("submit")


def test_the_same_ticket_sent_twice_is_one_ticket(desk: Desk, carla: Visit, actor: Behind) -> None:
    for _ in range(2):
        carla.open("new_ticket").fill(title="No dial tone", description="The line is dead.").press("submit")

    assert carla.titles == ["No dial tone"]
    assert desk.tickets.get(actor(carla), 1).title == "No dial tone"
    assert any("T-1 is open" in words for words in carla.said)


def test_a_requester_replies_and_the_composer_is_empty_again(carla: Visit, number: str) -> None:
    carla.open("ticket", id=number).answer("Now it hums.")

    assert "Your reply is saved." in carla.said
    assert "Now it hums." in carla.html
    assert carla.sent(COMPOSER)["answer"] == {"done": 1, "refusals": []}


def test_a_blank_reply_is_refused_in_a_sentence(carla: Visit, number: str) -> None:
    carla.open("ticket", id=number).answer("   ")

    assert carla.refusal(COMPOSER) == "Reply is empty. Please fill it in."
    assert carla.said == []


def test_a_requester_closes_and_reopens_with_one_click_each(carla: Visit, number: str) -> None:
    carla.open("ticket", id=number).act("close")

    assert "The ticket is closed." in carla.said
    assert carla.sent(COMPOSER)["closed"]

    carla.act("reopen")

    assert "The ticket is open again." in carla.said


@pytest.mark.parametrize("asked", ["99", "0", "-1", "x", "", "9" * 40])
def test_a_ticket_that_is_not_there_reads_like_one_that_is_somebody_elses(
    oskar: Visit, number: str, asked: str
) -> None:
    foreign = oskar.open("ticket", id=number).said

    missing = oskar.open("ticket", id=asked).said

    assert missing == foreign == ["It does not exist, or it is not yours to see."]
    assert oskar.titles == ["Nothing to see here"]


@pytest.mark.usefixtures("number")
@pytest.mark.parametrize("query", [{}, {"view": "done"}, {"q": "printer"}], ids=str)
def test_who_has_no_ticket_is_offered_a_new_one(oskar: Visit, query: dict[str, str]) -> None:
    shown = oskar.open("my_tickets", **query).sent(LIST)

    assert shown["rows"] == []
    assert shown["empty"][1:] == [
        "You have no tickets yet",
        "What you ask the desk stands here, with its answers.",
        ["new_ticket", "Open your first ticket"],
    ]
    assert oskar.report(LIST, "new_ticket", value=True).titles == ["New ticket"]


@pytest.mark.usefixtures("number")
def test_a_view_without_tickets_of_ones_own_says_so_and_offers_nothing(carla: Visit) -> None:
    shown = carla.open("my_tickets", view="done").sent(LIST)

    assert shown["empty"][1:] == ["No tickets here", "None of your tickets belongs into this view.", None]


@pytest.mark.parametrize("view", View)
def test_each_view_of_the_queue_says_what_it_is_when_it_is_empty(ada: Visit, view: View) -> None:
    shown = ada.open("all_tickets", view=view.value).sent(LIST)

    assert shown["rows"] == []
    assert shown["empty"][1:] == [t(f"empty.queue_{view}"), t(f"empty.queue_{view}_text"), None]


def test_the_button_above_a_list_leads_to_a_new_ticket(oskar: Visit) -> None:
    assert oskar.open("my_tickets").report(LIST, "new_ticket", value=True).titles == ["New ticket"]


@pytest.mark.usefixtures("number")
def test_a_search_without_result_says_so(carla: Visit) -> None:
    carla.open("my_tickets", q="no such word")

    assert carla.sent(LIST)["empty"][1:] == [
        "No ticket matches",
        "Nothing in this view fits the search and filters.",
        ["clear", "Clear search and filters"],
    ]


def test_a_requester_sees_no_trace_of_a_note(desk: Desk, carla: Visit, ada: Visit, number: str, actor: Behind) -> None:
    desk.tickets.note(actor(ada), int(number), "She is difficult.")

    carla.open("ticket", id=number)

    assert "difficult" not in carla.html
    assert [kind["kind"] for kind in carla.sent(COMPOSER)["kinds"]] == ["reply"]


def test_a_requester_reads_who_helps_and_what_was_changed(
    desk: Desk, carla: Visit, ada: Visit, number: str, actor: Behind
) -> None:
    desk.tickets.assign(actor(ada), int(number), "ada")
    desk.tickets.edit(actor(ada), int(number), TicketEdit(status=Status.PENDING))

    panel = carla.open("ticket", id=number).unfold_history().sent(PANEL)

    assert ["Status", "Awaiting your reply"] in panel["facts"]
    assert [line[:2] for line in panel["history"]] == [
        ["ada", "changed status: Open → Pending"],
        ["ada", "changed assignee: Unassigned → ada"],
        ["Carla", "opened the ticket"],
    ]


def test_what_a_program_did_is_told_as_such(desk: Desk, ada: Visit, number: str, actor: Behind) -> None:
    key = desk.tokens.create_key(actor(ada), "Robot", [Scope.WRITE], 30)
    robot = desk.tokens.actor(key)
    desk.tickets.reply(robot, int(number), "We are on it.")
    desk.tickets.assign(robot, int(number), "ada")

    panel = ada.open("ticket", id=number).unfold_history().sent(PANEL)

    assert "agent · by the API" in ada.html
    assert ada.html.count("by the API") == 1
    assert [line[:2] for line in panel["history"]] == [
        ["ada", "changed assignee: Unassigned → ada, by the API"],
        ["Carla", "opened the ticket"],
    ]


def test_a_requesters_list_tells_how_things_stand(
    desk: Desk, carla: Visit, ada: Visit, number: str, actor: Behind
) -> None:
    edit = TicketEdit(status=Status.PENDING, category=TicketCategory.HARDWARE, assignee="ada")
    updated_at = desk.tickets.edit(actor(ada), int(number), edit).updated_at

    shown = carla.open("my_tickets").sent(LIST)

    assert [name for name, _word, _order, _where in shown["columns"]] == [
        "number",
        "title",
        "status",
        "category",
        "assignee",
        "updated",
    ]
    (row,) = shown["rows"]
    assert {"T-1", "No dial tone", "Awaiting your reply", "Hardware", "ada", updated_at.isoformat()} <= set(row)


def test_a_conversation_stands_on_the_screen_in_order_with_authors_and_times(
    desk: Desk, carla: Visit, ada: Visit, number: str, actor: Behind
) -> None:
    desk.tickets.reply(actor(ada), int(number), "Is the plug in?")
    ticket = desk.tickets.reply(actor(carla), int(number), "It is.")

    articles = carla.open("ticket", id=number).html.split("<article>")[1:]

    expected = [("Carla", "The line is dead."), ("ada", "Is the plug in?"), ("Carla", "It is.")]
    assert len(articles) == len(expected)
    for article, (author, text), message in zip(articles, expected, ticket.messages, strict=True):
        assert f"<strong>{author}</strong>" in article
        assert text in article
        assert f'datetime="{message.at.isoformat()}"' in article


def test_fourteen_days_after_its_end_a_ticket_can_be_followed_up_and_no_longer_reopened(
    desk: Desk, carla: Visit, ada: Visit, number: str, actor: Behind
) -> None:
    desk.tickets.close(actor(carla), int(number))
    assert carla.open("ticket", id=number).actions == ["reopen"]
    with desk.store.write() as tx:
        ticket = tx.tickets.find(int(number))
        assert ticket is not None
        assert ticket.closed_at is not None
        ticket.closed_at -= timedelta(days=14, seconds=1)
        tx.tickets.save(ticket)

    carla.open("ticket", id=number)

    assert carla.actions == []
    assert carla.sent(COMPOSER)["closed"] == "This ticket is closed. If it comes back, please open a follow-up."
    assert "Open a follow-up" in links(carla)
    assert ada.open("ticket", id=number).actions == ["reopen"]


def test_a_watcher_is_told_to_follow_up_and_not_to_reopen(
    desk: Desk, carla: Visit, oskar: Visit, number: str, actor: Behind
) -> None:
    desk.tickets.close(actor(carla), int(number))
    with desk.store.write() as tx:
        ticket = tx.tickets.find(int(number))
        assert ticket is not None
        ticket.watchers = ["oskar"]
        tx.tickets.save(ticket)

    oskar.open("ticket", id=number)

    assert oskar.sent(COMPOSER)["closed"] == "This ticket is closed. If it comes back, please open a follow-up."
    assert "Open a follow-up" in links(oskar)


# Agents


@pytest.mark.usefixtures("number")
def test_the_queue_tells_of_each_ticket_whose_it_is_and_how_urgent(
    desk: Desk, ada: Visit, number: str, actor: Behind
) -> None:
    edit = TicketEdit(priority=Priority.URGENT, assignee="root")
    updated_at = desk.tickets.edit(actor(ada), int(number), edit).updated_at

    shown = ada.open("all_tickets").sent(LIST)

    assert [name for name, _word, _order, _where in shown["columns"]] == [
        "number",
        "title",
        "requester",
        "status",
        "priority",
        "assignee",
        "updated",
    ]
    (row,) = shown["rows"]
    assert {"T-1", "No dial tone", "Carla", "New", "Urgent", "root", updated_at.isoformat()} <= set(row)


@pytest.mark.usefixtures("number")
def test_an_agents_own_tickets_are_those_they_opened(desk: Desk, ada: Visit, number: str, actor: Behind) -> None:
    desk.tickets.assign(actor(ada), int(number), "ada")
    desk.tickets.open(actor(ada), "My own phone", "Dead.")

    shown = ada.open("my_tickets").sent(LIST)

    assert [row[3] for row in shown["rows"]] == ["My own phone"]
    assert {count for view, _word, count in shown["head"]["views"] if view in {"all", "open"}} == {1}


@pytest.mark.usefixtures("number")
def test_an_agent_lands_in_the_queue(ada: Visit) -> None:
    ada.rerun()

    assert ada.titles == ["All tickets"]
    assert [element.key for element in ada.at.get("bidi_component")] == ["all_tickets_list", "sidebar"]


@pytest.mark.usefixtures("number")
def test_the_queue_takes_its_filters_from_the_address(ada: Visit) -> None:
    address = {"view": "all", "sort": "-priority"}

    ada.open("all_tickets", **address, q="dial", status="open,pending", priority="normal", requester="carla")

    shown = ada.sent(LIST)
    chosen = {field: value for field, _label, value, _options in shown["head"]["choices"]}
    words = "dial status:open,pending priority:normal requester:carla"
    assert (shown["head"]["view"], shown["head"]["text"], shown["order"]) == ("all", words, "-priority")
    assert (chosen["status"], chosen["priority"], chosen["category"]) == (["open", "pending"], ["normal"], [])
    assert chosen["requester"] == "carla"
    assert shown["head"]["narrowing"] == 3
    assert len(shown["rows"]) == 1
    assert dict(ada.at.query_params) == address | {"q": words}


@pytest.mark.usefixtures("number")
def test_what_is_chosen_by_clicks_stands_in_the_words_and_what_is_typed_shows_as_chosen(ada: Visit) -> None:
    def chosen() -> dict[str, object]:
        return {field: value for field, _label, value, _options in ada.sent(LIST)["head"]["choices"]}

    ada.open("all_tickets", q="dial").report(LIST, "filters", {"status": "open,pending"})
    ada.report(LIST, "filters", {"assignee": UNASSIGNED})
    assert ada.sent(LIST)["head"]["text"] == "dial status:open,pending assignee:none"
    assert (chosen()["status"], chosen()["assignee"]) == (["open", "pending"], UNASSIGNED)

    ada.report(LIST, "filters", {"q": "dial assignee:me status:on-hold -status:closed priority>=high"})
    assert [chosen()[field] for field in ("assignee", "status", "priority")] == ["ada", ["on_hold"], []]
    ada.report(LIST, "filters", {"q": "tone assignee:me", "status": "closed"})
    ada.report(LIST, "filters", {"assignee": ""})
    assert ada.sent(LIST)["head"]["text"] == "tone status:closed"


@pytest.mark.usefixtures("number")
def test_a_click_beside_words_that_cannot_be_read_leaves_them_as_they_are(ada: Visit) -> None:
    ada.open("all_tickets", q='"dial').report(LIST, "filters", {"status": "open"})

    head = ada.sent(LIST)["head"]
    assert (head["text"], head["narrowing"]) == ('"dial', 0)
    assert head["problem"].startswith("A quotation mark is not closed")


@pytest.mark.usefixtures("number")
def test_what_is_saved_as_a_view_has_the_filters_the_view_and_the_order_of_the_list(ada: Visit) -> None:
    ada.open("all_tickets", view="mine", q="dial", sort="-priority").report(LIST, "filters", {"priority": "high"})

    ada.report(LIST, "save_view", value=True)

    assert ada.titles == ["New view"]
    field = next(field for field in ada.at.text_input if field.label == "Query")
    assert field.value == "assignee:me status:open,pending,on_hold dial priority:high sort:-priority"


@pytest.mark.usefixtures("number")
def test_an_address_that_makes_no_sense_shows_the_queue_as_it_is(ada: Visit) -> None:
    ada.open("all_tickets", view="nonsense", page="-4", size="7", status="lost", assignee="nobody.at.all")

    assert not ada.at.exception
    assert ada.sent(LIST)["empty"][1] == "No ticket matches"


@pytest.mark.usefixtures("number")
def test_a_page_beyond_the_last_shows_the_last(ada: Visit) -> None:
    ada.open("all_tickets", page="7")

    assert ada.sent(LIST)["foot"] == ["1 to 1 of 1", 1, 1]


@pytest.mark.usefixtures("number")
def test_the_field_of_a_list_takes_the_query_language(ada: Visit) -> None:
    found = ada.open("all_tickets", q="title:dial status:open -tag:vpn sort:created").sent(LIST)
    nothing = ada.open("all_tickets", q="dial status:closed").sent(LIST)

    assert (len(found["rows"]), found["order"], found["head"]["problem"]) == (1, "created", "")
    assert nothing["empty"][1] == "No ticket matches"


@pytest.mark.usefixtures("number")
def test_a_query_that_cannot_be_understood_stays_as_it_was_typed_beside_what_is_wrong(ada: Visit) -> None:
    shown = ada.open("all_tickets", q="stauts:open").sent(LIST)

    assert shown["head"]["text"] == "stauts:open"
    assert shown["head"]["problem"] == "There is no field “stauts” (at character 1). Did you mean “status”?"
    assert (shown["rows"], shown["empty"][1]) == ([], "This search cannot be read")


@pytest.mark.usefixtures("number")
def test_filters_and_words_have_to_hold_together_and_go_before_the_view(ada: Visit) -> None:
    def rows(**address: str) -> int:
        return len(ada.open("all_tickets", **address).sent(LIST)["rows"])

    assert rows(view="done", q="status:open") == 1
    assert rows(status="open", q="status:open,closed") == 1
    assert rows(status="open", q="status:closed") == 0
    assert rows(requester="carla", q="requester:nobody") == 0


@pytest.mark.usefixtures("number")
def test_a_click_on_a_column_goes_before_the_order_in_the_words(ada: Visit) -> None:
    ada.open("all_tickets", q="sort:created dial").report(LIST, "filters", {"sort": "-created"})

    shown = ada.sent(LIST)
    assert (shown["order"], shown["head"]["text"]) == ("-created", "dial")


@pytest.mark.parametrize("page", ["all_tickets", "my_tickets"])
def test_every_example_of_the_help_can_be_searched_for(ada: Visit, page: str) -> None:
    examples = ada.open(page).sent(LIST)["head"]["examples"]

    assert len(examples) >= 5
    assert [ada.open(page, q=query).sent(LIST)["head"]["problem"] for query, _meaning in examples] == [""] * len(
        examples
    )


def test_a_search_with_more_hits_than_anybody_leafs_through_says_so(ada: Visit, actor: Behind) -> None:
    for _ in range(MOST_HITS + 1):
        ada.desk.tickets.open(actor(ada), "No dial tone", "The line is dead.")

    ada.open("all_tickets", q="dial")

    assert ada.sent(LIST)["foot"] == ["1 to 25 of 500 or more", 1, 20]


def test_who_clears_the_address_of_a_list_sees_it_without_filters(ada: Visit) -> None:
    assert ada.open("all_tickets", q="dial").sent(LIST)["head"]["text"] == "dial"

    del ada.at.query_params["q"]

    assert ada.rerun().sent(LIST)["head"]["text"] == ""


def test_filters_are_remembered_while_the_agent_is_elsewhere(ada: Visit, number: str) -> None:
    ada.open("all_tickets", q="dial")

    ada.open("ticket", id=number).open("all_tickets")

    assert ada.sent(LIST)["head"]["text"] == "dial"


@pytest.mark.usefixtures("number")
def test_a_filter_chosen_before_the_browser_knows_of_the_last_one_takes_none_back(ada: Visit) -> None:
    ada.open("all_tickets").report(LIST, "filters", {"q": "dial"})
    del ada.at.query_params["q"]  # as the address is while the run of the first choice is not over

    ada.report(LIST, "filters", {"priority": "normal"})

    assert ada.sent(LIST)["head"]["text"] == "dial priority:normal"
    assert dict(ada.at.query_params) == {"q": "dial priority:normal"}


def test_the_views_tell_how_many_tickets_they_hold(desk: Desk, ada: Visit, number: str, actor: Behind) -> None:
    desk.tickets.assign(actor(ada), int(number), "ada")

    ada.open("all_tickets")

    views = {view: count for view, _word, count in ada.sent(LIST)["head"]["views"]}
    assert views == {
        "unassigned": 0,
        "mine": 1,
        "new": 1,
        "open": 1,
        "waiting": 0,
        "overdue": 0,
        "recently_closed": 0,
        "all": 1,
    }


def test_recently_closed_has_what_was_closed_within_a_week(desk: Desk, ada: Visit, number: str, actor: Behind) -> None:
    desk.tickets.close(actor(ada), int(number))

    rows = [len(ada.open("all_tickets", view=view).sent(LIST)["rows"]) for view in ("recently_closed", "new", "open")]
    assert rows == [1, 0, 0]


def test_the_former_view_of_what_is_done_stands_there_for_whoever_asks_for_it(ada: Visit, number: str) -> None:
    shown = ada.open("all_tickets", view="done").sent(LIST)["head"]

    assert (shown["view"], shown["views"][-1]) == ("done", ["done", "Done", 0])
    assert "done" not in [view for view, *_ in ada.open("all_tickets", view="open").sent(LIST)["head"]["views"]]
    assert number


def test_an_agent_answers_and_sets_the_status_with_it(desk: Desk, ada: Visit, number: str, actor: Behind) -> None:
    ada.open("ticket", id=number).answer("Is the plug in?", status="pending")

    ticket = desk.tickets.get(actor(ada), int(number))
    assert ticket.status is Status.PENDING
    assert ticket.messages[-1].text == "Is the plug in?"


def test_an_agent_writes_a_note(desk: Desk, ada: Visit, number: str, actor: Behind) -> None:
    ada.open("ticket", id=number).answer("The exchange is down.", kind="note")

    assert "Your note is saved." in ada.said
    assert desk.tickets.get(actor(ada), int(number)).messages[-1].kind is MessageKind.NOTE


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("status", Status.ON_HOLD),
        ("priority", Priority.URGENT),
        ("category", TicketCategory.NETWORK),
        ("assignee", "root"),
        ("tags", ["phone", "urgent line"]),
    ],
)
def test_a_field_is_saved_when_it_is_chosen(
    desk: Desk, ada: Visit, number: str, actor: Behind, field: str, value: object
) -> None:
    ada.open("ticket", id=number).pick(field, value)

    assert ada.refused == []
    assert getattr(desk.tickets.get(actor(ada), int(number)), field) == value


def test_a_field_changed_by_somebody_else_is_shown_with_both_values(
    desk: Desk, ada: Visit, root: Visit, number: str, actor: Behind
) -> None:
    ada.open("ticket", id=number)
    desk.tickets.edit(actor(root), int(number), TicketEdit(priority=Priority.LOW))

    ada.pick("priority", "high")

    assert ada.refused == [
        "Priority was changed to “low” while you were choosing “high”. Please look, and choose again."
    ]
    assert desk.tickets.get(actor(ada), int(number)).priority is Priority.LOW


def test_an_agent_takes_a_ticket_with_one_click(desk: Desk, ada: Visit, number: str, actor: Behind) -> None:
    ada.open("ticket", id=number).act("assign_to_me")

    assert desk.tickets.get(actor(ada), int(number)).assignee == "ada"
    assert "assign_to_me" not in ada.actions


def test_the_fields_of_a_closed_ticket_are_locked(desk: Desk, ada: Visit, number: str, actor: Behind) -> None:
    desk.tickets.close(actor(ada), int(number))

    ada.open("ticket", id=number)

    assert ada.sent(PANEL)["locked"]
    assert ada.actions == ["reopen"]


def test_what_was_read_is_read(desk: Desk, ada: Visit, number: str, actor: Behind) -> None:
    unread = desk.tickets.conversation(actor(ada), int(number)).seen

    ada.open("ticket", id=number)

    assert unread == 0
    assert desk.tickets.conversation(actor(ada), int(number)).seen == 1


# The account


def test_a_person_changes_name_and_address(desk: Desk, carla: Visit, actor: Behind) -> None:
    carla.open("account").fill(display_name="Carla Berg", email="carla@example.org", profile_password=PASSWORD).press(
        "save_profile"
    )

    assert "Your profile is saved." in carla.said
    assert desk.accounts.profile(actor(carla)).display_name == "Carla Berg"


def test_a_changed_password_needs_the_present_one(carla: Visit) -> None:
    carla.open("account").fill(current="wrong", new="another long walk", confirmation="another long walk")

    carla.press("save_password")

    assert carla.refused == ["The present password is wrong."]


def test_a_person_reads_where_they_are_signed_in(desk: Desk, carla: Visit) -> None:
    hand_off = desk.accounts.sign_in_browser("carla", PASSWORD, browser="phone")
    safari = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile/15E148 Safari/604.1"
    desk.sessions.redeem(hand_off, browser="phone", address="203.0.113.9", description=safari)

    carla.open("account")

    assert sorted(text.value for text in carla.at.text) == [
        "Safari, iOS · 203.0.113.9 · last used just now",
        "Unknown browser · 127.0.0.1 · this browser",
    ]


def test_a_person_ends_another_session(desk: Desk, carla: Visit, sign_in: Callable[..., Visit], actor: Behind) -> None:
    other = sign_in("carla")
    carla.open("account").press(f"end_{(actor(other).session or '')[:12]}")

    assert "That session has ended." in carla.said
    assert len(desk.sessions.own(actor(carla))) == 1


def test_a_person_ends_all_other_sessions(
    desk: Desk, carla: Visit, sign_in: Callable[..., Visit], actor: Behind
) -> None:
    sign_in("carla")

    carla.open("account").press("end_others")

    assert "All other sessions have ended." in carla.said
    assert len(desk.sessions.own(actor(carla))) == 1


def test_with_a_one_time_password_there_is_nothing_but_choosing_another(desk: Desk, root: Visit, actor: Behind) -> None:
    one_time = desk.agents.reset_password(actor(root), "carla")
    carla = Visit(desk, desk.accounts.sign_in("carla", one_time)).rerun()

    assert carla.titles == ["Account"]
    assert [field.key for field in carla.at.text_input] == ["current", "new", "confirmation"]

    carla.fill(current=one_time, new="another long walk", confirmation="another long walk").press("save_password")

    assert carla.refused == []
    assert carla.shows("ticketing_bridge")


def test_signing_out_ends_the_session_in_every_tab(desk: Desk, carla: Visit) -> None:
    second_tab = Visit(desk, carla.token).open("my_tickets")

    carla.open("my_tickets").press("sign_out")

    assert second_tab.rerun().titles == ["Sign in"]


# People


def people(visit: Visit) -> set[str]:
    """Return the usernames in the list of accounts."""
    return set(re.findall(r'0\.875rem">([^ ]+) · ', visit.html))


def test_an_agent_registers_an_agent_and_sees_the_password_once(desk: Desk, ada: Visit) -> None:
    ada.open("agent_admin").press("register_agent")

    ada.fill(new_username="erin", new_display_name="Erin").press("submit_new_agent")

    password = ada.at.code[0].value
    assert desk.sessions.actor(desk.accounts.sign_in("erin", password)).must_change_password

    ada.press("noted")

    assert password not in str(ada.at)
    assert ada.at.code.len == 0


JUST_REGISTERED = "Erin was registered a moment ago. If the one-time password was not shown to you, "


def test_an_agent_who_was_cut_off_from_a_one_time_password_is_told_who_gives_another(
    desk: Desk, ada: Visit, actor: Behind
) -> None:
    desk.agents.register_agent(actor(ada), "erin", "Erin")

    ada.open("agent_admin", new="agent")

    assert ada.said == [f"{JUST_REGISTERED}ask an admin to reset it."]
    assert not ada.has_button("manage_erin")


def test_an_admin_who_was_cut_off_from_a_one_time_password_is_led_to_another(
    desk: Desk, root: Visit, actor: Behind
) -> None:
    desk.agents.register_agent(actor(root), "erin", "Erin")

    root.open("agent_admin", new="agent")
    assert f"{JUST_REGISTERED}reset it." in root.said
    root.press("manage_erin").press("reset_password")

    assert desk.sessions.actor(desk.accounts.sign_in("erin", root.at.code[0].value)).must_change_password


def test_who_has_seen_the_one_time_password_is_not_told_of_it_again(ada: Visit) -> None:
    ada.open("agent_admin", new="agent").fill(new_username="erin", new_display_name="Erin").press("submit_new_agent")

    ada.press("noted").press("register_agent")

    assert ada.said == []


@pytest.mark.parametrize("since", ["signed in", "three minutes have passed"])
def test_nobody_is_told_of_a_one_time_password_that_was_used_or_made_long_ago(
    desk: Desk, ada: Visit, actor: Behind, since: str
) -> None:
    erin = desk.agents.register_agent(actor(ada), "erin", "Erin")
    assert len(Visit(desk, ada.token).open("agent_admin", new="agent").said) == 1

    if since == "signed in":
        desk.accounts.sign_in("erin", erin.one_time_password)
    else:
        with desk.store.write() as tx:
            account = tx.users.find("erin")
            assert account is not None
            account.created_at -= timedelta(minutes=3)
            tx.users.save(account)

    assert ada.open("agent_admin", new="agent").said == []


@pytest.mark.parametrize(
    ("button", "sentence"),
    [
        ("end_sessions", "All sessions and API keys of Carla have ended."),
        ("deactivate", "Carla is deactivated and signed out."),
    ],
)
def test_an_agent_looks_after_a_users_account(ada: Visit, carla: Visit, button: str, sentence: str) -> None:
    ada.open("agent_admin").press("manage_carla").press(button)

    assert sentence in ada.said
    assert carla.rerun().titles == ["Sign in"]


def test_an_agent_lets_somebody_try_again_who_mistyped_their_password(desk: Desk, ada: Visit) -> None:
    for _ in range(8):
        with suppress(WrongCredentialsError, ThrottledError):
            desk.accounts.sign_in("carla", "a wrong walk home", address="192.0.2.9")

    ada.open("agent_admin").press("manage_carla")
    assert any("the next try has to wait" in sentence for sentence in ada.said)
    ada.press("lift_wait")

    assert ada.said == ["Carla can try again at once."]
    assert desk.accounts.sign_in("carla", PASSWORD, address="192.0.2.10")


def test_a_deactivated_account_is_reactivated(desk: Desk, ada: Visit, actor: Behind) -> None:
    desk.agents.deactivate(actor(ada), "carla")

    ada.open("agent_admin").press("manage_carla").press("reactivate")

    assert "Carla can sign in again." in ada.said


def test_an_agent_resets_a_password(desk: Desk, ada: Visit) -> None:
    ada.open("agent_admin").press("manage_carla").press("reset_password")

    assert desk.sessions.actor(desk.accounts.sign_in("carla", ada.at.code[0].value)).must_change_password


@pytest.mark.parametrize(
    ("page", "query"),
    [("agent_admin", {"person": "oskar"}), ("agent_admin", {"new": "agent"}), ("agent_admin", {}), ("my_tickets", {})],
    ids=["another person", "a new agent", "all people", "another page"],
)
def test_a_one_time_password_is_gone_with_the_next_page(ada: Visit, page: str, query: dict[str, str]) -> None:
    ada.open("agent_admin", person="carla").press("reset_password")
    password = ada.at.code[0].value
    ada.rerun()
    assert ada.at.code[0].value == password, "it stays while the page is shown"

    ada.open(page, **query)

    assert password not in str(ada.at)
    assert password not in str(ada.open("agent_admin", person="carla").at), "also when the agent comes back"


def test_a_password_is_reset_again_as_soon_as_the_first_was_noted(desk: Desk, ada: Visit) -> None:
    ada.open("agent_admin", person="carla").press("reset_password")
    first = ada.at.code[0].value
    ada.press("noted")

    ada.open("agent_admin", person="carla").press("reset_password")

    second = ada.at.code[0].value
    assert first != second
    assert desk.sessions.actor(desk.accounts.sign_in("carla", second)).must_change_password


def test_an_agent_may_not_manage_agents(ada: Visit) -> None:
    ada.open("agent_admin")

    assert not ada.has_button("manage_root")
    assert not ada.has_button("manage_ada")


def test_an_admin_makes_somebody_an_agent(desk: Desk, root: Visit, actor: Behind) -> None:
    root.open("agent_admin").press("manage_carla").choose("role_carla", Role.AGENT).press("save_role")

    assert desk.agents.person(actor(root), "carla").role is Role.AGENT
    assert "The role of Carla is changed. They choose a new password when they sign in next." in root.said


@pytest.mark.parametrize(
    ("group", "names"), [("agents", {"ada", "root", "support_agent"}), ("requesters", {"carla", "oskar"})]
)
def test_the_people_of_a_group_are_shown_alone(ada: Visit, group: str, names: set[str]) -> None:
    ada.open("agent_admin").choose("group", group)

    assert people(ada) == names
    assert f"Accounts: {len(names)}" in [caption.value for caption in ada.at.caption]


def test_more_people_than_fit_on_a_page_stand_on_the_next(desk: Desk, ada: Visit) -> None:
    newcomers = {f"name-{number:02}" for number in range(25)}
    for name in newcomers:
        desk.agents.create_agent(Actor.console(), name, PASSWORD)

    first = people(ada.open("agent_admin"))
    second = people(ada.choose("people_page", 2))

    assert (len(first), len(second)) == (25, 5)
    assert first | second == newcomers | {"ada", "root", "support_agent", "carla", "oskar"}


def test_nobody_matches_reads_so(ada: Visit) -> None:
    ada.open("agent_admin").fill(people_search="nobody at all").rerun()

    assert "Nobody matches." in ada.said


def test_agents_can_read_who_may_do_what(ada: Visit) -> None:
    html = ada.open("desk_setup", kind="permissions").html.replace(' data-head="', ">").replace('">', ": ")

    assert "Write or read internal notes</th><td>requester: no</td><td>agent: own, watched, foreign</td>" in html
    assert "Register admins</th><td>requester: no</td><td>agent: no</td><td>admin: yes</td>" in html
