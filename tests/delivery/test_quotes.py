"""What is new in a text; how each program quotes, the corpus shows."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticketing.delivery.quotes import new_text
from ticketing.domain.text import is_blank

HEAD = "From: Ada <help@desk.example>\nSent: Tuesday\nTo: Carla\nSubject: No dial tone\n\nHave you tried another phone?"
LINES = st.sampled_from(
    [
        *("Still dead.", "No.", "", "   ", "> Quoted", ">> Quoted twice", "--", "-- ", "_____", "-----", "- a point"),
        *("On 3 March 2026 at 10:12, Ada wrote:", "Am 3.3. um 10:12 schrieb Ada:", "Ada <a@b.example>:", "wrote:"),
        *("From: Ada", "Sent: Tuesday", "To: Carla", "Subject: x", "-----Original Message-----", "Sent from my iPhone"),
        *("---------- Forwarded message ---------", "-----BEGIN PGP SIGNED MESSAGE-----", "Hash: SHA512"),
        *("-----BEGIN PGP SIGNATURE-----", "-----END PGP SIGNATURE-----", "\u00a0"),
    ]
)


def test_only_an_answer_quotes() -> None:
    text = f"What do you make of this?\n\n{HEAD}"

    assert new_text(text, answers=True) == "What do you make of this?"
    assert new_text(text, answers=False) == text


def test_where_nothing_would_be_left_all_stays() -> None:
    assert new_text(HEAD, answers=True) == HEAD
    assert new_text("\n-- \nCarla\n", answers=True) == "-- \nCarla"
    assert new_text("> Yes\n", answers=True) == "> Yes"
    assert new_text(" \n\n", answers=True) == ""


@pytest.mark.parametrize(
    "text",
    [
        "From: Berlin\nTo: Paris\nDate: 3 March\nWhen does it leave?",
        "From: Berlin\n\n\n\n\n\n\n\nTo: Paris\nSubject: Trains",
        "On Monday I wrote:\nthe line is dead.\nIt still is.",
        "On 3 March at 10:12 these lines were dead:\n12 and 14",
        "We need:\n- two phones\n- one line\n",
        "Sent from my old flat, the parcel never came.\nWhere is it?",
        "a -- b\n--option is what I typed",
        "_____\nsigned\n_____",
    ],
)
def test_what_only_looks_like_a_quote_stays(text: str) -> None:
    assert new_text(text, answers=True) == text.strip()


@pytest.mark.parametrize("line", ["Sent from my iPhone", "Von meiner Uhr gesendet.", "Envoyé de mon téléphone"])
def test_a_program_that_praises_itself_is_heard_only_at_the_end(line: str) -> None:
    assert new_text(f"Still dead.\n\n{line}\n", answers=False) == "Still dead."
    assert new_text(f"{line}\nStill dead.", answers=False) == f"{line}\nStill dead."


def test_a_signature_is_short() -> None:
    short, long = ("\n".join(["Still dead.", "-- ", *("Carla" for _ in range(lines))]) for lines in (14, 15))

    assert new_text(short, answers=False) == "Still dead."
    assert new_text(long, answers=False) == long.replace("-- ", "--")


def test_a_question_that_is_answered_in_between_stays() -> None:
    text = "> Is there a light?\n\nNo.\n\n> Regards,\n> Ada"

    assert new_text(text, answers=True) == "> Is there a light?\n\nNo."


@given(st.lists(LINES, max_size=25).map("\n".join), st.booleans())
def test_what_is_new_stood_in_the_text_and_nothing_is_made_up(text: str, answers: bool) -> None:  # noqa: FBT001
    new = new_text(text, answers=answers)

    # Of a signed text the dashes that its signer put before lines go again (RFC 9580, 7.2).
    rest = iter([line.strip().removeprefix("- ") for line in text.split("\n")])
    assert all(line.strip().removeprefix("- ") in rest for line in new.split("\n") if line.strip())
    assert is_blank(new) == is_blank(text)
