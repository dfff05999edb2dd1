"""Mail that comes in gets into tickets as what its sender may write, once, and nothing of it is lost."""

from collections.abc import Callable
from datetime import timedelta
from email.message import EmailMessage
from typing import Any

import pytest

from tests.services.conftest import PASSWORD, Clock, SignIn
from ticketing.delivery import mails
from ticketing.delivery.mails import compose
from ticketing.desk import Desk
from ticketing.domain.errors import MailNotFoundError, PermissionDeniedError, WrongCredentialsError
from ticketing.domain.incoming import MAILS_PER_SENDER
from ticketing.domain.mail_tags import Tag
from ticketing.domain.outbox import Letter
from ticketing.domain.people import Actor, Role, Standing
from ticketing.domain.queries import TicketQuery
from ticketing.domain.received import RECEIVED_LIFETIME, Fate, Received, ReceivedQuery
from ticketing.domain.sources import Source
from ticketing.domain.statuses import Status
from ticketing.domain.tickets import Message, MessageKind, Ticket
from ticketing.services.attachments import Tidying
from ticketing.services.mail_keys import mail_key
from ticketing.services.outbox import set_route
from ticketing.services.sending import Sending
from ticketing.settings import Settings
from ticketing.storage.memory import MemoryStore

CONSOLE = Actor.console()
HOUR = timedelta(hours=1)
MARKER = "zebra-marker"
REPLY, NOTE = MessageKind.REPLY, MessageKind.NOTE
ALL = ReceivedQuery()

Everything = Callable[[], dict[str, object]]
Desks = Callable[..., Desk]

ON_EVERY_STORE = True


@pytest.fixture
def desk_with(store: MemoryStore, clock: Clock) -> Desks:
    """Return a way to open a desk with settings of its own over the one store."""
    return lambda **settings: Desk(
        Settings.model_validate({"storage_url": "memory:", "mail_checked_by": "mx.example.org", **settings}),
        store,
        clock,
        password_rounds=4,
    )


@pytest.fixture
def desk(desk_with: Desks) -> Desk:
    return desk_with()


@pytest.fixture(autouse=True)
def addresses(store: MemoryStore, carla: Actor, oskar: Actor, ada: Actor, root: Actor) -> None:
    """Give everybody an address of their own."""
    with store.write() as tx:
        for actor in (carla, oskar, ada, root):
            user = tx.users.find(actor.username)
            assert user is not None
            user.put_address(f"{user.id.capitalize()}@Example.org", Standing.CONFIRMED)
            tx.users.save(user)


@pytest.fixture
def number(desk: Desk, clock: Clock, carla: Actor, ada: Actor) -> int:
    """Return the number of Carla's ticket, which Ada has answered and noted something in."""
    number = desk.tickets.open(carla, "No dial tone", "The line is dead.").number
    desk.tickets.reply(ada, number, "Is it plugged in?")
    desk.tickets.note(ada, number, f"She always asks. {MARKER}")
    clock.advance(HOUR)
    return number


def mail(
    sender: str = "carla@example.org",
    subject: str = "Printer is on fire",
    text: str = "Please help.",
    *,
    ident: str = "<one@example.org>",
    references: str = "",
    **headers: str,
) -> EmailMessage:
    """Return a mail as people send it."""
    message = EmailMessage()
    message["From"] = f"Somebody <{sender}>"
    message["To"] = "help@desk.example.org"
    message["Subject"] = subject
    if ident:
        message["Message-ID"] = ident
    if references:
        message["In-Reply-To"] = references
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(text)
    return message


def tag(desk: Desk, number: int, username: str, kind: MessageKind = REPLY) -> Tag:
    with desk.store.write() as tx:
        return Tag.of(mail_key(tx), number, username, kind)


def answer(
    desk: Desk, number: int, sender: str, told: str = "", kind: MessageKind = REPLY, text: str = "It is.", **more: str
) -> Received:
    """Take in somebody's answer to what *told* somebody, be it another person, of a ticket."""
    about = tag(desk, number, told or sender, kind).in_subject()
    return desk.receiving.take(mail(f"{sender}@example.org", f"Re: No dial tone {about}", text, **more).as_bytes())


def ticket(desk: Desk, number: int) -> Ticket:
    return desk.tickets.get(CONSOLE, number)


def last(desk: Desk, number: int) -> Message:
    return ticket(desk, number).messages[-1]


def tickets(desk: Desk) -> int:
    return desk.tickets.search(CONSOLE, TicketQuery()).total


# New tickets


def test_a_mail_of_somebody_with_an_account_opens_their_ticket(desk: Desk, clock: Clock, carla: Actor) -> None:
    received = desk.receiving.take(mail(subject="AW: Fwd: Printer is on fire").as_bytes())

    opened = desk.tickets.get(carla, received.ticket)
    assert (received.fate, received.why, received.sender) == (Fate.TICKET, "", "carla@example.org")
    assert (opened.title, opened.description) == ("Printer is on fire", "Please help.")
    assert (opened.requester, opened.begins_with.source, opened.opened_at) == ("carla", Source.MAIL, clock.now)
    assert opened.events[0].source is Source.MAIL


