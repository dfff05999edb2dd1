"""What was once shown can be clicked for ever, by a client of one's own: it must have become worthless."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count

import pytest

from tests.forge.conftest import stored, told
from tests.serving import COOKIE, PASSWORD, Server
from tests.visiting import COMPOSER, HEAD, PANEL
from tests.wire import Wire
from ticketing.domain.people import Actor, Role, User
from ticketing.domain.sign_in import Session
from ticketing.domain.statuses import Priority, Status
from ticketing.domain.tickets import MessageKind, Ticket
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


@dataclass(frozen=True)
class After:
    """What one finds when root has done a deed: on the disk, and on the page."""

    server: Server
    number: int
    wire: Wire

    @property
    def ticket(self) -> Ticket:
        """The ticket."""
        return self.server.ticket(self.number)

    @property
    def last_message(self) -> tuple[str, str]:
        """The kind and the text of its last message."""
        message = self.ticket.messages[-1]
        return message.kind, message.text

    def user(self, name: str) -> User | None:
        """Return an account as it is stored."""
        with self.server.desk.store.read() as tx:
            return tx.users.find(name)

    @property
    def aaron(self) -> User:
        """Aaron's account."""
        found = self.user("aaron")
        assert found is not None
        return found

    @property
    def sessions_of_aaron(self) -> list[Session]:
        """In which browsers Aaron is signed in."""
        with self.server.desk.store.read() as tx:
            return tx.sessions.of_user("aaron")


# How one sees that a deed was done.
OUTCOMES: dict[str, Callable[[After], object]] = {
    "look again": lambda after: {"zqtitle", "zqdescription"} <= set(told(after.wire.received)),
    "reply": lambda after: after.last_message == (MessageKind.REPLY, "forged"),
    "note": lambda after: after.last_message == (MessageKind.NOTE, "forged"),
    "close": lambda after: after.ticket.status is Status.CLOSED,
    "take": lambda after: after.ticket.assignee == "root",
    "status": lambda after: after.ticket.status is Status.PENDING,
    "priority": lambda after: after.ticket.priority is Priority.URGENT,
    "tags": lambda after: list(after.ticket.tags) == ["forged"],
    "history": lambda after: b'"history":[[' in after.wire.received,
    "list": lambda after: COMPOSER in after.wire.widgets,
    "search": lambda after: "q=zq" in after.wire.query,
    "profile": lambda after: (root := after.user("root")) and root.display_name == "Forged",
    "people": lambda after: "Wilma" in after.wire.text and "Aaron" not in after.wire.text,
    "manage": lambda after: "reset_password" in after.wire.widgets,
    "register": lambda after: (mallory := after.user("mallory")) and mallory.role is Role.AGENT,
    "reset": lambda after: after.aaron.must_change_password,
    "deactivate": lambda after: not after.aaron.active,
    "end sessions": lambda after: after.sessions_of_aaron == [],
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


@pytest.mark.parametrize("deed", DEEDS)
def test_the_same_deed_works_while_the_session_lasts(server: Server, ticket: Ticket, deed: str) -> None:
    assert ticket.number == 1
    page, query, replay = DEEDS[deed]
    number = server.desk.tickets.open(server.actor("carla"), "Another zqtitle", "A zqdescription").number
    server.desk.agents.reactivate(server.actor("root"), "aaron")
    server.desk.agents.set_password(Actor.console(), "aaron", PASSWORD)
    server.sign_in("aaron")
    cookies = {COOKIE: server.sign_in("root")}
    with Wire.connect(server.base, page=page, query=query.format(number), cookies=cookies) as wire:
        wire.run()
        after = After(server, number, wire)
        assert deed == "look again" or not OUTCOMES[deed](after)
        wire.received.clear()

        replay(wire)

        assert OUTCOMES[deed](after)
        assert wire.exceptions == []
        assert "Something went wrong" not in wire.text, server.log


def forged_fragments(wire: Wire) -> list[str]:
    """Name fragments that there may be: as Streamlit names them, as other things are named, and all that were shown."""
    widget_id, _ = wire.widgets[COMPOSER]
    return ["0" * 32, "main", wire.page_hash, widget_id, *wire.fragments]


@pytest.mark.parametrize("ending", ["signed out", "made a requester"])
def test_no_fragment_of_a_page_runs_after_the_end_of_the_session(server: Server, ticket: Ticket, ending: str) -> None:
    name = f"agent{next(_numbers)}"
    server.desk.agents.create_agent(Actor.console(), name, PASSWORD)
    token = server.sign_in(name)
    with Wire.connect(server.base, page="ticket", query=f"id={ticket.number}", cookies={COOKIE: token}) as wire:
        wire.run()
        assert "zqnote" in told(wire.received)

        ENDINGS[ending](server, name, token)
        before = stored(server)
        wire.received.clear()
        for fragment in forged_fragments(wire):
            wire.fragment = fragment
            for deed in ("look again", "reply", "tags"):
                _, _, replay = DEEDS[deed]
                replay(wire)
        wire.fragment = ""
        wire.run()

        assert told(wire.received) == []
        assert t("page.login") in wire.text
        assert stored(server) == before


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
