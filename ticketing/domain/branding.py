"""Branding: what the desk is called, the picture in its corner, and the colour of what is to be pressed."""

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping
from typing import Any, ClassVar, Final, Self

from ticketing.domain.definitions import Definition
from ticketing.domain.errors import InvalidInputError
from ticketing.domain.text import is_blank

LOGO_LIMIT: Final = 50_000  # bytes of the picture as it is kept
_COLOUR: Final = re.compile("#[0-9a-f]{6}")
_WHITE: Final = "#ffffff"
_INK: Final = "#0b0e1a"
# WCAG 2.2, 1.4.3: of text against what is behind it.
LEAST_CONTRAST: Final = 4.5
_DARK: Final = 0.04045  # below which a part of a colour counts in proportion
_MARK: Final = 16


class Branding(Definition):
    """
    How the desk presents itself; its name is what people read.

    `logo` is a WebP picture in base64. `accent` is a colour such as #0b6e4f, None for the desk's own.
    """

    kind: ClassVar[str] = "branding"
    only: ClassVar[str] = "Help desk"
    is_long: ClassVar[bool] = True  # its picture is

    logo: str | None = None
    accent: str | None = None

    def checked(self) -> Self:
        """Return it as it may be kept; raises InvalidInputError, such as for a colour on which nothing can be read."""
        accent = None if is_blank(self.accent or "") else _checked_colour(self.accent or "")
        if self.logo is not None:
            _check_logo(self.logo)
        return super().checked().model_copy(update={"accent": accent})

    def content(self) -> Mapping[str, Any]:
        """Return what was set up as plain JSON, with the mark of the picture in its place: histories are read."""
        return {**super().content(), **({"logo": self.logo_mark} if self.logo else {})}

    @property
    def is_renamed(self) -> bool:
        """Whether the desk has a name of its own."""
        return self.name != self.only

    @property
    def logo_mark(self) -> str:
        """What tells its picture from any other, "" where there is none."""
        return hashlib.sha256(self.logo.encode()).hexdigest()[:_MARK] if self.logo else ""

    @property
    def picture(self) -> bytes:
        """The WebP picture; empty where there is none."""
        return base64.b64decode(self.logo or "")

    @property
    def text_on_accent(self) -> str:
        """The colour of text on the accent: white, or ink where that is read better."""
        return readable_on(self.accent or _INK)


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours such as #0b6e4f, from 1 to 21 (WCAG 2.2, relative luminance)."""
    brighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


def readable_on(colour: str) -> str:
    """Return white where that is readable on the colour, or else ink."""
    return _WHITE if contrast(colour, _WHITE) >= LEAST_CONTRAST else _INK


def _luminance(colour: str) -> float:
    parts = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    red, green, blue = (part / 12.92 if part <= _DARK else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _checked_colour(typed: str) -> str:
    colour = typed.strip().casefold()
    if not _COLOUR.fullmatch(colour):
        raise InvalidInputError("Colour", "A colour is written as # and six of 0-9 and a-f, such as #0b6e4f.")
    best = max(contrast(colour, text) for text in (_WHITE, _INK))
    if best < LEAST_CONTRAST:
        raise InvalidInputError(
            "Colour",
            f"Neither white nor dark text can be read well on {colour}: their contrast is {best:.1f} to 1 at most, and "
            f"{LEAST_CONTRAST} is needed. Please choose a darker or a lighter colour.",
        )
    return colour


def _check_logo(logo: str) -> None:
    try:
        picture = base64.b64decode(logo, validate=True)
    except (binascii.Error, ValueError):
        picture = b""
    if picture[:4] != b"RIFF" or picture[8:12] != b"WEBP" or len(picture) > LOGO_LIMIT:
        raise InvalidInputError("Logo", f"A logo is kept as a WebP picture of at most {LOGO_LIMIT // 1000} kB.")
