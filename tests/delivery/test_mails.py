"""What a mail says and what stands in its head, as other programs read it."""

from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from html import escape
from typing import Any

import pytest
from jinja2 import TemplateError

from ticketing.delivery.mails import Desk, compose, message_id, rendered
from ticketing.delivery.texts import SUBJECTS, TEXTS
from ticketing.domain.mail_tags import Tag, tags_in
from ticketing.domain.notifications import NoticeKind
from ticketing.domain.outbox import DIGEST, KINDS_OF_MAILS, SUMMARY, AccountMail, Letter
from ticketing.domain.tickets import MessageKind

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
DESK = Desk("Help desk", "desk@example.org", "https://desk.example.org")
KEY = b"k" * 32
HOSTILE = [
    "Carla\r\nBcc: oskar@example.org",
    "carla@example.org, oskar@example.org",
    '"Carla" <oskar@example.org>',
    "Carla\u202e\u2028Oskar",
    "x" * 2_000,
]


def letter(**fields: Any) -> Letter:
    """Return what Carla is told of Ada's reply."""
    usual = Letter(
        id="n1",
        kind=NoticeKind.REPLIED,
        address="carla@example.org",
        username="carla",
        name="Carla",
        by="Ada",
        at=NOW,
        ticket=12,
        title="No dial tone",
        status="Open",
        text="Is it plugged in?\n\nAda",
        tag=Tag.of(KEY, 12, "carla", MessageKind.REPLY),
    )
    return usual._replace(**fields)


def read(sent: Letter, desk: Desk = DESK) -> EmailMessage:
    """Return the mail as it arrives."""
    arrived = message_from_bytes(compose(sent, desk, NOW).as_bytes(), policy=policy.default)
    assert isinstance(arrived, EmailMessage)
    return arrived


def part(mail: EmailMessage, kind: str) -> str:
    found = mail.get_body((kind,))
    assert found is not None
    return str(found.get_content()).replace("\r\n", "\n")


def test_a_mail_says_who_wrote_what_and_where_it_can_be_read() -> None:
    mail = read(letter(files=("plan.pdf",)))

    assert part(mail, "plain") == (
        "Ada has replied in ticket T-12 “No dial tone”.\n\nIs it plugged in?\n\nAda\nAttached: plan.pdf\n\n"
        "https://desk.example.org/ticket?id=12\n"
    )
    assert '<a href="https://desk.example.org/ticket?id=12">' in part(mail, "html")


@pytest.mark.parametrize("kind", KINDS_OF_MAILS)
def test_every_kind_of_mail_says_something_and_has_a_subject(kind: str) -> None:
    is_about_ticket = kind in set(NoticeKind)
    one = (
        letter(kind=kind) if is_about_ticket else letter(kind=kind, ticket=0, tag=None, tickets=((12, "No dial tone"),))
    )

    mail = read(one)

    assert len(part(mail, "plain")) > 40
    assert mail["Subject"]
    assert set(TEXTS) == set(KINDS_OF_MAILS)
    assert set(SUBJECTS) == {*AccountMail, SUMMARY, DIGEST}


def test_without_a_public_address_there_is_no_link() -> None:
    mail = read(letter(), Desk("Help desk", "desk@example.org"))

    assert "http" not in part(mail, "plain")
    assert "href" not in part(mail, "html")


def test_a_mail_that_sums_up_names_the_tickets_with_their_links() -> None:
    mail = read(letter(kind=SUMMARY, ticket=0, tag=None, tickets=((12, "No dial tone"), (13, "Loud printer"))))

    assert "T-12 “No dial tone”: https://desk.example.org/ticket?id=12\nT-13 “Loud printer”" in part(mail, "plain")


def test_an_answer_finds_its_ticket_by_the_subject_and_by_what_it_refers_to() -> None:
    mail = read(letter())
    tag = Tag.of(KEY, 12, "carla", MessageKind.REPLY)

    assert mail["Subject"] == f"[T-12#{tag.signature}] No dial tone"
    assert tags_in(mail["Subject"]) == tags_in("", [mail["Message-ID"]]) == tags_in("", [mail["References"]]) == [tag]


def test_e4_the_same_notice_has_the_same_message_id_and_another_one_has_another() -> None:
    assert read(letter())["Message-ID"] == read(letter())["Message-ID"] == message_id(letter(), "example.org")
    assert read(letter())["Message-ID"] != read(letter(id="n2"))["Message-ID"]


def test_mails_of_one_ticket_are_one_thread_and_those_of_notes_are_another() -> None:
    note = letter(id="n3", kind=NoticeKind.NOTED, tag=Tag.of(KEY, 12, "carla", MessageKind.NOTE))

    assert read(letter())["References"] == read(letter(id="n2"))["References"] == read(letter())["In-Reply-To"]
    assert read(note)["References"] != read(letter())["References"]


def test_a_requester_is_asked_whether_it_is_solved_by_links_that_lead_there() -> None:
    asked = letter(rating="12-abc")
    mail = read(asked)

    for answer in ("yes", "no"):
        address = f"https://desk.example.org/rate?t=12-abc&solved={answer}"
        assert address in part(mail, "plain")
        assert f'<a href="{escape(address)}">' in part(mail, "html")
    assert "Is it solved?" not in part(read(letter()), "plain")
    assert "Is it solved?" not in part(read(asked, DESK._replace(base_url="")), "plain")


