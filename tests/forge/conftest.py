"""A desk full of things that must not be told, and a measure of what was."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.postgres import databases
from tests.serving import PASSWORD, ROOT, Server
from ticketing.domain.kinds import KINDS
from ticketing.domain.tickets import Ticket, TicketEdit
from ticketing.storage.sql.sql_store import SqlStore

# Each stands in another place of Carla's ticket; without punctuation, which labels escape.
SECRETS = ("zqtitle", "zqdescription", "zqreply", "zqnote", "zqtag")
# The people behind the desk, by display name, username and address.
PEOPLE = ("Aaron Qz", "Wilma Zq", "wilmazq", "wilmazq@example.org")
# What would tell how the desk is built, or where.
OF_OURS = (str(ROOT), "Traceback", "site-packages", "ticketing/", ".py", "pages/")
# A desk, and Carla's ticket.
FilledServer = tuple[Server, Ticket]
# Streamlit itself tells every client the path of the script it runs.
ROUTER = ROOT / "ticketing" / "ui" / "router.py"


def fill(server: Server) -> Ticket:
    """Give Carla a ticket with a secret in each place, and let Wilma and Aaron register."""
    desk = server.desk
    carla, ada = server.actor("carla"), server.actor("ada")
    desk.accounts.register("aaron", "Aaron Qz", PASSWORD, PASSWORD)
    desk.accounts.register("wilmazq", "Wilma Zq", PASSWORD, PASSWORD, "wilmazq@example.org")
    number = desk.tickets.open(carla, "A zqtitle", "A zqdescription").number
    desk.tickets.reply(ada, number, "A zqreply")
    desk.tickets.edit(ada, number, TicketEdit(tags=("zqtag",)))
    ticket = desk.tickets.note(ada, number, "A zqnote")
    assert desk.catch_up() == []  # lest the server save something of its own in the midst of a test
    return ticket


def told(received: bytes | bytearray) -> list[str]:
    """Return which of the secrets are in what somebody received."""
    return [secret for secret in (*SECRETS, *PEOPLE) if secret.encode() in received]


def told_of_ours(received: bytes | bytearray) -> list[str]:
    """Return what would tell how the desk is built, but for the one path that Streamlit lets nobody hide."""
    rest = received.replace(str(ROUTER).encode(), b"")
    return [trace for trace in OF_OURS if trace.encode() in rest]


def stored(server: Server) -> dict[str, bytes]:
    """Return all that the desk has on its disk, and in its database if it has one."""
    files = (path for path in sorted(server.data.rglob("*")) if path.is_file())
    kept = {str(path.relative_to(server.data)): path.read_bytes() for path in files}
    if isinstance(server.desk.store, SqlStore):
        with server.desk.store.documents() as documents:
            kept |= {f"{name}/{key}": raw for name, held in documents.items() for key, raw in held}
    return kept


@contextmanager
def put_back(server: Server) -> Iterator[None]:
    """Put back what is set up on the desk, which the other tests share."""
    with server.desk.store.read() as tx:
        before = {(kind, one.id): one for kind in KINDS.values() for one in tx.definitions(kind).all()}
    yield
    with server.desk.store.write() as tx:
        for kind in KINDS.values():
            for one in tx.definitions(kind).all():
                gone = kind(id=one.id, name=kind.only) if kind.only else one.model_copy(update={"removed": True})
                former = before.get((kind, one.id), gone)
                if former != one:
                    tx.definitions(kind).save(former)


@pytest.fixture(scope="session")
def json_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FilledServer]:
    """Return the server that these tests share, and its first ticket."""
    with Server(tmp_path_factory.mktemp("desk")) as running:
        yield running, fill(running)


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FilledServer]:
    """Return the one that those share which are for both stores, on the other one."""
    with Server(tmp_path_factory.mktemp("desk"), storage=databases().create("forge")) as running:
        yield running, fill(running)


@pytest.fixture
def filled_server(request: pytest.FixtureRequest) -> FilledServer:
    """Return the shared server, on files unless the test says otherwise."""
    found: FilledServer = request.getfixturevalue(f"{getattr(request, 'param', 'json')}_server")
    return found


@pytest.fixture
def server(filled_server: FilledServer) -> Server:
    """Return the shared server."""
    return filled_server[0]


@pytest.fixture
def ticket(filled_server: FilledServer) -> Ticket:
    """Return Carla's ticket full of secrets, which is T-1 whichever test comes first."""
    return filled_server[1]


def pages_on_disk() -> list[str]:
    """Return the name of each page script that is there."""
    return sorted(path.stem for path in Path(ROOT, "pages").glob("*.py"))
