"""What was once shown can be clicked for ever, by a client of one's own: it must have become worthless."""

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from typing import NamedTuple

import pytest

from tests.forge.conftest import stored, told
from tests.serving import COOKIE, PASSWORD, Server
from tests.visiting import COMPOSER, HEAD, PANEL
from tests.wire import Wire
from ticketing.desk import Desk, utc_now
from ticketing.domain.errors import ThrottledError, WrongCredentialsError
from ticketing.domain.people import Actor, Role, User
from ticketing.domain.sign_in import Session
from ticketing.domain.statuses import Priority, Status
from ticketing.domain.tickets import MessageKind, Ticket
from ticketing.ui.wording import t

pytestmark = [pytest.mark.processes, pytest.mark.xdist_group("forge")]

ON_BOTH_STORES = pytest.mark.parametrize("filled_server", ["json", "postgres"], indirect=True)
Ending = Callable[[Server, str, str], object]

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


def _raise_priority(wire: Wire) -> None:
    wire.run()
    wire.trigger(PANEL, "outbox", [[9, "priority", "urgent", "normal"]])


def _take_back(wire: Wire) -> None:
    """Take back the last change, wherever in the history it stands."""
    wire.trigger(HEAD, "outbox", [[place + 10, f"undo_{place}", "open", ""] for place in range(100)])


def _begin_transfer(wire: Wire) -> None:
    wire.run()
    wire.trigger(HEAD, "outbox", [[8, "transfer", "open", ""]])


def _begin_snooze(wire: Wire) -> None:
    wire.run()
    wire.trigger(HEAD, "outbox", [[8, "snooze", "open", ""]])


def _register(wire: Wire) -> None:
    wire.set("new_username", "mallory")
    wire.set("new_display_name", "Mallory")
    wire.click("submit_new_agent")


def _choose_role(wire: Wire) -> None:
    wire.run()
    _pick(wire, "Role", "agent")


def _unfold_sessions(wire: Wire) -> None:
    wire.run()
    wire.set("sessions_aaron", value=True)
    wire.run()


def _end_one_session(wire: Wire) -> None:
    wire.click(next(name for name in wire.ever_seen if re.fullmatch("end_[0-9a-f]{12}", name)))


def _aaron_signs_in(server: Server, _username: str) -> None:
    server.sign_in("aaron")


def _aaron_is_out(server: Server, _username: str) -> None:
    server.desk.agents.deactivate(server.actor("root"), "aaron")


def _aaron_mistyped(server: Server, _username: str) -> None:
    """Let Aaron try a wrong password once a minute for a quarter of an hour, at the end of which he has to wait."""
    for minutes in reversed(range(15)):
        with suppress(WrongCredentialsError, ThrottledError):
            _desk_before(server, timedelta(minutes=minutes)).accounts.sign_in("aaron", "a wrong walk home", "192.0.2.9")


def _desk_before(server: Server, passed: timedelta) -> Desk:
    at = utc_now() - passed
    return Desk(server.desk.settings, server.desk.store, lambda: at, password_rounds=4)


def _aaron_is_as_ever(server: Server) -> None:
    root = server.actor("root")
    server.desk.agents.reactivate(root, "aaron")
    server.desk.agents.change_role(root, "aaron", Role.USER)
    server.desk.agents.lift_wait(root, "aaron")


class Deed(NamedTuple):
    """Where something is done, and how; {} stands for the number of Carla's ticket."""

    page: str
    query: str
    replay: Callable[[Wire], object]
    # What is so before the page is opened, what is done on it until the deed is on offer, and who may do all that.
    given: Callable[[Server, str], object] = lambda _server, _username: None
    first: Callable[[Wire], object] = Wire.run
    role: Role = Role.AGENT