@pytest.mark.parametrize(("subject", "text"), [("", ""), ("  ", "\n \n")])
def test_a_mail_without_subject_and_words_opens_a_ticket_that_says_so(desk: Desk, subject: str, text: str) -> None:
    received = desk.receiving.take(mail(subject=subject, text=text).as_bytes())

    opened = ticket(desk, received.ticket)
    assert (opened.title, opened.description) == ("(no subject)", "(no text)")


def test_what_is_too_long_for_a_ticket_is_cut_and_says_where_the_rest_is(desk: Desk) -> None:
    received = desk.receiving.take(mail(subject="x" * 900, text="word " * 9_000).as_bytes())

    opened = ticket(desk, received.ticket)
    assert len(opened.title) == 200
    assert opened.description.endswith("(the rest is in the original mail, which admins have)")


@pytest.mark.parametrize(
    ("setting", "fate"), [("open", Fate.TICKET), ("registered", Fate.IGNORED), ("closed", Fate.IGNORED)]
)
def test_the_setting_says_whether_a_stranger_may_open_a_ticket(desk_with: Desks, setting: str, fate: Fate) -> None:
    desk = desk_with(mail_unknown_senders=setting)

    received = desk.receiving.take(mail("nora.lund@example.net").as_bytes())

    assert received.fate is fate
    assert bool(received.why) is (fate is Fate.IGNORED)
    assert tickets(desk) == (1 if fate is Fate.TICKET else 0)


def test_a_closed_desk_takes_no_new_mail_of_an_account_either(desk_with: Desks) -> None:
    received = desk_with(mail_unknown_senders="closed").receiving.take(mail().as_bytes())

    assert (received.fate, received.ticket) == (Fate.IGNORED, 0)


def test_a_strangers_account_is_made_once_and_opens_to_no_password_until_it_is_given_one(
    desk_with: Desks, root: Actor
) -> None:
    desk = desk_with(mail_unknown_senders="open")

    first = desk.receiving.take(mail("Nora.Lund@example.net").as_bytes())
    second = desk.receiving.take(mail("nora.lund@example.net", ident="<two@example.net>").as_bytes())

    nora = desk.agents.person(root, "nora.lund")
    assert ticket(desk, first.ticket).requester == ticket(desk, second.ticket).requester == "nora.lund"
    assert (nora.email, nora.role, nora.display_name) == ("nora.lund@example.net", Role.USER, "Somebody")
    for password in ("", "!", "three wet umbrellas"):
        with pytest.raises(WrongCredentialsError):
            desk.accounts.sign_in("nora.lund", password)
    one_time = desk.agents.reset_password(root, "nora.lund")
    assert desk.accounts.sign_in("nora.lund", one_time)


def test_a_stranger_never_gets_the_account_of_somebody_of_the_same_name(desk_with: Desks) -> None:
    desk = desk_with(mail_unknown_senders="open")

    received = desk.receiving.take(mail("carla@elsewhere.example").as_bytes())

    requester = ticket(desk, received.ticket).requester
    assert requester.startswith("carla-")


def test_of_several_accounts_with_one_address_the_oldest_counts(
    desk: Desk, store: MemoryStore, clock: Clock, arrives: SignIn
) -> None:
    clock.advance(HOUR)
    arrives("mallory")
    with store.write() as tx:
        mallory = tx.users.find("mallory")
        assert mallory is not None
        mallory.email = "carla@example.org"
        tx.users.save(mallory)

    received = desk.receiving.take(mail().as_bytes())

    assert ticket(desk, received.ticket).requester == "carla"


@pytest.mark.parametrize(
    ("allowed", "denied", "taken"),
    [
        ("", "", True),
        ("example.org", "", True),
        ("carla@example.org,example.com", "", True),
        ("example.com", "", False),
        ("", "carla@example.org", False),
        ("", "@example.org", False),
        ("", "org", False),
        ("", "xample.org", True),
        ("carla@example.org", "example.org", False),
    ],
)
def test_lists_say_whose_mail_is_taken(desk_with: Desks, allowed: str, denied: str, taken: bool) -> None:  # noqa: FBT001
    desk = desk_with(mail_allowed_senders=allowed, mail_denied_senders=denied)

    assert desk.receiving.take(mail().as_bytes()).fate is (Fate.TICKET if taken else Fate.IGNORED)


def test_a_deactivated_account_opens_nothing(desk: Desk, root: Actor) -> None:
    desk.agents.deactivate(root, "carla")

    received = desk.receiving.take(mail().as_bytes())

    assert (received.fate, received.why) == (Fate.IGNORED, "The account of carla is deactivated.")


