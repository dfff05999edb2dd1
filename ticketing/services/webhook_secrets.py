"""
The secrets by which messages to webhooks are signed.

None is stored. It is made of a salt that the webhook keeps and of a key that is kept elsewhere, as those of second
factors are: who has got hold of a backup of the store alone can sign nothing.
"""

import hmac
import secrets
from typing import Final

from ticketing.domain.errors import WebhookKeyError
from ticketing.domain.sign_in import fingerprint
from ticketing.domain.webhooks import SigningSecret
from ticketing.services.authenticator import Key

_SALT_BYTES: Final = 16
_PURPOSE: Final = b"ticketing/webhook/v1"


class WebhookSecrets:
    """Makes the secrets of webhooks."""

    def __init__(self, key: Key) -> None:
        self._key = key

    def propose(self) -> SigningSecret:
        """Return of what a new secret is made."""
        return SigningSecret(salt=secrets.token_hex(_SALT_BYTES), key=_id_of(self._key.ensure()))

    def secret(self, made_of: SigningSecret) -> bytes:
        """Return the 256 bits; raises WebhookKeyError where the key is not here."""
        key = self._key.find()
        if key is None or _id_of(key) != made_of.key:
            raise WebhookKeyError
        return hmac.digest(key, _PURPOSE + bytes.fromhex(made_of.salt), "sha256")


def _id_of(key: bytes) -> str:
    """Return the mark of a key, by which nobody gets it back."""
    return fingerprint("webhook key", key.hex())[:16]
