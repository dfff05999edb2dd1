"""Whatever is typed into any field of any form: refused in a sentence or kept as typed, and nothing else happens."""

from collections.abc import Callable

import pytest

from tests.forge.conftest import told_of_ours
from tests.serving import COOKIE, PASSWORD, Server
from tests.wire import Wire
from ticketing.domain.people import Actor, PeopleQuery, Person
from ticketing.domain.queries import TicketQuery
from ticketing.domain.text import NAME_LIMIT, SEARCH_LIMIT
from ticketing.ui.wording import t

pytestmark = [pytest.mark.processes, pytest.mark.xdist_group("forge")]

VALUES = {
    "nothing": "",
    "invisible": "\u200b\u2060\ufeff\u3164",
    "1 MB": "x" * 1_000_000,
    "NUL": "a\x00b",
    "escape": "\x1b[2Jgone",
    "direction": "invoice\u202egpj.exe",
    "markdown": "**b** ![x](http://evil.example/x.png) [y](javascript:alert(1))",
    "html": "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "latex": "$$\\frac{1}{2}$$",
    "directive": ":red[red] :material/lock:",
    "formula": '=HYPERLINK("http://evil.example")',
    "template": "{0} {name} {actor.session} %s",
    "one too long": "x" * (NAME_LIMIT + 1),
}
# What no text field of Streamlit's can send, but a component can.
HALF_A_PAIR = "a\ud800b"
# What is filled in beside the field that is tried out, and the button that sends it all.
FORMS: dict[str, tuple[str | None, str, str, dict[str, str], str]] = {
    "register": (
        None,
        "register",
        "",
        {"username": "x!", "display_name": "X", "email": "", "password": PASSWORD, "confirmation": PASSWORD},
        "submit",
    ),
    "profile": (
        "oskar",
        "account",
        "",
        {"display_name": "Oskar Lind", "email": "not an address", "profile_password": "wrong"},
        "save_profile",
    ),
    "password": (
        "oskar",
        "account",
        "",
        {"current": "wrong", "new": "short", "confirmation": "short"},
        "save_password",
    ),
    "new agent": (
        "root",
        "agent_admin",
        "new=agent",
        {"new_username": "x!", "new_display_name": "X", "new_email": ""},
        "submit_new_agent",
    ),
}
FIELDS = [(form, field) for form, (_, _, _, fields, _) in FORMS.items() for field in fields]


def visit(server: Server, person: str | None, page: str, query: str = "") -> Wire:
    cookies = {COOKIE: server.sign_in(person)} if person else None
    return Wire.connect(server.base, page=page, query=query, cookies=cookies).run()


def accounts(server: Server) -> dict[str, Person]:
    """Return all accounts as they are, but for when each signed in last."""
    pages = [server.desk.agents.people(Actor.console(), PeopleQuery(page=page, size=100)) for page in (1, 2)]
    people = [person for page in pages for person in page.items]
    return {person.username: person.model_copy(update={"last_sign_in_at": None}) for person in people}


def expect_no_harm(server: Server, wire: Wire) -> None:
    assert wire.exceptions == []
    assert "Something went wrong" not in wire.text, server.log[-3000:]
    assert told_of_ours(wire.received) == []


@pytest.mark.parametrize(("form", "field"), FIELDS, ids=lambda part: part)
def test_v1_a_form_whose_other_fields_are_wrong_changes_nothing_whatever_is_typed(
    server: Server, form: str, field: str
) -> None:
    person, page, query, fields, button = FORMS[form]
    with visit(server, person, page, query) as wire:
        before = accounts(server)
        for kind, value in VALUES.items():
            for name, text in (fields | {field: value}).items():
                wire.set(name, text)
            wire.click(button)

            expect_no_harm(server, wire)
            changed = {name for name, person in accounts(server).items() if person != before.get(name)}
            assert changed <= ({"oskar"} if form == "profile" else set()), kind
            assert form == "profile" or "format: ERROR" in wire.text, kind


def test_whatever_is_typed_as_name_or_password_is_simply_wrong(server: Server) -> None:
    as_name = [{"username": VALUES[kind], "password": PASSWORD} for kind in ("invisible", "1 MB", "NUL", "direction")]
    as_password = [{"username": "carla", "password": VALUES[kind]} for kind in ("nothing", "1 MB", "NUL", "html")]
    with visit(server, None, "login") as stranger:
        for fields in as_name + as_password:
            for name, text in fields.items():
                stranger.set(name, text)
            stranger.click("submit")

            expect_no_harm(server, stranger)
            assert "Username or password is wrong" in stranger.text