def test_v2_beyond_so_many_mails_an_hour_an_address_has_no_effect(desk: Desk, clock: Clock) -> None:
    fates = [
        desk.receiving.take(mail(ident=f"<{each}@example.org>").as_bytes()).fate for each in range(MAILS_PER_SENDER + 2)
    ]
    clock.advance(HOUR)
    later = desk.receiving.take(mail(ident="<later@example.org>").as_bytes())

    assert fates == [Fate.TICKET] * MAILS_PER_SENDER + [Fate.IGNORED] * 2
    assert later.fate is Fate.TICKET


# Answers


@pytest.mark.parametrize("where", ["subject", "message id"])
def test_a_requesters_answer_gets_into_their_ticket(desk: Desk, number: int, where: str) -> None:
    made = tag(desk, number, "carla")
    subject = made.in_subject() if where == "subject" else "No dial tone"
    references = made.in_message_id("0123456789abcdef", "desk.example.org") if where == "message id" else ""

    text = "It is.\n\n> Is it plugged in?\n"
    received = desk.receiving.take(mail(subject=f"Re: {subject}", text=text, references=references).as_bytes())

    said = last(desk, number)
    assert (received.fate, received.ticket) == (Fate.REPLY, number)
    assert (said.kind, said.author, said.source, said.text) == (REPLY, "carla", Source.MAIL, "It is.")
    assert made.signature not in received.subject


@pytest.mark.parametrize("status", [Status.PENDING, Status.RESOLVED])
def test_a_requesters_answer_opens_a_pending_or_resolved_ticket_again(
    desk: Desk, ada: Actor, number: int, status: Status
) -> None:
    desk.tickets.reply(ada, number, "Try now.", status=status)

    answer(desk, number, "carla")

    assert ticket(desk, number).status is Status.OPEN


@pytest.mark.parametrize("ends", ["by an agent", "by itself"])
def test_a_requesters_answer_to_a_closed_ticket_goes_on_in_another_one(
    desk: Desk, clock: Clock, ada: Actor, number: int, ends: str
) -> None:
    if ends == "by an agent":
        desk.tickets.close(ada, number)
    else:
        desk.tickets.reply(ada, number, "Done.", status=Status.RESOLVED)
        clock.advance(timedelta(days=8))

    received = answer(desk, number, "carla", text="It is dead again.")

    follow_up = ticket(desk, received.ticket)
    assert received.fate is Fate.FOLLOW_UP
    assert (follow_up.follows, follow_up.title, follow_up.description) == (number, "No dial tone", "It is dead again.")
    assert (follow_up.requester, follow_up.begins_with.source) == ("carla", Source.MAIL)
    assert ticket(desk, number).goes_on_in == [received.ticket]
    assert ticket(desk, number).status is Status.CLOSED


def test_an_answer_to_a_merged_ticket_gets_into_the_one_where_it_goes_on(
    desk: Desk, ada: Actor, oskar: Actor, number: int
) -> None:
    target = desk.tickets.open(oskar, "No line at all", "Dead.").number
    desk.relations.merge(ada, number, target)

    received = answer(desk, number, "carla")

    assert (received.fate, received.ticket, last(desk, target).author) == (Fate.REPLY, target, "carla")


def test_a_watchers_answer_with_anybodys_tag_enters_as_theirs(desk: Desk, store: MemoryStore, number: int) -> None:
    with store.write() as tx:
        watched = tx.tickets.find(number)
        assert watched is not None
        watched.watchers = ["oskar"]
        tx.tickets.save(watched)

    received = answer(desk, number, "oskar", told="carla")

    assert (received.fate, last(desk, number).author, last(desk, number).kind) == (Fate.REPLY, "oskar", REPLY)


@pytest.mark.parametrize(
    ("setting", "sender", "fate"),
    [
        ("open", "oskar", Fate.TICKET),
        ("open", "nora", Fate.TICKET),
        ("registered", "oskar", Fate.TICKET),
        ("registered", "nora", Fate.IGNORED),
        ("closed", "oskar", Fate.IGNORED),
        ("closed", "nora", Fate.IGNORED),
    ],
)
def test_somebody_elses_tag_leads_nobody_into_a_ticket(
    desk_with: Desks, number: int, setting: str, sender: str, fate: Fate
) -> None:
    desk = desk_with(mail_unknown_senders=setting)
    before = ticket(desk, number)

    received = answer(desk, number, sender, told="carla")

    assert received.fate is fate
    assert ticket(desk, number) == before
    if fate is Fate.TICKET:
        opened = ticket(desk, received.ticket)
        assert (opened.requester, opened.title, opened.follows) == (sender, "No dial tone", None)


def test_a_made_up_tag_leads_nowhere_even_its_requester(desk: Desk, number: int) -> None:
    before = ticket(desk, number)

    received = desk.receiving.take(mail(subject=f"Re: [T-{number}#{'a' * 16}]").as_bytes())

    assert (received.fate, received.ticket != number) == (Fate.TICKET, True)
    assert ticket(desk, number) == before


