"""What somebody has typed and not sent is kept for them, and for nobody else."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from tests.services.conftest import Clock
from ticketing.desk import Desk
from ticketing.domain.drafts import DRAFT_LIFETIME, DRAFTS_PER_PERSON, Draft
from ticketing.domain.errors import (
    ForbiddenCharacterError,
    SignedOutError,
    TicketingError,
    TicketNotFoundError,
    TooLongError,
    UnknownChoiceError,
)
from ticketing.domain.people import Actor
from ticketing.settings import Settings
from ticketing.storage.memory import MemoryStore

DAY = timedelta(days=1)
Everything = Callable[[], dict[str, object]]


ON_EVERY_STORE = True


@pytest.fixture
def desk(store: MemoryStore, clock: Clock) -> Desk:
    return Desk(Settings(storage_url="memory:"), store, clock, password_rounds=4)


@pytest.fixture
def number(desk: Desk, carla: Actor) -> int:
    """Return the number of Carla's ticket."""
    return desk.tickets.open(carla, "No dial tone", "The line is dead.").number


def texts(draft: Draft | None) -> dict[str, str]:
    return draft.texts if draft else {}


def test_a_reply_and_a_note_are_kept_apart_and_as_they_were_typed(desk: Desk, ada: Actor, number: int) -> None:
    desk.drafts.keep(ada, number, "reply", "Dear Carla,\n\n")
    desk.drafts.keep(ada, number, "note", "  she is annoyed")
    desk.drafts.keep(ada, number, "reply", "Dear Carla,\n\nplease")

    assert texts(desk.drafts.own(ada, number)) == {"reply": "Dear Carla,\n\nplease", "note": "  she is annoyed"}


def test_nobody_else_sees_a_draft(desk: Desk, carla: Actor, oskar: Actor, ada: Actor, root: Actor, number: int) -> None:
    desk.drafts.keep(ada, number, "reply", "zebra-marker")
    desk.drafts.keep(carla, 0, "title", "zebra-marker")

    assert desk.drafts.own(carla, number) is None
    assert desk.drafts.own(root, number) is None
    assert desk.drafts.own(root) is None
    with pytest.raises(TicketNotFoundError):
        desk.drafts.own(oskar, number)


@pytest.mark.parametrize(
    ("person", "at_ticket", "field", "refusal"),
    [
        ("carla", True, "note", UnknownChoiceError),
        ("carla", True, "secret", UnknownChoiceError),
        ("carla", False, "reply", UnknownChoiceError),
        ("oskar", True, "reply", TicketNotFoundError),
        ("ada", False, "note", UnknownChoiceError),
    ],
)
def test_a_draft_is_kept_only_of_what_its_author_could_send(
    desk: Desk,
    request: pytest.FixtureRequest,
    number: int,
    everything: Everything,
    person: str,
    field: str,
    refusal: type[TicketingError],
    *,
    at_ticket: bool,
) -> None:
    actor = request.getfixturevalue(person)
    before = everything()

    with pytest.raises(refusal):
        desk.drafts.keep(actor, number if at_ticket else 0, field, "Text")

    assert everything() == before


def test_somebody_who_is_an_agent_no_more_does_not_get_the_draft_of_a_note(
    desk: Desk, store: MemoryStore, carla: Actor, number: int
) -> None:
    with store.write() as tx:
        draft = Draft.empty("carla", number, desk.clock())
        draft.put("note", "zebra-marker", desk.clock())
        tx.drafts.save(draft)

    assert desk.drafts.own(carla, number) is None


def test_whoever_is_signed_out_keeps_nothing_and_gets_nothing(
    desk: Desk, store: MemoryStore, ada: Actor, number: int
) -> None:
    desk.drafts.keep(ada, number, "reply", "Text")
    with store.write() as tx:
        tx.sessions.remove(ada.session or "")

    with pytest.raises(SignedOutError):
        desk.drafts.own(ada, number)
    with pytest.raises(SignedOutError):
        desk.drafts.keep(ada, number, "reply", "More")


@pytest.mark.parametrize("text", ["", " \n", "\u200b"])
def test_an_empty_text_is_no_draft(desk: Desk, ada: Actor, number: int, everything: Everything, text: str) -> None:
    desk.drafts.keep(ada, number, "reply", "Text")

    desk.drafts.keep(ada, number, "reply", text)

    assert desk.drafts.own(ada, number) is None
    assert not everything().get("drafts")


