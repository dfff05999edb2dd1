"""All files together have a limit, so that what people send never fills the disk."""

from contextlib import closing
from datetime import timedelta
from email.message import EmailMessage
from itertools import repeat
from pathlib import Path

import pytest

from tests.services.conftest import Clock
from ticketing.desk import open_desk
from ticketing.domain.attachments import GIGABYTE, MEGABYTE
from ticketing.domain.errors import FilesFullError
from ticketing.domain.findings import Level
from ticketing.domain.people import Actor
from ticketing.services.access import Gate
from ticketing.services.attachments import Attachments
from ticketing.services.room import MEASURED_EVERY, Room
from ticketing.settings import Settings
from ticketing.storage.memory import MemoryStore

KILOBYTE = b"x" * 1024
ON_EVERY_STORE = True


@pytest.fixture
def room(store: MemoryStore, clock: Clock) -> Room:
    return Room(store, clock, MEGABYTE)


@pytest.fixture
def attachments(store: MemoryStore, clock: Clock, gate: Gate, room: Room) -> Attachments:
    return Attachments(store, clock, gate, scan=room.over)


def test_u6_what_all_files_have_together_has_a_limit(
    attachments: Attachments, store: MemoryStore, carla: Actor
) -> None:
    attachments.put(carla, "most.bin", repeat(KILOBYTE, 1000))
    with pytest.raises(FilesFullError, match=r"“more\.bin” was not taken: the desk has no room for more files"):
        attachments.put(carla, "more.bin", repeat(KILOBYTE, 25))
    attachments.put(carla, "rest.bin", repeat(b"y" * 1024, 24))

    with pytest.raises(FilesFullError):
        attachments.put(carla, "one byte.bin", [b"x"])
    assert store.files.used() == MEGABYTE


def test_what_others_have_sent_and_what_is_gone_counts_after_a_while(
    attachments: Attachments, store: MemoryStore, clock: Clock, carla: Actor
) -> None:
    attachments.put(carla, "small.bin", [b"x"])
    kept = store.files.put(repeat(KILOBYTE, 1024), clock.now)  # by another process
    attachments.put(carla, "meanwhile.bin", [b"y"])

    clock.now += MEASURED_EVERY
    with pytest.raises(FilesFullError):
        attachments.put(carla, "later.bin", [b"z"])
    with store.write() as tx:
        tx.files.remove(kept.sha256)
    clock.now += MEASURED_EVERY - timedelta(seconds=1)
    with pytest.raises(FilesFullError):
        attachments.put(carla, "too soon.bin", [b"z"])
    clock.now += timedelta(seconds=1)
    attachments.put(carla, "later.bin", [b"z"])


def test_the_doctor_tells_how_much_is_taken_and_warns_in_time(store: MemoryStore, clock: Clock, room: Room) -> None:
    assert room.look().level is Level.OK
    store.files.put(repeat(KILOBYTE, 930), clock.now)

    warning = room.look()

    assert warning.level is Level.WARNING
    assert warning.says == "Files take 930 KB of 1.0 MB."
    assert "TICKETING_MAX_FILES_GB" in warning.fix


def test_mail_comes_in_without_the_files_for_which_there_is_no_room(tmp_path: Path) -> None:
    large = tmp_path / "attachments" / "ab" / ("ab" * 32)
    large.parent.mkdir(parents=True)
    with large.open("wb") as file:
        file.truncate(GIGABYTE)  # takes no room on this disk
    message = EmailMessage()
    message["From"], message["Subject"] = "Oskar <oskar@example.org>", "Your invoice"
    message.set_content("Please find it attached.")
    message.add_attachment(b"%PDF-1.4", maintype="application", subtype="pdf", filename="invoice.pdf")
    settings = Settings(data_dir=tmp_path, max_files_gb=1, mail_unknown_senders="open")

    with closing(open_desk(settings, password_rounds=4)) as desk:
        taken = desk.receiving.take(message.as_bytes())

        assert taken.ticket is not None
        opening = desk.tickets.get(Actor.console(), taken.ticket).messages[0]
        assert not opening.attachments
        assert "“invoice.pdf” was not taken: the desk has no room for more files" in opening.text
