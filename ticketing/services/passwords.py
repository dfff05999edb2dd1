"""
Passwords: how they are kept, how they are compared, and which new ones are refused.

Stored is `bcrypt-hs384$v1$<bcrypt>`: bcrypt over base64(HMAC-SHA-384(key, NFKC(password))). bcrypt itself takes 72
bytes and no NUL; the hash before it makes every character of any length count.

The words in `common_passwords.txt` come from the lists that ship with Django (common-passwords) and zxcvbn (passwords):
long ones, and the stems of others, without the variants that `_variants` finds anyway.
"""

import base64
import hashlib
import hmac
import re
import string
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from itertools import pairwise
from pathlib import Path
from threading import BoundedSemaphore
from typing import Final

import bcrypt

from ticketing.domain.errors import BlankError, BusyError, ForbiddenCharacterError, WeakPasswordError
from ticketing.domain.people import Role
from ticketing.domain.text import is_blank

USER_MINIMUM: Final = 10
AGENT_MINIMUM: Final = 12
MAXIMUM: Final = 128

_PREFIX: Final = "bcrypt-hs384$v1$"
_KEY: Final = b"ticketing/pw/v1"
_WELL_FORMED: Final = re.compile(re.escape(_PREFIX) + r"(\$2b\$(0[4-9]|1[0-6])\$[./A-Za-z0-9]{53})")
_FORBIDDEN: Final = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")

_PRODUCT: Final = ("ticketing", "helpdesk")
_ROWS: Final = ("abcdefghijklmnopqrstuvwxyz", "01234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm")
_NEIGHBOURS: Final = frozenset(pair for row in _ROWS for way in (row, row[::-1]) for pair in pairwise(way))
_LEET: Final = str.maketrans("0134578@$!", "oieastbasi")
_TRIMMINGS: Final = string.digits + string.punctuation + string.whitespace
_WORTH_COMPARING: Final = MAXIMUM * 4
_SHORTEST_USERNAME: Final = 3
_SHORTEST_NAME: Final = 4
_LONGEST_UNIT: Final = 4
_CHARACTERS_PER_RUN: Final = 5


class Passwords:
    """Hashes and compares passwords; at most `places` at once, since each takes a processor for a good while."""

    def __init__(self, rounds: int = 12, places: int = 2, patience: float = 5.0) -> None:
        self._rounds = rounds
        self._places = BoundedSemaphore(places)
        self._patience = patience
        self._nobodys = bcrypt.gensalt(rounds) + b"." * 31

    def hash(self, password: str) -> str:
        """Return what to store for a password; raises BusyError when no place gets free in time."""
        with self._place():
            return _PREFIX + bcrypt.hashpw(_digest(password), bcrypt.gensalt(self._rounds)).decode()

    def verify(self, password: str, stored: str | None) -> bool:
        """
        Whether the password is the stored one.

        It takes the same time when there is no account (None), when what is stored is no hash, and when the password is
        absurdly long; all of these are simply not right. Raises BusyError when no place gets free in time.
        """
        well_formed = _WELL_FORMED.fullmatch(stored or "")
        possible = len(password) <= _WORTH_COMPARING
        kept = well_formed[1].encode() if well_formed and possible else self._nobodys
        with self._place():
            same = bcrypt.checkpw(_digest(password if possible else ""), kept)
        return same and kept != self._nobodys

    def needs_rehash(self, stored: str) -> bool:
        """Whether the hash is weaker than what is made today."""
        well_formed = _WELL_FORMED.fullmatch(stored)
        return well_formed is None or int(well_formed[2]) < self._rounds

    @contextmanager
    def _place(self) -> Iterator[None]:
        if not self._places.acquire(timeout=self._patience):
            raise BusyError
        try:
            yield
        finally:
            self._places.release()


def same_password(one: str, other: str) -> bool:
    """Whether two typed passwords are the same to the desk, however the keyboard composed them."""
    return hmac.compare_digest(_digest(one), _digest(other))


