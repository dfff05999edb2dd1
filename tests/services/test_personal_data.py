"""What people get who ask for all that is stored about them, and what is not among it."""

import io
import json
import random
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from zipfile import ZipFile

import pytest

from tests.services.conftest import PASSWORD, Clock, SignIn
from ticketing.desk import Desk
from ticketing.domain.articles import Article, Visibility
from ticketing.domain.errors import PermissionDeniedError, PersonNotFoundError, SignedOutError
from ticketing.domain.notifications import NoticeKind
from ticketing.domain.outbox import Outgoing
from ticketing.domain.people import Actor, Role
from ticketing.domain.store import Transaction
from ticketing.settings import Settings
from ticketing.storage.whole import WholeStore

ON_EVERY_STORE = True
CONSOLE = Actor.console()
NOT_FOR_CARLA = "A-MARKER-THAT-IS-NOT-FOR-CARLA"


@pytest.fixture
def desk(store: WholeStore, clock: Clock) -> Desk:
    return Desk(Settings(storage_url="memory:"), store, clock, 4)


@pytest.fixture
def full_desk(desk: Desk, carla: Actor, oskar: Actor, ada: Actor, clock: Clock) -> Desk:
    """Return a desk where Carla has left traces of every kind, and others have some of which she learns nothing."""
    file = desk.attachments.put(carla, "screen.png", [b"A picture."])
    own = desk.tickets.open(carla, "No dial tone", "My line is dead.", files=[file.id]).number
    secret = desk.attachments.put(ada, f"{NOT_FOR_CARLA}.txt", [NOT_FOR_CARLA.encode()])
    desk.tickets.note(ada, own, f"She is at it again. {NOT_FOR_CARLA}", files=[secret.id])
    desk.tickets.reply(ada, own, "We have a look.")
    desk.tickets.close(ada, own)
    desk.tickets.rate(carla, own, solved=True, score=5, comment="Quick.")
    watched = desk.tickets.open(oskar, "No paper", "The tray is empty.").number
    desk.watching.add(ada, watched, "carla")
    desk.tickets.reply(carla, watched, "Here, too.")
    desk.tickets.open(oskar, NOT_FOR_CARLA, "carla", key="a foreign ticket that only mentions her")
    article = desk.articles.save(ada, Article(name="Lines", body="Plug it in.", visibility=Visibility.PUBLIC))
    desk.articles.vote(carla, article.id, helpful=True)
    desk.drafts.keep(carla, 0, "title", "Half a thought")
    desk.accounts.change_profile(carla, "Carla Ruiz", "carla@example.org", PASSWORD)
    now = clock()
    with desk.store.write() as tx:
        for key, username, address in (("m1", "carla", "carla@example.org"), ("m2", "oskar", NOT_FOR_CARLA)):
            mail = Outgoing(id=key, username=username, kind=NoticeKind.REPLIED, at=now, due_at=now, expires_at=now)
            tx.outgoing.save(mail.model_copy(update={"address": address, "expires_at": now + timedelta(days=30)}))
    desk.receiving.take(b"From: carla@example.org\nSubject: By mail\nMessage-ID: <1@example.org>\n\nHello.")
    desk.receiving.take(f"From: oskar@example.org\nSubject: {NOT_FOR_CARLA}\n\nHello.".encode())
    return desk


@pytest.fixture
def archive(full_desk: Desk) -> Callable[..., ZipFile]:
    def export(actor: Actor, username: str = "carla") -> ZipFile:
        return ZipFile(io.BytesIO(b"".join(full_desk.personal_data.export(actor, username))))

    return export


def read(archive: ZipFile, name: str) -> Any:
    return json.loads(archive.read(name))


def test_p2_people_get_all_that_is_stored_about_them(archive: Callable[..., ZipFile], carla: Actor) -> None:
    found = archive(carla)

    assert found.testzip() is None
    assert "Carla Ruiz (carla)" in found.read("README.txt").decode()
    told = set(found.namelist()) - {name for name in found.namelist() if name.startswith("attachments/")}
    assert {name for name in told if name not in found.read("README.txt").decode()} == {"README.txt"}
    assert read(found, "account.json") | {"email": "carla@example.org", "role": "user"} == read(found, "account.json")
    assert [session["address"] for session in read(found, "sessions.json")] == ["192.0.2.1"]
    assert [ticket["title"] for ticket in read(found, "tickets.json")] == ["No dial tone", "No paper", "By mail"]
    assert [said["text"] for said in read(found, "messages.json")] == ["My line is dead.", "Here, too.", "Hello."]
    (file,) = (name for name in found.namelist() if name.startswith("attachments/"))
    assert (file.startswith("attachments/T-1/"), found.read(file)) == (True, b"A picture.")
    assert [(rating["ticket"], rating["comment"]) for rating in read(found, "ratings.json")] == [("T-1", "Quick.")]
    assert read(found, "articles.json") == [{"article": "Lines", "helpful": True}]
    assert "carla@example.org" in {mail["address"] for mail in read(found, "mails.json")}
    assert [mail["subject"] for mail in read(found, "received.json")] == ["By mail"]
    assert {notice["kind"] for notice in read(found, "notices.json")} >= {"replied"}
    assert [draft["texts"] for draft in read(found, "drafts.json")] == [{"title": "Half a thought"}]
    assert {"ticket_opened", "exported"} <= {record["action"] for record in read(found, "audit.json")}


