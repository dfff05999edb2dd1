"""What becomes of a mail, by one table: who sends it, what it answers, and whose mail the desk takes."""

from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice

import pytest

from ticketing.domain.incoming import Incoming, Reason
from ticketing.domain.people import RESERVED_USERNAMES, Actor, Role, username_key
from ticketing.domain.received import (
    NOT_CONFIRMED,
    Admission,
    Answered,
    Fate,
    Known,
    UnknownSenders,
    decide,
    fitting,
    name_shown,
    text_of,
    title_of,
    usernames_for,
)
from ticketing.domain.statuses import Status
from ticketing.domain.text import NAME_LIMIT, TEXT_LIMIT
from ticketing.domain.tickets import MessageKind, Ticket

NOW = datetime(2031, 5, 6, 9, 30, tzinfo=UTC)
MAIL = Incoming(sender="carla@example.org", subject="Help", text="Please.", whole_text="Please.")
SENDERS = {
    "requester": Actor("carla", "Carla", Role.USER),
    "watcher": Actor("oskar", "Oskar", Role.USER),
    "other": Actor("bert", "Bert", Role.USER),
    "agent": Actor("ada", "Ada", Role.AGENT),
    "admin": Actor("root", "Root", Role.ADMIN),
    "stranger": None,
}
OPEN, REGISTERED, CLOSED = (Admission(setting) for setting in UnknownSenders)
# Of mail that answers nothing.
NEW = """
    sender      open     registered  closed
    requester   ticket   ticket      ignored
    other       ticket   ticket      ignored
    agent       ticket   ticket      ignored
    admin       ticket   ticket      ignored
    stranger    ticket   ignored     ignored
"""
# Of mail that answers Carla's ticket, which Oskar watches: by what it was told of and to whom, and how the ticket is.
# What stands in a bracket is as of mail that answers nothing.
ANSWERS = """
    sender     own_reply  own_reply_closed  own_note  others_reply  others_reply_closed  others_note
    requester  reply      follow_up         ignored   reply         follow_up            ignored
    watcher    reply      follow_up         ignored   reply         follow_up            ignored
    other      (new)      (new)             ignored   (new)         (new)                ignored
    agent      reply      reply             note      (new)         (new)                ignored
    admin      reply      reply             note      (new)         (new)                ignored
    stranger   (new)      (new)             ignored   (new)         (new)                ignored
"""


def cells(table: str) -> list[tuple[str, str, str]]:
    head, *rows = [line.split() for line in table.strip().splitlines()]
    return [(row[0], column, cell) for row in rows for column, cell in zip(head[1:], row[1:], strict=True)]


def answered(told: str) -> Answered:
    ticket = Ticket.open(1, "carla", "No dial tone", "Dead.", "general", NOW)
    ticket.watchers = ["oskar"]
    if told.endswith("_closed"):
        ticket.status = Status.CLOSED
    return Answered(ticket, MessageKind.NOTE if "note" in told else MessageKind.REPLY, told.startswith("own"))


@pytest.mark.parametrize(("sender", "setting", "fate"), cells(NEW))
def test_new_mail_goes_by_the_setting(sender: str, setting: str, fate: str) -> None:
    verdict = decide(MAIL, Known(SENDERS[sender]), Admission(UnknownSenders(setting)))

    assert verdict.fate == fate
    assert bool(verdict.why) is not verdict.fate.is_in


@pytest.mark.parametrize("admission", [OPEN, REGISTERED, CLOSED], ids=lambda one: one.unknown)
@pytest.mark.parametrize(("sender", "told", "fate"), cells(ANSWERS))
def test_an_answer_is_what_its_sender_may_write_there(sender: str, told: str, fate: str, admission: Admission) -> None:
    verdict = decide(MAIL, Known(SENDERS[sender], answered=answered(told), is_confirmed=True), admission)

    as_new = decide(MAIL, Known(SENDERS[sender]), admission)
    assert verdict == as_new if fate == "(new)" else verdict.fate == fate


@pytest.mark.parametrize("told", ["own_reply", "own_note", "others_reply", "others_note"])
@pytest.mark.parametrize("sender", SENDERS)
def test_an_address_that_is_not_confirmed_makes_no_agents_reply_or_note_and_is_no_hindrance_to_others(
    sender: str, told: str
) -> None:
    confirmed = Known(SENDERS[sender], answered=answered(told), is_confirmed=True)

    verdict = decide(MAIL, replace(confirmed, is_confirmed=False), OPEN)

    is_agents = sender in {"agent", "admin"} and told.startswith("own")
    assert verdict == (NOT_CONFIRMED if is_agents else decide(MAIL, confirmed, OPEN))


