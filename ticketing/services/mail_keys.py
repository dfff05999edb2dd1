"""The key with which this desk signs the tags of its mails."""

import secrets

from ticketing.domain.mail_tags import MailKey
from ticketing.domain.store import Transaction


def mail_key(tx: Transaction) -> bytes:
    """Return the key; the first writer who asks for it makes it."""
    keys = tx.definitions(MailKey)
    key = keys.find(MailKey.kind)
    if key is None:
        key = MailKey(id=MailKey.kind, name="Key of mails", secret=secrets.token_hex(32))
        keys.save(key)
    return bytes.fromhex(key.secret)
