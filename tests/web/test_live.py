"""The line of an open page: what it is told, what it is not, and what it can have kept."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from starlette.websockets import WebSocket, WebSocketDisconnect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from tests.postgres import databases
from tests.serving import COOKIE, Server
from ticketing.domain.people import Actor, Role
from ticketing.web.live import Watcher

pytestmark = pytest.mark.processes

WITHIN = 3.0  # seconds

Open = Callable[..., ClientConnection]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("live")) as running:
        yield running


@pytest.fixture
def number(server: Server) -> int:
    """Return Carla's ticket."""
    return server.desk.tickets.open(server.actor("carla"), "No dial tone", "The line is dead.").number


@contextmanager
def line(server: Server, person: str = "", *, token: str = "", origin: str = "") -> Iterator[ClientConnection]:
    """Open a line as somebody's page does."""
    cookie = token or (server.sign_in(person) if person else "")
    with connect(
        f"{server.base.replace('http', 'ws')}/live",
        origin=Origin(origin or server.base),
        additional_headers={"Cookie": f"{COOKIE}={cookie}"} if cookie else {},
    ) as socket:
        yield socket


def watch(server: Server, socket: ClientConnection, person: str, number: int) -> None:
    """Say that the page shows this as it is now."""
    socket.send(json.dumps({"watch": [number, server.desk.live.stamp(server.actor(person), number)]}))


def hears(socket: ClientConnection, seconds: float = WITHIN) -> dict[str, Any] | None:
    """Return what the page is told next but for how much is unread, None if it is nothing."""
    return _next(socket, seconds, lambda told: "unread" not in told)


def counts(socket: ClientConnection, seconds: float = WITHIN) -> int | None:
    """Return what the page is told next of how much is unread, None if it is nothing."""
    told = _next(socket, seconds, lambda told: "unread" in told)
    return None if told is None else int(told["unread"])


def _next(socket: ClientConnection, seconds: float, is_it: Callable[[dict[str, Any]], bool]) -> dict[str, Any] | None:
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        try:
            told: dict[str, Any] = json.loads(socket.recv(timeout=left))
        except TimeoutError:
            return None
        if is_it(told):
            return told
    return None


def reply(server: Server, actor: Actor, number: int) -> None:
    server.desk.tickets.reply(actor, number, "Is the cable in?")


@pytest.mark.parametrize(("person", "place"), [("carla", "ticket"), ("bert", "ticket"), ("carla", "list")])
def test_an_open_page_is_told_of_a_reply_within_three_seconds(
    server: Server, number: int, person: str, place: str
) -> None:
    watched = number if place == "ticket" else 0
    with line(server, person) as socket:
        watch(server, socket, person, watched)

        reply(server, server.actor("ada"), number)

        now = server.desk.live.stamp(server.actor(person), watched)
        assert hears(socket) == {"changed": now}
        socket.send(json.dumps({"watch": [watched, now]}))
        assert hears(socket) is None


def test_every_open_page_is_told_within_three_seconds_how_much_is_unread(server: Server, number: int) -> None:
    inbox, carla = server.desk.inbox, server.actor("carla")
    inbox.read_all(carla)
    with line(server, "carla") as shows_nothing, line(server, "carla") as list_of_tickets:
        watch(server, list_of_tickets, "carla", 0)
        assert [counts(shows_nothing), counts(list_of_tickets)] == [0, 0]

        reply(server, server.actor("ada"), number)
        assert [counts(shows_nothing), counts(list_of_tickets)] == [1, 1]

        inbox.read_of_ticket(carla, number)
        assert [counts(shows_nothing), counts(list_of_tickets)] == [0, 0]


def test_a_note_changes_no_requesters_count_and_that_of_the_agent_it_mentions(server: Server, number: int) -> None:
    for person in ("carla", "bert"):
        server.desk.inbox.read_all(server.actor(person))
    with line(server, "carla") as carla, line(server, "bert") as bert:
        assert [counts(carla), counts(bert)] == [0, 0]

        server.desk.tickets.note(server.actor("ada"), number, "zebra-marker @bert @carla")

        assert counts(bert) == 1
        assert counts(carla) is None


@pytest.mark.parametrize("place", ["ticket", "list"])
def test_z5_a_note_stirs_agents_and_never_the_requester(server: Server, number: int, place: str) -> None:
    watched = number if place == "ticket" else 0
    with line(server, "carla") as carla, line(server, "bert") as bert:
        watch(server, carla, "carla", watched)
        watch(server, bert, "bert", watched)

        server.desk.tickets.note(server.actor("ada"), number, "zebra-marker")

        assert hears(bert)
        assert hears(carla) is None


@pytest.mark.parametrize("shown", ["", "2031-05-06T09:30:00+00:00 1"])
def test_of_a_ticket_that_is_not_theirs_nobody_is_told_anything(server: Server, number: int, shown: str) -> None:
    with line(server, "oskar") as socket:
        socket.send(json.dumps({"watch": [number, shown]}))
        reply(server, server.actor("ada"), number)

        assert hears(socket) is None


