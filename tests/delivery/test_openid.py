"""The OpenID provider is believed only if what it says is signed by it, for this desk, and for this sign-in."""

import logging
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.openid_provider import CARLA, CLIENT, SECRET, Provider
from ticketing.delivery import openid
from ticketing.delivery.openid import OpenIdProvider
from ticketing.domain.errors import ProviderDistrustedError, ProviderUnreachableError
from ticketing.domain.openid import Proven

NOW = datetime(2031, 5, 6, 9, 30, tzinfo=UTC)
CALLBACK = "https://desk.example.org/oidc/callback"
STATE, NONCE, VERIFIER = "a state", "a nonce", "v" * 43


@pytest.fixture
def provider() -> Iterator[Provider]:
    with Provider() as running:
        running.clock = lambda: NOW
        yield running


@pytest.fixture
def known(provider: Provider) -> OpenIdProvider:
    """Return the provider as a desk knows it."""
    return OpenIdProvider(provider.issuer, CLIENT, SECRET, "Acme", CALLBACK)


def sign_in(known: OpenIdProvider, provider: Provider, nonce: str = NONCE, verifier: str = VERIFIER) -> Proven:
    """Let a browser go there and come back, and exchange what it brings."""
    answer = provider.consent(known.address(STATE, NONCE, VERIFIER))
    return known.prove(answer.code, nonce, verifier, NOW)


def test_a_browser_is_sent_with_all_that_its_answer_is_held_against(known: OpenIdProvider, provider: Provider) -> None:
    where = urlsplit(known.address(STATE, NONCE, VERIFIER))

    query = {name: value for name, [value] in parse_qs(where.query).items()}
    assert f"{where.scheme}://{where.netloc}{where.path}" == f"{provider.issuer}/authorize"
    assert query.pop("code_challenge") != VERIFIER
    assert query == {
        "response_type": "code",
        "client_id": CLIENT,
        "redirect_uri": CALLBACK,
        "scope": "openid profile email",
        "state": STATE,
        "nonce": NONCE,
        "code_challenge_method": "S256",
    }


@pytest.mark.filterwarnings("ignore:EdDSA is deprecated")  # by its newer name, which few providers use yet
@pytest.mark.parametrize("algorithm", openid.ALGORITHMS)
def test_whom_the_provider_has_signed_for_is_proven(known: OpenIdProvider, provider: Provider, algorithm: str) -> None:
    provider.behaviour.algorithm = algorithm

    proven = sign_in(known, provider)

    assert (proven.issuer, proven.subject, proven.email) == (provider.issuer, CARLA["sub"], CARLA["email"])
    assert (proven.email_is_verified, proven.username, proven.name) == (True, "Carla.Ruiz", "Carla Ruiz")


def test_a_public_client_has_no_secret(provider: Provider) -> None:
    provider.secret = None
    known = OpenIdProvider(provider.issuer, CLIENT, None, "Acme", CALLBACK)

    assert sign_in(known, provider).subject == CARLA["sub"]


