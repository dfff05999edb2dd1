"""Somebody is made anonymous: everywhere, and nothing else is changed by it."""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, timedelta
from typing import Any

import pytest

from tests.services.conftest import Clock, SignIn
from ticketing.desk import Desk
from ticketing.domain.anonymising import Anonymisation
from ticketing.domain.articles import Article, Visibility
from ticketing.domain.audit import AuditAction
from ticketing.domain.canned_replies import CannedReply
from ticketing.domain.errors import (
    AlreadyAnonymousError,
    LastAdminError,
    PermissionDeniedError,
    PersonNotFoundError,
    SignedOutError,
    UsernameTakenError,
    WrongCredentialsError,
)
from ticketing.domain.outbox import MailState, Outgoing
from ticketing.domain.people import Actor, PeopleQuery, Role
from ticketing.domain.policy import THE_DESK
from ticketing.domain.queries import TicketQuery
from ticketing.domain.receipts import RECEIPT_LIFETIME, Answer, Receipt
from ticketing.domain.received import ReceivedQuery
from ticketing.domain.reports import ReportQuery
from ticketing.domain.saved_views import SavedView
from ticketing.domain.teams import Team
from ticketing.domain.tickets import TicketEdit
from ticketing.services.anonymising import Forgetting
from ticketing.settings import Settings
from ticketing.storage.archive import check_audit
from ticketing.storage.whole import WholeStore

ON_EVERY_STORE = True
CONSOLE = Actor.console()
PASSWORD = "three wet umbrellas"


@pytest.fixture
def desk(store: WholeStore, clock: Clock) -> Desk:
    return Desk(Settings(storage_url="memory:"), store, clock, 4)


@pytest.fixture
def full_desk(desk: Desk, carla: Actor, oskar: Actor, ada: Actor, root: Actor, clock: Clock) -> Desk:
    """Return a desk where Carla Ruiz stands in everything in which somebody can."""
    desk.accounts.change_profile(carla, "Carla Ruiz", "carla.ruiz@example.org", PASSWORD)
    file = desk.attachments.put(carla, "Ruiz_invoice Carla.pdf", [b"An invoice."])
    own = desk.tickets.open(
        carla,
        "Carla's line",
        "My line is dead.\nBest, Carla Ruiz\nPhone +49 30 1234567\nCARLA.RUIZ@example.org",
        files=[file.id],
    ).number
    desk.tickets.reply(ada, own, "Hello Carla, we call you at +49 (30) 123-4567. Oskar knows.")
    desk.tickets.note(ada, own, "carla ruiz again, see carla")
    desk.tickets.edit(ada, own, TicketEdit(title="Line of C. Ruiz", tags=("ruiz", "phone")))
    desk.tickets.close(ada, own)
    desk.tickets.rate(carla, own, solved=True, score=5, comment="Thanks from Carla")
    watched = desk.tickets.open(oskar, "No paper", "Carla Ruiz has none either, nor has ruiz.").number
    desk.watching.add(ada, watched, "carla")
    clock.advance(timedelta(hours=1))
    desk.tickets.reply(carla, watched, "Here, too.")
    desk.tickets.open(oskar, "A foreign one", "Write to carla.ruiz@example.org. The ruiz of it.")
    article = desk.articles.save(ada, Article(name="Lines", body="Plug it in.", visibility=Visibility.PUBLIC))
    desk.articles.vote(carla, article.id, helpful=True)
    desk.definitions.save(root, SavedView(name="Hers", query="requester:carla is:open"))
    desk.drafts.keep(carla, 0, "title", "Half a thought")
    desk.receiving.take(b"From: carla.ruiz@example.org\nSubject: By mail\nMessage-ID: <1@example.org>\n\nHello.")
    now = clock()
    with desk.store.write() as tx:
        for key, username, by in (("m1", "carla", "ada"), ("m2", "ada", "carla")):
            mail = Outgoing(id=key, username=username, kind="replied", by=by, at=now, due_at=now, expires_at=now)
            mail.address = f"{username}.ruiz@example.org"
            tx.outgoing.save(mail.model_copy(update={"expires_at": now + timedelta(days=30)}))
    return desk


@pytest.fixture
def kept(desk: Desk) -> Callable[[], str]:
    """Return a way to see all that is kept, but for the audit log."""

    def read() -> str:
        with desk.store.documents() as documents:
            return "\n".join(
                (raw if isinstance(raw, str) else raw.decode())
                for name, held in documents.items()
                if name != "audit"
                for _, raw in held
            )

    return read


def place_texts(desk: Desk, actor: Actor, username: str = "carla") -> list[tuple[int, str, str]]:
    return [(place.ticket, place.where, place.found) for place in desk.anonymising.preview(actor, username).places]


