"""A desk has a name, a picture and a colour on which its words can be read."""

import base64
from datetime import UTC, datetime

import pytest

from ticketing.domain.branding import LOGO_LIMIT, Branding, contrast, readable_on
from ticketing.domain.errors import BlankError, InvalidInputError, OnlyOneError

NOW = datetime(2031, 5, 6, tzinfo=UTC)
PICTURE = b"RIFF\x24\x00\x00\x00WEBPVP8 "


def branding(**fields: str) -> Branding:
    """Return one as it would be kept."""
    return Branding(**{"id": Branding.kind, "name": "Acme support", **fields}).checked()


def encoded(picture: bytes) -> str:
    """Return a picture as it is kept."""
    return base64.b64encode(picture).decode()


def test_a_desk_begins_with_the_one_branding_that_it_always_has() -> None:
    (present,) = Branding.all_of(())

    assert (present.id, present.name, present.logo, present.accent) == ("branding", "Help desk", None, None)
    assert not present.is_renamed
    with pytest.raises(OnlyOneError):
        Branding(name="Another").require_room([])
    with pytest.raises(OnlyOneError):
        present.require_dispensable([])


@pytest.mark.parametrize(("one", "other", "ratio"), [("#ffffff", "#000000", 21.0), ("#777777", "#ffffff", 4.48)])
def test_contrast_is_counted_as_wcag_counts_it(one: str, other: str, ratio: float) -> None:
    assert round(contrast(one, other), 2) == round(contrast(other, one), 2) == ratio


@pytest.mark.parametrize(
    ("colour", "text"), [("#0b6e4f", "#ffffff"), ("#4338ca", "#ffffff"), ("#ffd600", "#0b0e1a"), ("#ff0000", "#0b0e1a")]
)
def test_words_on_the_colour_are_white_or_dark_whichever_can_be_read(colour: str, text: str) -> None:
    assert branding(accent=f" {colour.upper()} ").text_on_accent == text
    assert contrast(colour, readable_on(colour)) >= 4.5


@pytest.mark.parametrize("colour", ["#777777", "#787878"])
def test_a_colour_on_which_nothing_can_be_read_is_refused_with_its_contrast(colour: str) -> None:
    with pytest.raises(InvalidInputError, match=r"4\.4 to 1 at most, and 4\.5 is needed|4\.5 to 1 at most"):
        branding(accent=colour)


@pytest.mark.parametrize("typed", ["red", "#fff", "0b6e4f", "#0b6e4g", "#0b6e4f; } body { display: none", "#0b6e4f\n#"])
def test_what_is_no_colour_is_refused(typed: str) -> None:
    with pytest.raises(InvalidInputError, match="A colour is written as #"):
        branding(accent=typed)


def test_without_a_colour_or_a_name() -> None:
    assert branding(accent="  ").accent is None
    with pytest.raises(BlankError):
        branding(name=" ")


@pytest.mark.parametrize(
    "logo",
    [
        "no base64!",
        encoded(b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
        encoded(b"\x89PNG\r\n\x1a\n"),
        encoded(PICTURE + bytes(LOGO_LIMIT)),
    ],
    ids=["no base64", "SVG", "PNG", "too large"],
)
def test_a_settings_file_brings_in_no_other_picture_than_one_that_was_painted_here(logo: str) -> None:
    with pytest.raises(InvalidInputError, match="WebP picture of at most 50 kB"):
        branding(logo=logo)


def test_the_history_tells_pictures_apart_and_does_not_hold_them() -> None:
    (before,) = Branding.all_of(())
    kept = branding(logo=encoded(PICTURE)).revised(before, "root", NOW)

    assert {change.field: change.new for change in kept.history} == {"name": "Acme support", "logo": kept.logo_mark}
    assert kept.picture == PICTURE
    assert kept.as_settings()["logo"] == encoded(PICTURE)