@pytest.mark.parametrize("kind", VALUES)
def test_a_display_name_is_kept_as_typed_or_refused_in_a_sentence(server: Server, kind: str) -> None:
    kept = VALUES[kind].replace("\u202e", "")  # a name turns nobody's reading direction
    with visit(server, "oskar", "account") as oskar:
        before = accounts(server)
        oskar.set("display_name", VALUES[kind])
        oskar.click("save_profile")

        expect_no_harm(server, oskar)
        after = accounts(server)
        saved = t("account.profile_saved").rstrip(".") in oskar.text
        assert saved is not ("format: ERROR" in oskar.text)
        assert after["oskar"].display_name == (kept if saved else before["oskar"].display_name)
        assert after | {"oskar": before["oskar"]} == before
    server.desk.accounts.change_profile(server.actor("oskar"), "Oskar Lind", "")


@pytest.mark.parametrize("kind", [kind for kind in VALUES if kind not in {"nothing", "invisible"}])
def test_for_whom_a_ticket_is_opened_is_an_account_or_refused_in_a_sentence(server: Server, kind: str) -> None:
    with visit(server, "ada", "new_ticket") as ada:
        before = accounts(server)
        for name, text in {"requester": VALUES[kind], "title": "Asked", "description": "By somebody."}.items():
            ada.set(name, text)
        ada.click("submit")

        expect_no_harm(server, ada)
        assert "format: ERROR" in ada.text
        assert accounts(server) == before
    asked = server.desk.tickets.search(server.actor("ada"), TicketQuery(needles=("by somebody",)))
    assert asked.total == 0


SEARCHES: dict[str, Callable[[Wire, str], Wire]] = {
    "the list's words": lambda wire, text: wire.trigger("ticketing_list_table", "filters", {"q": text}),
    "the list's requester": lambda wire, text: wire.trigger("ticketing_list_table", "filters", {"requester": text}),
    "the list's assignee": lambda wire, text: wire.trigger("ticketing_list_table", "filters", {"assignee": text}),
}


@pytest.mark.parametrize("search", SEARCHES)
def test_v3_any_text_can_be_searched_for_in_a_list(server: Server, search: str) -> None:
    with visit(server, "ada", "all_tickets") as ada:
        for value in (*VALUES.values(), "x" * (SEARCH_LIMIT + 1), HALF_A_PAIR):
            SEARCHES[search](ada, value)

            expect_no_harm(server, ada)
            assert t("page.all_tickets") in ada.text


def test_v3_any_text_can_be_searched_for_among_people(server: Server) -> None:
    with visit(server, "root", "agent_admin") as root:
        for value in VALUES.values():
            root.set("people_search", value)
            root.run()

            expect_no_harm(server, root)
            assert t("page.agent_admin") in root.text


@pytest.mark.parametrize("way", ["merge", "link"])
def test_any_text_can_be_searched_for_among_tickets_that_may_belong_together(server: Server, way: str) -> None:
    number = server.desk.tickets.open(server.actor("carla"), "No dial tone", "Dead.").number
    with visit(server, "ada", "ticket", f"id={number}&relate={way}") as ada:
        for value in VALUES.values():
            ada.set(f"relate_search_{number}", value)
            ada.run()

            expect_no_harm(server, ada)
            assert t("relate.search") in ada.text


def test_whatever_is_typed_as_the_title_of_a_split_is_kept_as_typed_or_refused(server: Server) -> None:
    carla, desk = server.actor("carla"), server.desk
    number = desk.tickets.open(carla, "No dial tone", "Dead.").number
    mark = desk.tickets.reply(carla, number, "The printer jams, too.").messages[-1].mark
    for kind, value in VALUES.items():
        before = len(server.ticket(number).links)
        with visit(server, "ada", "ticket", f"id={number}&relate=split&message={mark}") as ada:
            ada.set("split_title", value)
            ada.click("split")
            expect_no_harm(server, ada)

            links = server.ticket(number).links
            if "format: ERROR" in ada.text:
                assert len(links) == before, kind
            else:
                assert server.ticket(links[-1].number).title == value, kind


@pytest.mark.parametrize(
    "query",
    ["relate=merge&into=%00", "relate=merge&into=99999999999999999999", "relate=split&message=%E2%80%AE", "relate="],
)
def test_an_address_that_relates_nothing_does_no_harm(server: Server, query: str) -> None:
    number = server.desk.tickets.open(server.actor("carla"), "No dial tone", "Dead.").number
    with visit(server, "ada", "ticket", f"id={number}&{query}") as ada:
        expect_no_harm(server, ada)


@pytest.mark.parametrize("person", ["x" * 5000, "%00", "%E2%80%AE", "../root", "CARLA ", "%3Cscript%3E", ""])
def test_an_address_that_names_nobody_shows_nobody(server: Server, person: str) -> None:
    with visit(server, "root", "agent_admin", f"person={person}") as root:
        expect_no_harm(server, root)
        assert "reset_password" not in root.widgets or person == "CARLA "
