"""Files on the pages: sent with a message, once; named and linked where it is; nowhere without an address."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.visiting import COMPOSER, Visit
from ticketing import components
from ticketing.desk import Desk
from ticketing.domain.canned_replies import CannedReply
from ticketing.domain.changes import Changes
from ticketing.domain.people import Actor
from ticketing.domain.queries import TicketQuery
from ticketing.domain.statuses import Status
from ticketing.domain.tickets import Ticket

PNG = b"\x89PNG\r\n\x1a\n" + bytes(16)

Behind = Callable[[Visit], Actor]


@pytest.fixture
def _addresses() -> Iterator[None]:
    """Let the desk have addresses of its own, as it has behind its HTTP routes."""
    components.have_address()
    yield
    components._has_address.clear()  # noqa: SLF001 - a process that serves has them for good


@pytest.fixture
def number(desk: Desk, carla: Visit, actor: Behind) -> int:
    return desk.tickets.open(actor(carla), "No dial tone", "The line is dead.").number


def put(desk: Desk, who: Actor, name: str = "screen.png") -> str:
    return desk.attachments.put(who, name, [PNG]).id


def names(ticket: Ticket) -> list[str]:
    return [file.name for message in ticket.messages for file in message.attachments]


def send(visit: Visit, *message: Any) -> Visit:
    """Send a message out of the composer, as the browser puts it together."""
    return visit.report(COMPOSER, "outbox", [[visit.sent(COMPOSER)["answer"]["done"] + 1, *message]])


def test_a_message_is_sent_with_its_files_once(desk: Desk, carla: Visit, number: int, actor: Behind) -> None:
    key = put(desk, actor(carla))
    carla.open("ticket", id=str(number))

    for _ in range(2):
        send(carla, "reply", "See here.", "", "open", [key])

    assert names(desk.tickets.get(actor(carla), number)) == ["screen.png"]
    assert carla.said == ["Your reply is saved."]


def test_a_reply_with_a_macro_has_its_files(desk: Desk, ada: Visit, number: int, actor: Behind) -> None:
    made = desk.definitions.save(
        actor(ada), CannedReply(name="Wait", text="Hello", changes=Changes(status=Status.PENDING))
    )
    ada.open("ticket", id=str(number))

    send(ada, "macro", "Hello", "", "open", made.id, made.version, [put(desk, actor(ada))])

    ticket = desk.tickets.get(actor(ada), number)
    assert (names(ticket), ticket.status) == (["screen.png"], Status.PENDING)


def test_the_same_words_with_another_file_are_another_message(
    desk: Desk, carla: Visit, number: int, actor: Behind
) -> None:
    carla.open("ticket", id=str(number))

    for name in ("1.png", "2.png"):
        send(carla, "reply", "See here.", "", "open", [put(desk, actor(carla), name)])

    assert names(desk.tickets.get(actor(carla), number)) == ["1.png", "2.png"]


def test_a_file_that_is_gone_is_said_and_nothing_is_saved(
    desk: Desk, carla: Visit, oskar: Visit, number: int, actor: Behind
) -> None:
    carla.open("ticket", id=str(number))

    send(carla, "reply", "See here.", "", "open", [put(desk, actor(oskar))])

    assert "not here any more" in carla.refusal(COMPOSER)
    assert len(desk.tickets.get(actor(carla), number).messages) == 1


@pytest.mark.parametrize("files", ["id", None, [1], [None], [["id"]], ["x" * 65], ["id"] * 21, {"id": 1}], ids=str)
def test_what_is_no_list_of_files_is_not_sent(
    desk: Desk, carla: Visit, number: int, actor: Behind, files: object
) -> None:
    send(carla.open("ticket", id=str(number)), "reply", "See here.", "", "open", files)

    assert carla.refusal(COMPOSER) == "This could not be done. Please try again."
    assert len(desk.tickets.get(actor(carla), number).messages) == 1


@pytest.mark.usefixtures("_addresses")
def test_files_are_named_and_linked_where_their_message_is(
    desk: Desk, carla: Visit, ada: Visit, number: int, actor: Behind
) -> None:
    public, secret = put(desk, actor(carla), "<i>Ü.png"), put(desk, actor(ada), "secret.bin")
    desk.tickets.reply(actor(carla), number, "See here.", files=[public])
    desk.tickets.note(actor(ada), number, "Between us.", files=[secret])

    carla.open("ticket", id=str(number))
    ada.open("ticket", id=str(number))

    for html in (carla.html, ada.html):
        assert f'<a href="attachments/{public}" download><img src="attachments/{public}?preview" alt=""' in html
        assert "_i_Ü.png <span>24 bytes</span>" in html
    assert f'<a href="attachments/{secret}" download>secret.bin <span>' in ada.html
    assert "secret" not in carla.html
    assert secret not in carla.html


def test_without_an_address_files_are_only_named(desk: Desk, carla: Visit, number: int, actor: Behind) -> None:
    desk.tickets.reply(actor(carla), number, "See here.", files=[put(desk, actor(carla))])

    carla.open("ticket", id=str(number))

    assert "<li>screen.png <span>24 bytes</span></li>" in carla.html
    assert "attachments/" not in carla.html
    assert carla.sent(COMPOSER)["files"] is None


@pytest.mark.usefixtures("_addresses")
def test_the_composer_knows_what_may_be_attached(carla: Visit, number: int) -> None:
    sent = carla.open("ticket", id=str(number)).sent(COMPOSER)["files"]

    assert (sent["largest"], sent["most"]) == (10 << 20, 10)
    assert sent["words"]["tooLarge"] == "The file “{name}” is too large. It may have at most 10 MB."


@pytest.mark.usefixtures("_addresses")
def test_a_new_ticket_is_opened_with_its_files(desk: Desk, carla: Visit, actor: Behind) -> None:
    key = put(desk, actor(carla))

    carla.open("new_ticket").fill(title="No dial tone", description="See here.").press_with_files("submit", key)

    assert names(desk.tickets.get(actor(carla), 1)) == ["screen.png"]


@pytest.mark.usefixtures("_addresses")
def test_a_new_ticket_waits_for_its_files(desk: Desk, carla: Visit, actor: Behind) -> None:
    key = put(desk, actor(carla))
    carla.open("new_ticket").fill(title="No dial tone", description="See here.")

    carla.press_with_files("submit", key, is_waiting=True)

    assert carla.refused == ["A file is still on its way. Please send the form again in a moment."]
    assert desk.tickets.search(actor(carla), TicketQuery()).total == 0
    carla.press_with_files("submit", key)
    assert names(desk.tickets.get(actor(carla), 1)) == ["screen.png"]


@pytest.mark.usefixtures("_addresses")
@pytest.mark.parametrize("forged", [{"name": "carla [99]"}, {"files": ["id"] * 21}, {"files": [7]}], ids=str)
def test_what_was_chosen_for_another_ticket_is_not_attached(
    desk: Desk, carla: Visit, actor: Behind, forged: dict[str, Any]
) -> None:
    files = forged.get("files", [put(desk, actor(carla))])
    carla.open("new_ticket").fill(title="No dial tone", description="See here.")

    carla.press_with_files("submit", *files, name=forged.get("name", ""))

    assert names(desk.tickets.get(actor(carla), 1)) == []
