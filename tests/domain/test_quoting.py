"""What mails quote of what was said before: little, the newest first, and what can be told from what is new."""

from datetime import datetime, timedelta

from ticketing.delivery.quotes import new_text
from ticketing.domain.quoting import MOST_QUOTED, QUOTED_LIMIT, quoted
from ticketing.domain.tickets import Message

NAMES = {"carla": "Carla Colani", "ada": "Ada Albers"}


def said(author: str, text: str, at: datetime) -> Message:
    return Message(author=author, text=text, at=at)


def test_the_newest_comes_first_with_who_said_it_when(now: datetime) -> None:
    earlier = [said("carla", "It is dead.\n\nHelp!", now), said("ada", "Is it plugged in?", now + timedelta(hours=1))]

    assert quoted(earlier, NAMES) == (
        "On 2 March 2026 at 10:00 UTC, Ada Albers wrote:\n> Is it plugged in?\n\n"
        "On 2 March 2026 at 09:00 UTC, Carla Colani wrote:\n> It is dead.\n>\n> Help!"
    )


def test_nothing_is_quoted_where_nothing_was_said() -> None:
    assert quoted([], NAMES) == ""


def test_only_the_last_few_are_quoted(now: datetime) -> None:
    text = quoted([said("gone", f"This is number {place}.", now) for place in range(8)], NAMES)

    assert [f"number {place}." in text for place in range(8)] == [False] * (8 - MOST_QUOTED) + [True] * MOST_QUOTED
    assert "gone wrote:" in text


def test_what_is_too_long_is_cut_at_a_line(now: datetime) -> None:
    text = quoted([said("carla", "The line is dead. " * 20 + "\n" + "word\n" * 4_000, now)], NAMES)

    assert len(text) <= QUOTED_LIMIT + 4
    assert text.endswith("> word\n> …")


def test_when_the_answer_comes_back_nothing_of_it_is_new(now: datetime) -> None:
    sent = f"Ada has replied.\n\nIs it plugged in?\n\n{quoted([said('carla', 'It is dead.', now)] * 3, NAMES)}"
    introduction = "On Mon, 2 Mar 2026 at 11:12, Help desk <desk@example.org> wrote:"
    by_sign = "\n".join(f"> {line}" for line in sent.split("\n"))
    by_head = "From: Help desk\nSent: Monday, 2 March 2026 11:12\nTo: Carla\nSubject: No dial tone\n\n"

    for answer in (f"{introduction}\n\n{by_sign}", f"{introduction}\n\n{sent}", f"{by_head}{sent}"):
        assert new_text(f"It is.\n\n{answer}", answers=True) == "It is."
    assert new_text(f"It is.\n\n{quoted([said('carla', 'It is dead.', now)] * 2, NAMES)}", answers=True) == "It is."
