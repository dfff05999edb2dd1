"""For whom agents open tickets: somebody who called or came by, with an account or without; and whose a ticket is."""

import pytest

from tests.services.conftest import PASSWORD, Clock
from ticketing.desk import Desk
from ticketing.domain.audit import AuditAction, AuditQuery
from ticketing.domain.errors import (
    EmailError,
    PermissionDeniedError,
    PersonNotFoundError,
    SeveralPeopleError,
    TicketMergedError,
    TicketNotFoundError,
    TooLongError,
    TooManyWatchersError,
)
from ticketing.domain.notifications import NoticeKind
from ticketing.domain.people import Actor, Role
from ticketing.domain.queries import TicketQuery
from ticketing.domain.tickets import WATCHERS_LIMIT
from ticketing.settings import Settings
from ticketing.storage.memory import MemoryStore

ON_EVERY_STORE = True


@pytest.fixture
def desk(store: MemoryStore, clock: Clock) -> Desk:
    return Desk(Settings(storage_url="memory:"), store, clock, password_rounds=4)


def kinds(desk: Desk, actor: Actor) -> list[NoticeKind]:
    return [line.notice.kind for line in desk.inbox.own(actor).items]


# Opened for somebody


@pytest.mark.parametrize("who", ["carla", " CARLA ", "Carla Diaz", "carla diaz", "carla@example.org"])
def test_an_agent_opens_a_ticket_for_somebody_given_by_username_name_or_address(
    desk: Desk, carla: Actor, ada: Actor, who: str
) -> None:
    desk.accounts.change_profile(carla, "Carla Diaz", "carla@example.org", PASSWORD)

    opened = desk.tickets.open(ada, "No dial tone", "She called: the line is dead.", requester=who)

    assert (opened.requester, opened.messages[0].author, opened.first_response_at) == ("carla", "ada", None)
    assert desk.tickets.get(carla, opened.number).title == "No dial tone"
    assert kinds(desk, carla) == [NoticeKind.OPENED]
    assert desk.tickets.reply(carla, opened.number, "It works again.").messages[-1].author == "carla"
    assert desk.tickets.close(carla, opened.number).status == "closed"


def test_what_an_agent_opens_for_nobody_else_is_their_own(desk: Desk, ada: Actor) -> None:
    assert desk.tickets.open(ada, "My own", "My screen flickers.", requester="  ").requester == "ada"


@pytest.mark.parametrize(
    ("typed", "username", "shown"),
    [
        ("ida@example.org", "ida", "ida@example.org"),
        ("Ida Berg <ida@example.org>", "ida", "Ida Berg"),
        ('"Berg, Ida" <ida@example.org>', "ida", "Berg, Ida"),
        ("<ida@example.org>", "ida", "ida@example.org"),
    ],
)
def test_a_newcomer_gets_an_account_in_which_nobody_can_sign_in_yet(
    desk: Desk, ada: Actor, typed: str, username: str, shown: str
) -> None:
    opened = desk.tickets.open(ada, "A badge", "She came by for a badge.", requester=typed)

    person = desk.agents.person(ada, opened.requester)
    assert (person.username, person.display_name, person.email) == (username, shown, "ida@example.org")
    assert (person.role, person.last_sign_in_at) == (Role.USER, None)
    assert desk.tickets.open(ada, "Again", "She came back.", requester="ida@example.org").requester == username


def test_the_audit_log_says_which_agent_has_made_the_account(desk: Desk, root: Actor, ada: Actor) -> None:
    desk.tickets.open(ada, "A badge", "She came by.", requester="ida@example.org")

    found = desk.audit.search(root, AuditQuery(action=AuditAction.REGISTERED)).records
    assert [entry.actor for entry in found if entry.object == "ida"] == ["ada"]


def test_who_is_refused_leaves_neither_a_ticket_nor_an_account(
    desk: Desk, root: Actor, ada: Actor, carla: Actor, oskar: Actor
) -> None:
    desk.accounts.change_profile(oskar, "Oskar", "oskar@example.org", PASSWORD)
    desk.agents.deactivate(root, "oskar")
    before = desk.front.look(ada)

    for who, refusal in {
        "nobody": PersonNotFoundError,
        "Nobody At All": PersonNotFoundError,
        "oskar": PersonNotFoundError,
        "oskar@example.org": PersonNotFoundError,
        "ida@": EmailError,
        "Ida <i@da@example.org>": EmailError,
        "x" * 401: TooLongError,
    }.items():
        with pytest.raises(refusal):
            desk.tickets.open(ada, "No dial tone", "The line is dead.", requester=who)
    assert desk.tickets.open(carla, "First", "The first one.").number == 1
    assert desk.front.look(ada) == before