@pytest.mark.parametrize(
    ("text", "refusal"),
    [("x" * 20_001, TooLongError), ("a\x00b", ForbiddenCharacterError), ("\ud800", ForbiddenCharacterError)],
    ids=["long", "nul", "surrogate"],
)
def test_what_could_not_be_sent_is_not_kept(
    desk: Desk, ada: Actor, number: int, everything: Everything, text: str, refusal: type[TicketingError]
) -> None:
    before = everything()

    with pytest.raises(refusal):
        desk.drafts.keep(ada, number, "reply", text)

    assert everything() == before


def test_the_same_text_once_more_writes_nothing(desk: Desk, clock: Clock, ada: Actor, number: int) -> None:
    desk.drafts.keep(ada, number, "reply", "Text")
    before = desk.drafts.own(ada, number)
    clock.advance(timedelta(minutes=1))

    desk.drafts.keep(ada, number, "reply", "Text")

    assert desk.drafts.own(ada, number) == before


def test_what_is_sent_by_closing_is_a_draft_no_more(desk: Desk, ada: Actor, number: int) -> None:
    desk.drafts.keep(ada, number, "reply", "It works again.")

    desk.tickets.close(ada, number, "It works again.")

    assert texts(desk.drafts.own(ada, number)) == {}


def test_what_is_sent_is_a_draft_no_more_and_the_rest_stays(desk: Desk, ada: Actor, carla: Actor, number: int) -> None:
    for field in ("reply", "note"):
        desk.drafts.keep(ada, number, field, field)
    for field in ("title", "description"):
        desk.drafts.keep(carla, 0, field, field)
    desk.drafts.keep(carla, number, "reply", "And?")

    desk.tickets.reply(ada, number, "reply")
    desk.tickets.open(carla, "title", "description")

    assert texts(desk.drafts.own(ada, number)) == {"note": "note"}
    assert desk.drafts.own(carla) is None
    assert texts(desk.drafts.own(carla, number)) == {"reply": "And?"}
    desk.tickets.note(ada, number, "note")
    assert desk.drafts.own(ada, number) is None


def test_a_follow_up_has_a_draft_of_its_own(desk: Desk, carla: Actor, number: int) -> None:
    desk.tickets.close(carla, number)
    desk.drafts.keep(carla, 0, "title", "Another matter")
    desk.drafts.keep(carla, number, "title", "Dead again")

    desk.tickets.open(carla, "Dead again", "Since noon.", follows=number)

    assert texts(desk.drafts.own(carla)) == {"title": "Another matter"}
    assert desk.drafts.own(carla, number) is None


def test_a_draft_is_gone_after_a_month(desk: Desk, store: MemoryStore, clock: Clock, ada: Actor, number: int) -> None:
    desk.drafts.keep(ada, number, "reply", "Text")
    with store.write() as tx:
        session = tx.sessions.find(ada.session or "")
        assert session is not None
        session.last_seen_at = session.expires_at = clock.now + 60 * DAY
        tx.sessions.save(session)

    clock.advance(DRAFT_LIFETIME - DAY)
    assert texts(desk.drafts.own(ada, number)) == {"reply": "Text"}
    clock.advance(2 * DAY)
    assert desk.drafts.own(ada, number) is None


def test_a_person_has_a_hundred_drafts_at_most_and_the_oldest_goes(
    desk: Desk, store: MemoryStore, clock: Clock, ada: Actor
) -> None:
    numbers = [desk.tickets.open(ada, f"Number {place}", "Text").number for place in range(DRAFTS_PER_PERSON + 1)]
    for number in numbers:
        clock.advance(timedelta(seconds=1))
        desk.drafts.keep(ada, number, "reply", f"At {number}")

    with store.read() as tx:
        assert len(tx.drafts.of_user("ada")) == DRAFTS_PER_PERSON
    assert desk.drafts.own(ada, numbers[0]) is None
    assert texts(desk.drafts.own(ada, numbers[-1])) == {"reply": f"At {numbers[-1]}"}


def test_no_draft_is_in_an_export(desk: Desk, ada: Actor, number: int) -> None:
    desk.drafts.keep(ada, number, "reply", "zebra-marker")

    assert "zebra-marker" not in "".join(desk.exports.json_lines(Actor.console()))
