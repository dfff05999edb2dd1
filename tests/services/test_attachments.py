"""Files: sent first, attached once by whoever sent them, and handed out only with the message that has them."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import NamedTuple

import pytest

from tests.clamd import EICAR
from tests.services.conftest import Clock
from ticketing.domain.attachments import BYTES_PER_DAY, MEGABYTE, Upload
from ticketing.domain.conditions import Having
from ticketing.domain.errors import (
    AttachmentNotFoundError,
    DayFullError,
    EmptyFileError,
    FileTooLargeError,
    SignedOutError,
    TicketClosedError,
    TooManyFilesError,
    UploadGoneError,
)
from ticketing.domain.people import Actor
from ticketing.domain.queries import TicketQuery
from ticketing.domain.statuses import Status
from ticketing.domain.tickets import Ticket, TicketEdit
from ticketing.services.access import Gate
from ticketing.services.attachments import UPLOADS_PER_DAY, Attachments
from ticketing.services.chores import Chores
from ticketing.services.relations import Relations
from ticketing.services.tickets import Tickets
from ticketing.storage.memory import MemoryStore

PNG = b"\x89PNG\r\n\x1a\n" + bytes(16)

PDF_AND_HTML = b"%PDF-1.4\n<html><script>alert(1)</script></html>"
DAY = timedelta(days=1)

Everything = Callable[[], dict[str, object]]
ON_EVERY_STORE = True


class Here(NamedTuple):
    """The services over the store of a test."""

    attachments: Attachments
    tickets: Tickets
    relations: Relations
    chores: Chores


@pytest.fixture
def here(store: MemoryStore, clock: Clock, gate: Gate) -> Here:
    chores = Chores(store, clock, gate)
    tickets = Tickets(store, clock, gate, chores)
    return Here(Attachments(store, clock, gate), tickets, Relations(store, clock, gate), chores)


@pytest.fixture
def ticket(here: Here, carla: Actor) -> Ticket:
    return here.tickets.open(carla, "No dial tone", "The line is dead.")


def read(here: Here, actor: Actor, key: str) -> bytes:
    return b"".join(here.attachments.open(actor, key).read())


def age(store: MemoryStore, clock: Clock, key: str) -> None:
    """Let the day be over in which something was sent."""
    with store.write() as tx:
        upload = tx.uploads.find(key)
        assert upload is not None
        upload.expires_at = clock.now
        tx.uploads.save(upload)


def names(ticket: Ticket) -> list[list[str]]:
    return [[file.name for file in message.attachments] for message in ticket.messages]


def test_a_file_is_attached_to_what_one_writes(here: Here, carla: Actor, ada: Actor) -> None:
    def sent(actor: Actor, name: str) -> list[str]:
        return [here.attachments.put(actor, name, [PNG]).id]

    opened = here.tickets.open(carla, "No dial tone", "See here.", files=sent(carla, "1.png"))
    here.tickets.reply(carla, 1, "And here.", files=sent(carla, "2.png"))
    here.tickets.note(ada, 1, "Between us.", files=sent(ada, "3.png"))
    here.tickets.close(ada, 1, "Done.", files=sent(ada, "4.png"))
    follow_up = here.tickets.open(carla, "Again", "Still dead.", follows=1, files=sent(carla, "5.png"))

    assert names(here.tickets.get(ada, opened.number)) == [["1.png"], ["2.png"], ["3.png"], ["4.png"]]
    assert names(follow_up) == [["5.png"]]


def test_z6_what_is_attached_is_read_by_everybody_who_may_read_the_message(
    here: Here, ticket: Ticket, carla: Actor, ada: Actor
) -> None:
    upload = here.attachments.put(carla, "../../screen.png", [PNG[:3], PNG[3:]])
    here.tickets.reply(carla, ticket.number, "See here.", files=[upload.id])

    found = [here.attachments.open(actor, upload.id) for actor in (carla, ada)]

    assert [each.attachment.name for each in found] == ["screen.png", "screen.png"]
    assert {each.attachment.media_type for each in found} == {"image/png"}
    assert [b"".join(each.read()) for each in found] == [PNG, PNG]
    assert b"".join(found[0].read(1, 4)) == b"PNG"


@pytest.mark.parametrize("key", ["theirs", "of a note", "nobody's", "not attached yet", ""])
def test_z6_what_is_not_for_somebody_is_not_there(
    here: Here, ticket: Ticket, carla: Actor, oskar: Actor, ada: Actor, key: str
) -> None:
    theirs = here.attachments.put(carla, "screen.png", [PNG])
    of_note = here.attachments.put(ada, "secret.png", [PNG])
    waiting = here.attachments.put(oskar, "waiting.png", [PNG])
    here.tickets.reply(carla, ticket.number, "See here.", files=[theirs.id])
    here.tickets.note(ada, ticket.number, "Between us.", files=[of_note.id])
    known = {"theirs": theirs.id, "of a note": of_note.id, "not attached yet": waiting.id}

    with pytest.raises(AttachmentNotFoundError, match=r"^There is no such attachment\.$"):
        here.attachments.open(oskar, known.get(key, key))

    assert read(here, ada, of_note.id) == PNG


def test_z5_the_requester_learns_nothing_of_a_file_of_a_note(
    here: Here, ticket: Ticket, carla: Actor, ada: Actor
) -> None:
    upload = here.attachments.put(ada, "secret plan.png", [b"marker of the content"])
    noted = here.tickets.note(ada, ticket.number, "Between us.", files=[upload.id])
    (attachment,) = noted.messages[-1].attachments

    seen = here.tickets.get(carla, ticket.number)
    found = [
        here.tickets.search(carla, query).total
        for query in (
            TicketQuery(needles=("secret",)),
            TicketQuery(needles=(attachment.id.casefold(),)),
            TicketQuery(conditions=(Having("attachment"),)),
            TicketQuery(conditions=(Having("attachment", frozenset({attachment.id})),)),
            TicketQuery(conditions=(Having("content", frozenset({attachment.sha256})),)),
        )
    ]

    for mark in ("secret", attachment.id, attachment.sha256):
        assert mark not in seen.model_dump_json()
    assert found == [0, 0, 0, 0, 0]
    with pytest.raises(AttachmentNotFoundError):
        here.attachments.open(carla, upload.id)
    assert here.tickets.search(ada, TicketQuery(needles=("secret",))).total == 1


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("virus.com", EICAR, "application/octet-stream"),
        ("virus.txt", EICAR, "text/plain"),
        ("page.png", b"<html>", "application/octet-stream"),
        ("both.pdf", PDF_AND_HTML, "application/pdf"),
        ("both.html", PDF_AND_HTML, "application/octet-stream"),
        ("bomb.zip", b"PK\x03\x04" + bytes(100), "application/octet-stream"),
    ],
    ids=str,
)
def test_u2_nothing_in_a_file_is_believed_and_nothing_unpacked(
    here: Here, ticket: Ticket, carla: Actor, name: str, content: bytes, kind: str
) -> None:
    upload = here.attachments.put(carla, name, [content])
    here.tickets.reply(carla, ticket.number, "See here.", files=[upload.id])

    found = here.attachments.open(carla, upload.id)

    assert (found.attachment.name, found.attachment.media_type, found.attachment.is_image) == (name, kind, False)
    assert read(here, carla, upload.id) == content


def test_a_file_is_attached_once(here: Here, ticket: Ticket, carla: Actor) -> None:
    upload = here.attachments.put(carla, "screen.png", [PNG])
    here.tickets.reply(carla, ticket.number, "See here.", files=[upload.id], key="k")

    again = here.tickets.reply(carla, ticket.number, "See here.", files=[upload.id], key="k")
    with pytest.raises(UploadGoneError):
        here.tickets.reply(carla, ticket.number, "See there.", files=[upload.id], key="another")
    with pytest.raises(UploadGoneError):
        here.tickets.open(carla, "Twice", "See here.", files=[*[here.attachments.put(carla, "a", [PNG]).id] * 2])

    assert names(again) == names(here.tickets.get(carla, ticket.number)) == [[], ["screen.png"]]


@pytest.mark.parametrize("whose", ["somebody else's", "nobody's", "a day old", "lost"])
def test_only_what_one_has_just_sent_can_be_attached(
    here: Here,
    ticket: Ticket,
    store: MemoryStore,
    clock: Clock,
    carla: Actor,
    oskar: Actor,
    everything: Everything,
    whose: str,
) -> None:
    upload = here.attachments.put(oskar if whose == "somebody else's" else carla, "screen.png", [PNG])
    if whose == "a day old":
        age(store, clock, upload.id)
    if whose == "lost":
        with store.write() as tx:
            tx.files.remove(upload.sha256)
    before = everything()

    with pytest.raises(UploadGoneError, match="not here any more"):
        here.tickets.reply(carla, ticket.number, "See here.", files=["unknown" if whose == "nobody's" else upload.id])

    assert everything() == before


def test_a_refused_message_leaves_its_files_to_be_attached(
    here: Here, ticket: Ticket, carla: Actor, ada: Actor
) -> None:
    upload = here.attachments.put(carla, "screen.png", [PNG])
    here.tickets.close(ada, ticket.number)

    with pytest.raises(TicketClosedError):
        here.tickets.reply(carla, ticket.number, "See here.", files=[upload.id])
    with pytest.raises(TooManyFilesError):
        here.tickets.open(
            carla, "Many", "Files.", files=[here.attachments.put(carla, f"{n}", [PNG]).id for n in range(11)]
        )
    here.tickets.edit(ada, ticket.number, TicketEdit(status=Status.OPEN))
    here.tickets.reply(carla, ticket.number, "See here.", files=[upload.id])

    assert names(here.tickets.get(carla, ticket.number)) == [[], ["screen.png"]]


def test_a_file_has_a_limit(store: MemoryStore, clock: Clock, gate: Gate, carla: Actor, everything: Everything) -> None:
    small = Attachments(store, clock, gate, largest=MEGABYTE)
    read_so_far: list[int] = []

    def endless() -> Iterator[bytes]:
        while True:
            read_so_far.append(1)
            yield bytes(MEGABYTE // 4)

    small.put(carla, "just fits", [bytes(MEGABYTE)])
    before = everything()

    with pytest.raises(FileTooLargeError, match=r"The file “video\.mov” is too large\. It may have at most 1 MB\."):
        small.put(carla, "video.mov", endless())
    with pytest.raises(FileTooLargeError):
        small.expect(carla, "video.mov", MEGABYTE + 1)
    with pytest.raises(EmptyFileError, match=r"“nothing\.txt” is empty"):
        small.put(carla, "nothing.txt", [b"", b""])
    small.expect(carla, "video.mov", MEGABYTE)

    assert len(read_so_far) == 5
    assert everything() == before


def test_u6_a_person_sends_so_much_in_a_day(
    here: Here,
    store: MemoryStore,
    clock: Clock,
    carla: Actor,
    oskar: Actor,
) -> None:
    sent = Upload(
        id="before",
        name="a",
        size=BYTES_PER_DAY - len(PNG),
        sha256="0",
        media_type="x/y",
        username="carla",
        expires_at=clock.now + DAY,
        taken=True,
    )
    with store.write() as tx:
        tx.uploads.save(sent)

    here.attachments.put(carla, "just fits", [PNG])
    with pytest.raises(DayFullError, match="files of 250 MB"):
        here.attachments.put(carla, "too much", [b"x"])
    with pytest.raises(DayFullError):
        here.attachments.expect(carla, "too much", 1)
    here.attachments.put(oskar, "another's", [PNG])
    age(store, clock, "before")

    assert here.attachments.put(carla, "a day later", [PNG]).name == "a day later"


def test_what_is_too_much_for_the_day_is_refused_before_it_is_kept(
    here: Here, carla: Actor, store: MemoryStore, clock: Clock
) -> None:
    room = MEGABYTE
    sent = Upload(
        id="before",
        name="a",
        size=BYTES_PER_DAY - room,
        sha256="0",
        media_type="x/y",
        username="carla",
        expires_at=clock.now + DAY,
        taken=True,
    )
    with store.write() as tx:
        tx.uploads.save(sent)

    with pytest.raises(DayFullError):
        here.attachments.put(carla, "too much", [b"x" * room, b"x"])

    assert store.files.used() == 0


def test_a_person_sends_so_many_in_a_day(here: Here, carla: Actor) -> None:
    for _ in range(UPLOADS_PER_DAY):
        here.attachments.put(carla, "a", [b"x"])

    with pytest.raises(DayFullError):
        here.attachments.put(carla, "one more", [b"x"])


def test_who_is_signed_out_sends_and_reads_nothing(
    here: Here, ticket: Ticket, store: MemoryStore, carla: Actor
) -> None:
    upload = here.attachments.put(carla, "screen.png", [PNG])
    here.tickets.reply(carla, ticket.number, "See here.", files=[upload.id])
    with store.write() as tx:
        tx.sessions.remove(carla.session or "")

    with pytest.raises(SignedOutError):
        here.attachments.put(carla, "screen.png", [b"another"])
    with pytest.raises(SignedOutError):
        here.attachments.open(carla, upload.id)


def test_u6_what_nobody_attached_is_removed_after_a_day(
    here: Here, store: MemoryStore, clock: Clock, carla: Actor
) -> None:
    attached = here.attachments.put(carla, "attached.png", [PNG])
    same = here.attachments.put(carla, "the same again.png", [PNG])
    left = [here.attachments.put(carla, f"{number}.txt", [b"%d" % number]) for number in range(60)]
    here.tickets.open(carla, "No dial tone", "See here.", files=[attached.id])

    clock.advance(DAY)
    while here.chores.do_some().has_more:
        pass
    assert all(store.files.holds(upload.sha256) for upload in (attached, same, *left))

    clock.advance(timedelta(hours=7))
    while here.chores.do_some().has_more:
        pass

    assert [store.files.holds(upload.sha256) for upload in (attached, same)] == [True, True]
    assert not any(store.files.holds(upload.sha256) for upload in left)
    assert not here.chores.do_some().has_more


def test_a_desk_without_files_has_nothing_to_tidy(here: Here, everything: Everything) -> None:
    before = everything()

    assert not here.chores.do_some().has_more

    assert everything() == before


def test_a_file_is_read_after_a_merge_and_after_it_was_taken_back(
    here: Here,
    ticket: Ticket,
    carla: Actor,
    oskar: Actor,
    ada: Actor,
) -> None:
    upload = here.attachments.put(oskar, "screen.png", [PNG])
    secret = here.attachments.put(ada, "secret.png", [b"x"])
    other = here.tickets.open(oskar, "The same", "See here.", files=[upload.id])
    here.tickets.note(ada, other.number, "Between us.", files=[secret.id])

    here.relations.merge(ada, other.number, into=ticket.number)
    assert [read(here, actor, upload.id) for actor in (carla, oskar, ada)] == [PNG] * 3
    with pytest.raises(AttachmentNotFoundError):
        here.attachments.open(carla, secret.id)

    here.relations.unmerge(ada, other.number)
    with pytest.raises(AttachmentNotFoundError):
        here.attachments.open(carla, upload.id)
    assert [read(here, actor, upload.id) for actor in (oskar, ada)] == [PNG] * 2