def test_the_preview_shows_each_place_and_changes_nothing(
    full_desk: Desk, root: Actor, everything: Callable[[], Any]
) -> None:
    before = everything()

    preview = full_desk.anonymising.preview(root, "carla")

    assert (preview.person.username, preview.tickets) == ("carla", 3)
    found = {(1, "title", "Ruiz"), (1, "message", "Carla Ruiz"), (1, "message", "+49 30 1234567")}
    assert found <= set(place_texts(full_desk, root))
    greeting = next(place for place in preview.places if place.found == "+49 (30) 123-4567")
    assert (greeting.ticket, greeting.where) == (1, "message")
    assert (greeting.before, greeting.after) == ("Hello Carla, we call you at ", ". Oskar knows.")
    assert (3, "message", "carla.ruiz@example.org") in place_texts(full_desk, root)
    assert (3, "message", "ruiz") not in place_texts(full_desk, root)
    assert everything() == before


def test_p2_nothing_tells_any_more_who_somebody_was(full_desk: Desk, root: Actor, kept: Callable[[], str]) -> None:
    full_desk.anonymising.anonymise(root, "carla")

    left = kept()
    for mark in ("carla", "Carla", "Ruiz", "1234567", "123-4567"):
        assert mark not in left.replace("or has ruiz", "").replace("The ruiz", ""), mark
    ticket = full_desk.tickets.get(root, 1)
    assert (ticket.title, ticket.requester) == ("Line of C. [removed]", "former-1")
    assert ticket.messages[0].text.splitlines() == [
        "My line is dead.",
        "Best, [removed]",
        "Phone [removed]",
        "[removed]",
    ]
    assert ticket.messages[1].text == "Hello [removed], we call you at [removed]. Oskar knows."
    assert ticket.ratings[0].comment == "Thanks from [removed]"
    former = full_desk.agents.person(root, "former-1")
    assert (former.display_name, former.email, former.active) == ("Former user 1", None, False)
    assert full_desk.agents.people(root, PeopleQuery(text="carla")).total == 0
    with full_desk.store.read() as tx:
        assert list(tx.tickets.numbers(THE_DESK, TicketQuery(needles=("ruiz@example",)))) == []
        assert tx.outgoing.find("m1").state is MailState.DROPPED  # type: ignore[union-attr]
        assert [one.raw_sha256 for one in tx.received.search(ReceivedQuery()).items] == [""]
    view = next(one for one in full_desk.definitions.all(root, SavedView) if one.name == "Hers")
    assert view.query == "requester:former-1 is:open"
    with full_desk.store.documents() as documents:
        check_audit(documents, "the store")


def test_p2_what_programs_were_answered_is_gone_and_a_repeat_has_no_effect_all_the_same(
    full_desk: Desk, root: Actor, clock: Clock
) -> None:
    answer = Answer(status=200, headers={}, body='{"display_name":"Carla Ruiz"}')
    with full_desk.store.write() as tx:
        for number in range(250):
            tx.receipts.save(Receipt(id=str(number), expires_at=clock() + RECEIPT_LIFETIME, answer=answer))

    full_desk.anonymising.anonymise(root, "carla")

    with full_desk.store.read() as tx:
        receipts = [tx.receipts.find(str(number)) for number in range(250)]
    assert {receipt.answer if receipt else "gone" for receipt in receipts} == {None}


def test_a_place_that_is_kept_stays_as_it_is(full_desk: Desk, root: Actor) -> None:
    places = full_desk.anonymising.preview(root, "carla").places
    kept = {place.key for place in places if place.ticket == 1 and place.where == "title"}

    full_desk.anonymising.anonymise(root, "carla", frozenset(kept))

    assert full_desk.tickets.get(root, 1).title == "Line of C. Ruiz"
    assert full_desk.tickets.get(root, 1).messages[0].text.endswith("[removed]")


def test_p2_reports_are_the_same_as_before(full_desk: Desk, root: Actor) -> None:
    day = date(2031, 5, 6)
    query = ReportQuery(day, day, UTC)
    before = full_desk.reports.overview(root, query)

    full_desk.anonymising.anonymise(root, "carla")

    assert full_desk.reports.overview(root, query) == before


def test_others_find_what_they_were_told_of_her_messages(full_desk: Desk, root: Actor, ada: Actor) -> None:
    lines = full_desk.inbox.own(ada).items
    full_desk.anonymising.anonymise(root, "carla")

    after = full_desk.inbox.own(ada).items
    assert [line.notice.id for line in after] == [line.notice.id for line in lines]
    assert {"Former user 1"} <= {line.name for line in after}


