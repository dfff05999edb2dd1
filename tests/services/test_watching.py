"""Who watches a ticket: each says so for themselves, and it takes nothing out of anybody's sight."""

from datetime import timedelta

import pytest

from tests.services.conftest import PASSWORD, Clock, SignIn
from ticketing.desk import Desk
from ticketing.domain.errors import (
    PermissionDeniedError,
    PersonNotFoundError,
    TicketNotFoundError,
    WatchLinkError,
)
from ticketing.domain.notifications import NoticeKind
from ticketing.domain.outbox import MailState, Outcome, OutgoingQuery
from ticketing.domain.people import Actor
from ticketing.domain.query_language import Asker, read_query
from ticketing.domain.tickets import Ticket
from ticketing.domain.watch_links import WatchLink
from ticketing.services.mail_keys import mail_key
from ticketing.services.outbox import set_route
from ticketing.services.sending import Sending
from ticketing.settings import Settings
from ticketing.storage.memory import MemoryStore

ON_EVERY_STORE = True
MINUTE = timedelta(minutes=1)


@pytest.fixture
def desk(store: MemoryStore, clock: Clock) -> Desk:
    opened = Desk(Settings(storage_url="memory:"), store, clock, password_rounds=4)
    set_route(store, is_open=True)
    return opened


@pytest.fixture
def ticket(desk: Desk, carla: Actor) -> Ticket:
    """Return Carla's ticket; she has an address."""
    desk.accounts.change_profile(carla, "Carla", "carla@example.org", PASSWORD)
    return desk.tickets.open(carla, "No dial tone", "The line is dead.")


def kinds(desk: Desk, actor: Actor) -> list[NoticeKind]:
    return [line.notice.kind for line in desk.inbox.own(actor).items]


def link(desk: Desk, ticket: Ticket, username: str) -> str:
    with desk.store.write() as tx:
        return WatchLink.of(mail_key(tx), ticket, username).token


def test_a_requester_stops_watching_still_sees_the_ticket_and_watches_it_again(
    desk: Desk, carla: Actor, ada: Actor, ticket: Ticket
) -> None:
    shown = desk.watching.stop(carla, ticket.number)
    desk.tickets.reply(ada, ticket.number, "Is it plugged in?")

    assert (shown.muted, kinds(desk, carla)) == (["carla"], [])
    assert desk.tickets.get(carla, ticket.number).messages[-1].text == "Is it plugged in?"

    desk.watching.watch(carla, ticket.number)
    desk.tickets.reply(ada, ticket.number, "Hello?")
    assert kinds(desk, carla) == [NoticeKind.REPLIED]


def test_an_agent_watches_a_ticket_that_another_works_on(
    desk: Desk, carla: Actor, ada: Actor, root: Actor, ticket: Ticket
) -> None:
    desk.tickets.assign(root, ticket.number, "root")
    desk.tickets.reply(carla, ticket.number, "Anybody?")
    assert kinds(desk, ada) == [NoticeKind.OPENED]

    desk.watching.watch(ada, ticket.number)
    desk.tickets.reply(carla, ticket.number, "Hello?")

    assert set(kinds(desk, ada)) == {NoticeKind.OPENED, NoticeKind.REPLIED}
    assert desk.tickets.get(carla, ticket.number).followers == []


def test_to_watch_or_to_stop_is_no_news_of_the_ticket(desk: Desk, carla: Actor, ada: Actor, ticket: Ticket) -> None:
    desk.watching.watch(ada, ticket.number)
    after = desk.watching.stop(ada, ticket.number)

    assert (after.steps, after.updated_at) == (ticket.steps, ticket.updated_at)
    assert desk.tickets.get(carla, ticket.number).updated_at == ticket.updated_at


def test_nobody_watches_what_is_not_theirs_and_it_reads_as_if_it_was_not_there(
    desk: Desk, oskar: Actor, ada: Actor, ticket: Ticket
) -> None:
    before = desk.tickets.get(ada, ticket.number)

    for number in (ticket.number, 99):
        for say in (desk.watching.watch, desk.watching.stop):
            with pytest.raises(TicketNotFoundError, match=f"There is no ticket T-{number}"):
                say(oskar, number)

    assert desk.tickets.get(ada, ticket.number).version == before.version


def test_an_agent_adds_a_watcher_by_name_or_address_who_then_sees_it_and_takes_them_away_again(
    desk: Desk, carla: Actor, oskar: Actor, ada: Actor, ticket: Ticket
) -> None:
    desk.accounts.change_profile(oskar, "Oskar", "Oskar@Example.org", PASSWORD)

    for who in (" OSKAR ", "oskar@example.ORG"):
        assert desk.watching.add(ada, ticket.number, who).watchers == ["oskar"]
    desk.tickets.reply(ada, ticket.number, "Is it plugged in?")
    assert kinds(desk, oskar) == [NoticeKind.REPLIED]
    assert desk.tickets.get(carla, ticket.number).watchers == ["oskar"]

    desk.watching.remove(ada, ticket.number, "oskar")
    with pytest.raises(TicketNotFoundError):
        desk.tickets.get(oskar, ticket.number)
    assert kinds(desk, oskar) == []


def test_an_agent_who_is_added_follows_it_and_does_not_speak_for_the_requester(
    desk: Desk, carla: Actor, ada: Actor, root: Actor, ticket: Ticket
) -> None:
    for _ in range(2):
        added = desk.watching.add(ada, ticket.number, "root")

    assert (added.watchers, added.followers) == ([], ["root"])
    assert [event.new for event in added.events if event.field == "follower"] == ["root"]
    assert desk.tickets.reply(root, ticket.number, "Look.").first_response_at is not None
    assert not [event for event in desk.tickets.get(carla, ticket.number).events if event.field == "follower"]


