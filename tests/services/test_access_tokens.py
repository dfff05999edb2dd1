"""Access tokens: this desk reads those that it has made, for as long as they hold, and no other."""

import base64
import hashlib
import hmac
import json
import math
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.services.conftest import ON_BOTH_STORES
from ticketing.domain.sign_in import Session
from ticketing.domain.store import Store
from ticketing.domain.tokens import ACCESS_LIFETIME, LEEWAY, TOKEN_LIMIT, SigningKey, SigningKeys
from ticketing.services.access_tokens import AccessTokens, Claims
from ticketing.storage.keys import GivenKey

Clock = Callable[[], datetime]
MASTER = b"m" * 32
ISSUER = "https://desk.example.org"
SECOND = timedelta(seconds=1)


@pytest.fixture
def tokens() -> AccessTokens:
    return AccessTokens(GivenKey(MASTER), ISSUER)


@pytest.fixture
def key(tokens: AccessTokens, store: Store, clock: Clock) -> SigningKey:
    """Return the key that signs."""
    with store.write() as tx:
        return tokens.make_key(tx, clock())


@pytest.fixture
def session(clock: Clock) -> Session:
    now = clock()
    return Session(id="5" * 64, username="carla", created_at=now, last_seen_at=now, expires_at=now + timedelta(days=1))


@pytest.fixture
def token(tokens: AccessTokens, key: SigningKey, session: Session, clock: Clock) -> str:
    return tokens.make(key, session, clock())


@pytest.fixture
def read(tokens: AccessTokens, store: Store, clock: Clock) -> Callable[[str], Claims | None]:
    """Return a way to read a token at this moment."""

    def look(token: str) -> Claims | None:
        with store.read() as tx:
            return tokens.read(tx, token, clock())

    return look


Read = Callable[[str], Claims | None]
Forge = Callable[..., str]


def secret_of(key: SigningKey, master: bytes = MASTER) -> bytes:
    """Return what signs, as the documentation says that it is made."""
    return hmac.digest(master, b"ticketing/access-token/v1" + bytes.fromhex(key.salt), "sha256")


def encoded(part: object) -> str:
    """Return a part of a token, which may be bytes that are no JSON."""
    raw = part if isinstance(part, bytes) else json.dumps(part).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


@pytest.fixture
def forge(key: SigningKey, token: str) -> Forge:
    """Return a way to make a token that differs from a good one, and is signed with the right key all the same."""

    def make(
        header: dict[str, Any] | None = None,
        claims: dict[str, Any] | None = None,
        without: str = "",
        payload: object = None,
        secret: bytes | None = None,
        algorithm: str = "sha256",
    ) -> str:
        said = [json.loads(base64.urlsafe_b64decode(f"{part}==")) for part in token.split(".")[:2]]
        for part, changes in zip(said, (header, claims), strict=True):
            part.update(changes or {})
            part.pop(without, None)
        signed = f"{encoded(said[0])}.{encoded(said[1] if payload is None else payload)}"
        signature = hmac.digest(secret_of(key) if secret is None else secret, signed.encode(), algorithm)
        return f"{signed}.{encoded(signature)}"

    return make


def test_a_token_says_whose_it_is_and_of_which_session(read: Read, token: str, clock: Clock) -> None:
    claims = read(token)

    assert claims is not None
    assert (claims.sub, claims.sid, claims.iss, claims.aud) == ("carla", "5" * 64, ISSUER, f"{ISSUER}/api/v1")
    assert (claims.iat, claims.exp) == (clock().timestamp(), (clock() + ACCESS_LIFETIME).timestamp())


def test_each_token_is_another_one(tokens: AccessTokens, key: SigningKey, session: Session, clock: Clock) -> None:
    assert tokens.make(key, session, clock()) != tokens.make(key, session, clock())


def test_what_the_tests_below_change_is_good_as_it_is(read: Read, forge: Forge) -> None:
    assert read(forge()) is not None


@pytest.mark.parametrize(
    "header",
    [
        {"alg": "none"},
        {"alg": "None"},
        {"alg": "HS384"},
        {"alg": "HS512"},
        {"alg": "RS256"},
        {"alg": "ES256"},
        {"alg": ["HS256"]},
        {"alg": None},
        {"kid": "0" * 16},
        {"kid": ""},
        {"kid": None},
        {"kid": 1},
        {"kid": ["x"]},
        {"kid": "../../dev/null"},
        {"typ": "JWT"},
        {"typ": "AT+JWT"},
        {"typ": None},
        {"crit": ["exp"]},
        {"crit": ["b64"], "b64": False},
        {"jku": "https://evil.example/keys"},
        {"jwk": {"kty": "oct", "k": "c2VjcmV0"}},
        {"x5u": "https://evil.example/cert"},
        {"zip": "DEF"},
        {"cty": "JWT"},
    ],
    ids=str,
)
def test_j1_a_header_that_is_not_exactly_ours_is_refused(read: Read, forge: Forge, header: dict[str, Any]) -> None:
    assert read(forge(header)) is None