@pytest.mark.parametrize("token", ["", "nobody's"])
def test_a_stranger_gets_no_line(server: Server, token: str) -> None:
    with line(server, token=token) as socket, pytest.raises(ConnectionClosed) as closed:
        hears(socket)

    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4401


def test_a_page_of_another_site_gets_no_line(server: Server) -> None:
    with pytest.raises(InvalidStatus), line(server, "ada", origin="https://elsewhere.invalid"):
        pass


def test_what_is_typed_is_kept_and_said_to_be(server: Server, number: int) -> None:
    with line(server, "ada") as socket:
        socket.send(json.dumps({"draft": [number, "reply", "Dear Carla"]}))

        assert hears(socket) == {"saved": [number, "reply", "Dear Carla"]}

    kept = server.desk.drafts.own(server.actor("ada"), number)
    assert kept is not None
    assert kept.texts == {"reply": "Dear Carla"}
    assert server.desk.drafts.own(server.actor("bert"), number) is None


def test_what_others_write_meanwhile_lets_a_draft_wait(server: Server, number: int) -> None:
    with line(server, "ada") as socket, server.slow_disk():
        socket.send(json.dumps({"draft": [number, "reply", "Dear Carla"]}))

        assert hears(socket) == {"again": [number, "reply"]}


@pytest.mark.parametrize(
    "draft", [["reply", "x" * 20_001], ["note", "from a requester"], ["secret", "x"], ["reply", "a\x00b"]], ids=str
)
def test_what_could_not_be_sent_is_not_kept(server: Server, number: int, draft: list[str]) -> None:
    with line(server, "carla") as socket:
        socket.send(json.dumps({"draft": [number, *draft]}))

        assert hears(socket, 1) is None
    assert server.desk.drafts.own(server.actor("carla"), number) is None


@pytest.mark.parametrize(
    "said",
    [lambda number: {"watch": [number, "before"]}, lambda number: {"draft": [number, "reply", "Text"]}],
    ids=["watch", "draft"],
)
def test_s3_the_line_ends_with_the_session(server: Server, number: int, said: Callable[[int], object]) -> None:
    token = server.sign_in("ada")
    with line(server, token=token) as socket:
        server.desk.sessions.sign_out(token)
        socket.send(json.dumps(said(number)))

        with pytest.raises(ConnectionClosed) as closed:
            hears(socket)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4401


def test_whose_session_has_ended_hears_nothing_more_on_a_quiet_ticket(server: Server, number: int) -> None:
    token = server.sign_in("ada")
    with line(server, token=token) as ada, line(server, "bert") as bert:
        watch(server, ada, "ada", number)
        watch(server, bert, "bert", number)
        assert present(ada) == [["bert", False]]
        server.desk.sessions.sign_out(token)

        with pytest.raises(ConnectionClosed):
            ada.recv(timeout=15)

        bert.send(json.dumps({"here": True}))
        assert present(bert) == [["ada", False]]
        assert present(bert) == []


def test_nobody_has_more_lines_than_pages_could_be_open(server: Server) -> None:
    token = server.sign_in("root")
    with ExitStack() as stack:
        for _ in range(50):
            stack.enter_context(line(server, token=token)).send("{}")
        with line(server, token=token) as one_more, pytest.raises(ConnectionClosed) as closed:
            one_more.recv(timeout=WITHIN)

    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1013


def test_a_message_that_is_no_text_ends_the_line(server: Server) -> None:
    with line(server, "ada") as socket:
        socket.send(b"x")
        with pytest.raises(ConnectionClosed) as closed:
            hears(socket)

    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1003


def test_nonsense_is_passed_over_and_a_flood_ends_the_line(server: Server, number: int) -> None:
    with line(server, "ada") as socket:
        for nonsense in ("", "{", "[" * 5_000, "7", '{"watch": [-1, ""]}', '{"watch": ["1", 2]}', '{"draft": [1]}'):
            socket.send(nonsense)
        socket.send(json.dumps({"draft": [number, "reply", "Still here"]}))
        assert hears(socket) == {"saved": [number, "reply", "Still here"]}

        socket.send("x" * 200_001)

        with pytest.raises(ConnectionClosed):
            hears(socket)


def present(socket: ClientConnection) -> list[list[object]] | None:
    """Return who else the page is told to be there, None if nothing is told of that."""
    while told := hears(socket):
        if "present" in told:
            found: list[list[object]] = told["present"]
            return found
    return None


def test_agents_see_who_else_is_at_a_ticket_and_that_they_leave(server: Server, number: int) -> None:
    with line(server, "ada") as ada:
        watch(server, ada, "ada", number)
        with line(server, "bert") as bert:
            watch(server, bert, "bert", number)
            assert present(ada) == [["bert", False]]
            assert present(bert) == [["ada", False]]

            bert.send(json.dumps({"here": True}))
            assert present(ada) == [["bert", True]]

            watch(server, bert, "bert", 0)
            assert present(ada) == []
            watch(server, bert, "bert", number)
            assert present(ada) == [["bert", False]]

        assert present(ada) == []