def test_nobody_is_added_who_has_no_account_or_a_deactivated_one(
    desk: Desk, ada: Actor, root: Actor, oskar: Actor, ticket: Ticket
) -> None:
    desk.accounts.change_profile(oskar, "Oskar", "oskar@example.org", PASSWORD)
    desk.agents.deactivate(root, "oskar")

    for who in ("nobody", "nobody@example.org", "oskar", "oskar@example.org", ""):
        with pytest.raises(PersonNotFoundError):
            desk.watching.add(ada, ticket.number, who)


def test_a_requester_adds_and_removes_nobody(
    desk: Desk, carla: Actor, oskar: Actor, ada: Actor, ticket: Ticket
) -> None:
    before = desk.watching.add(ada, ticket.number, "oskar")

    for actor in (carla, oskar):
        with pytest.raises(PermissionDeniedError):
            desk.watching.add(actor, ticket.number, "root")
        with pytest.raises(PermissionDeniedError):
            desk.watching.remove(actor, ticket.number, "oskar")
    assert desk.tickets.get(ada, ticket.number).version == before.version


# By a link in a mail


def test_a_mail_has_a_link_by_which_its_recipient_stops_and_what_waits_is_not_sent(
    desk: Desk, clock: Clock, store: MemoryStore, carla: Actor, ada: Actor, root: Actor, ticket: Ticket
) -> None:
    sending = Sending(store, clock)
    desk.tickets.reply(ada, ticket.number, "Is it plugged in?")
    clock.advance(MINUTE)
    [mail] = sending.claim()
    letter = sending.letter(mail)
    assert not isinstance(letter, Outcome)

    assert desk.watch_links.look(letter.watch).is_muted is False
    assert desk.watch_links.stop(letter.watch) == ("T-1", "No dial tone", True)
    said = sending.letter(mail)
    assert isinstance(said, Outcome)
    assert said.says == "They have stopped watching this ticket."
    version = desk.tickets.get(ada, ticket.number).version
    assert desk.watch_links.stop(letter.watch).is_muted
    assert desk.tickets.get(ada, ticket.number).version == version

    desk.tickets.reply(ada, ticket.number, "Hello?")
    waiting = desk.outbox.ledger(root, OutgoingQuery(state=MailState.WAITING)).items
    assert [one.mark for one in waiting] == [mail.mark]
    assert desk.tickets.get(carla, ticket.number).messages[-1].text == "Hello?"

    assert desk.watch_links.watch(letter.watch).is_muted is False
    assert desk.watch_links.watch(letter.watch).is_muted is False
    desk.tickets.reply(ada, ticket.number, "Still there?")
    assert NoticeKind.REPLIED in kinds(desk, carla)


def test_whoever_works_on_the_ticket_has_no_such_link(
    desk: Desk, clock: Clock, store: MemoryStore, ada: Actor, root: Actor, ticket: Ticket
) -> None:
    desk.accounts.change_profile(ada, "Ada", "ada@example.org", PASSWORD)
    desk.tickets.assign(root, ticket.number, "ada")
    clock.advance(MINUTE)
    sending = Sending(store, clock)

    letters = [sending.letter(mail) for mail in sending.claim()]

    assert [letter.watch for letter in letters if not isinstance(letter, Outcome)] == [""]


def test_an_agent_stops_by_a_link_and_watches_again(desk: Desk, ada: Actor, ticket: Ticket) -> None:
    token = link(desk, ticket, "ada")

    desk.watch_links.stop(token)
    assert desk.tickets.get(ada, ticket.number).muted == ["ada"]
    desk.watch_links.watch(token)
    assert desk.tickets.get(ada, ticket.number).is_watched_by("ada")


def test_a_link_leads_on_to_the_ticket_in_which_it_goes_on(
    desk: Desk, oskar: Actor, ada: Actor, ticket: Ticket
) -> None:
    into = desk.tickets.open(oskar, "The same", "Dead too.")
    desk.relations.merge(ada, ticket.number, into.number)

    assert desk.watch_links.stop(link(desk, ticket, "carla")).label == into.label
    assert desk.tickets.get(ada, into.number).muted == ["carla"]


def test_a_link_ends_with_sight_and_with_the_account(
    desk: Desk, arrives: SignIn, ada: Actor, root: Actor, carla: Actor, ticket: Ticket
) -> None:
    wanda = arrives("wanda")
    desk.watching.add(ada, ticket.number, wanda.username)
    of_wanda, of_carla = link(desk, ticket, "wanda"), link(desk, ticket, carla.username)
    desk.watching.remove(ada, ticket.number, "wanda")
    desk.agents.deactivate(root, "carla")

    for token in (of_wanda, of_carla, "1", f"99-{'a' * 32}", f"1-{'a' * 32}"):
        with pytest.raises(WatchLinkError):
            desk.watch_links.look(token)


def test_where_nothing_was_ever_signed_no_link_leads_anywhere(desk: Desk, ticket: Ticket) -> None:
    with pytest.raises(WatchLinkError):
        desk.watch_links.look(f"{ticket.number}-{'a' * 32}")


def test_agents_find_what_they_watch_and_no_requester_finds_who_of_them_does(
    desk: Desk, clock: Clock, carla: Actor, ada: Actor, ticket: Ticket
) -> None:
    desk.tickets.open(carla, "No light", "It is dark.")
    desk.watching.watch(ada, ticket.number)

    def found(actor: Actor, text: str) -> list[int]:
        return [one.number for one in desk.tickets.search(actor, read_query(text, Asker("ada", clock()))).items]

    assert found(ada, "watcher:me") == [ticket.number]
    assert found(carla, "watcher:ada") == []

    desk.watching.stop(ada, ticket.number)
    assert found(ada, "watcher:me") == []