@pytest.mark.parametrize(
    ("claims", "is_proven"),
    [
        ({"aud": [CLIENT]}, True),
        ({"aud": [CLIENT, "another"], "azp": CLIENT}, True),
        ({"email": None, "email_verified": None, "name": None, "preferred_username": None}, True),
        ({"email": 7, "name": ["a"], "preferred_username": {}}, True),
        ({"iat": int((NOW + timedelta(seconds=30)).timestamp())}, True),
        ({"exp": int((NOW - timedelta(seconds=30)).timestamp())}, True),
        ({"nonce": "another"}, False),
        ({"nonce": None}, False),
        ({"aud": "another"}, False),
        ({"aud": None}, False),
        ({"aud": ["another"]}, False),
        ({"aud": [CLIENT, "another"]}, False),
        ({"aud": [CLIENT, "another"], "azp": "another"}, False),
        ({"azp": "another"}, False),
        ({"iss": "https://login.example.net"}, False),
        ({"iss": None}, False),
        ({"exp": int((NOW - timedelta(minutes=2)).timestamp())}, False),
        ({"exp": None}, False),
        ({"exp": "never"}, False),
        ({"exp": True}, False),
        ({"iat": int((NOW + timedelta(minutes=5)).timestamp())}, False),
        ({"iat": None}, False),
        ({"nbf": int((NOW + timedelta(minutes=5)).timestamp())}, False),
        ({"sub": None}, False),
        ({"sub": ""}, False),
        ({"sub": 248289761001}, False),
        ({"sub": "x" * 256}, False),
        ({"at_hash": "wrong"}, False),
    ],
    ids=str,
)
def test_a_token_is_for_this_desk_and_this_sign_in_and_now_or_proves_nothing(
    known: OpenIdProvider, provider: Provider, claims: dict[str, Any], *, is_proven: bool
) -> None:
    provider.behaviour.claims = claims

    if is_proven:
        assert sign_in(known, provider).subject == CARLA["sub"]
    else:
        with pytest.raises(ProviderDistrustedError):
            sign_in(known, provider)


@pytest.mark.parametrize("value", ["true", 1, "yes", [], None], ids=str)
def test_an_address_is_verified_if_the_provider_says_true_and_nothing_like_it(
    known: OpenIdProvider, provider: Provider, value: object
) -> None:
    provider.behaviour.claims = {"email_verified": value}

    assert not sign_in(known, provider).email_is_verified


@pytest.mark.parametrize("algorithm", ["none", "HS256", "RS512"])
def test_a_token_that_anybody_could_have_signed_proves_nothing(
    known: OpenIdProvider, provider: Provider, algorithm: str
) -> None:
    provider.behaviour.algorithm = algorithm

    with pytest.raises(ProviderDistrustedError):
        sign_in(known, provider)


def test_a_code_is_worth_nothing_a_second_time_or_with_another_verifier(
    known: OpenIdProvider, provider: Provider
) -> None:
    code = provider.consent(known.address(STATE, NONCE, VERIFIER)).code
    known.prove(code, NONCE, VERIFIER, NOW)

    with pytest.raises(ProviderDistrustedError):
        known.prove(code, NONCE, VERIFIER, NOW)
    with pytest.raises(ProviderDistrustedError):
        sign_in(known, provider, verifier="w" * 43)
    with pytest.raises(ProviderDistrustedError):
        sign_in(known, provider, nonce="another")