def test_mails_that_go_out_while_the_archive_is_written_bring_none_twice(desk: Desk, carla: Actor) -> None:
    now, dice = desk.clock(), random.Random(7)  # noqa: S311 - not for security
    months, minute = timedelta(days=90), timedelta(minutes=1)

    def put(tx: Transaction, number: int, username: str, at: datetime, error: str = "") -> None:
        mail = Outgoing(id=f"m{number}", username=username, kind="replied", at=at, due_at=at, expires_at=at + months)
        tx.outgoing.save(mail.model_copy(update={"error": error}))

    with desk.store.write() as tx:
        for number in range(450):  # too long to be packed into one piece of the archive, and read in three parts
            put(tx, number, "carla", now - number * minute, dice.randbytes(500).hex())
    pieces = []
    for piece in desk.personal_data.export(carla, "carla"):
        pieces.append(piece)
        with desk.store.write() as tx:
            put(tx, 1_000 + len(pieces), "oskar", now + len(pieces) * minute)

    told = [mail["at"] for mail in read(ZipFile(io.BytesIO(b"".join(pieces))), "mails.json")]
    assert len(pieces) > 3
    assert (len(told), len(set(told))) == (450, 450)


def test_tables_say_the_same_for_spreadsheets(archive: Callable[..., ZipFile], carla: Actor) -> None:
    found = archive(carla)

    assert found.read("messages.csv").decode("utf-8-sig").splitlines()[:2] == [
        "ticket,at,text,files",
        "T-1,2031-05-06T09:30:00+00:00,My line is dead.,screen.png",
    ]
    assert "No dial tone" in found.read("tickets.csv").decode()


def test_p2_nothing_of_notes_of_others_and_of_secrets_is_in_it(
    full_desk: Desk, archive: Callable[..., ZipFile], carla: Actor
) -> None:
    token = full_desk.accounts.sign_in("carla", PASSWORD)
    with full_desk.store.read() as tx:
        user = tx.users.find("carla")
        assert user is not None
        secrets = {token, user.password, *(session.id for session in tx.sessions.of_user("carla"))}

    found = archive(carla)

    everything = b"\n".join([*map(found.read, found.namelist()), *(name.encode() for name in found.namelist())])
    for secret in {*secrets, NOT_FOR_CARLA, "She is at it again"}:
        assert secret.encode() not in everything
    assert b"192.0.2.1" in everything


def test_an_agents_own_notes_and_what_they_did_to_others_stay_here(
    full_desk: Desk, archive: Callable[..., ZipFile], ada: Actor
) -> None:
    full_desk.agents.deactivate(ada, "oskar")

    found = archive(ada, "ada")

    assert [said["text"] for said in read(found, "messages.json")] == ["We have a look."]
    assert read(found, "tickets.json") == []
    everything = b"\n".join(map(found.read, found.namelist()))
    assert b"She is at it again" not in everything
    (record,) = (one for one in read(found, "audit.json") if one["action"] == "deactivated")
    assert "object" not in record


def test_what_others_did_to_an_account_is_told_without_who_it_was(
    full_desk: Desk, archive: Callable[..., ZipFile], root: Actor
) -> None:
    full_desk.agents.end_sessions(root, "carla")

    records = read(archive(root), "audit.json")

    assert [one for one in records if one["action"] == "sessions_ended"] == [
        {"at": "2031-05-06T09:30:00+00:00", "action": "sessions_ended", "by": "somebody else", "object": "carla"}
    ]


@pytest.mark.parametrize(
    ("who", "whose", "refusal"),
    [
        ("carla", "carla", None),
        ("ada", "ada", None),
        ("root", "root", None),
        ("root", "carla", None),
        ("root", "ada", None),
        ("carla", "oskar", PersonNotFoundError),
        ("carla", "nobody", PersonNotFoundError),
        ("ada", "carla", PermissionDeniedError),
        ("ada", "root", PermissionDeniedError),
    ],
)
def test_p2_one_gets_ones_own_data_and_admins_everybodys(
    desk: Desk, arrives: SignIn, who: str, whose: str, refusal: type[Exception] | None
) -> None:
    roles = {"carla": Role.USER, "oskar": Role.USER, "ada": Role.AGENT, "root": Role.ADMIN}
    people = {name: arrives(name, role) for name, role in roles.items()}

    if refusal is None:
        assert b"".join(desk.personal_data.export(people[who], whose))[:2] == b"PK"
    else:
        with pytest.raises(refusal):
            desk.personal_data.export(people[who], whose)
    with desk.store.read() as tx:
        told = [(record.actor, record.object, record.facts) for record in tx.audit.stream() if record.kind == "export"]
    assert told == ([] if refusal else [(who, "person", {"person": whose})])


def test_whoever_signs_out_meanwhile_gets_no_more_of_it(full_desk: Desk, root: Actor) -> None:
    parts = full_desk.personal_data.export(root, "carla")
    full_desk.agents.end_sessions(CONSOLE, "root")

    with pytest.raises(SignedOutError):
        b"".join(parts)