@pytest.mark.parametrize("name", ["alg", "typ", "kid"])
def test_j1_nothing_may_be_missing_in_the_header(read: Read, forge: Forge, name: str) -> None:
    assert read(forge(without=name)) is None


@pytest.mark.parametrize("algorithm", ["none", "None", "nOnE", "HS256"])
def test_j1_a_token_without_signature_is_refused(read: Read, forge: Forge, algorithm: str) -> None:
    head, claims, _ = forge({"alg": algorithm}).split(".")

    assert read(f"{head}.{claims}.") is None
    assert read(f"{head}.{claims}") is None


def test_j1_the_algorithm_cannot_be_chosen_with_the_key(read: Read, forge: Forge, key: SigningKey) -> None:
    """What everybody can know, such as a public key would be, signs nothing; nor does another hash with our key."""
    for known in (key.salt.encode(), bytes.fromhex(key.salt), key.id.encode(), b"", MASTER):
        assert read(forge(secret=known)) is None
    for algorithm, name in (("sha384", "HS384"), ("sha512", "HS512")):
        assert read(forge({"alg": name}, algorithm=algorithm)) is None
        assert read(forge(algorithm=algorithm)) is None


@pytest.mark.parametrize("name", ["iss", "aud", "sub", "sid", "jti", "iat", "exp"])
def test_j1_each_claim_is_required(read: Read, forge: Forge, name: str) -> None:
    assert read(forge(without=name)) is None


WRONG: list[tuple[str, object]] = [
    ("iss", "https://evil.example"),
    ("iss", f"{ISSUER}/"),
    ("iss", [ISSUER]),
    ("aud", "https://evil.example/api/v1"),
    ("aud", ISSUER),
    ("aud", [f"{ISSUER}/api/v1"]),
    ("sub", 1),
    ("sub", None),
    ("sub", ["carla"]),
    ("sub", True),
    ("sid", 5),
    ("jti", 7),
    ("exp", "4102444800"),
    ("exp", None),
    ("exp", True),
    ("exp", 10**30),
    ("exp", -1),
    ("exp", math.inf),
    ("exp", math.nan),
    ("exp", 1936258200.5),
    ("iat", "0"),
    ("iat", -(10**30)),
    ("iat", 0),
    ("nbf", 4102444800),
    ("nbf", 0),
    ("role", "admin"),
    ("scope", "admin"),
]


@pytest.mark.parametrize(("name", "value"), WRONG, ids=[f"{name} {value}" for name, value in WRONG])
def test_j1_a_claim_of_another_value_or_type_is_refused(read: Read, forge: Forge, name: str, value: object) -> None:
    assert read(forge(claims={name: value})) is None


def test_j1_a_token_that_would_last_longer_is_refused(read: Read, forge: Forge, clock: Clock) -> None:
    end = int((clock() + ACCESS_LIFETIME).timestamp())

    assert read(forge(claims={"exp": end})) is not None
    assert read(forge(claims={"exp": end + 1})) is None
    assert read(forge(claims={"exp": int(clock().timestamp())})) is None


def test_j1_a_token_from_the_future_is_refused_beyond_the_difference_of_clocks(
    read: Read, forge: Forge, clock: Clock
) -> None:
    soon = clock() + LEEWAY

    assert read(forge(claims={"iat": int(soon.timestamp())})) is not None
    assert read(forge(claims={"iat": int((soon + SECOND).timestamp())})) is None


@ON_BOTH_STORES
def test_j1_a_token_is_over_after_a_quarter_of_an_hour(read: Read, token: str, clock: Clock) -> None:
    claims = read(token)
    assert claims is not None
    end = clock() + ACCESS_LIFETIME + LEEWAY

    assert timedelta(minutes=15) >= ACCESS_LIFETIME
    assert not claims.are_over(end - SECOND)
    assert claims.are_over(end)


def test_j1_a_token_that_was_cut_or_changed_anywhere_is_refused(read: Read, token: str) -> None:
    for end in range(len(token)):
        assert read(token[:end]) is None, end
    for place, char in enumerate(token[:-1]):  # some bits of the last character are no part of the signature
        other = "A" if char != "A" else "B"
        assert read(f"{token[:place]}{other}{token[place + 1 :]}") is None, place