@pytest.mark.parametrize(("kind", "fate"), [(REPLY, Fate.REPLY), (NOTE, Fate.NOTE)])
def test_an_agent_answers_as_what_they_were_told_of(desk: Desk, number: int, kind: MessageKind, fate: Fate) -> None:
    received = answer(desk, number, "ada", kind=kind)

    said = last(desk, number)
    assert (received.fate, said.kind, said.author, said.source) == (fate, kind, "ada", Source.MAIL)


@pytest.mark.parametrize("kind", [REPLY, NOTE])
@pytest.mark.parametrize(
    ("address", "told", "headers"),
    [
        ("ada@elsewhere.example", "ada", {}),
        ("ada@example.org", "root", {}),
        ("ada@example.org", "carla", {}),
        ("ada@example.org", "ada", {"Authentication_Results": "mx.example.org; dmarc=fail"}),
    ],
    ids=["another address", "another agent's tag", "the requester's tag", "checks failed"],
)
def test_nothing_becomes_an_agents_without_their_tag_their_address_and_checks_that_have_not_failed(
    desk: Desk, number: int, kind: MessageKind, address: str, told: str, headers: dict[str, str]
) -> None:
    before = ticket(desk, number)

    made = tag(desk, number, told, kind).in_subject()
    desk.receiving.take(mail(address, f"Re: {made}", **headers).as_bytes())

    assert ticket(desk, number) == before


@pytest.mark.parametrize("tags", ["note alone", "note and reply"])
@pytest.mark.parametrize("sender", ["ada", "carla", "oskar", "root", "nora"])
def test_what_answers_what_told_of_a_note_never_gets_public(
    desk_with: Desks, number: int, sender: str, tags: str
) -> None:
    desk = desk_with(mail_unknown_senders="open")
    about = tag(desk, number, "ada", NOTE).in_message_id("0123456789abcdef", "desk.example.org")
    own = tag(desk, number, sender).in_subject() if tags == "note and reply" else ""
    before = ticket(desk, number).public_messages()

    text = f"I think so, too. {MARKER}"
    received = desk.receiving.take(mail(f"{sender}@example.org", f"Re: {own}", text, references=about).as_bytes())

    assert ticket(desk, number).public_messages() == before
    assert tickets(desk) == 1
    assert received.fate is (Fate.NOTE if sender == "ada" or (sender == "root" and own) else Fate.IGNORED)


def test_an_agent_who_works_here_no_more_writes_no_note(desk: Desk, root: Actor, number: int) -> None:
    made = tag(desk, number, "ada", NOTE).in_subject()
    desk.agents.change_role(root, "ada", Role.USER)
    before = ticket(desk, number)

    received = desk.receiving.take(mail("ada@example.org", f"Re: {made}").as_bytes())

    assert received.fate is not Fate.NOTE
    assert ticket(desk, number) == before


def test_z5_a_note_by_mail_reaches_no_requester_on_any_way(desk: Desk, carla: Actor, number: int) -> None:
    answer(desk, number, "ada", kind=NOTE, text=f"More of it: {MARKER}")

    seen = desk.tickets.conversation(carla, number)
    assert MARKER not in seen.ticket.model_dump_json()
    assert desk.tickets.search(carla, TicketQuery(needles=(MARKER,))).total == 0
    with pytest.raises(PermissionDeniedError):
        desk.receiving.search(carla, ALL)


def test_an_agents_answer_to_a_closed_ticket_fails_with_what_helps_and_can_be_processed_again(
    desk: Desk, ada: Actor, root: Actor, number: int
) -> None:
    desk.tickets.close(ada, number)

    received = answer(desk, number, "ada")
    desk.tickets.reopen(ada, number)
    again = desk.receiving.again(root, received.id)

    assert (received.fate, received.why) == (Fate.FAILED, f"Ticket T-{number} is closed. Reopen it to go on.")
    assert (again.fate, again.ticket, last(desk, number).text) == (Fate.REPLY, number, "It is.")


# Once, and nothing lost


def test_the_same_mail_twice_has_one_effect(desk: Desk, everything: Everything) -> None:
    first = desk.receiving.take(mail().as_bytes())
    before = everything()

    second = desk.receiving.take(mail(text="Another copy came another way.").as_bytes())

    assert second == first
    assert everything() == before


def test_a_copy_that_is_ignored_keeps_no_other_copy_of_the_same_mail_out(desk: Desk, root: Actor) -> None:
    by_list = desk.receiving.take(mail(List_Id="<all.example.org>").as_bytes())
    again = desk.receiving.take(mail(List_Id="<all.example.org>").as_bytes())
    straight = desk.receiving.take(mail().as_bytes())
    late = desk.receiving.take(mail(List_Id="<all.example.org>").as_bytes())

    assert (by_list.fate, again) == (Fate.IGNORED, by_list)
    assert (straight.id, straight.fate, late) == (by_list.id, Fate.TICKET, straight)
    assert desk.receiving.search(root, ALL).total == tickets(desk) == 1


