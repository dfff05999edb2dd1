"""The key with which this desk signs the tags of its mails."""

import secrets

from ticketing.domain.mail_tags import MailKey
from ticketing.domain.store import Transaction


def find_mail_key(tx: Transaction) -> bytes | None:
    """Return the key; None where nothing was ever signed."""
    key = tx.definitions(MailKey).find(MailKey.kind)
    return bytes.fromhex(key.secret) if key else None


def mail_key(tx: Transaction) -> bytes:
    """Return the key; the first writer who asks for it makes it."""
    if (known := find_mail_key(tx)) is not None:
        return known
    key = MailKey(id=MailKey.kind, name="Key of mails", secret=secrets.token_hex(32))
    tx.definitions(MailKey).save(key)
    return bytes.fromhex(key.secret)
