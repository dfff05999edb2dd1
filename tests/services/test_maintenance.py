"""While the desk is being maintained everybody can read, and nobody but those who look after it changes anything."""

from datetime import timedelta

import pytest

from tests.services.conftest import PASSWORD, Clock, SignIn
from ticketing.desk import Desk
from ticketing.domain.bulk import BulkEdit
from ticketing.domain.errors import MaintenanceError, OnlyOneError, PermissionDeniedError, TicketingError
from ticketing.domain.findings import Level
from ticketing.domain.maintenance import Maintenance
from ticketing.domain.outbox import MailState, OutgoingQuery
from ticketing.domain.people import Actor, Role
from ticketing.domain.queries import TicketQuery
from ticketing.services.outbox import set_route
from ticketing.settings import Settings
from ticketing.storage.whole import WholeStore

ON_EVERY_STORE = True
CONSOLE = Actor.console()
SENTENCE = "The desk is being maintained, so nothing can be changed for now. Back at 18:00."


@pytest.fixture
def desk(store: WholeStore, clock: Clock) -> Desk:
    return Desk(Settings(storage_url="memory:"), store, clock, 4)


def close(desk: Desk, actor: Actor = CONSOLE, *, is_on: bool = True) -> Maintenance:
    """Begin or end it."""
    present = desk.definitions.get(actor, Maintenance, Maintenance.kind)
    return desk.definitions.save(actor, present.model_copy(update={"is_on": is_on, "message": "Back at 18:00."}))


def everything(desk: Desk) -> list[bytes]:
    """Return each ticket as it is kept."""
    with desk.store.read() as tx:
        return [ticket.model_dump_json().encode() for ticket in tx.tickets.stream()]


def test_a_reply_that_is_refused_leaves_the_ticket_as_it_was(desk: Desk, arrives: SignIn) -> None:
    carla = arrives("carla")
    desk.tickets.open(carla, "No dial tone", "The line is dead.")
    before = everything(desk)
    close(desk)

    with pytest.raises(MaintenanceError) as refusal:
        desk.tickets.reply(carla, 1, "It still is.")

    assert str(refusal.value) == SENTENCE
    assert everything(desk) == before
    assert desk.tickets.get(carla, 1).title == "No dial tone"


def test_an_admin_goes_on_and_opens_the_desk_again(desk: Desk, arrives: SignIn) -> None:
    root, carla = arrives("root", Role.ADMIN), arrives("carla")
    close(desk, root)
    desk.tickets.open(root, "Move to the new server", "Tonight.")

    close(desk, root, is_on=False)
    desk.tickets.open(carla, "No dial tone", "The line is dead.")

    assert desk.tickets.search(root, TicketQuery()).total == 2


def test_an_admin_makes_somebody_anonymous_to_the_end(desk: Desk, arrives: SignIn) -> None:
    root, carla = arrives("root", Role.ADMIN), arrives("carla")
    desk.tickets.open(carla, "No dial tone", "The line is dead.")
    close(desk, root)

    assert desk.anonymising.anonymise(root, "carla").is_done
    assert desk.tickets.get(root, 1).requester == "former-1"


@pytest.mark.parametrize("role", [Role.USER, Role.AGENT])
def test_nobody_but_admins_closes_the_desk(desk: Desk, arrives: SignIn, role: Role) -> None:
    somebody = arrives("somebody", role)

    with pytest.raises(PermissionDeniedError):
        desk.definitions.save(somebody, Maintenance(id=Maintenance.kind, name="Maintenance", is_on=True))

    assert not desk.front.outside().closed


def test_there_is_one_maintenance_and_it_stays(desk: Desk) -> None:
    with pytest.raises(OnlyOneError):
        desk.definitions.save(CONSOLE, Maintenance(name="Another one", is_on=True))
    with pytest.raises(OnlyOneError):
        desk.definitions.remove(CONSOLE, Maintenance, Maintenance.kind, 0)


def test_people_sign_in_meanwhile_and_strangers_are_told(desk: Desk, arrives: SignIn) -> None:
    arrives("carla")
    close(desk)

    token = desk.accounts.sign_in("carla", PASSWORD)

    assert desk.front.look(desk.sessions.actor(token)).closed == SENTENCE
    assert desk.front.outside().closed == SENTENCE


def test_what_is_due_by_itself_waits(desk: Desk, clock: Clock) -> None:
    desk.tickets.open(CONSOLE, "No dial tone", "The line is dead.")
    desk.tickets.close(CONSOLE, 1)
    desk.tickets.reopen(CONSOLE, 1)
    desk.tickets.snooze(CONSOLE, 1, clock() + timedelta(hours=1))
    close(desk)
    clock.advance(timedelta(hours=2))

    before = everything(desk)

    assert (desk.catch_up(), everything(desk)) == ([], before)

    close(desk, is_on=False)
    desk.catch_up()
    assert everything(desk) != before


def test_mails_wait_and_go_out_afterwards(desk: Desk, arrives: SignIn) -> None:
    arrives("carla")
    desk.agents.create_agent(CONSOLE, "ada", "a dozen wet umbrellas", email="ada@example.org")
    set_route(desk.store, is_open=True)
    desk.agents.reset_password(CONSOLE, "ada")
    close(desk)
    sending = desk._sending  # noqa: SLF001 - what the dispatcher is given

    assert sending.claim() == []
    (mail,) = desk.outbox.ledger(CONSOLE, OutgoingQuery()).items
    assert mail.state is MailState.WAITING

    close(desk, is_on=False)
    assert [one.id for one in sending.claim()] == [mail.id]


def test_mail_that_comes_in_is_left_where_it_is(desk: Desk) -> None:
    close(desk)

    with pytest.raises(MaintenanceError):
        desk.receiving.take(b"From: carla@example.net\nMessage-ID: <1@example.net>\n\nHelp!")

    close(desk, is_on=False)
    assert desk.receiving.take(b"From: carla@example.net\nMessage-ID: <1@example.net>\n\nHelp!").why


def test_the_doctor_tells_it(desk: Desk) -> None:
    close(desk)

    told = [finding for finding in desk.health.findings(CONSOLE) if finding.subject == "maintenance"]

    assert [finding.level for finding in told] == [Level.WARNING]
    close(desk, is_on=False)
    assert not [finding for finding in desk.health.findings(CONSOLE) if finding.subject == "maintenance"]


def test_a_refusal_that_is_older_than_the_maintenance_reads_as_ever(desk: Desk, arrives: SignIn) -> None:
    ada = arrives("ada", Role.AGENT)
    close(desk)

    with pytest.raises(TicketingError, match="There is no ticket T-99"):
        desk.tickets.reply(ada, 99, "Hello?")


def test_of_many_tickets_it_is_told_of_each_that_it_was_left_as_it_was(desk: Desk, arrives: SignIn) -> None:
    ada = arrives("ada", Role.AGENT)
    desk.tickets.open(CONSOLE, "No dial tone", "The line is dead.")
    before = everything(desk)
    close(desk)

    done = desk.bulk.apply(ada, [1], BulkEdit(add_tags=("phone",)))

    assert [outcome.refusal for outcome in done.outcomes] == [SENTENCE]
    assert everything(desk) == before
