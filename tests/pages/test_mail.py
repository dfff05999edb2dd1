"""The page of mails: an admin sees what became of each and sends one again; for others there is no such page."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from tests.visiting import Visit, unescaped
from ticketing.delivery.texts import TEXTS
from ticketing.desk import Desk
from ticketing.domain.errors import PermissionDeniedError
from ticketing.domain.mail_texts import MailText
from ticketing.domain.outbox import KINDS_OF_MAILS, KINDS_TO_WRITE, MailState, Outcome, Outgoing, Result
from ticketing.domain.people import Actor
from ticketing.ui.pages import BY_NAME
from ticketing.ui.wording import t

Behind = Callable[[Visit], Actor]


@pytest.fixture
def mails(desk: Desk) -> dict[MailState, Outgoing]:
    """Return a mail of each fate, the newest last."""
    outcomes = {
        MailState.WAITING: Outcome(Result.AGAIN, "451 Come <b>back</b> later"),
        MailState.SENT: Outcome(Result.SENT),
        MailState.FAILED: Outcome(Result.REFUSED, "550 No such mailbox"),
        MailState.DROPPED: Outcome(Result.DROPPED, "The account is deactivated."),
    }
    made = {}
    for minutes, (state, outcome) in enumerate(outcomes.items()):
        now = desk.clock() - timedelta(minutes=9 - minutes)
        mail = Outgoing(id=state, username="carla", kind="replied", ticket=12, at=now, due_at=now, expires_at=now)
        mail.claim("carla@example.org", now)
        mail.settle(outcome, desk.clock())
        made[state] = mail.model_copy(update={"expires_at": now + timedelta(days=30)})
        with desk.store.write() as tx:
            tx.outgoing.save(made[state])
    return made


def shown(visit: Visit) -> str:
    return unescaped(visit.html) + "\n".join(unescaped(one.value) for one in visit.at.main.markdown)


def badges(visit: Visit) -> list[str]:
    """Return the fates of the mails that are listed."""
    words = {t(f"mail.{state}") for state in MailState}
    return [word for one in visit.at.main.markdown for word in words if one.value.endswith(f"[{word}]")]


@pytest.mark.usefixtures("mails")
def test_an_admin_sees_to_whom_about_what_with_which_fate_and_why(root: Visit) -> None:
    root.open("mail")

    assert root.titles == ["Mails"]
    assert badges(root) == ["Dropped", "Failed", "Sent", "Waiting"]
    said = shown(root)
    for words in ("Reply to carla <carla@example.org>", "550 No such mailbox", "tries: 1", "next try", "deactivated"):
        assert words in said
    assert "<b>" not in root.html
    assert [link.proto.label for link in root.at.get("page_link") if "id=12" in link.proto.query_string] == ["T-12"] * 4


@pytest.mark.usefixtures("mails")
def test_mails_are_listed_by_their_fate(root: Visit) -> None:
    root.open("mail").choose("mail_state", MailState.FAILED)

    assert badges(root) == ["Failed"]


@pytest.mark.usefixtures("mails")
def test_a_mail_that_failed_is_sent_again_and_one_that_waits_cannot_be(root: Visit, desk: Desk) -> None:
    root.open("mail")
    assert not root.has_button("again_waiting")

    root.press("again_failed")

    assert "The mail to carla goes out again." in unescaped(root.at.success[0].value)
    assert badges(root) == ["Waiting", "Dropped", "Sent", "Waiting"]
    with desk.store.read() as tx:
        assert tx.outgoing.backlog().waiting == 2


def test_an_empty_ledger_says_so(root: Visit) -> None:
    assert t("mail.none") in [box.value for box in root.open("mail").at.info]


def test_the_way_to_the_mails_is_among_the_people(root: Visit, ada: Visit) -> None:
    assert root.open("agent_admin").press("look_at_mails").titles == ["Mails"]
    assert not ada.open("agent_admin").has_button("look_at_mails")


@pytest.mark.parametrize("who", ["ada", "carla"])
def test_for_others_there_is_no_such_page(request: pytest.FixtureRequest, actor: Behind, who: str) -> None:
    assert not BY_NAME["mail"].is_for(actor(request.getfixturevalue(who)))


@pytest.mark.parametrize("kind", KINDS_OF_MAILS)
def test_every_kind_of_mail_has_a_word(kind: str) -> None:
    assert t(f"mail.kind_{kind}")


TEXT = "{{ by }} schrieb in {{ label }}:\n\n{{ text }}"


def test_an_admin_writes_the_text_of_a_mail_after_a_look_at_it(desk: Desk, root: Visit, actor: Behind) -> None:
    root.open("desk_setup", kind="mail_texts", id="new").fill(mail_text_text=TEXT).press("preview")
    assert "Ada Bell schrieb in T-1042:\n\nThere is more paper" in root.at.code[0].value

    root.fill(mail_text_text=TEXT).press("save")

    [kept] = desk.definitions.all(actor(root), MailText)
    assert (kept.name, kept.mail, kept.text) == ("Reply", "replied", TEXT)


def test_a_text_that_cannot_be_filled_in_is_refused_with_its_line(desk: Desk, root: Visit, actor: Behind) -> None:
    root.open("desk_setup", kind="mail_texts", id="new").fill(mail_text_text="Hello\n{{ nmae }}").press("save")

    assert "Line 2, column 1: there is no variable “nmae”" in unescaped(root.at.error[0].value)
    assert desk.definitions.all(actor(root), MailText) == []


def test_agents_do_not_write_to_people_in_the_desks_name(desk: Desk, ada: Visit, actor: Behind) -> None:
    with pytest.raises(PermissionDeniedError):
        desk.definitions.save(actor(ada), MailText(name="Reply", mail="replied", text=TEXT))


@pytest.mark.parametrize("kind", KINDS_TO_WRITE)
def test_the_desks_own_text_of_every_kind_can_be_looked_at(root: Visit, kind: str) -> None:
    root.open("desk_setup", kind="mail_texts", id="new").choose("mail_text_mail", kind).fill(
        mail_text_text=TEXTS[kind]
    ).press("preview")

    assert root.at.code[0].value
