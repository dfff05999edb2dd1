"""What a webhook may be, how its messages are signed, and when the desk gives it up."""

import base64
from datetime import UTC, datetime, timedelta

import pytest

from ticketing.domain.errors import InvalidInputError, QueryError
from ticketing.domain.outbox import Outcome, Result
from ticketing.domain.webhooks import (
    MOST_WEBHOOKS,
    OFF_AFTER,
    OVERLAP,
    SigningSecret,
    Webhook,
    WebhookEvent,
    shown_secret,
    signed_headers,
)

NOW = datetime(2031, 5, 6, 9, 30, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
FAILED, ARRIVED = Outcome(Result.AGAIN, "500"), Outcome(Result.SENT, "200 OK")


def webhook(**fields: object) -> Webhook:
    asked = {"name": "CRM", "url": "https://crm.example.org/hook", "events": (WebhookEvent.OPENED,)} | fields
    return Webhook.model_validate(asked)


@pytest.mark.parametrize(
    "url",
    [
        "https://crm.example.org",
        "https://crm.example.org:8443/hooks/desk?key=a%20b&x=1",
        "http://127.0.0.1:9000/",
        "https://[2001:db8::1]/hook",
        "HTTPS://CRM.example.org/",
    ],
)
def test_a_url_is_an_address_of_http_or_https(url: str) -> None:
    assert webhook(url=f" {url} ").checked().url == url


@pytest.mark.parametrize(
    "url",
    [
        "ftp://crm.example.org/",
        "crm.example.org",
        "https://",
        "https://user:password@crm.example.org/",
        "https://crm.example.org/#here",
        "https://crm.example.org/a b",
        "https://crm.example.org\\@evil.example/",
        "https://crm.example.org:0/",
        "https://müsli.example/",
        "https://crm.example.org/\r\nX-Evil: 1",
        "javascript:alert(1)",
        "file:///etc/passwd",
        f"https://crm.example.org/{'a' * 500}",
    ],
)
def test_anything_else_is_refused(url: str) -> None:
    with pytest.raises(InvalidInputError, match="URL"):
        webhook(url=url).checked()


def test_a_webhook_without_events_is_told_nothing_and_refused() -> None:
    with pytest.raises(InvalidInputError, match="at least one event"):
        webhook(events=()).checked()


def test_notes_are_told_only_to_one_that_gets_notes() -> None:
    with pytest.raises(InvalidInputError, match="internal notes"):
        webhook(events=(WebhookEvent.NOTE_ADDED,)).checked()

    assert webhook(events=(WebhookEvent.NOTE_ADDED,), with_notes=True).checked()


def test_a_query_that_nobody_understands_is_refused() -> None:
    with pytest.raises(QueryError):
        webhook(query="priority:purple").require_understood([])


def test_there_are_not_too_many() -> None:
    others = [webhook(name=f"No. {number}") for number in range(MOST_WEBHOOKS)]

    with pytest.raises(InvalidInputError, match="remove one first"):
        webhook().require_room(others)


def test_messages_are_signed_as_the_specification_has_it() -> None:
    secret = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")  # the example of standardwebhooks.com
    at = datetime.fromtimestamp(1614265330, UTC)

    headers = signed_headers([secret], "msg_p5jXN8AQM9LWM0D4loKWxJek", at, b'{"test": 2432232314}')

    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_a_secret_is_shown_as_libraries_take_it() -> None:
    assert shown_secret(b"k" * 32) == f"whsec_{base64.b64encode(b'k' * 32).decode()}"


def test_a_former_secret_signs_for_a_day_beside_the_new_one() -> None:
    former, fresh = SigningSecret(salt="a", key="k"), SigningSecret(salt="b", key="k")

    changed = webhook(secrets=(former,)).with_secret(fresh, NOW)

    assert [secret.salt for secret in changed.signing(NOW + OVERLAP - MINUTE)] == ["b", "a"]
    assert [secret.salt for secret in changed.signing(NOW + OVERLAP)] == ["b"]


def test_of_several_secrets_in_a_day_only_the_last_two_sign() -> None:
    changed = webhook(secrets=(SigningSecret(salt="a", key="k"),))
    for salt in "bc":
        changed = changed.with_secret(SigningSecret(salt=salt, key="k"), NOW)

    assert [secret.salt for secret in changed.signing(NOW)] == ["c", "b"]


def test_a_webhook_that_fails_again_and_again_rests_longer_each_time_five_minutes_at_most() -> None:
    failing, rests = webhook(), []
    for _ in range(8):
        failing = failing.after(FAILED, NOW)
        rests.append((failing.course.paused_until or NOW) - NOW)

    assert rests == [n * MINUTE for n in (0, 1, 2, 3, 4, 5, 5, 5)]
    assert not failing.after(ARRIVED, NOW).is_failing


def test_one_that_fails_for_three_days_is_turned_off_and_one_success_begins_anew() -> None:
    failing = webhook().after(FAILED, NOW)

    assert failing.after(FAILED, NOW + OFF_AFTER - MINUTE).is_on
    assert not failing.after(FAILED, NOW + OFF_AFTER).is_on
    recovered = failing.after(ARRIVED, NOW + MINUTE).after(FAILED, NOW + 2 * MINUTE)
    assert recovered.after(FAILED, NOW + OFF_AFTER).is_on


def test_what_is_signed_with_and_how_it_fares_is_no_part_of_its_history() -> None:
    before = webhook(secrets=(SigningSecret(salt="a", key="k"),)).revised(None, "root", NOW)
    after = before.with_secret(SigningSecret(salt="b", key="k"), NOW).after(FAILED, NOW)

    assert after.changes_since(before) == []
