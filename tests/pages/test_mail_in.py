"""Admins see on a page what became of mail that came in, and have one processed again."""

from collections.abc import Callable

import pytest

from tests.pages.conftest import PASSWORD
from tests.visiting import Visit, unescaped
from ticketing.desk import Desk
from ticketing.domain.people import Actor
from ticketing.domain.queries import TicketQuery
from ticketing.domain.received import Fate, Received
from ticketing.ui.wording import t

Behind = Callable[[Visit], Actor]


def mail(number: int, sender: str, *more: str, text: str = "Please help.") -> bytes:
    lines = (f"From: {sender}", f"Subject: Mail *{number}* <b>", f"Message-ID: <{number}@example.net>", *more, "", text)
    return "\n".join(lines).encode()


@pytest.fixture
def received(desk: Desk, carla: Visit, actor: Behind) -> list[Received]:
    """Return what became of a mail of Carla's, of a machine's and of nobody's."""
    desk.accounts.change_profile(actor(carla), "Carla", "carla@example.org", PASSWORD)
    return [
        desk.receiving.take(mail(1, "carla@example.org")),
        desk.receiving.take(mail(2, "carla@example.org", "Auto-Submitted: auto-generated", text="<script>x</script>")),
        desk.receiving.take(b"no mail at all"),
    ]


def captions(visit: Visit) -> list[str]:
    return [caption.value for caption in visit.at.main.caption]


@pytest.mark.parametrize("person", ["carla", "ada"])
def test_the_page_is_for_admins_alone(request: pytest.FixtureRequest, person: str) -> None:
    with pytest.raises(ValueError, match="Could not find a navigation page"):
        request.getfixturevalue(person).open("mail")


@pytest.mark.usefixtures("received")
def test_an_admin_reads_from_whom_mail_came_and_what_became_of_it_and_why(root: Visit) -> None:
    root.open("mail").choose("mail_direction", "in")

    drawn = [unescaped(one.value) for one in root.at.main.markdown]
    assert drawn.count("Mail *1* <b>") == drawn.count("Mail *2* <b>") == drawn.count(t("mail.no_subject")) == 1
    assert root.html.count("carla@example.org") == 2
    assert "A program has written it." in root.html
    for fate in (Fate.TICKET, Fate.IGNORED, Fate.FAILED):
        assert any(f"[{t(f'fate.{fate}')}]" in one for one in drawn)
    assert captions(root)[-1] == t("mail.count", n=3)
    assert [link.proto.label for link in root.at.get("page_link") if "id=1" in link.proto.query_string] == ["T-1"]


@pytest.mark.usefixtures("received")
@pytest.mark.parametrize(("chosen", "number"), [("all", 3), ("entered", 1), ("ignored", 1), ("failed", 1)])
def test_the_list_is_filtered_by_what_became_of_mail(root: Visit, chosen: str, number: int) -> None:
    root.open("mail").choose("mail_direction", "in").choose("mail_fate", chosen)

    assert captions(root)[-1] == t("mail.count", n=number)


def test_one_mail_is_read_as_it_came_in_and_processed_again(desk: Desk, root: Visit, received: list[Received]) -> None:
    root.open("mail", mail=received[1].id)
    assert "&lt;script&gt;x&lt;/script&gt;" in root.html

    root.press("again")

    assert t("mail.is_in", label="T-2") in root.said
    assert desk.tickets.search(Actor.console(), TicketQuery()).total == 2
    assert not root.has_button("again")


def test_what_still_gets_into_no_ticket_says_why(root: Visit, received: list[Received]) -> None:
    root.open("mail", mail=received[2].id)
    root.press("again")

    assert any(said.startswith("It is still in no ticket. ") for said in root.said)


def test_a_mail_that_is_not_on_record_is_said_to_be_not_there(root: Visit) -> None:
    root.open("mail", mail="nothing")

    assert root.refused == ["There is no such mail. What has become of one can be looked up for 30 days."]


@pytest.mark.parametrize("failure", ["", "The mail server mx refuses the user or the password."])
def test_the_page_says_whether_the_mailbox_is_looked_into(desk: Desk, root: Visit, failure: str) -> None:
    desk.receiving.note_fetch(failure)

    root.open("mail").choose("mail_direction", "in")

    assert (t("mail.not_fetched", failure=failure) in root.said) is bool(failure)
    assert (t("mail.fetched", ago=t("time.now")) in captions(root)) is not bool(failure)
