"""Values that no widget of ours could have sent: nothing foreign is shown, nothing breaks, no trace is told."""

import re

import pytest

from tests.forge.conftest import told, told_of_ours
from tests.serving import COOKIE, Server
from tests.visiting import COMPOSER, HEAD, PANEL
from tests.wire import Wire
from ticketing.domain.queries import TicketQuery
from ticketing.domain.text import TEXT_LIMIT, TITLE_LIMIT
from ticketing.domain.tickets import Ticket
from ticketing.ui.wording import t

pytestmark = [pytest.mark.processes, pytest.mark.xdist_group("forge")]

REFERENCE = re.compile(r"reference ([0-9a-f]{8})")


def visit(server: Server, person: str, page: str, query: str = "") -> Wire:
    wire = Wire.connect(server.base, page=page, query=query, cookies={COOKIE: server.sign_in(person)})
    return wire.run()


@pytest.mark.parametrize(
    "answer",
    [1, -1, 0, 999, 10**30, 1.0, "1", "T-1", True, None, [1], {"number": 1}, "../ticket?id=1", "x" * 10_000],
    ids=repr,
)
def test_z10_a_row_that_the_list_did_not_show_opens_nothing(server: Server, ticket: Ticket, answer: object) -> None:
    server.desk.tickets.open(server.actor("oskar"), "Of Oskar", "Mine alone.")
    assert ticket.number == 1
    with visit(server, "oskar", "my_tickets") as oskar:
        assert "ticketing_list_table" in oskar.widgets

        oskar.trigger("ticketing_list_table", "opened", answer)
        oskar.trigger("ticketing_list_table", "selected", answer)

        assert "Of Oskar" in oskar.text
        assert t("page.my_tickets") in oskar.text
        assert told(oskar.received) == []
        assert told_of_ours(oskar.received) == []
        assert oskar.exceptions == []


@pytest.mark.parametrize(
    "asked",
    [
        {"sort": "password"},
        {"sort": ""},
        {"sort": ["number"]},
        {"view": "everything"},
        {"view": None},
        {"page": "-3"},
        {"page": 2},
        {"page": "9" * 30},
        {"size": "100000"},
        {"status": "open'; drop"},
        {"category": {"a": "b"}},
        {"secret": "1"},
        {"__class__": "x"},
        "sort=-updated",
        ["sort"],
        -1,
        None,
    ],
    ids=repr,
)
def test_v3_filters_that_the_list_does_not_offer_change_nothing(server: Server, ticket: Ticket, asked: object) -> None:
    with visit(server, "ada", "all_tickets", "q=zqtag") as ada:
        ada.trigger("ticketing_list_table", "filters", asked)

        assert ticket.title in ada.text
        assert ada.query == "q=zqtag"
        assert ada.exceptions == []


@pytest.mark.parametrize(
    ("component", "event", "value"),
    [
        (PANEL, "outbox", [[1, "status", "Exploded", "open"]]),
        (PANEL, "outbox", [[1, "status", "Closed, or so", "open"]]),
        (PANEL, "outbox", [[1, "priority", "urgent!", "normal"]]),
        (PANEL, "outbox", [[1, "category", "", "general"]]),
        (PANEL, "outbox", [[1, "assignee", "carla", ""]]),
        (PANEL, "outbox", [[1, "assignee", "nobody-like-this", ""]]),
        (PANEL, "outbox", [[1, "tags", ["\x00", "x" * 5000], ["zqtag"]]]),
        (PANEL, "outbox", [[1, "tags", [f"tag {number}" for number in range(40)], ["zqtag"]]]),
        (PANEL, "outbox", [[1, "title", "Another", "zqtitle"]]),
        (PANEL, "outbox", {"a": [1, "status", "closed"]}),
        (PANEL, "outbox", -1),
        (PANEL, "history", {"__class__": "x"}),
        (PANEL, "opened", 1),
        (HEAD, "outbox", [[1, "reopen", "open", ""]]),
        (HEAD, "outbox", "close"),
        (HEAD, "outbox", [[1, ["close"], "open", ""]]),
        (HEAD, "outbox", [[-1, "close", "open", ""]]),
        (HEAD, "outbox", [[1, "x" * 10_000, "open", ""]]),
        (COMPOSER, "outbox", [[1, "secret", "x", "", "open"]]),
        (COMPOSER, "outbox", [[1, ["reply", "note"], "x", "", "open"]]),
        (COMPOSER, "outbox", [[1, "reply", "x", "exploded", "open"]]),
        (COMPOSER, "outbox", [[1, "reply", "nul\x00 and \x1b escape", "", "open"]]),
        (COMPOSER, "outbox", [[]]),
    ],
)
def test_z10_a_choice_that_was_not_offered_changes_nothing(
    server: Server, ticket: Ticket, component: str, event: str, value: object
) -> None:
    before = server.ticket(ticket.number)
    with visit(server, "ada", "ticket", f"id={ticket.number}") as ada:
        ada.trigger(component, event, value)
        ada.run()

        assert server.ticket(ticket.number) == before
        assert ticket.title in ada.text
        assert told_of_ours(ada.received) == []
        assert ada.exceptions == []