def test_mails_without_a_message_id_are_told_apart_by_what_is_in_them(desk: Desk) -> None:
    first = desk.receiving.take(mail(ident="").as_bytes())
    again = desk.receiving.take(mail(ident="").as_bytes())
    other = desk.receiving.take(mail(ident="", text="And the scanner.").as_bytes())

    assert first == again
    assert (first.fate, other.fate, tickets(desk)) == (Fate.TICKET, Fate.TICKET, 2)


def test_what_cannot_be_read_is_kept_and_shown(desk: Desk, root: Actor) -> None:
    received = desk.receiving.take(b"\x00\xff no mail at all")

    assert received.fate is Fate.FAILED
    assert received.why
    assert desk.receiving.search(root, ALL).items == (received,)
    assert "no mail at all" in desk.receiving.original(root, received.id).text


def test_a_mail_over_which_the_desk_stumbles_is_kept_and_leaves_nothing_half_done(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stumble(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("ticketing.services.mail_entry.route", stumble)
    received = desk.receiving.take(mail().as_bytes())

    assert (received.fate, received.why) == (Fate.FAILED, "The desk could not process it; the log says more.")
    assert tickets(desk) == 0


def test_the_original_outlasts_the_tidying_of_files_as_long_as_it_is_on_record(
    desk: Desk, store: MemoryStore, clock: Clock
) -> None:
    received = desk.receiving.take(mail("nora@example.net").as_bytes())
    clock.advance(timedelta(days=3))

    with store.write() as tx:
        Tidying().do_some(tx, clock())

    assert "Please help." in desk.receiving.original(CONSOLE, received.id).text
    assert store.files.holds(received.raw_sha256)
    assert received.expires_at == received.at + RECEIVED_LIFETIME


# Files


def with_files(*files: tuple[str, bytes], **named: Any) -> bytes:
    message = mail(**named)
    for name, content in files:
        message.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    return message.as_bytes()


def test_files_of_a_mail_hang_on_its_message(desk: Desk) -> None:
    received = desk.receiving.take(with_files(("../a b.png", b"\x89PNG\r\n\x1a\n1234"), ("run.exe", b"MZ1234")))

    picture, program = ticket(desk, received.ticket).messages[0].attachments
    assert (picture.name, picture.media_type, picture.size) == ("a b.png", "image/png", 12)
    assert (program.name, program.media_type) == ("run.exe", "application/octet-stream")
    assert b"".join(desk.store.files.read(picture.sha256)) == b"\x89PNG\r\n\x1a\n1234"


def test_files_that_cannot_be_attached_are_named_and_kept_with_the_original(desk_with: Desks) -> None:
    desk = desk_with(max_upload_mb=1)
    small = [(f"{each}.txt", b"x" * (each + 1)) for each in range(11)]

    received = desk.receiving.take(with_files(("large.iso", b"y" * 1_048_577), ("empty.txt", b""), *small))

    said = ticket(desk, received.ticket).messages[0]
    assert [file.name for file in said.attachments] == [f"{each}.txt" for each in range(10)]
    assert said.text == (
        "Please help.\n\nNot attached, but kept with the original mail:\nlarge.iso (1.0 MB)\nempty.txt (0 bytes)\n"
        "10.txt (11 bytes)"
    )
    assert desk.store.files.holds(received.raw_sha256)


def test_what_comes_by_mail_counts_as_sent_today(desk: Desk, store: MemoryStore) -> None:
    desk.receiving.take(with_files(("a.txt", b"12345")))

    with store.read() as tx:
        assert [upload.size for upload in tx.uploads.of_user("carla")] == [5]


def test_the_file_of_a_note_is_for_agents_alone(desk: Desk, ada: Actor, carla: Actor, number: int) -> None:
    made = tag(desk, number, "ada", NOTE).in_subject()
    desk.receiving.take(with_files((f"{MARKER}.txt", b"1"), sender="ada@example.org", subject=f"Re: {made}"))

    assert MARKER in desk.tickets.get(ada, number).model_dump_json()
    assert MARKER not in desk.tickets.get(carla, number).model_dump_json()


# Processing again, and the record


def test_e6_an_automatic_mail_is_ignored_until_an_admin_wants_it(desk: Desk, root: Actor) -> None:
    received = desk.receiving.take(mail(Auto_Submitted="auto-generated").as_bytes())
    again = desk.receiving.again(root, received.id)

    assert (received.fate, received.why) == (Fate.IGNORED, "A program has written it.")
    assert (again.id, again.at, again.fate, tickets(desk)) == (received.id, received.at, Fate.TICKET, 1)


def test_processing_again_goes_by_the_rules_as_they_are_now(desk_with: Desks, root: Actor) -> None:
    received = desk_with().receiving.take(mail("nora@example.net").as_bytes())

    still = desk_with().receiving.again(root, received.id)
    again = desk_with(mail_unknown_senders="open").receiving.again(root, received.id)

    assert (received.fate, still.fate, again.fate) == (Fate.IGNORED, Fate.IGNORED, Fate.TICKET)


def test_what_is_in_a_ticket_is_not_processed_again(desk: Desk, root: Actor, everything: Everything) -> None:
    received = desk.receiving.take(mail().as_bytes())
    before = everything()

    assert desk.receiving.again(root, received.id) == received
    assert everything() == before


@pytest.mark.parametrize("person", ["carla", "ada"])
def test_only_admins_see_what_came_in_and_process_it_again(
    desk: Desk, request: pytest.FixtureRequest, everything: Everything, person: str
) -> None:
    actor = request.getfixturevalue(person)
    received = desk.receiving.take(mail("nora@example.net").as_bytes())
    before = everything()

    for deed in (
        lambda: desk.receiving.search(actor, ALL),
        lambda: desk.receiving.original(actor, received.id),
        lambda: desk.receiving.again(actor, received.id),
        lambda: desk.receiving.last_fetch(actor),
    ):
        with pytest.raises(PermissionDeniedError):
            deed()
    assert everything() == before


def test_what_is_not_on_record_is_not_found(desk: Desk, root: Actor) -> None:
    with pytest.raises(MailNotFoundError):
        desk.receiving.again(root, "nothing")


def test_the_record_is_listed_newest_first_by_fate_and_page(desk: Desk, clock: Clock, root: Actor) -> None:
    for each in range(4):
        clock.advance(timedelta(minutes=1))
        sender = "carla@example.org" if each % 2 else "nora@example.net"
        desk.receiving.take(mail(sender, f"Mail {each}", ident=f"<{each}@example.org>").as_bytes())

    everything = desk.receiving.search(root, ALL)
    ignored = desk.receiving.search(root, ReceivedQuery(fates=frozenset({Fate.IGNORED})))
    second = desk.receiving.search(root, ReceivedQuery(page=2, size=3))

    assert [each.subject for each in everything.items] == ["Mail 3", "Mail 2", "Mail 1", "Mail 0"]
    assert ([each.subject for each in ignored.items], ignored.total) == (["Mail 2", "Mail 0"], 2)
    assert ([each.subject for each in second.items], second.total) == (["Mail 0"], 4)


def test_when_the_mailbox_was_last_looked_into_is_noted_now_and_then_and_each_failure_at_once(
    desk: Desk, clock: Clock, everything: Everything
) -> None:
    def told() -> tuple[object, str]:
        found = desk.receiving.last_fetch(CONSOLE)
        return found.fetched_at, found.failure

    began = clock.now
    assert told() == (None, "")
    desk.receiving.note_fetch()
    before = everything()
    clock.advance(timedelta(minutes=1))
    desk.receiving.note_fetch()
    assert everything() == before
    desk.receiving.note_fetch("The mail server is away.")
    assert told() == (began, "The mail server is away.")
    clock.advance(timedelta(minutes=1))
    desk.receiving.note_fetch()
    assert told() == (clock.now, "")


# By the desk's own mails, as they are sent


@pytest.mark.parametrize(("note", "fate"), [(False, Fate.REPLY), (True, Fate.NOTE)])
def test_an_answer_to_a_mail_of_the_desk_finds_its_way_as_what_that_told_of(
    desk: Desk, store: MemoryStore, clock: Clock, root: Actor, carla: Actor, *, note: bool, fate: Fate
) -> None:
    set_route(store, is_open=True)
    number = desk.tickets.open(carla, "No dial tone", "Dead.").number
    desk.tickets.assign(root, number, "ada")
    clock.advance(HOUR)
    sending = Sending(store, clock)
    sending.claim()  # what was told before
    (desk.tickets.note if note else desk.tickets.reply)(root if note else carla, number, "@ada Any news?")
    clock.advance(timedelta(minutes=1))
    [letter] = [
        letter
        for outgoing in sending.claim()
        if outgoing.username == "ada" and isinstance(letter := sending.letter(outgoing), Letter)
    ]
    sent = compose(letter, mails.Desk("Help desk", "help@desk.example.org"), clock.now)

    for ident, subject in (("<1@x>", f"Re: {sent['Subject']}"), ("<2@x>", "Re: something else")):
        thread = {"References": f"{sent['References']} {sent['Message-ID']}"} if ident == "<2@x>" else {}
        answered = mail("ada@example.org", subject, f"Not yet. {ident}", ident=ident, **thread)
        received = desk.receiving.take(answered.as_bytes())

        said = last(desk, number)
        assert (received.fate, received.ticket) == (fate, number)
        assert (said.text, said.kind, said.author) == (f"Not yet. {ident}", NOTE if note else REPLY, "ada")


# Those to whom a mail went besides

FAILED = "mx.example.org; dmarc=fail header.from=example.org"


@pytest.fixture
def known_desk(desk_with: Desks) -> Desk:
    """Return a desk that knows its own address."""
    return desk_with(mail_from="Help desk <help@desk.example.org>")


def test_those_with_an_account_to_whom_a_new_mail_went_watch_its_ticket_and_agents_follow_it(
    known_desk: Desk, oskar: Actor
) -> None:
    sent = mail(Cc="Oskar <OSKAR@example.org>, ada@example.org, help@desk.example.org, carla@example.org")

    received = known_desk.receiving.take(sent.as_bytes())

    opened = ticket(known_desk, received.ticket)
    assert (opened.watchers, opened.followers, received.why) == (["oskar"], ["ada"], "")
    added = [(event.new, event.by, event.source) for event in opened.events if event.field == "watcher"]
    assert added == [("oskar", "carla", Source.MAIL)]
    assert [line.notice.ticket for line in known_desk.inbox.own(oskar).items] == [opened.number]


def test_who_has_no_account_is_left_out_and_the_record_names_them(known_desk: Desk) -> None:
    received = known_desk.receiving.take(mail(Cc="Eve <eve@example.net>, oskar@example.org").as_bytes())

    assert ticket(known_desk, received.ticket).watchers == ["oskar"]
    assert received.why == "It went to others as well who do not watch the ticket: eve@example.net."


def test_a_desk_that_does_not_know_its_own_address_names_nobody(desk: Desk) -> None:
    assert desk.receiving.take(mail(Cc="eve@example.net").as_bytes()).why == ""


def test_a_deactivated_account_watches_nothing(known_desk: Desk) -> None:
    known_desk.agents.deactivate(CONSOLE, "oskar")

    received = known_desk.receiving.take(mail(Cc="oskar@example.org").as_bytes())

    assert (ticket(known_desk, received.ticket).watchers, "oskar@example.org" in received.why) == ([], True)


def test_a_list_of_recipients_brings_twenty_at_most(known_desk: Desk) -> None:
    many = ", ".join(f"user{place}@example.net" for place in range(20))

    received = known_desk.receiving.take(mail(Cc=f"{many}, oskar@example.org").as_bytes())

    assert ticket(known_desk, received.ticket).watchers == []
    assert received.why.endswith("and 1 more.")


def test_a_stranger_and_a_forged_sender_bring_nobody(desk_with: Desks) -> None:
    desk = desk_with(mail_from="help@desk.example.org", mail_unknown_senders="open")

    strange = desk.receiving.take(mail("eve@example.net", Cc="oskar@example.org").as_bytes())
    forged = mail(ident="<two@example.org>", Cc="oskar@example.org", Authentication_Results=FAILED)
    taken = desk.receiving.take(forged.as_bytes())

    assert [ticket(desk, one.ticket).watchers for one in (strange, taken)] == [[], []]


@pytest.mark.parametrize(("sender", "told"), [("carla", "carla"), ("ada", "ada")], ids=["requester", "agent"])
def test_the_requester_and_an_agent_bring_others_to_a_ticket_by_an_answer(
    known_desk: Desk, number: int, oskar: Actor, sender: str, told: str
) -> None:
    assert answer(known_desk, number, sender, told, Cc="oskar@example.org").fate is Fate.REPLY

    assert ticket(known_desk, number).watchers == ["oskar"]
    shown = known_desk.tickets.get(oskar, number)
    assert MARKER not in shown.model_dump_json()
    assert known_desk.inbox.own(oskar).total == 1


def test_nobody_else_brings_anybody_nor_anything_that_a_note_is(
    known_desk: Desk, number: int, carla: Actor, arrives: SignIn
) -> None:
    arrives("wanda")
    known_desk.watching.add(CONSOLE, number, "wanda")
    known_desk.accounts.change_profile(arrives("wanda"), "Wanda", "wanda@example.org", PASSWORD)
    copy = "oskar@example.org"

    answer(known_desk, number, "wanda", ident="<w@example.org>", Cc=copy)
    answer(known_desk, number, carla.username, "ada", ident="<x@example.org>", Cc=copy)
    answer(known_desk, number, "carla", ident="<y@example.org>", Authentication_Results=FAILED, Cc=copy)
    assert answer(known_desk, number, "ada", kind=NOTE, ident="<z@example.org>", Cc=copy).fate is Fate.NOTE

    assert ticket(known_desk, number).watchers == ["wanda"]
    assert len(ticket(known_desk, number).messages) == 7


def test_whoever_has_stopped_watching_is_not_brought_back_by_a_copy(known_desk: Desk, number: int, root: Actor) -> None:
    known_desk.watching.stop(root, number)

    answer(known_desk, number, "carla", Cc="root@example.org")

    assert (ticket(known_desk, number).followers, ticket(known_desk, number).muted) == ([], ["root"])


def test_a_full_ticket_takes_no_more_watchers_but_the_mail(known_desk: Desk, number: int, arrives: SignIn) -> None:
    for place in range(20):
        known_desk.watching.add(CONSOLE, number, arrives(f"user{place}").username)

    received = answer(known_desk, number, "carla", Cc="oskar@example.org")

    assert (received.fate, "oskar@example.org" in received.why) == (Fate.REPLY, True)


# Whose an address is


def put_standing(desk: Desk, username: str, standing: Standing) -> None:
    with desk.store.write() as tx:
        user = tx.users.find(username)
        assert user is not None
        user.standing = standing
        tx.users.save(user)


def standing(desk: Desk, username: str) -> Standing:
    return desk.agents.person(CONSOLE, username).standing


@pytest.mark.parametrize("unconfirmed", [Standing.GIVEN, Standing.UNCONFIRMED])
@pytest.mark.parametrize("kind", [REPLY, NOTE])
def test_mail_never_becomes_an_agents_reply_or_note_unless_their_address_is_confirmed(
    desk: Desk, number: int, kind: MessageKind, unconfirmed: Standing
) -> None:
    before = len(ticket(desk, number).messages)
    put_standing(desk, "ada", unconfirmed)

    refused = answer(desk, number, "ada", kind=kind)

    assert refused.fate is Fate.IGNORED
    assert len(ticket(desk, number).messages) == before
    put_standing(desk, "ada", Standing.CONFIRMED)
    assert desk.receiving.again(CONSOLE, refused.id).fate == kind.value


def test_an_agent_whose_address_counts_as_given_is_sent_the_link_to_confirm_it_by_their_first_answer(
    desk: Desk, number: int
) -> None:
    set_route(desk.store, is_open=True, has_links=True)
    put_standing(desk, "ada", Standing.GIVEN)

    refused = answer(desk, number, "ada")

    assert "has to be confirmed" in refused.why
    with desk.store.read() as tx:
        [mail] = tx.outgoing.waiting_for("ada", 9)
    assert (mail.kind, mail.to) == ("confirm_address", "Ada@Example.org")


@pytest.mark.parametrize(("setting", "fate"), [("open", Fate.TICKET), ("registered", Fate.IGNORED)])
def test_a17_an_address_that_was_typed_and_not_confirmed_is_nobodys(desk_with: Desks, setting: str, fate: Fate) -> None:
    desk = desk_with(mail_unknown_senders=setting)
    put_standing(desk, "carla", Standing.UNCONFIRMED)

    received = desk.receiving.take(mail().as_bytes())

    assert received.fate is fate
    if fate is Fate.TICKET:
        assert ticket(desk, received.ticket).requester == "carla-" + ticket(desk, received.ticket).requester[6:]
        assert ticket(desk, received.ticket).requester != "carla"


def test_of_several_accounts_with_one_address_the_one_that_has_confirmed_it_counts(desk: Desk) -> None:
    put_standing(desk, "carla", Standing.GIVEN)
    with desk.store.write() as tx:
        oskar = tx.users.find("oskar")
        assert oskar is not None
        oskar.put_address("carla@example.org", Standing.CONFIRMED)
        tx.users.save(oskar)

    received = desk.receiving.take(mail().as_bytes())

    assert ticket(desk, received.ticket).requester == "oskar"


@pytest.fixture
def nora(desk_with: Desks) -> tuple[Desk, int, str]:
    """Return a desk, the ticket that a stranger has opened there by mail, and the account that was made for them."""
    desk = desk_with(mail_unknown_senders="open")
    number = desk.receiving.take(mail("nora@example.org").as_bytes()).ticket
    username = ticket(desk, number).requester
    assert standing(desk, username) is Standing.GIVEN
    return desk, number, username


def test_who_opened_their_account_by_mail_has_confirmed_it_once_they_answer_what_was_sent_there(
    nora: tuple[Desk, int, str],
) -> None:
    desk, number, username = nora

    answer(desk, number, username, ident="<two@example.org>")

    assert standing(desk, username) is Standing.CONFIRMED


@pytest.mark.parametrize("why", ["somebody else's tag", "a password", "failed checks", "another has confirmed it"])
def test_an_answer_confirms_no_address_if_it_shows_nothing(nora: tuple[Desk, int, str], why: str) -> None:
    desk, number, username = nora
    headers: dict[str, Any] = {}
    if why == "a password":
        desk.agents.reset_password(CONSOLE, username)
    if why == "failed checks":
        headers = {"Authentication_Results": "mx.example.org; dmarc=fail"}
    if why == "another has confirmed it":
        with desk.store.write() as tx:
            oskar = tx.users.find("oskar")
            assert oskar is not None
            oskar.put_address("nora@example.org", Standing.CONFIRMED)
            tx.users.save(oskar)

    told = "ada" if why == "somebody else's tag" else username
    answer(desk, number, "nora", told, ident="<two@example.org>", **headers)

    assert standing(desk, username) is Standing.GIVEN