def check_new(
    password: str, *, role: Role = Role.USER, username: str = "", display_name: str = "", email: str | None = None
) -> None:
    """
    Refuse a new password that is too short, too long or among the first that an attacker tries.

    Length is what counts: 10 characters for users, 12 for agents and admins, at most 128; there are no rules about
    kinds of characters. Raises BlankError, ForbiddenCharacterError or WeakPasswordError.
    """
    _check_length(password, AGENT_MINIMUM if role in {Role.AGENT, Role.ADMIN} else USER_MINIMUM)
    plain = unicodedata.normalize("NFKC", password).casefold()
    if _is_repetition(plain):
        raise WeakPasswordError("This password repeats the same few characters. Please choose a less regular one.")
    if _is_sequence(plain):
        raise WeakPasswordError("This password follows the alphabet or the keyboard. Please choose a less regular one.")
    _check_names(plain, username, display_name, email)
    if not _common().isdisjoint(_variants(plain)):
        raise WeakPasswordError(
            "This password is one of the first that attackers try. Several unrelated words make a better one."
        )


def _digest(password: str) -> bytes:
    normal = unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")
    return base64.b64encode(hmac.digest(_KEY, normal, hashlib.sha384))


def _check_length(password: str, minimum: int) -> None:
    if len(password) > MAXIMUM:
        raise WeakPasswordError(f"A password has at most {MAXIMUM} characters; this one has {len(password):,}.")
    if found := _FORBIDDEN.search(password):
        raise ForbiddenCharacterError("Password", found.start() + 1)
    if is_blank(password):
        raise BlankError("Password")
    length = min(len(password), len(unicodedata.normalize("NFKC", password)))
    if length < minimum:
        raise WeakPasswordError(f"A password needs at least {minimum} characters; this one has {length}.")


def _is_repetition(text: str) -> bool:
    """Whether it is one short unit over and over: aaaaaaaaaa, abcabcabcabc."""
    return len(_unit(text)) <= _LONGEST_UNIT


def _unit(text: str) -> str:
    """Return the shortest text that makes this one when repeated."""
    return text[: (text + text).find(text, 1)]


def _is_sequence(text: str) -> bool:
    """Whether few runs along the alphabet, the digits or a keyboard row make up the whole: 0123456789, aaaaa54321."""
    breaks = sum(one != other and (one, other) not in _NEIGHBOURS for one, other in pairwise(text))
    return (breaks + 1) * _CHARACTERS_PER_RUN <= len(text)


def _check_names(plain: str, username: str, display_name: str, email: str | None) -> None:
    mailbox = (email or "").partition("@")[0]
    for what, names, shortest in (
        ("your username", [username], _SHORTEST_USERNAME),
        ("your name", [display_name, *display_name.split()], _SHORTEST_NAME),
        ("your e-mail address", [mailbox], _SHORTEST_NAME),
        ("the name of this desk", _PRODUCT, _SHORTEST_NAME),
    ):
        folded = [unicodedata.normalize("NFKC", name).casefold() for name in names if len(name) >= shortest]
        if any(name in form for name in folded for form in (plain, plain.translate(_LEET))):
            raise WeakPasswordError(
                f"This password contains {what}, which is easy to guess. Please choose another one."
            )


def _variants(plain: str) -> set[str]:
    """Return the words behind a password: without what is put around or between, with digits read as letters."""
    forms = {plain, plain.translate(_LEET), re.sub(r"[\W_]+", "", plain)}
    forms |= {form.strip(_TRIMMINGS) for form in forms} | {plain.strip(_TRIMMINGS).translate(_LEET)}
    forms |= {form.translate(_LEET).strip(_TRIMMINGS) for form in forms}
    return {_unit(form) for form in forms if form} | forms


@cache
def _common() -> frozenset[str]:
    lines = Path(__file__).with_name("common_passwords.txt").read_text("utf-8").splitlines()
    return frozenset(line for line in lines if not line.startswith("# "))
