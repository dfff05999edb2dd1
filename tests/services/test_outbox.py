"""The ledger of mails, and sending one again: both are for admins."""

from collections.abc import Callable

import pytest

from tests.services.conftest import Clock
from ticketing.desk import Desk
from ticketing.domain.errors import MailNotFoundError, MailWaitsError, PermissionDeniedError
from ticketing.domain.outbox import AccountMail, Backlog, MailState, Outcome, Outgoing, OutgoingQuery, Result
from ticketing.domain.people import Actor
from ticketing.settings import Settings
from ticketing.storage.memory import MemoryStore

Everything = Callable[[], dict[str, object]]
ON_EVERY_STORE = True


@pytest.fixture
def desk(store: MemoryStore, clock: Clock) -> Desk:
    return Desk(Settings(storage_url="memory:"), store, clock, password_rounds=4)


@pytest.fixture
def failed(store: MemoryStore, clock: Clock) -> Outgoing:
    """Return a mail that the mail server has refused."""
    mail = Outgoing.about_account("carla", AccountMail.PASSWORD_CHANGED, "carla", clock())
    mail.claim("carla@example.org", clock())
    mail.settle(Outcome(Result.REFUSED, "550 No such mailbox"), clock())
    with store.write() as tx:
        tx.outgoing.save(mail)
    return mail


@pytest.mark.parametrize("who", ["carla", "ada"])
@pytest.mark.parametrize(
    "look",
    [
        lambda desk, actor, _: desk.outbox.ledger(actor, OutgoingQuery()),
        lambda desk, actor, _: desk.outbox.backlog(actor),
        lambda desk, actor, mail: desk.outbox.send_again(actor, mail.id),
    ],
    ids=["ledger", "backlog", "send again"],
)
def test_nobody_but_admins_learns_of_mails_or_sends_them(
    desk: Desk,
    request: pytest.FixtureRequest,
    everything: Everything,
    failed: Outgoing,
    who: str,
    look: Callable[[Desk, Actor, Outgoing], object],
) -> None:
    actor = request.getfixturevalue(who)
    before = everything()

    with pytest.raises(PermissionDeniedError, match="You may not look after the desk's mails"):
        look(desk, actor, failed)

    assert everything() == before


def test_an_admin_sees_what_became_of_each_mail(desk: Desk, root: Actor, failed: Outgoing) -> None:
    assert list(desk.outbox.ledger(root, OutgoingQuery()).items) == [failed]
    assert desk.outbox.ledger(root, OutgoingQuery(state=MailState.SENT)).total == 0
    assert desk.outbox.backlog(root) == Backlog(0, None)


def test_an_admin_sends_a_mail_again_and_once_however_often_they_click(
    desk: Desk, clock: Clock, root: Actor, failed: Outgoing
) -> None:
    assert desk.outbox.send_again(root, failed.id).state is MailState.WAITING

    with pytest.raises(MailWaitsError):
        desk.outbox.send_again(root, failed.id)
    assert desk.outbox.backlog(root) == Backlog(1, clock())


def test_a_mail_that_is_not_there_cannot_be_sent_again(desk: Desk, root: Actor) -> None:
    with pytest.raises(MailNotFoundError, match="There is no such mail"):
        desk.outbox.send_again(root, "invented")