DEEDS = {
    "look again": Deed("ticket", "id={}", Wire.run),
    "reply": Deed(
        "ticket", "id={}", lambda wire: wire.trigger(COMPOSER, "outbox", [[1, "reply", "forged", "", "open"]])
    ),
    "note": Deed("ticket", "id={}", lambda wire: wire.trigger(COMPOSER, "outbox", [[2, "note", "forged", "", "open"]])),
    "close": Deed("ticket", "id={}", lambda wire: wire.trigger(HEAD, "outbox", [[1, "close", "open", ""]])),
    "take": Deed("ticket", "id={}", lambda wire: wire.trigger(HEAD, "outbox", [[2, "assign_to_me", "open", ""]])),
    "status": Deed("ticket", "id={}", lambda wire: wire.trigger(PANEL, "outbox", [[1, "status", "pending", "open"]])),
    "priority": Deed(
        "ticket", "id={}", lambda wire: wire.trigger(PANEL, "outbox", [[2, "priority", "urgent", "normal"]])
    ),
    "tags": Deed("ticket", "id={}", lambda wire: wire.trigger(PANEL, "outbox", [[3, "tags", ["forged"], []]])),
    "undo": Deed("ticket", "id={}", _take_back, first=_raise_priority),
    "transfer": Deed(
        "ticket",
        "id={}",
        lambda wire: _send(wire, "transfer_note", "forged", "transfer_submit"),
        first=_begin_transfer,
    ),
    "snooze": Deed("ticket", "id={}", lambda wire: wire.click("snooze_submit"), first=_begin_snooze),
    "history": Deed("ticket", "id={}", lambda wire: wire.change(PANEL, {"history": True})),
    "list": Deed("all_tickets", "", lambda wire: wire.trigger("ticketing_list_table", "opened", 1)),
    "search": Deed("all_tickets", "", lambda wire: wire.trigger("ticketing_list_table", "filters", {"q": "zq"})),
    "profile": Deed("account", "", lambda wire: _send(wire, "display_name", "Forged", "save_profile")),
    "people": Deed("agent_admin", "", lambda wire: _pick(wire, "Search name or e-mail", "wilma")),
    "manage": Deed("agent_admin", "", lambda wire: wire.click("manage_aaron")),
    "register": Deed("agent_admin", "new=agent", _register),
    "reset": Deed("agent_admin", "person=aaron", lambda wire: wire.click("reset_password")),
    "deactivate": Deed("agent_admin", "person=aaron", lambda wire: wire.click("deactivate")),
    "end sessions": Deed("agent_admin", "person=aaron", lambda wire: wire.click("end_sessions")),
    "end one session": Deed(
        "agent_admin",
        "person=aaron",
        _end_one_session,
        given=_aaron_signs_in,
        first=_unfold_sessions,
        role=Role.ADMIN,
    ),
    "reactivate": Deed("agent_admin", "person=aaron", lambda wire: wire.click("reactivate"), given=_aaron_is_out),
    "lift wait": Deed("agent_admin", "person=aaron", lambda wire: wire.click("lift_wait"), given=_aaron_mistyped),
    "save role": Deed(
        "agent_admin", "person=aaron", lambda wire: wire.click("save_role"), first=_choose_role, role=Role.ADMIN
    ),
    "end others": Deed("account", "", lambda wire: wire.click("end_others"), given=Server.sign_in),
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

    def sessions_of(self, name: str) -> list[Session]:
        """In which browsers somebody is signed in."""
        with self.server.desk.store.read() as tx:
            return tx.sessions.of_user(name)

    @property
    def aaron_waits(self) -> bool:
        """Whether Aaron has to wait until he may try to sign in again."""
        return self.server.desk.agents.wait(self.server.actor("root"), "aaron") is not None


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
    "undo": lambda after: [event.new for event in after.ticket.events[1:]] == ["urgent", "normal"],
    "transfer": lambda after: after.last_message == (MessageKind.NOTE, "forged"),
    "snooze": lambda after: after.ticket.snoozed,
    "history": lambda after: b'"history":[[' in after.wire.received,
    "list": lambda after: COMPOSER in after.wire.widgets,
    "search": lambda after: "q=zq" in after.wire.query,
    "profile": lambda after: (root := after.user("root")) and root.display_name == "Forged",
    "people": lambda after: "Wilma" in after.wire.text and "Aaron" not in after.wire.text,
    "manage": lambda after: "reset_password" in after.wire.widgets,
    "register": lambda after: (mallory := after.user("mallory")) and mallory.role is Role.AGENT,
    "reset": lambda after: after.aaron.must_change_password,
    "deactivate": lambda after: not after.aaron.active,
    "end sessions": lambda after: after.sessions_of("aaron") == [],
    "end one session": lambda after: len(after.sessions_of("aaron")) == 1,
    "reactivate": lambda after: after.aaron.active,
    "lift wait": lambda after: not after.aaron_waits,
    "save role": lambda after: after.aaron.role is Role.AGENT,
    "end others": lambda after: len(after.sessions_of("root")) == 1,
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_s3_nothing_that_an_agent_was_shown_works_after_the_end_of_their_session(
    server: Server, ticket: Ticket, ending: str
) -> None:
    for name, deed in DEEDS.items():
        person = f"agent{next(_numbers)}"
        server.desk.agents.create_agent(Actor.console(), person, PASSWORD, role=deed.role)
        _aaron_is_as_ever(server)
        deed.given(server, person)
        token = server.sign_in(person)
        query = deed.query.format(ticket.number)
        with Wire.connect(server.base, page=deed.page, query=query, cookies={COOKIE: token}) as wire:
            deed.first(wire)
            assert t("sidebar.sign_out") in wire.text

            ENDINGS[ending](server, person, token)
            before = stored(server)
            wire.received.clear()
            deed.replay(wire)
            wire.run()

            assert told(wire.received) == [], name
            assert t("page.login") in wire.text, name
            assert stored(server) == before, name


@pytest.mark.parametrize("name", DEEDS)
def test_s3_the_same_deed_works_while_the_session_lasts(server: Server, ticket: Ticket, name: str) -> None:
    assert ticket.number == 1
    deed = DEEDS[name]
    number = server.desk.tickets.open(server.actor("carla"), "Another zqtitle", "A zqdescription").number
    _aaron_is_as_ever(server)
    server.desk.agents.set_password(Actor.console(), "aaron", PASSWORD)
    server.sign_in("aaron")
    deed.given(server, "root")
    cookies = {COOKIE: server.sign_in("root")}
    with Wire.connect(server.base, page=deed.page, query=deed.query.format(number), cookies=cookies) as wire:
        deed.first(wire)
        after = After(server, number, wire)
        assert name == "look again" or not OUTCOMES[name](after)
        wire.received.clear()

        deed.replay(wire)

        assert OUTCOMES[name](after)
        assert wire.exceptions == []
        assert "Something went wrong" not in wire.text, server.log


def forged_fragments(wire: Wire) -> list[str]:
    """Name fragments that there may be: as Streamlit names them, as other things are named, and all that were shown."""
    widget_id, _ = wire.widgets[COMPOSER]
    return ["0" * 32, "main", wire.page_hash, widget_id, *wire.fragments]


@ON_BOTH_STORES
@pytest.mark.parametrize("ending", ["signed out", "made a requester"])
def test_s3_no_fragment_of_a_page_runs_after_the_end_of_the_session(
    server: Server, ticket: Ticket, ending: str
) -> None:
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
                DEEDS[deed].replay(wire)
        wire.fragment = ""
        wire.run()

        assert told(wire.received) == []
        assert t("page.login") in wire.text
        assert stored(server) == before


def _on_a_ticket() -> list[Deed]:
    """Return what is done on a ticket's page as it first is, before any of its forms was opened."""
    in_forms = {"transfer", "snooze"}
    return [deed for name, deed in DEEDS.items() if deed.page == "ticket" and name not in in_forms]


@ON_BOTH_STORES
def test_s5_a_stolen_streamlit_session_is_worth_nothing_without_its_cookie(server: Server, ticket: Ticket) -> None:
    cookies = {COOKIE: server.sign_in("ada")}
    with Wire.connect(server.base, page="ticket", query=f"id={ticket.number}", cookies=cookies) as ada:
        ada.run()
        assert "zqnote" in told(ada.received)

        with Wire.connect(server.base, session_id=ada.session_id, page="ticket", query=ada.query) as thief:
            thief.page_hash, thief.ever_seen = ada.page_hash, ada.ever_seen
            thief.run()
            before = stored(server)
            for deed in _on_a_ticket():
                deed.replay(thief)

            assert thief.session_id == ada.session_id
            assert told(thief.received) == []
            assert t("page.login") in thief.text
            assert stored(server) == before


@ON_BOTH_STORES
def test_s5_a_requester_in_an_agents_streamlit_session_is_a_requester(server: Server, ticket: Ticket) -> None:
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
            for deed in _on_a_ticket():
                deed.replay(oskar)

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
def test_s6_what_is_left_in_a_streamlit_session_belongs_to_one_sign_in(
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