def test_a_name_of_several_is_refused_and_tells_their_usernames(
    desk: Desk, ada: Actor, carla: Actor, oskar: Actor
) -> None:
    for person in (carla, oskar):
        desk.accounts.change_profile(person, "Sam Smith", "", PASSWORD)

    with pytest.raises(SeveralPeopleError, match="“sam smith”: carla, oskar"):
        desk.tickets.open(ada, "No dial tone", "The line is dead.", requester="sam smith")


def test_a_part_of_a_name_is_nobodys(desk: Desk, ada: Actor, carla: Actor) -> None:
    desk.accounts.change_profile(carla, "Carla Diaz", "", PASSWORD)

    with pytest.raises(PersonNotFoundError):
        desk.tickets.open(ada, "No dial tone", "The line is dead.", requester="Diaz")


def test_a_requester_opens_tickets_for_nobody_else_and_learns_nothing_of_who_there_is(
    desk: Desk, carla: Actor, oskar: Actor
) -> None:
    for who in (oskar.username, "nobody", "ida@example.org"):
        with pytest.raises(PermissionDeniedError):
            desk.tickets.open(carla, "No dial tone", "The line is dead.", requester=who)


def test_the_same_key_opens_one_ticket_and_makes_one_account(desk: Desk, ada: Actor) -> None:
    numbers = {
        desk.tickets.open(ada, "A badge", "She came by.", requester="ida@example.org", key="once").number
        for _ in range(2)
    }
    assert len(numbers) == 1


# Whose it is


def test_an_agent_gives_a_ticket_to_whose_matter_it_is(desk: Desk, ada: Actor, carla: Actor) -> None:
    opened = desk.tickets.open(ada, "No dial tone", "Carla called.")

    given = desk.watching.make_requester(ada, opened.number, "carla")

    assert (given.requester, given.watchers) == ("carla", [])
    assert [(event.old, event.new) for event in given.events if event.field == "requester"] == [("ada", "carla")]
    assert desk.tickets.get(carla, opened.number).requester == "carla"
    assert [line.number for line in desk.tickets.search(carla, TicketQuery()).items] == [opened.number]


def test_whose_it_was_watches_it_and_who_watched_it_becomes_its_requester(
    desk: Desk, ada: Actor, carla: Actor, oskar: Actor
) -> None:
    opened = desk.tickets.open(carla, "No dial tone", "The line is dead.")
    desk.watching.add(ada, opened.number, "oskar")

    given = desk.watching.make_requester(ada, opened.number, "oskar")

    assert (given.requester, given.watchers) == ("oskar", ["carla"])
    assert desk.tickets.get(carla, opened.number).requester == "oskar"
    assert desk.tickets.close(oskar, opened.number).status == "closed"
    with pytest.raises(PermissionDeniedError):
        desk.tickets.reopen(carla, opened.number)
    desk.watching.remove(ada, opened.number, "carla")
    with pytest.raises(TicketNotFoundError):
        desk.tickets.get(carla, opened.number)


def test_what_it_is_already_leaves_no_trace(desk: Desk, ada: Actor, carla: Actor) -> None:
    opened = desk.tickets.open(carla, "No dial tone", "The line is dead.")

    given = desk.watching.make_requester(ada, opened.number, "carla")

    assert [event.field for event in given.events] == ["opened"]


def test_the_audit_log_says_whose_it_became(desk: Desk, root: Actor, ada: Actor, carla: Actor) -> None:
    opened = desk.tickets.open(ada, "No dial tone", "Carla called.")
    desk.watching.make_requester(ada, opened.number, carla.username)

    facts = [entry.facts for entry in desk.audit.search(root, AuditQuery()).records]
    assert [each["requester"] for each in facts if "requester" in each] == ["ada → carla"]


def test_a_ticket_that_goes_on_elsewhere_or_has_too_many_watchers_stays_whose_it_is(
    desk: Desk, ada: Actor, root: Actor, carla: Actor
) -> None:
    first, second = (desk.tickets.open(carla, "No dial tone", "The line is dead.") for _ in range(2))
    for turn in range(WATCHERS_LIMIT):
        desk.tickets.open(ada, "A badge", "They came by.", requester=f"person{turn}@example.org")
        desk.watching.add(ada, first.number, f"person{turn}")
    with pytest.raises(TooManyWatchersError):
        desk.watching.make_requester(ada, first.number, root.username)
    assert desk.tickets.get(ada, first.number).requester == "carla"

    desk.relations.merge(ada, second.number, first.number)
    with pytest.raises(TicketMergedError):
        desk.watching.make_requester(ada, second.number, root.username)


def test_a_requester_gives_their_ticket_to_nobody(desk: Desk, carla: Actor, oskar: Actor) -> None:
    opened = desk.tickets.open(carla, "No dial tone", "The line is dead.")

    with pytest.raises(PermissionDeniedError):
        desk.watching.make_requester(carla, opened.number, oskar.username)
    with pytest.raises(TicketNotFoundError):
        desk.watching.make_requester(oskar, opened.number, oskar.username)
