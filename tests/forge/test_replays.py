"""What was once shown can be clicked for ever, by a client of one's own: it must have become worthless."""

import re
from collections.abc import Callable
from itertools import count

import pytest

from tests.forge.conftest import stored, told
from tests.serving import COOKIE, PASSWORD, Server
from tests.visiting import COMPOSER, HEAD, PANEL
from tests.wire import Wire
from ticketing.domain.people import Actor, Role
from ticketing.domain.tickets import Ticket
from ticketing.ui.wording import t

pytestmark = pytest.mark.xdist_group("forge")

Ending = Callable[[Server, str, str], object]
Deed = Callable[[Wire], object]

_numbers = count(1)


def _sign_out(server: Server, _username: str, token: str) -> None:
    server.desk.sessions.sign_out(token)


def _deactivate(server: Server, username: str, _token: str) -> None:
    server.desk.agents.deactivate(server.actor("root"), username)


def _demote(server: Server, username: str, _token: str) -> None:
    server.desk.agents.change_role(server.actor("root"), username, Role.USER)


def _reset(server: Server, username: str, _token: str) -> None:
    server.desk.agents.reset_password(server.actor("root"), username)


# A one-time password on the screen of whoever hands it over.
ONE_TIME = re.compile(r'code_text: "([^"]+)"')

ENDINGS: dict[str, Ending] = {
    "signed out": _sign_out,
    "deactivated": _deactivate,
    "made a requester": _demote,
    "given a new password": _reset,
}


def _pick(wire: Wire, name: str, value: object) -> None:
    wire.set(name, value)
    wire.run()


def _send(wire: Wire, field: str, text: str, button: str) -> None:
    wire.set(field, text)
    wire.click(button)


def _register(wire: Wire) -> None:
    wire.set("new_username", "mallory")
    wire.set("new_display_name", "Mallory")
    wire.click("submit_new_agent")