def test_new_keys_are_asked_for_once_a_minute_at_most(
    known: OpenIdProvider, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign_in(known, provider)
    provider.rotate_keys()
    with pytest.raises(ProviderDistrustedError):
        sign_in(known, provider)
    assert provider.asked.count("/jwks") == 1

    monkeypatch.setattr(openid, "_KEYS_ASKED_EVERY", 0.0)

    assert sign_in(known, provider).subject == CARLA["sub"]
    assert sign_in(known, provider).subject == CARLA["sub"]
    assert (provider.asked.count("/jwks"), provider.asked.count("/.well-known/openid-configuration")) == (2, 1)


def test_a_key_that_nobody_knows_proves_nothing(known: OpenIdProvider, provider: Provider) -> None:
    provider.behaviour.kid = "../../../dev/null"

    with pytest.raises(ProviderDistrustedError):
        sign_in(known, provider)


TOKEN, KEYS, SELF = "/token", "/jwks", "/.well-known/openid-configuration"
JSON = {"content-type": "application/json"}


@pytest.mark.parametrize("path", [TOKEN, KEYS, SELF])
@pytest.mark.parametrize(
    "answer",
    [
        (500, JSON, b"{}"),
        (302, {"location": "/elsewhere"}, b""),
        (307, {"location": "http://127.0.0.1:1/"}, b""),
        (200, JSON, b"<html>"),
        (200, JSON, b"[]"),
        (200, JSON, b"[" * 100_000),
        (200, JSON, b'{"x": "' + b"x" * 300_000 + b'"}'),
        (200, JSON | {"x": "x" * 100_000}, b"{}"),
    ],
    ids=["500", "302", "307", "html", "list", "deep", "huge", "huge header"],
)
def test_a_provider_that_answers_nonsense_is_told_as_one_that_does_not_answer(
    known: OpenIdProvider, provider: Provider, path: str, answer: tuple[int, dict[str, str], bytes]
) -> None:
    code = "" if path == SELF else provider.consent(known.address(STATE, NONCE, VERIFIER)).code
    provider.behaviour.answers[path] = answer

    with pytest.raises(ProviderUnreachableError, match="Signing in by Acme does not work now"):
        known.prove(code, NONCE, VERIFIER, NOW)
    assert "/elsewhere" not in provider.asked


@pytest.mark.parametrize(
    "answer", [b"{}", b'{"id_token": 7}', b'{"id_token": ""}', b'{"id_token": "a.b.c"}', b'{"id_token": "..."}']
)
def test_an_answer_without_a_token_proves_nothing(known: OpenIdProvider, provider: Provider, answer: bytes) -> None:
    code = provider.consent(known.address(STATE, NONCE, VERIFIER)).code
    provider.behaviour.answers[TOKEN] = (200, JSON, answer)

    with pytest.raises(ProviderDistrustedError):
        known.prove(code, NONCE, VERIFIER, NOW)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("issuer", "https://login.example.net"),
        ("token_endpoint", "http://login.example.net/token"),
        ("jwks_uri", "file:///etc/passwd"),
        ("authorization_endpoint", "javascript:alert(1)"),
        ("token_endpoint", None),
    ],
)
def test_what_a_provider_says_of_itself_is_safe_or_not_used(
    known: OpenIdProvider, provider: Provider, monkeypatch: pytest.MonkeyPatch, name: str, value: object
) -> None:
    monkeypatch.setattr(provider, "configuration", lambda: Provider.configuration(provider) | {name: value})

    with pytest.raises(ProviderUnreachableError):
        known.address(STATE, NONCE, VERIFIER)


def test_a_slow_provider_is_given_up_and_asked_again_next_time(
    known: OpenIdProvider, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(openid, "_TIMEOUT", 0.3)
    provider.behaviour.delay = 0.05
    begun = time.monotonic()

    with pytest.raises(ProviderUnreachableError):
        known.address(STATE, NONCE, VERIFIER)

    assert time.monotonic() - begun < 2
    provider.behaviour.delay = 0.0
    assert known.address(STATE, NONCE, VERIFIER)


def test_a_provider_that_is_not_there_is_told_as_such() -> None:
    gone = OpenIdProvider("http://127.0.0.1:1", CLIENT, SECRET, "Acme", CALLBACK)

    with pytest.raises(ProviderUnreachableError):
        gone.address(STATE, NONCE, VERIFIER)


def test_the_log_says_why_and_nothing_that_is_secret(
    known: OpenIdProvider, provider: Provider, caplog: pytest.LogCaptureFixture
) -> None:
    code = provider.consent(known.address(STATE, NONCE, VERIFIER)).code
    provider.behaviour.answers[TOKEN] = (500, JSON, SECRET.encode())
    with caplog.at_level(logging.DEBUG), pytest.raises(ProviderUnreachableError):
        known.prove(code, NONCE, VERIFIER, NOW)

    assert "status 500" in caplog.text
    for secret in (SECRET, code, VERIFIER, CARLA["email"]):
        assert str(secret) not in caplog.text


def test_many_who_come_at_once_ask_for_the_keys_once(known: OpenIdProvider, provider: Provider) -> None:
    found: list[str] = []
    threads = [threading.Thread(target=lambda: found.append(sign_in(known, provider).subject)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert found == [CARLA["sub"]] * 6
    assert (provider.asked.count(KEYS), provider.asked.count(SELF)) == (1, 1)