@pytest.mark.parametrize(
    "payload",
    [b"", b"{", b"[]", b"null", b"1", b'"x"', b"\xff\xfe", b"[" * 1000, b"NaN", []],
    ids=["empty", "half", "list", "null", "number", "text", "no UTF-8", "deep", "NaN", "nothing"],
)
def test_j1_claims_that_are_no_claims_are_refused(read: Read, forge: Forge, payload: object) -> None:
    assert read(forge(payload=payload)) is None


@pytest.mark.parametrize(
    "typed",
    [
        "",
        ".",
        "..",
        "...",
        "a.b.c",
        "a.b.c.d.e",
        "é.ü.ß",
        "\0",
        "\ud800.\ud800.\ud800",
        " ",
        "e30.e30.",
        f"{encoded(b'[' * 1000)}.e30.e30",
        f"{encoded([1])}.e30.e30",
        "x" * (TOKEN_LIMIT + 1),
        "x." * 10_000_000,
    ],
    ids=lambda typed: repr(typed[:20]),
)
@pytest.mark.usefixtures("key")
def test_j1_what_is_no_token_is_refused(read: Read, typed: str) -> None:
    assert read(typed) is None


def test_j1_a_token_that_is_too_long_is_refused_whatever_it_says(read: Read, forge: Forge) -> None:
    assert len(forge(claims={"jti": "x" * 500})) < TOKEN_LIMIT
    assert read(forge(claims={"jti": "x" * 500})) is not None
    assert read(forge(claims={"jti": "x" * TOKEN_LIMIT})) is None


@ON_BOTH_STORES
def test_j1_a_token_of_another_desk_is_refused(store: Store, clock: Clock, token: str) -> None:
    for master, issuer in ((b"n" * 32, ISSUER), (MASTER, "https://other.example")):
        other = AccessTokens(GivenKey(master), issuer)
        with store.read() as tx:
            assert other.read(tx, token, clock()) is None


@ON_BOTH_STORES
def test_j1_the_key_has_256_bits_and_is_nowhere_in_the_store(
    everything: Callable[[], dict[str, object]], key: SigningKey
) -> None:
    secret = secret_of(key)

    kept = str(everything())

    assert len(secret) == 32
    assert key.salt in kept
    for known in (secret, MASTER, hashlib.sha256(MASTER).digest()):
        assert known.hex() not in kept
        assert base64.b64encode(known).decode() not in kept


def test_j3_after_a_rotation_what_the_old_key_has_signed_is_good_until_it_is_over(
    tokens: AccessTokens, store: Store, clock: Any, session: Session, token: str, read: Read
) -> None:
    with store.write() as tx:
        tokens.rotate(tx, clock())
    with store.read() as tx:
        current = tokens.current(tx)
    assert current is not None
    newer = tokens.make(current, session, clock())

    assert token.split(".", maxsplit=1)[0] != newer.split(".")[0]
    assert read(token) is not None
    assert read(newer) is not None
    clock.advance(ACCESS_LIFETIME + LEEWAY)
    assert read(token) is None
    assert read(newer) is not None


def test_j3_a_retired_key_signs_nothing_and_goes_with_the_next_rotation_after_its_last_token(
    tokens: AccessTokens, store: Store, clock: Any, key: SigningKey
) -> None:
    def keys_after_a_rotation() -> list[str]:
        with store.write() as tx:
            tokens.rotate(tx, clock())
            kept = tx.definitions(SigningKeys).find(SigningKeys.kind)
        assert kept is not None
        assert [one.id for one in kept.keys if one.retired_at is None] == [kept.keys[-1].id]
        return [one.id for one in kept.keys]

    first = keys_after_a_rotation()
    assert first[0] == key.id
    assert len(keys_after_a_rotation()) == 3

    clock.advance(ACCESS_LIFETIME + LEEWAY)

    assert len(keys_after_a_rotation()) == 2  # the newest of those before, whose tokens are about, and the new one


def test_j3_another_master_key_makes_another_key_and_leaves_those_of_others(
    store: Store, clock: Clock, key: SigningKey, token: str, tokens: AccessTokens
) -> None:
    other = AccessTokens(GivenKey(b"n" * 32), ISSUER)

    with store.write() as tx:
        assert other.current(tx) is None
        made = other.make_key(tx, clock())
        assert other.current(tx) == made
        assert tokens.current(tx) == key
        assert tokens.read(tx, token, clock()) is not None
