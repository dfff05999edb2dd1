"""Contents that nobody names go from where they are kept elsewhere, and never one that somebody is about to name."""

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest

from tests.services.conftest import Clock
from tests.storage.conftest import emptied
from ticketing.desk import Desk
from ticketing.domain.attachments import Attachment
from ticketing.domain.errors import FilesUnreachableError, StorageBusyError, UploadGoneError
from ticketing.domain.people import Actor
from ticketing.domain.received import Fate
from ticketing.services.cleaning import KEPT_UNNAMED, LOOK_EVERY, RETRY, Cleaning, require_staying
from ticketing.settings import Settings
from ticketing.storage.files import FolderFiles
from ticketing.storage.opening import open_store
from ticketing.storage.whole import WholeStore

PASSWORD = "three wet umbrellas"
DAY = timedelta(days=1)
SOON = timedelta(minutes=3)
LONG_AFTER = KEPT_UNNAMED + LOOK_EVERY


class Busy(FolderFiles):
    """Files during whose removal something else happens; what that is a test says."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.before_removal: Callable[[], object] = lambda: None
        self.after_first_look: Callable[[], object] = lambda: None
        self.before_second_look: Callable[[], object] = lambda: None
        self._looks = 0

    def is_older(self, sha256: str, moment: datetime) -> bool:
        """Look at the age, after which something may happen the first time, and before it the second."""
        self._looks += 1
        if self._looks == 2:
            self.before_second_look()
        found = super().is_older(sha256, moment)
        if self._looks == 1:
            self.after_first_look()
        return found

    def remove(self, sha256: str) -> None:
        """Remove it, before which something may happen."""
        self.before_removal()
        super().remove(sha256)


@pytest.fixture
def files(tmp_path: Path) -> Busy:
    return Busy(tmp_path / "elsewhere")


@pytest.fixture(params=["memory", "json", "sqlite", "postgres"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "postgres":
        return emptied()
    return {"memory": "memory:", "json": f"json:{tmp_path / 'data'}", "sqlite": f"sqlite:///{tmp_path / 'd.sqlite'}"}[
        request.param
    ]


@pytest.fixture
def store(address: str, files: Busy) -> Iterator[WholeStore]:
    with closing(open_store(address, files=files)) as opened:
        yield opened


@pytest.fixture
def desk(store: WholeStore, files: Busy, clock: Clock) -> Desk:
    settings = Settings(storage_url="memory:", mail_unknown_senders="open")
    desk = Desk(settings, store, clock, password_rounds=4, far=files)
    desk.accounts.register("carla", "Carla Ruiz", PASSWORD, PASSWORD)
    return desk


def sign_in(desk: Desk) -> Actor:
    return desk.sessions.actor(desk.accounts.sign_in("carla", PASSWORD))


def test_what_nobody_has_named_for_a_day_goes_and_all_else_stays(desk: Desk, files: Busy, clock: Clock) -> None:
    carla = sign_in(desk)
    attached, left = (desk.attachments.put(carla, name, [name.encode()]) for name in ("attached.txt", "left.txt"))
    mail = desk.receiving.take(letter().as_bytes())
    desk.tickets.open(carla, "No dial tone", "See here.", files=[attached.id])

    clock.advance(DAY)
    desk.catch_up()
    assert files.holds(left.sha256)

    clock.advance(LOOK_EVERY)
    desk.catch_up()
    assert sorted(files.hashes()) == sorted([attached.sha256, mail.raw_sha256])


def test_of_several_processes_one_looks_every_six_hours(store: WholeStore, files: Busy, clock: Clock) -> None:
    one, other = (Cleaning(store, files, clock) for _ in range(2))
    one.look()
    kept = files.put([b"left"], clock() - LONG_AFTER)

    clock.advance(LOOK_EVERY - SOON)
    other.look()
    assert files.holds(kept.sha256)

    clock.advance(SOON)
    other.look()
    assert not files.holds(kept.sha256)


def test_a_look_that_fails_is_told_keeps_nothing_else_from_its_turn_and_is_due_again_in_an_hour(
    desk: Desk, files: Busy, clock: Clock
) -> None:
    kept = files.put([b"left"], clock() - LONG_AFTER)

    def fail() -> None:
        raise FilesUnreachableError("does not answer")

    files.before_removal = fail
    assert desk.catch_up() == [Cleaning.name]
    assert desk.catch_up() == []

    files.before_removal = lambda: None
    clock.advance(RETRY)
    assert desk.catch_up() == []
    assert not files.holds(kept.sha256)


def test_what_comes_again_while_it_is_going_stays(desk: Desk, files: Busy, clock: Clock) -> None:
    carla = sign_in(desk)
    desk.attachments.put(carla, "same.txt", [b"same"])
    files.before_second_look = lambda: files.put([b"same"], clock())
    clock.advance(LONG_AFTER)
    desk.catch_up()

    assert len(list(files.hashes())) == 1


def letter(text: str = "Please help.") -> EmailMessage:
    message = EmailMessage()
    message["From"] = "Oskar <oskar@example.org>"
    message["Subject"] = "Printer"
    message["Message-ID"] = "<one@example.org>"
    message.set_content(text)
    return message


def test_what_is_named_after_it_was_found_unnamed_stays(
    desk: Desk, store: WholeStore, files: Busy, clock: Clock
) -> None:
    carla = sign_in(desk)
    number = desk.tickets.open(carla, "No dial tone", "See here.").number
    kept = files.put([b"left"], clock() - LONG_AFTER)

    def name() -> None:
        file = Attachment(id="a", name="left.txt", size=kept.size, sha256=kept.sha256, media_type="text/plain")
        with store.write() as tx:
            ticket = tx.tickets.find(number)
            assert ticket is not None
            ticket.attach([file])
            tx.tickets.save(ticket)

    files.after_first_look = name
    desk.catch_up()

    assert files.holds(kept.sha256)


def test_what_went_while_it_came_is_refused_and_taken_a_little_later(desk: Desk, files: Busy, clock: Clock) -> None:
    desk.attachments.put(sign_in(desk), "same.txt", [b"same"])
    refused = []

    def send_again() -> None:
        carla = sign_in(desk)
        with pytest.raises(StorageBusyError) as refusal:
            desk.attachments.put(carla, "same.txt", [b"same"])
        refused.append(refusal)

    files.before_removal = send_again
    clock.advance(LONG_AFTER)
    desk.catch_up()
    assert len(refused) == 1

    files.before_removal = lambda: None
    clock.advance(SOON)
    carla = sign_in(desk)
    again = desk.attachments.put(carla, "same.txt", [b"same"])
    ticket = desk.tickets.open(carla, "No dial tone", "See here.", files=[again.id])
    key = ticket.messages[0].attachments[0].id
    assert b"".join(desk.attachments.open(carla, key).read()) == b"same"


def test_mail_whose_original_is_going_waits(desk: Desk, files: Busy, clock: Clock) -> None:
    raw = letter().as_bytes()
    files.put([raw], clock())
    refused = []

    def arrive() -> None:
        with pytest.raises(StorageBusyError) as refusal:
            desk.receiving.take(raw)
        refused.append(refusal)

    files.before_removal = arrive
    clock.advance(LONG_AFTER)
    desk.catch_up()
    assert len(refused) == 1

    clock.advance(SOON)
    taken = desk.receiving.take(raw)
    assert taken.fate is Fate.TICKET
    assert files.holds(taken.raw_sha256)


def test_what_went_from_beside_the_store_while_it_came_again_is_refused(address: str, clock: Clock) -> None:
    with closing(open_store(address)) as store:
        kept = store.files.put([b"again"], clock())
        with store.write() as tx:
            require_staying(tx, [kept.sha256], clock())
            tx.files.remove(kept.sha256)

        with store.write() as tx, pytest.raises(StorageBusyError):
            require_staying(tx, [kept.sha256], clock())


@pytest.mark.parametrize("address", ["json", "sqlite", "postgres"], indirect=True)
def test_what_was_sent_before_files_moved_has_to_be_chosen_again(
    address: str, files: Busy, clock: Clock, desk: Desk
) -> None:
    with closing(open_store(address)) as beside:
        before = Desk(Settings(storage_url="memory:"), beside, clock, password_rounds=4)
        sent = before.attachments.put(sign_in(before), "screen.png", [b"picture"])
    assert not files.holds(sent.sha256)

    with pytest.raises(UploadGoneError):
        desk.tickets.open(sign_in(desk), "No dial tone", "See here.", files=[sent.id])
