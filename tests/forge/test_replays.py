"""What was once shown can be clicked for ever, by a client of one's own: it must have become worthless."""

from collections.abc import Callable
from itertools import count

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg

from tests.forge.conftest import stored, told
from tests.serving import COOKIE, PASSWORD, Server
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


def _in_dialog(wire: Wire, button: str) -> None:
    wire.click(button, fragment=wire.fragment)


def _register(wire: Wire) -> None:
    wire.set("new_username", "mallory")
    wire.set("new_display_name", "Mallory")
    wire.click("submit_new_agent", fragment=wire.fragment)


# Page, buttons that open what is then replayed, and the replay.
DEEDS: dict[str, tuple[str, tuple[str, ...], Deed]] = {
    "look again": ("ticket", (), lambda wire: wire.run()),
    "reply": ("ticket", (), lambda wire: _send(wire, "Public reply", "forged", "Send reply")),
    "close": ("ticket", (), lambda wire: wire.click("close")),
    "take": ("ticket", (), lambda wire: wire.click("assign_to_me")),
    "status": ("ticket", (), lambda wire: _pick(wire, "Status", "Pending")),
    "priority": ("ticket", (), lambda wire: _pick(wire, "Priority", "Urgent")),
    "tags": ("ticket", (), lambda wire: _pick(wire, "Tags", ["forged"])),
    "open": ("new_ticket", (), lambda wire: _send(wire, "Title", "forged", "submit")),
    "list": ("all_tickets", (), lambda wire: wire.trigger("ticketing_list", "opened", 1)),
    "search": ("all_tickets", (), lambda wire: _pick(wire, "Search", "zq")),
    "profile": ("account", (), lambda wire: _send(wire, "display_name", "Forged", "save_profile")),
    "people": ("agent_admin", (), lambda wire: _pick(wire, "Search name or e-mail", "wilma")),
    "manage": ("agent_admin", (), lambda wire: wire.click("manage_wilma-zq")),
    "register": ("agent_admin", ("register_agent",), _register),
    "deactivate": ("agent_admin", ("manage_wilma-zq",), lambda wire: _in_dialog(wire, "deactivate")),
    "end sessions": ("agent_admin", ("manage_wilma-zq",), lambda wire: _in_dialog(wire, "end_sessions")),
    "redraw the dialog": ("agent_admin", ("manage_wilma-zq",), lambda wire: wire.run(fragment=wire.fragment)),
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_nothing_that_an_agent_was_shown_works_after_the_end_of_their_session(
    server: Server, ticket: Ticket, ending: str
) -> None:
    for deed, (page, opened_by, replay) in DEEDS.items():
        name = f"agent{next(_numbers)}"
        server.desk.agents.create_agent(Actor.console(), name, PASSWORD)
        token = server.sign_in(name)
        with Wire.connect(server.base, page=page, query=f"id={ticket.number}", cookies={COOKIE: token}) as wire:
            wire.run()
            for button in opened_by:
                wire.click(button)
            assert t("sidebar.sign_out") in wire.text or wire.fragment, deed

            ENDINGS[ending](server, name, token)
            before = stored(server)
            wire.received.clear()
            replay(wire)
            wire.run()

            assert told(wire.received) == [], deed
            assert t("page.login") in wire.text, deed
            assert stored(server) == before, deed


def test_the_same_deeds_work_while_the_session_lasts(server: Server, ticket: Ticket) -> None:
    for deed, (page, opened_by, replay) in DEEDS.items():
        token = server.sign_in("root")
        query = f"id={server.desk.tickets.open(server.actor('carla'), 'zq-title', 'x').number}"
        server.desk.agents.reactivate(server.actor("root"), "wilma-zq")
        with Wire.connect(server.base, page=page, query=query, cookies={COOKIE: token}) as wire:
            wire.run()
            for button in opened_by:
                wire.click(button)
            before = stored(server)
            wire.received.clear()
            replay(wire)

            assert told(wire.received) or stored(server) != before, deed
            assert wire.exceptions == [], deed


def test_a_stolen_streamlit_session_is_worth_nothing_without_its_cookie(server: Server, ticket: Ticket) -> None:
    cookies = {COOKIE: server.sign_in("ada")}
    with Wire.connect(server.base, page="ticket", query=f"id={ticket.number}", cookies=cookies) as ada:
        ada.run()
        assert "zq-note" in told(ada.received)

        with Wire.connect(server.base, session_id=ada.session_id, page="ticket", query=ada.query) as thief:
            thief.page_hash, thief.ever_seen = ada.page_hash, ada.ever_seen
            thief.run()
            before = stored(server)
            _send(thief, "Public reply", "forged", "Send reply")
            _pick(thief, "Status", "Pending")

            assert thief.session_id == ada.session_id
            assert told(thief.received) == []
            assert t("page.login") in thief.text
            assert stored(server) == before


def test_a_requester_in_an_agents_streamlit_session_is_a_requester(server: Server, ticket: Ticket) -> None:
    cookies = {COOKIE: server.sign_in("ada")}
    with Wire.connect(server.base, page="ticket", query=f"id={ticket.number}", cookies=cookies) as ada:
        ada.run()

        with Wire.connect(
            server.base,
            session_id=ada.session_id,
            page="ticket",
            query=ada.query,
            cookies={COOKIE: server.sign_in("oskar")},
        ) as oskar:
            oskar.page_hash, oskar.ever_seen = ada.page_hash, ada.ever_seen
            oskar.run()
            before = server.ticket(ticket.number)
            for _, _, replay in DEEDS.values():
                if set(DEEDS) & {"Public reply"} or "close" in oskar.ever_seen:
                    _try(replay, oskar)

            assert told(oskar.received) == []
            assert server.ticket(ticket.number) == before


def _try(replay: Deed, wire: Wire) -> None:
    """Replay what this client knows of; it was not shown every page."""
    try:
        replay(wire)
    except KeyError:
        wire.run()


def test_anybody_can_clear_streamlits_caches_and_nobody_notices(server: Server, ticket: Ticket) -> None:
    cookies = {COOKIE: server.sign_in("carla")}
    with (
        Wire.connect(server.base, page="ticket", query=f"id={ticket.number}", cookies=cookies) as carla,
        Wire.connect(server.base) as stranger,
    ):
        carla.run()
        stranger.run()

        stranger.send(BackMsg(clear_cache=True))
        stranger.run()

        assert "zq-description" in carla.run().text
        assert t("page.login") in stranger.text