def test_nobody_signs_in_as_them_and_nobody_gets_their_name(full_desk: Desk, root: Actor, carla: Actor) -> None:
    full_desk.anonymising.anonymise(root, "carla")

    with pytest.raises(SignedOutError):
        full_desk.accounts.profile(carla)
    with pytest.raises(WrongCredentialsError):
        full_desk.accounts.sign_in("carla", PASSWORD)
    with pytest.raises(UsernameTakenError):
        full_desk.accounts.register("Carla", "Another", PASSWORD, PASSWORD)
    with pytest.raises(UsernameTakenError):
        full_desk.agents.register_agent(root, "carla", "Another")
    with pytest.raises(PersonNotFoundError):
        full_desk.anonymising.anonymise(root, "carla")
    with pytest.raises(AlreadyAnonymousError):
        full_desk.anonymising.preview(root, "former-1")
    full_desk.receiving.take(b"From: carla.ruiz@example.org\nSubject: Again\nMessage-ID: <2@example.org>\n\nIt is me.")
    with full_desk.store.read() as tx:
        assert tx.users.find("carla") is None


def test_p2_an_agent_is_made_anonymous_and_what_they_said_stays(full_desk: Desk, root: Actor, ada: Actor) -> None:
    full_desk.definitions.save(root, Team(name="Phones", members=("ada",)))
    full_desk.definitions.save(ada, CannedReply(name="Mine", text="Yours, Ada", owner="ada"))
    full_desk.tickets.edit(root, 2, TicketEdit(assignee="ada"))

    full_desk.anonymising.anonymise(root, "ada")

    said = full_desk.tickets.get(root, 1).messages[1]
    assert (said.author, said.text[:12]) == ("former-1", "Hello Carla,")
    assert full_desk.tickets.get(root, 2).assignee == "former-1"
    assert [team.members for team in full_desk.definitions.all(root, Team)] == [("former-1",)]
    with full_desk.store.read() as tx:
        (own,) = (one for one in tx.definitions(CannedReply).all() if one.owner)
        assert (own.name, own.text, own.owner, own.removed) == ("[removed]", "", "former-1", True)
        assert tx.tickets.seen(1, "ada") == 0


@pytest.mark.parametrize(
    ("who", "whom", "refusal"),
    [
        ("root", "carla", None),
        ("root", "ada", None),
        ("root", "boss", None),
        ("root", "root", PermissionDeniedError),
        ("ada", "carla", PermissionDeniedError),
        ("ada", "ada", PermissionDeniedError),
        ("carla", "carla", PersonNotFoundError),
        ("carla", "ada", PersonNotFoundError),
    ],
)
def test_p2_only_admins_make_others_anonymous(
    desk: Desk,
    arrives: SignIn,
    everything: Callable[[], Any],
    who: str,
    whom: str,
    refusal: type[Exception] | None,
) -> None:
    roles = {"carla": Role.USER, "ada": Role.AGENT, "root": Role.ADMIN, "boss": Role.ADMIN}
    people = {name: arrives(name, role) for name, role in roles.items()}
    before = everything()

    if refusal is None:
        assert desk.anonymising.anonymise(people[who], whom).is_done
        return
    for deed in (desk.anonymising.anonymise, desk.anonymising.preview):
        with pytest.raises(refusal):
            deed(people[who], whom)
    assert everything() == before


def test_p2_the_last_admin_stays(desk: Desk, root: Actor) -> None:
    with pytest.raises(LastAdminError):
        desk.anonymising.anonymise(CONSOLE, root.username)


def test_what_was_cut_off_is_done_to_the_end_by_the_chore(
    full_desk: Desk, root: Actor, clock: Clock, kept: Callable[[], str]
) -> None:
    def cut_off(_done: int, _whole: int) -> None:
        raise KeyboardInterrupt

    with suppress(KeyboardInterrupt):
        full_desk.anonymising.anonymise(root, "carla", progress=cut_off)
    assert "Carla Ruiz" in kept()
    assert [told for told in _told(full_desk) if told["state"] == "done"] == []

    chore = Forgetting()
    while True:
        with full_desk.store.write() as tx:
            if not chore.do_some(tx, clock()):
                break

    assert "Carla" not in kept()
    assert _told(full_desk) == [{"state": "begun"}, {"state": "done", "tickets": "4"}]
    with full_desk.store.read() as tx:
        assert not chore.is_due(tx, clock())
        (anonymous,) = tx.definitions(Anonymisation).all()
    assert anonymous == Anonymisation(
        id="former-1", name="Former user 1", was=anonymous.was, by="root", stage=anonymous.stage
    )


def _told(desk: Desk) -> list[dict[str, str]]:
    with desk.store.read() as tx:
        return [record.facts for record in tx.audit.stream() if record.action is AuditAction.ANONYMISED]
