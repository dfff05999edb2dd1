"""Passwords: kept as slow hashes, compared safely, and refused when they are easy to guess."""

import base64
import hashlib
import statistics
import time
import unicodedata
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from threading import Event, Thread

import bcrypt
import pytest

from ticketing.desk import open_desk
from ticketing.domain.errors import BlankError, BusyError, ForbiddenCharacterError, WeakPasswordError
from ticketing.domain.people import Role
from ticketing.services import passwords as module
from ticketing.services.passwords import Passwords, check_new, same_password
from ticketing.settings import Settings

GOOD = "three wet umbrellas"


def test_a1_a_password_is_kept_as_a_bcrypt_hash_that_names_its_scheme(passwords: Passwords) -> None:
    stored = passwords.hash(GOOD)

    assert stored.startswith("bcrypt-hs384$v1$$2b$04$")
    assert GOOD not in stored


def test_a1_a_desk_keeps_passwords_at_a_cost_of_twelve() -> None:
    with closing(open_desk(Settings(storage_url="memory:"))) as desk, desk.store.read() as tx:
        first = tx.users.find("support_agent")

    assert first is not None
    assert first.password.startswith("bcrypt-hs384$v1$$2b$12$")


def test_a1_bcrypt_gets_the_hmac_of_the_normal_form_with_sha_384_in_base64(passwords: Passwords) -> None:
    # As RFC 2104 defines it, for a block of 128 bytes: what is stored must open with any later version of the desk.
    key = b"ticketing/pw/v1".ljust(128, b"\0")
    typed, normal = "cre\u0300me \ufb01ne et tie\u0300de", "cr\u00e8me fine et ti\u00e8de"
    inner = hashlib.sha384(bytes(byte ^ 0x36 for byte in key) + normal.encode()).digest()
    outer = hashlib.sha384(bytes(byte ^ 0x5C for byte in key) + inner).digest()
    stored = "bcrypt-hs384$v1$" + bcrypt.hashpw(base64.b64encode(outer), bcrypt.gensalt(4)).decode()

    assert passwords.verify(typed, stored)


def test_only_the_right_password_matches(passwords: Passwords) -> None:
    stored = passwords.hash(GOOD)

    assert passwords.verify(GOOD, stored)
    assert not passwords.verify(GOOD.upper(), stored)


@pytest.mark.parametrize("length", [72, 73, 4096])
def test_a2_every_character_counts_beyond_the_72_bytes_of_bcrypt(passwords: Passwords, length: int) -> None:
    stored = passwords.hash("ж" * 72 + "a")

    assert passwords.verify("ж" * 72 + "a", stored)
    assert not passwords.verify("ж" * 72 + "b", stored)
    assert not passwords.verify("ж" * length, stored)


def test_a2_what_follows_a_nul_counts(passwords: Passwords) -> None:
    stored = passwords.hash("before\0after")

    assert passwords.verify("before\0after", stored)
    assert not passwords.verify("before\0", stored)


def test_a3_accents_match_however_the_keyboard_composed_them(passwords: Passwords) -> None:
    stored = passwords.hash("crème brûlée à la carte")

    assert passwords.verify(unicodedata.normalize("NFD", "crème brûlée à la carte"), stored)
    assert same_password("é", "e\u0301")
    assert not same_password("é", "e")


@pytest.mark.parametrize("typed", ["", "x" * 1_000_000, "\ud800", "\0"], ids=["empty", "1 MB", "surrogate", "NUL"])
def test_a2_a_password_that_cannot_be_one_is_simply_wrong(passwords: Passwords, typed: str) -> None:
    assert not passwords.verify(typed, passwords.hash(GOOD))
    assert not passwords.verify(typed, None)


@pytest.mark.parametrize(
    "stored",
    [
        "",
        GOOD,
        "bcrypt-hs384$v1$",
        "bcrypt-hs384$v1$$2b$04$tooshort",
        "bcrypt-hs384$v1$$2b$31$" + "a" * 53,
        "bcrypt-hs384$v2$" + bcrypt.hashpw(b"x", bcrypt.gensalt(4)).decode(),
        bcrypt.hashpw(GOOD.encode(), bcrypt.gensalt(4)).decode(),
    ],
    ids=["empty", "plaintext", "scheme alone", "short", "costly", "other scheme", "no scheme"],
)
def test_a5_a_malformed_hash_is_a_wrong_password_and_no_crash(passwords: Passwords, stored: str) -> None:
    assert not passwords.verify(GOOD, stored)
    assert passwords.needs_rehash(stored)


def test_a5_a_hash_of_lower_cost_wants_renewal(passwords: Passwords) -> None:
    stored = passwords.hash(GOOD)

    assert not passwords.needs_rehash(stored)
    assert Passwords(rounds=5).needs_rehash(stored)


@pytest.mark.parametrize("stored", [None, "no hash at all"], ids=["nobody", "malformed"])
def test_a6_without_a_hash_to_compare_it_takes_the_same_time(stored: str | None) -> None:
    passwords = Passwords(rounds=8)
    real = passwords.hash(GOOD)

    of_somebody, of_nobody = _medians(lambda: passwords.verify("x", real), lambda: passwords.verify("x", stored))

    assert of_nobody == pytest.approx(of_somebody, rel=0.1)


def test_a8_more_than_two_at_once_wait_and_then_hear_that_it_is_busy() -> None:
    passwords = Passwords(rounds=11, patience=0.01)
    outcomes: list[type[BaseException] | None] = []
    start = Event()

    def hash_one() -> None:
        start.wait()
        try:
            passwords.hash(GOOD)
        except BusyError as error:
            outcomes.append(type(error))
        else:
            outcomes.append(None)

    threads = [Thread(target=hash_one) for _ in range(4)]
    for thread in threads:
        thread.start()
    start.set()
    for thread in threads:
        thread.join()

    assert sorted(outcomes, key=str) == [BusyError, BusyError, None, None]
    assert passwords.hash(GOOD), "the places are free again"


