"""The inbox on the screen: what was told, how much of it is unread, and how it comes to be read."""

from collections.abc import Callable

import pytest

from tests.visiting import Visit
from ticketing.desk import Desk
from ticketing.domain.notifications import Mailed, NoticeKind
from ticketing.domain.people import Actor

LINK, INBOX = "ticketing_sidebar", "ticketing_notices"
Behind = Callable[[Visit], Actor]


@pytest.fixture
def number(desk: Desk, carla: Visit, ada: Visit, actor: Behind) -> int:
    """Return the number of Carla's ticket, to which Ada has replied."""
    number = desk.tickets.open(actor(carla), "No *dial* tone", "The line is dead.").number
    desk.tickets.reply(actor(ada), number, "We look at it.")
    return number


def notices(visit: Visit) -> list[list[object]]:
    return list(visit.sent(INBOX)["notices"])


def test_the_way_to_the_inbox_says_on_every_page_how_much_is_unread(carla: Visit, ada: Visit, number: int) -> None:
    for page in ("my_tickets", "new_ticket", "articles", "account", "inbox"):
        assert carla.open(page).sent(LINK)["unread"] == 1
    assert ada.open("all_tickets").sent(LINK)["unread"] == 1  # Carla's ticket
    assert carla.open("inbox").sent(LINK)["here"] == "inbox"
    assert number


def test_what_was_told_stands_there_in_words_and_opens_its_ticket_as_read(
    carla: Visit, number: int, desk: Desk, actor: Behind
) -> None:
    (row,) = notices(carla.open("inbox"))
    assert row[1:7] == [
        f"ticket?id={number}",
        f"T-{number}",
        "No *dial* tone",
        "reply",
        "ada replied to",
        "We look at it.",
    ]

    carla.report(INBOX, "opened", row[0])

    assert "No *dial* tone" in carla.titles
    assert desk.inbox.unread(actor(carla)) == 0


def test_one_or_all_are_marked_as_read(carla: Visit, ada: Visit, number: int, desk: Desk, actor: Behind) -> None:
    for text in ("And?", "Still?"):
        desk.tickets.reply(actor(ada), number, text)
    ids = [row[0] for row in notices(carla.open("inbox"))]

    carla.report(INBOX, "read", ids[0])
    assert sum(bool(row[-1]) for row in notices(carla)) == 2
    assert carla.sent(LINK)["unread"] == 2
    carla.report(INBOX, "all_read", True)  # noqa: FBT003 - what the browser sends

    assert [row[-1] for row in notices(carla)] == [False] * 3
    assert carla.sent(INBOX)["unread"] == 0


def test_whoever_opens_a_ticket_has_read_what_they_were_told_of_it(
    carla: Visit, number: int, desk: Desk, actor: Behind
) -> None:
    carla.open("ticket", id=str(number))

    assert desk.inbox.unread(actor(carla)) == 0


@pytest.mark.parametrize("event", ["opened", "read"])
@pytest.mark.parametrize("what", ["somebody's", "nobody's", "nothing"])
def test_a_notice_that_is_not_ones_own_is_not_there(
    carla: Visit, ada: Visit, number: int, desk: Desk, actor: Behind, event: str, what: str
) -> None:
    theirs = notices(ada.open("inbox"))[0][0]
    asked = {"somebody's": theirs, "nobody's": "x", "nothing": 7}[what]

    carla.open("inbox").report(INBOX, event, asked)

    assert carla.refused == ([] if what == "nothing" else ["There is no such notice."])
    assert desk.inbox.unread(actor(ada)) == 1
    assert number


def test_pages_are_turned_and_the_last_is_shown_where_one_asks_for_more(
    carla: Visit, ada: Visit, desk: Desk, actor: Behind
) -> None:
    for _ in range(26):
        desk.tickets.open(actor(carla), "No dial tone", "Dead.")
    ada.open("inbox")
    assert (len(notices(ada)), ada.sent(INBOX)["pages"]) == (25, 2)

    ada.report(INBOX, "page", 2)
    assert len(notices(ada)) == 1
    ada.report(INBOX, "page", 99)
    assert (len(notices(ada)), ada.sent(INBOX)["page"]) == (1, 2)


def test_an_inbox_without_anything_says_what_will_be_there(oskar: Visit) -> None:
    oskar.open("inbox")

    assert notices(oskar) == []
    assert oskar.sent(INBOX)["words"]["empty"] == "Nothing here"


def test_people_choose_on_their_account_what_comes_by_mail(carla: Visit, ada: Visit, desk: Desk, actor: Behind) -> None:
    ada.open("account")
    assert "mail_noted" in ada.at.session_state
    ada.at.selectbox(key="mail_opened").select(Mailed.DAILY)
    ada.press("save_mail")

    assert desk.preferences.mail(actor(ada)).of(NoticeKind.OPENED, is_agent=True) is Mailed.DAILY
    carla.open("account")
    of_mail = {box.key for box in carla.at.selectbox if str(box.key).startswith("mail_")}
    assert of_mail == {"mail_opened", "mail_replied", "mail_status", "mail_merged"}
    assert "Your profile has no e-mail address, so nothing comes by e-mail." in carla.said
