"""What has run out is not kept for ever: the next compaction drops it, and nothing that still counts."""

from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ticketing.domain.api_keys import ApiKey
from ticketing.domain.deliveries import Delivery
from ticketing.domain.drafts import Draft
from ticketing.domain.mail_links import MailLink, Purpose
from ticketing.domain.notifications import Notice, NoticeKind
from ticketing.domain.openid import SignInRequest
from ticketing.domain.outbox import Outgoing
from ticketing.domain.receipts import Receipt
from ticketing.domain.received import Fate, Received
from ticketing.domain.scopes import Scope
from ticketing.domain.sign_in import Attempts, Device, HandOff, Session
from ticketing.domain.store import Transaction
from ticketing.storage.json_store import JsonStore

HOUR = timedelta(hours=1)
COLLECTIONS = (
    "sessions",
    "hand_offs",
    "mail_links",
    "devices",
    "attempts",
    "receipts",
    "drafts",
    "notices",
    "outgoing",
    "received",
    "api_keys",
    "deliveries",
    "sign_in_requests",
)


def save_one_of_each(tx: Transaction, name: str, expires_at: datetime) -> None:
    began = expires_at - 2 * HOUR
    tx.sessions.save(Session(id=name, username="carla", created_at=began, last_seen_at=began, expires_at=expires_at))
    tx.hand_offs.save(HandOff(id=name, username="carla", browser="firefox", expires_at=expires_at))
    tx.mail_links.save(
        MailLink(
            id=name,
            purpose=Purpose.CONFIRM,
            username="carla",
            address="carla@example.org",
            sign_in_version=0,
            secret_sha256="",
            expires_at=expires_at,
        )
    )
    tx.devices.save(Device(id=name, username="carla", expires_at=expires_at))
    tx.attempts.save(Attempts(id=name, failures=[began], expires_at=expires_at))
    tx.receipts.save(Receipt(id=name, ticket=1, expires_at=expires_at))
    tx.drafts.save(Draft(id=name, username="carla", texts={}, saved_at=began, expires_at=expires_at))
    replied = NoticeKind.REPLIED
    tx.notices.save(
        Notice(id=name, username="carla", kind=replied, ticket=1, by="ada", at=began, expires_at=expires_at)
    )
    tx.outgoing.save(Outgoing(id=name, username="carla", kind="replied", at=began, due_at=began, expires_at=expires_at))
    scopes = (Scope.READ,)
    tx.api_keys.save(
        ApiKey(id=name, username="carla", name="Import", scopes=scopes, created_at=began, expires_at=expires_at)
    )
    when = {"happened_at": began, "at": began, "due_at": began, "expires_at": expires_at}
    tx.deliveries.save(Delivery(id=name, webhook="crm", event="ticket.opened", **when))
    tx.sign_in_requests.save(SignInRequest(id=name, browser="firefox", nonce="n", verifier="v", expires_at=expires_at))
    tx.received.save(Received(id=name, at=began, fate=Fate.IGNORED, raw_sha256=name, size=1, expires_at=expires_at))


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_a_restart_drops_what_has_expired_and_keeps_what_counts(tmp_path: Path, collection: str) -> None:
    now = datetime.now(UTC)
    with closing(JsonStore(tmp_path / "data")) as store, store.write() as tx:
        save_one_of_each(tx, "over", now - HOUR)
        save_one_of_each(tx, "alive", now + HOUR)

    with closing(JsonStore(tmp_path / "data")) as store, store.read() as tx:
        found = getattr(tx, collection)
        assert found.find("alive") is not None
        assert found.find("over") is None
    assert b'"over"' not in b"".join(path.read_bytes() for path in (tmp_path / "data").glob(f"{collection}.json"))