@pytest.mark.parametrize(
    "password", [GOOD, "x7Kp2mQv9z", "日本語のパスワードですよ", "🐘" * 3 + "wanders off", "ж" * 2 + GOOD]
)
def test_a_password_of_ten_characters_that_nobody_guesses_is_taken(password: str) -> None:
    check_new(password, username="carla", display_name="Carla Marin", email="carla@example.org")


@pytest.mark.parametrize(
    ("length", "role"), [(10, Role.USER), (12, Role.AGENT), (12, Role.ADMIN)], ids=["user", "agent", "admin"]
)
def test_the_minimum_depends_on_the_role(length: int, role: Role) -> None:
    password = "vq7n2kx0wzpm"

    check_new(password[:length], role=role)

    with pytest.raises(WeakPasswordError, match=f"at least {length} characters; this one has {length - 1}"):
        check_new(password[: length - 1], role=role)


def test_a2_long_passwords_of_any_script_are_taken_and_count_whole(passwords: Passwords) -> None:
    password = "Жаворонок ужинает под синим зонтом, пока цапля 🐘 считает медные пуговицы"
    assert len(password) >= 64

    check_new(password, role=Role.ADMIN)

    stored = passwords.hash(password)
    assert passwords.verify(password, stored)
    assert not passwords.verify(password[:-1], stored)


def test_a2_up_to_128_characters_fit() -> None:
    longest = (GOOD + " and a heron ") * 4

    check_new(longest.ljust(128, "q")[:128])

    with pytest.raises(WeakPasswordError, match="at most 128 characters; this one has 129"):
        check_new(longest.ljust(129, "q")[:129])


def test_characters_are_counted_as_they_are_hashed() -> None:
    with pytest.raises(WeakPasswordError, match="at least 10 characters"):
        check_new("\ufdfa")
    with pytest.raises(WeakPasswordError, match="this one has 7"):
        check_new("e\u0301a\u0301o\u0301qwx7")


@pytest.mark.parametrize("blank", ["", " " * 12, "\u200b" * 12], ids=["empty", "spaces", "invisible"])
def test_a_blank_password_is_called_empty(blank: str) -> None:
    with pytest.raises(BlankError, match="Password is empty"):
        check_new(blank)


@pytest.mark.parametrize("character", ["\0", "\x1b", "\n", "\ud800", "\x7f"])
def test_what_no_keyboard_types_is_refused_with_its_position(character: str) -> None:
    with pytest.raises(ForbiddenCharacterError, match="Password holds an unprintable character at position 6"):
        check_new(f"three{character}wet umbrellas")


@pytest.mark.parametrize("password", ["aaaaaaaaaaaa", "xyxyxyxyxyxy", "ab1!ab1!ab1!", "AaAaAaAaAaAa"])
def test_a_repetition_is_refused(password: str) -> None:
    with pytest.raises(WeakPasswordError, match="repeats the same few characters"):
        check_new(password)


@pytest.mark.parametrize(
    "password",
    ["0123456789", "9876543210", "12345678901234", "abcdefghijklm", "QWERTYUIOP", "poiuytrewq", "aaaaa54321"],
)
def test_a_sequence_is_refused(password: str) -> None:
    with pytest.raises(WeakPasswordError, match="follows the alphabet or the keyboard"):
        check_new(password)


@pytest.mark.parametrize(
    ("password", "what"),
    [
        ("carla-likes-tea", "your username"),
        ("I am C4RL4 indeed", "your username"),
        ("old marin boats", "your name"),
        ("write to cm.1979 now", "your e-mail address"),
        ("a ticketing system", "the name of this desk"),
    ],
)
def test_a4_a_password_with_the_persons_or_the_desks_name_is_refused(password: str, what: str) -> None:
    with pytest.raises(WeakPasswordError, match=f"contains {what}"):
        check_new(password, username="carla", display_name="Carla Marin", email="cm.1979@example.org")


@pytest.mark.parametrize(
    "password",
    [
        "supportpass",
        "userpass2031",
        "Password2031",
        "p4ssw0rd!!!!",
        "pass-word-123",
        "!!!monkey12345",
        "letmeinletmein",
        "iloveyou1234",
        "1q2w3e4r5t6y",
        "administrator",
    ],
)
def test_a4_what_attackers_try_first_is_refused_in_all_its_variants(password: str) -> None:
    with pytest.raises(WeakPasswordError, match="one of the first that attackers try"):
        check_new(password, username="oskar")


def test_a4_the_list_of_common_passwords_is_long_sorted_and_small() -> None:
    path = Path(module.__file__).with_name("common_passwords.txt")
    source, *words = path.read_text("utf-8").splitlines()

    assert "Django" in source
    assert "zxcvbn" in source
    assert len(words) >= 3000
    assert words == sorted(set(words))
    assert all(word == word.casefold().strip() for word in words)
    assert path.stat().st_size <= 100_000


def _medians(one: Callable[[], object], other: Callable[[], object], times: int = 25) -> tuple[float, float]:
    """Return the median time of either, taken in turns so that a busy machine slows both."""
    taken: tuple[list[float], list[float]] = ([], [])
    for _ in range(times):
        for deed, samples in zip((one, other), taken, strict=True):
            begin = time.thread_time()
            deed()
            samples.append(time.thread_time() - begin)
    return statistics.median(taken[0]), statistics.median(taken[1])