@pytest.mark.parametrize(
    "query",
    [
        "page=99999999999999999999999999&size=1000000",
        "page=-5&size=-1",
        "page=NaN&size=Infinity&sort=password",
        "view=everything&status=open,exploded&priority=%00",
        "requester=%00%EF%BF%BD&assignee=" + "x" * 5000,
        "q=" + "%28" * 300,
        "page=%D9%A3&size=%C2%B2",
    ],
)
def test_an_address_that_makes_no_sense_shows_a_list_all_the_same(server: Server, ticket: Ticket, query: str) -> None:
    with visit(server, "carla", "my_tickets", query) as carla:
        assert t("page.my_tickets") in carla.text
        assert ticket.number == 1
        assert "Something went wrong" not in carla.text
        assert carla.exceptions == []
        assert told_of_ours(carla.received) == []


@pytest.mark.parametrize("number", ["", "x", "-1", "0", "1.0", "9" * 400, "1%00", "%D9%A1", "T-T-1", "1e3"])
def test_a_number_that_is_none_is_a_ticket_that_is_not_there(server: Server, ticket: Ticket, number: str) -> None:
    assert ticket.requester == "carla"
    with visit(server, "oskar", "ticket", f"id={number}") as oskar:
        assert t("not_found.text") in oskar.text
        assert told_of_ours(oskar.received) == []


@pytest.mark.parametrize(
    ("title", "description", "refusal"),
    [
        ("overlong " * TITLE_LIMIT, "y", "at most 200 fit"),
        ("overlong", "y" * (3 * TEXT_LIMIT), "at most 20,000 fit"),
        ("overlong \u200b\x07", "y", "Title"),
    ],
    ids=["title", "description", "control character"],
)
def test_v1_a_text_that_its_field_cannot_take_is_refused_in_words(
    server: Server, title: str, description: str, refusal: str
) -> None:
    with visit(server, "carla", "new_ticket") as carla:
        carla.set("title", title)
        carla.set("description", description)
        carla.click("submit")

        assert refusal in carla.text.replace("\\", "")
        assert t("page.new_ticket") in carla.text
        assert carla.exceptions == []
    found = server.desk.tickets.search(server.actor("carla"), TicketQuery(needles=("overlong",)))
    assert found.total == 0


@pytest.mark.parametrize(
    ("field", "value"),
    [("double_value", float("nan")), ("int_value", -1), ("bool_value", True)],
)
@pytest.mark.parametrize("component", [HEAD, PANEL, COMPOSER])
def test_a_value_of_the_wrong_kind_ends_in_a_sentence_and_the_log_knows_why(
    server: Server, ticket: Ticket, component: str, field: str, value: object
) -> None:
    before = server.ticket(ticket.number)
    with visit(server, "ada", "ticket", f"id={ticket.number}") as ada:
        widget_id, _ = ada.widgets[component]

        ada.set_raw(widget_id, field, value)
        ada.run()

        assert ada.exceptions == []
        assert told_of_ours(ada.received) == []
        reference = REFERENCE.search(ada.text)
        assert reference is not None
        log = server.log
        entry = log[log.index(f"reference {reference[1]}") :]
        assert "Traceback" in entry
    assert server.ticket(ticket.number) == before
