"""The key of mails: each desk has one of its own, and keeps it."""

from ticketing.domain.store import Store
from ticketing.services.mail_keys import mail_key
from ticketing.storage.memory import MemoryStore

ON_EVERY_STORE = True


def test_a_desk_keeps_its_key(store: Store) -> None:
    with store.write() as tx:
        key = mail_key(tx)

    with store.write() as tx:
        assert mail_key(tx) == key
    assert len(key) == 32


def test_no_two_desks_have_the_same_key(store: Store) -> None:
    with store.write() as tx, MemoryStore().write() as elsewhere:
        assert mail_key(tx) != mail_key(elsewhere)