# Where it is, and what is done there; {} stands for the number of Carla's ticket.
DEEDS: dict[str, tuple[str, str, Deed]] = {
    "look again": ("ticket", "id={}", lambda wire: wire.run()),
    "reply": ("ticket", "id={}", lambda wire: wire.trigger(COMPOSER, "sent", [1, "reply", "forged", ""])),
    "note": ("ticket", "id={}", lambda wire: wire.trigger(COMPOSER, "sent", [2, "note", "forged", ""])),
    "close": ("ticket", "id={}", lambda wire: wire.trigger(HEAD, "action", [1, "close"])),
    "take": ("ticket", "id={}", lambda wire: wire.trigger(HEAD, "action", [2, "assign_to_me"])),
    "status": ("ticket", "id={}", lambda wire: wire.trigger(PANEL, "chosen", [[1, "status", "pending"]])),
    "priority": ("ticket", "id={}", lambda wire: wire.trigger(PANEL, "chosen", [[2, "priority", "urgent"]])),
    "tags": ("ticket", "id={}", lambda wire: wire.trigger(PANEL, "chosen", [[3, "tags", ["forged"]]])),
    "history": ("ticket", "id={}", lambda wire: wire.trigger(PANEL, "history", value=True)),
    "list": ("all_tickets", "", lambda wire: wire.trigger("ticketing_list", "opened", 1)),
    "search": ("all_tickets", "", lambda wire: wire.trigger("ticketing_list", "filters", {"q": "zq"})),
    "profile": ("account", "", lambda wire: _send(wire, "display_name", "Forged", "save_profile")),
    "people": ("agent_admin", "", lambda wire: _pick(wire, "Search name or e-mail", "wilma")),
    "manage": ("agent_admin", "", lambda wire: wire.click("manage_aaron")),
    "register": ("agent_admin", "new=agent", _register),
    "reset": ("agent_admin", "person=aaron", lambda wire: wire.click("reset_password")),
    "deactivate": ("agent_admin", "person=aaron", lambda wire: wire.click("deactivate")),
    "end sessions": ("agent_admin", "person=aaron", lambda wire: wire.click("end_sessions")),
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_nothing_that_an_agent_was_shown_works_after_the_end_of_their_session(
    server: Server, ticket: Ticket, ending: str
) -> None:
    for deed, (page, query, replay) in DEEDS.items():
        name = f"agent{next(_numbers)}"
        server.desk.agents.create_agent(Actor.console(), name, PASSWORD)
        token = server.sign_in(name)
        with Wire.connect(server.base, page=page, query=query.format(ticket.number), cookies={COOKIE: token}) as wire:
            wire.run()
            assert t("sidebar.sign_out") in wire.text

            ENDINGS[ending](server, name, token)
            before = stored(server)
            wire.received.clear()
            replay(wire)
            wire.run()

            assert told(wire.received) == [], deed
            assert t("page.login") in wire.text, deed
            assert stored(server) == before, deed


def test_the_same_deeds_work_while_the_session_lasts(server: Server, ticket: Ticket) -> None:
    assert ticket.number == 1
    for deed, (page, query, replay) in DEEDS.items():
        number = server.desk.tickets.open(server.actor("carla"), "Another zqtitle", "x").number
        server.desk.agents.reactivate(server.actor("root"), "aaron")
        cookies = {COOKIE: server.sign_in("root")}
        with Wire.connect(server.base, page=page, query=query.format(number), cookies=cookies) as wire:
            wire.run()
            before = stored(server)
            wire.received.clear()
            replay(wire)

            assert told(wire.received) or stored(server) != before, deed
            assert wire.exceptions == [], deed
            assert "Something went wrong" not in wire.text, server.log


def test_a_stolen_streamlit_session_is_worth_nothing_without_its_cookie(server: Server, ticket: Ticket) -> None:
    cookies = {COOKIE: server.sign_in("ada")}
    with Wire.connect(server.base, page="ticket", query=f"id={ticket.number}", cookies=cookies) as ada:
        ada.run()
        assert "zqnote" in told(ada.received)

        with Wire.connect(server.base, session_id=ada.session_id, page="ticket", query=ada.query) as thief:
            thief.page_hash, thief.ever_seen = ada.page_hash, ada.ever_seen
            thief.run()
            before = stored(server)
            for page, _, replay in DEEDS.values():
                if page == "ticket":
                    replay(thief)

            assert thief.session_id == ada.session_id
            assert told(thief.received) == []
            assert t("page.login") in thief.text
            assert stored(server) == before


def test_a_requester_in_an_agents_streamlit_session_is_a_requester(server: Server, ticket: Ticket) -> None:
    cookies = {COOKIE: server.sign_in("ada")}
    with Wire.connect(server.base, page="ticket", query=f"id={ticket.number}", cookies=cookies) as ada:
        ada.run()
        cookies = {COOKIE: server.sign_in("oskar")}

        with Wire.connect(
            server.base, session_id=ada.session_id, page="ticket", query=ada.query, cookies=cookies
        ) as oskar:
            oskar.page_hash, oskar.ever_seen = ada.page_hash, ada.ever_seen
            oskar.run()
            before = server.ticket(ticket.number)
            for page, _, replay in DEEDS.values():
                if page == "ticket":
                    replay(oskar)

            assert told(oskar.received) == []
            assert t("not_found.text") in oskar.text
            assert server.ticket(ticket.number) == before


def _go(wire: Wire, page: str, query: str = "") -> Wire:
    """Go to another page within the same Streamlit session."""
    wire.page, wire.page_hash, wire.query = page, "", query
    return wire.run()


def _leave_things_behind(root: Wire) -> str:
    """Search for something, begin a ticket, and reset a password; return the one-time password on the screen."""
    _go(root, "all_tickets", "q=zqfilter")
    _go(root, "new_ticket")
    root.set("title", "zqdraft")
    root.set("description", "zqdraft")
    root.run()
    _go(root, "agent_admin", "person=aaron").click("reset_password")
    shown = ONE_TIME.search(root.text)
    assert shown
    return shown[1]


@pytest.mark.parametrize(
    ("then", "theirs"),
    [(("root",), True), (("ada",), False), (("", "ada"), False), (("another browser of root",), False)],
    ids=["they themselves", "somebody else", "nobody, then somebody else", "the same person, signed in elsewhere"],
)
def test_what_is_left_in_a_streamlit_session_belongs_to_one_sign_in(
    server: Server, ticket: Ticket, then: tuple[str, ...], *, theirs: bool
) -> None:
    assert ticket
    tokens = {"root": server.sign_in("root"), "ada": server.sign_in("ada")}
    tokens["another browser of root"] = server.sign_in("root")
    with Wire.connect(server.base, cookies={COOKIE: tokens["root"]}) as root:
        password = _leave_things_behind(root)

    seen = []
    for person in then:
        cookies = {COOKIE: tokens[person]} if person else None
        with Wire.connect(server.base, session_id=root.session_id, cookies=cookies) as other:
            seen = [
                password in _go(other, "agent_admin", "person=aaron").text,
                "zqfilter" in _go(other, "all_tickets").text,
                "zqdraft" in _go(other, "new_ticket").text,
            ]
            assert other.session_id == root.session_id
            assert (t("page.login") in other.text) is (not person)
    assert seen == [theirs] * 3