@pytest.mark.parametrize("told", ["own_reply", "own_note", "others_reply", "others_note"])
@pytest.mark.parametrize("sender", SENDERS)
def test_checks_that_failed_keep_agents_out_of_tickets_and_nobody_else(sender: str, told: str) -> None:
    failed = Incoming(sender="x@example.org", authenticated=False)
    known = Known(SENDERS[sender], answered=answered(told), is_confirmed=True)

    with_checks, without = decide(failed, known, OPEN), decide(MAIL, known, OPEN)

    keeps_out = sender in {"agent", "admin"} and told.startswith("own")
    assert with_checks == without if not keeps_out else with_checks.fate is Fate.IGNORED


@pytest.mark.parametrize("reason", Reason)
def test_what_a_machine_sends_is_ignored_with_a_reason_until_somebody_has_looked_at_it(reason: Reason) -> None:
    sent = Incoming(sender="carla@example.org", automatic=reason)
    known = Known(SENDERS["requester"], answered=answered("own_reply"))

    verdict = decide(sent, known, OPEN)

    assert (verdict.fate, verdict.why.endswith(".")) == (Fate.IGNORED, True)
    assert decide(sent, known, OPEN, looked_at=True).fate is Fate.REPLY


@pytest.mark.parametrize("looked_at", [False, True])
def test_nobody_who_is_denied_or_deactivated_gets_in_and_nothing_unreadable(looked_at: bool) -> None:  # noqa: FBT001
    answer = answered("own_reply")
    carla = SENDERS["requester"]
    denied = Admission(UnknownSenders.OPEN, denied=("example.org",))
    unread = Incoming(sender="carla@example.org", problem="It is larger than 25 MB.")

    verdicts = [
        decide(MAIL, Known(carla, answered=answer), denied, looked_at=looked_at),
        decide(MAIL, Known(carla, is_active=False, answered=answer), OPEN, looked_at=looked_at),
        decide(unread, Known(carla, answered=answer), OPEN, looked_at=looked_at),
        decide(Incoming(), Known(answered=answer), OPEN, looked_at=looked_at),
    ]

    assert [verdict.fate for verdict in verdicts] == [Fate.IGNORED, Fate.IGNORED, Fate.FAILED, Fate.FAILED]
    assert verdicts[2].why == "It is larger than 25 MB."


@pytest.mark.parametrize(
    ("subject", "title"),
    [
        ("Re: AW: Fwd: Help", "Help"),
        ("RE[2]: Help", "Help"),
        ("Re: [T-12#abcdefghijklmnop] Help", "Help"),
        ("[T-12#abcdefghijklmnop] Re: Help", "Help"),
        ("Regarding: Help", "Regarding: Help"),
        ("Re:", "(no subject)"),
        ("Help\tme\x00", "Help me�"),
    ],
)
def test_a_title_is_the_subject_without_what_mail_programs_add(subject: str, title: str) -> None:
    assert title_of(Incoming(subject=subject)) == title


def test_a_text_never_is_too_long_and_still_names_what_is_not_attached() -> None:
    text = text_of(Incoming(text="word " * 10_000), ["a.iso (11.0 MB)"], whole=False)

    assert len(text) <= TEXT_LIMIT
    assert text.endswith("Not attached, but kept with the original mail:\na.iso (11.0 MB)")


def test_an_answer_that_is_all_quotes_is_taken_whole() -> None:
    assert text_of(Incoming(text=" ", whole_text="> Is it on?\n> yes"), [], whole=False) == "> Is it on?\n> yes"


def test_so_many_files_are_attached_as_fit_and_each_other_is_named() -> None:
    fits = fitting([("a", 5), ("b", 8), ("c", 0), ("d", 3)], 6, 0, 0)
    full = fitting([("a", 5)], 6, 500 << 20, 0)

    assert (fits.taken, fits.refused) == ([0, 3], ["b (8 bytes)", "c (0 bytes)"])
    assert (full.taken, full.refused) == ([], ["a (5 bytes)"])


@pytest.mark.parametrize(
    "address",
    ["carla@example.org", "ö@example.org", "system@example.org", f"{'x' * 64}@example.org", "a+b@x", "..@x", "王@例子"],
)
def test_every_address_has_usernames(address: str) -> None:
    names = list(islice(usernames_for(address), 5))

    assert len(set(names)) == 5
    for name in names:
        assert username_key(name) == name
        assert name not in RESERVED_USERNAMES


@pytest.mark.parametrize(
    ("told", "name"),
    [
        ("Carla  Ruiz", "Carla Ruiz"),
        ("", "x@example.org"),
        ("ada@example.org", "x@example.org"),
        ("A\u202eda", "Ada"),
        ("y" * 100, "y" * NAME_LIMIT),
    ],
)
def test_nobody_poses_as_somebody_else_by_the_name_of_a_new_account(told: str, name: str) -> None:
    assert name_shown("x@example.org", told) == name