def test_e6_no_machine_is_to_answer() -> None:
    mail = read(letter())

    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["X-Auto-Response-Suppress"] == "All"
    assert mail["List-Id"] == "<ticketing.example.org>"
    assert mail["X-Loop"] == "desk@example.org"


@pytest.mark.parametrize("name", HOSTILE, ids=repr)
@pytest.mark.parametrize("field", ["name", "title", "by"])
def test_e1_what_people_are_called_adds_no_header_and_no_recipient(field: str, name: str) -> None:
    mail = read(letter(**{field: name}))

    assert [one.addr_spec for one in mail["To"].addresses] == ["carla@example.org"]
    assert [one.addr_spec for one in mail["From"].addresses] == ["desk@example.org"]
    assert mail["Bcc"] is mail["Cc"] is None
    assert sorted(mail.keys()) == sorted(read(letter()).keys())


@pytest.mark.parametrize("address", ["carla@example.org\nBcc: oskar@example.org", "carla@exam\rple.org"], ids=repr)
def test_e1_line_ends_in_an_address_are_refused_whatever_was_checked_before(address: str) -> None:
    with pytest.raises(ValueError, match=r"CR or LF|linefeed|carriage return"):
        compose(letter(address=address), DESK, NOW)


def test_e7_what_people_typed_is_no_markup_and_no_template() -> None:
    mail = read(letter(text="<script>alert(1)</script> {{ 7 * 7 }} {% raw %}", title="<b>{{ key }}</b>"))

    assert "<script>alert(1)</script> {{ 7 * 7 }} {% raw %}" in part(mail, "plain")
    assert "&lt;script&gt;" in part(mail, "html")
    assert "<script" not in part(mail, "html")
    assert "<b>" not in part(mail, "html")


def test_e7_a_title_does_not_pass_for_a_tag() -> None:
    forged = Tag.of(KEY, 13, "oskar", MessageKind.NOTE)

    found = tags_in(read(letter(title=f"{forged.in_subject()} Mine"))["Subject"])

    assert found == [Tag.of(KEY, 12, "carla", MessageKind.REPLY)]


def test_letters_that_no_server_takes_as_they_are_arrive_all_the_same() -> None:
    mail = read(letter(name="Çağla Öz 李", title="Kein Wählton: 電話", text="Grüße, 李\ud800"))

    assert mail["Subject"].endswith("Kein Wählton: 電話")
    assert mail["To"].addresses[0].display_name == "Çağla Öz 李"
    assert "Grüße, 李\N{REPLACEMENT CHARACTER}" in part(mail, "plain")


@pytest.mark.parametrize(
    "text",
    [
        "{{ unknown }}",
        "{{ name.__class__.__mro__ }}",
        "{{ ''.__class__.__base__.__subclasses__() }}",
        "{% for x in range(10) %}{{ x",
        "{% include '/etc/passwd' %}",
    ],
)
def test_a_text_reaches_nothing_but_what_comes_with_the_mail(text: str) -> None:
    with pytest.raises((TemplateError, TypeError)):
        rendered(letter(template=text), "")


def test_a_mail_about_a_ticket_says_how_to_get_no_more_in_its_head_and_at_its_end_whatever_admins_have_written() -> (
    None
):
    mail = read(letter(watch="12-abc", template="{{ text }}"))
    stop = "https://desk.example.org/watch?t=12-abc"

    assert mail["List-Unsubscribe"] == f"<{stop}>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert part(mail, "plain").endswith(f"\n\nNo more mails about this ticket: {stop}\n")
    assert f'<a href="{stop}">{stop}</a>' in part(mail, "html")


def test_no_mail_program_is_asked_to_stop_it_by_itself_without_tls() -> None:
    mail = read(letter(watch="12-abc"), DESK._replace(base_url="http://localhost:8501"))

    assert mail["List-Unsubscribe"] == "<http://localhost:8501/watch?t=12-abc>"
    assert mail["List-Unsubscribe-Post"] is None


@pytest.mark.parametrize(("watch", "base_url"), [("", DESK.base_url), ("12-abc", "")])
def test_where_there_is_no_link_nothing_is_said_of_one(watch: str, base_url: str) -> None:
    mail = read(letter(watch=watch), DESK._replace(base_url=base_url))

    assert (mail["List-Unsubscribe"], mail["List-Unsubscribe-Post"]) == (None, None)
    assert "No more mails" not in part(mail, "plain") + part(mail, "html")


def test_what_was_said_before_stands_in_both_parts_where_the_text_names_it_and_nowhere_else() -> None:
    earlier = "On 1 March 2026 at 09:00 UTC, Carla wrote:\n> No <b>dial</b> tone"
    quoting = read(letter(earlier=earlier, template="{{ text }}\n\n{{ earlier }}", watch="12-abc"))
    usual = read(letter(earlier=earlier))

    assert earlier in part(quoting, "plain")
    assert "&gt; No &lt;b&gt;dial&lt;/b&gt; tone" in part(quoting, "html")
    assert "Carla wrote" not in part(usual, "plain") + part(usual, "html")