def test_requesters_neither_see_who_is_there_nor_are_seen(server: Server, number: int) -> None:
    with line(server, "carla") as carla, line(server, "ada") as ada:
        watch(server, carla, "carla", number)
        watch(server, ada, "ada", number)
        ada.send(json.dumps({"here": True}))

        assert present(carla) is None
        assert present(ada) is None


@pytest.fixture(params=["json", "postgres", "sqlite"])
def two_servers(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Server, Server]]:
    """Return two processes on each store that lasts."""
    databases_of = {"sqlite": f"sqlite:///{tmp_path / 'desk.sqlite'}"}
    storage = databases().create("presence") if request.param == "postgres" else databases_of.get(request.param, "")
    with Server(tmp_path, storage=storage) as one, Server(tmp_path, storage=storage, with_people=False) as other:
        yield one, other


def test_an_open_page_is_told_within_three_seconds_of_what_is_done_by_another_process(
    two_servers: tuple[Server, Server],
) -> None:
    one, other = two_servers
    number = one.desk.tickets.open(one.actor("carla"), "No dial tone", "The line is dead.").number
    with line(other, "bert") as ticket, line(other, "bert") as its_list, line(other, "carla") as inbox:
        watch(other, ticket, "bert", number)
        watch(other, its_list, "bert", 0)
        assert counts(inbox) == 0

        reply(one, one.actor("ada"), number)

        assert hears(ticket) == {"changed": other.desk.live.stamp(other.actor("bert"), number)}
        assert hears(its_list) == {"changed": other.desk.live.stamp(other.actor("bert"), 0)}
        assert counts(inbox) == 1


def test_a_draft_outlives_the_process_that_kept_it(two_servers: tuple[Server, Server]) -> None:
    one, other = two_servers
    number = one.desk.tickets.open(one.actor("carla"), "No dial tone", "The line is dead.").number
    with line(one, "ada") as socket:
        socket.send(json.dumps({"draft": [number, "reply", "Dear Carla"]}))
        assert hears(socket) == {"saved": [number, "reply", "Dear Carla"]}

        one.kill()

    kept = other.desk.drafts.own(other.actor("ada"), number)
    assert kept is not None
    assert kept.texts == {"reply": "Dear Carla"}
    one.start()
    with line(one, "ada") as socket:
        socket.send(json.dumps({"draft": [number, "reply", "Dear Carla, please"]}))
        assert hears(socket) == {"saved": [number, "reply", "Dear Carla, please"]}


def test_agents_see_who_is_at_a_ticket_by_another_process_and_requesters_do_not(
    two_servers: tuple[Server, Server],
) -> None:
    one, other = two_servers
    number = one.desk.tickets.open(one.actor("carla"), "No dial tone", "The line is dead.").number
    with line(one, "ada") as ada, line(other, "carla") as carla:
        watch(one, ada, "ada", number)
        watch(other, carla, "carla", number)
        with line(other, "bert") as bert:
            watch(other, bert, "bert", number)
            assert present(ada) == [["bert", False]]
            assert present(bert) == [["ada", False]]

            bert.send(json.dumps({"here": True}))
            assert present(ada) == [["bert", True]]
            assert present(carla) is None

        assert present(ada) == []
        with line(other, "bert") as bert:
            watch(other, bert, "bert", number)
            assert present(ada) == [["bert", False]]
            carla.close()
        assert present(ada) == []

        with line(other, "bert") as bert:
            watch(other, bert, "bert", number)
            assert present(ada) == [["bert", False]]
            other.stop()
            assert present(ada) == []


def test_whoever_is_not_heard_of_for_half_a_minute_is_there_no_more() -> None:
    async def silence(*_said: object) -> Any:
        raise WebSocketDisconnect

    page = WebSocket({"type": "websocket"}, silence, silence)
    ada = Watcher(page, Actor("ada", "Ada", Role.AGENT), number=7, is_agents=True)
    assert ada.is_there

    ada.heard_at -= 31

    assert not ada.is_there


def test_drafts_that_come_in_a_flood_are_kept_one_each_second(server: Server, number: int) -> None:
    with line(server, "ada") as socket:
        began = time.monotonic()
        for place in range(6):
            socket.send(json.dumps({"draft": [number, "reply", f"Draft {place}"]}))
        told = [hears(socket) for _ in range(6)]

    assert told == [{"saved": [number, "reply", f"Draft {place}"]} for place in range(6)]
    assert time.monotonic() - began > 1.5


@contextmanager
def due_to_choose_a_password(server: Server, username: str) -> Iterator[None]:
    """Let an account have a one-time password while the block lasts."""
    for is_due in (True, False):
        with server.desk.store.write() as tx:
            user = tx.users.find(username)
            assert user is not None
            tx.users.save(user.model_copy(update={"must_change_password": is_due}))
        if is_due:
            yield


def test_somebody_who_has_to_choose_a_password_keeps_nobody_else_from_news(server: Server, number: int) -> None:
    with due_to_choose_a_password(server, "oskar"), line(server, "oskar") as oskar, line(server, "carla") as carla:
        oskar.send(json.dumps({"watch": [0, ""]}))
        watch(server, carla, "carla", number)
        reply(server, server.actor("ada"), number)

        assert hears(carla)
        assert hears(oskar) is None
