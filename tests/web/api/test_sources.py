"""What a program does is on record as done by the API; what its owner does in a browser, as theirs."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.serving import PASSWORD
from tests.storage.conftest import address_of
from tests.web.api.conftest import STORES_THAT_LAST, called
from ticketing.desk import Desk
from ticketing.domain.audit import AuditAction, AuditQuery
from ticketing.domain.bulk import BulkEdit
from ticketing.domain.links import LinkKind
from ticketing.domain.people import Actor
from ticketing.domain.scopes import Scope
from ticketing.domain.sources import Source
from ticketing.domain.statuses import Priority, Resolution, Status
from ticketing.domain.tickets import TicketEdit


@pytest.fixture(params=STORES_THAT_LAST)
def desk(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """Return a desk on each store that lasts."""
    yield from called(monkeypatch, address_of(request.param, tmp_path))


@pytest.fixture
def in_browser(desk: Desk) -> Callable[[str], Actor]:
    """Return a way to act as somebody who has signed in to the pages."""
    return lambda username: desk.sessions.actor(desk.accounts.sign_in(username, PASSWORD))


def with_key(desk: Desk, stranger: TestClient, actor: Actor) -> TestClient:
    """Return a caller who shows an API key of theirs."""
    scopes = [Scope.WRITE, Scope.NOTES] if actor.is_agent else [Scope.WRITE]
    headers = {"authorization": f"Bearer {desk.tokens.create_key(actor, 'Program', scopes, 30)}"}
    return TestClient(stranger.app, base_url=str(stranger.base_url), headers=headers, raise_server_exceptions=False)


def on_record(desk: Desk) -> set[tuple[str, Source]]:
    """Return what has happened to all tickets, each thing with the way by which it is said to have come in."""
    with desk.store.read() as tx:
        tickets = list(tx.tickets.stream())
    events = {(event.field, event.source) for ticket in tickets for event in ticket.events}
    return events | {(message.kind, message.source) for ticket in tickets for message in ticket.messages}


@pytest.fixture(params=["token", "key"])
def program(
    request: pytest.FixtureRequest,
    desk: Desk,
    stranger: TestClient,
    caller: Callable[[str], TestClient],
    in_browser: Callable[[str], Actor],
) -> Callable[[str], TestClient]:
    """Return a way to call as a program of somebody, by each of the two things that programs show."""
    return caller if request.param == "token" else lambda name: with_key(desk, stranger, in_browser(name))


ALL_THAT_IS_DONE = {
    "opened",
    "reply",
    "note",
    "status",
    "resolution",
    "title",
    "priority",
    "tags",
    "assignee",
    "snoozed",
    "requester",
    "watcher",
    "rating",
    "follow_up",
    "related",
    "split_off",
    "split_from",
    "merged",
    "merged_into",
    "reply_taken_back",
}


def test_all_that_a_program_does_is_on_record_as_done_by_the_api(
    desk: Desk, program: Callable[[str], TestClient]
) -> None:
    carla, ada = program("carla"), program("ada")

    def done(caller: TestClient, method: str, path: str, **body: Any) -> Any:
        answer = caller.request(method, path, json=body)
        assert answer.is_success, answer.text
        return answer.json()

    for title in ("No dial tone", "Dead line"):
        done(carla, "POST", "/tickets", title=title, description="The line is dead.")
    done(ada, "POST", "/tickets/1/replies", text="We are on it.", status="pending")
    done(carla, "POST", "/tickets/1/replies", text="Still dead.")
    done(ada, "POST", "/tickets/1/notes", text="Again.")
    done(ada, "PATCH", "/tickets/1", title="No tone", priority="high", tags=["phone"])
    done(ada, "POST", "/tickets/1/assign", assignee="ada")
    done(ada, "POST", "/tickets/1/snooze", until=(desk.clock() + timedelta(days=1)).isoformat())
    done(ada, "POST", "/tickets/1/wake")
    done(ada, "POST", "/tickets/1/watchers", who="oskar")
    done(ada, "POST", "/tickets/1/requester", who="oskar")
    done(ada, "POST", "/tickets/1/requester", who="carla")
    said = done(ada, "GET", "/tickets/1")["messages"][2]["mark"]
    done(ada, "POST", "/tickets/1/split", message=said, title="Still dead")
    done(ada, "POST", "/tickets/2/links", relation="related", ticket=1)
    done(ada, "POST", "/tickets/3/merge", into=1)
    taken = done(ada, "POST", "/tickets/1/replies", text="Oops.")["messages"][-1]["mark"]
    done(ada, "DELETE", f"/tickets/1/replies/{taken}")
    done(ada, "POST", "/bulk/apply", numbers=[2], set={"status": "resolved"}, reply="Done.")
    done(carla, "POST", "/tickets/2/rating", solved=True)
    done(ada, "POST", "/tickets/1/close", resolution="wont_fix")
    done(carla, "POST", "/tickets", title="It is back", description="Dead again.", follows=1)
    done(carla, "POST", "/tickets/1/reopen")

    assert on_record(desk) == {(each, Source.API) for each in ALL_THAT_IS_DONE}


def test_the_same_in_a_browser_is_on_record_as_done_there(desk: Desk, in_browser: Callable[[str], Actor]) -> None:
    carla, ada, tickets = in_browser("carla"), in_browser("ada"), desk.tickets

    for title in ("No dial tone", "Dead line"):
        tickets.open(carla, title, "The line is dead.")
    tickets.reply(ada, 1, "We are on it.", status=Status.PENDING)
    tickets.reply(carla, 1, "Still dead.")
    tickets.note(ada, 1, "Again.")
    tickets.edit(ada, 1, TicketEdit(title="No tone", priority=Priority.HIGH, tags=("phone",)))
    tickets.assign(ada, 1, "ada")
    tickets.snooze(ada, 1, desk.clock() + timedelta(days=1), wakes_on_reply=True)
    tickets.wake(ada, 1)
    desk.watching.add(ada, 1, "oskar")
    desk.watching.make_requester(ada, 1, "oskar")
    desk.watching.make_requester(ada, 1, "carla")
    desk.relations.split(ada, 1, tickets.get(ada, 1).messages[2].mark, "Still dead")
    desk.relations.link(ada, 2, LinkKind.RELATED, 1)
    desk.relations.merge(ada, 3, 1)
    tickets.take_back(ada, 1, tickets.reply(ada, 1, "Oops.").messages[-1].mark)
    desk.bulk.apply(ada, [2], BulkEdit(edit=TicketEdit(status=Status.RESOLVED), reply="Done."))
    tickets.rate(carla, 2, solved=True)
    tickets.close(ada, 1, resolution=Resolution.WONT_FIX)
    tickets.open(carla, "It is back", "Dead again.", follows=1)
    tickets.reopen(carla, 1)

    assert on_record(desk) == {(each, Source.UI) for each in ALL_THAT_IS_DONE}


def test_the_audit_log_tells_what_came_by_the_api(desk: Desk, carla: TestClient) -> None:
    carla.post("/tickets", json={"title": "No dial tone", "description": "The line is dead."})

    with desk.store.read() as tx:
        [opened] = tx.audit.search(AuditQuery(action=AuditAction.TICKET_OPENED))
    assert opened.facts["by"] == "api"
