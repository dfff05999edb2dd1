"""
Access tokens: JSON Web Tokens (RFC 7519) as RFC 9068 lays them out, which this desk makes and none but it reads.

Their keys are not stored. Each is made of a salt, which the store keeps for all processes, and of a master key that is
kept elsewhere: who has got hold of a backup of the store alone can sign nothing.
"""

import hmac
import secrets
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, Self

from pydantic import BaseModel, ConfigDict

from ticketing.domain.sign_in import Session, fingerprint
from ticketing.domain.store import Transaction
from ticketing.domain.tokens import ACCESS_LIFETIME, LEEWAY, TOKEN_LIMIT, SigningKey, SigningKeys
from ticketing.services.authenticator import Key

if TYPE_CHECKING:
    from joserfc.jwk import OctKey

_SECONDS: Final = int(ACCESS_LIFETIME.total_seconds())
_ALGORITHM: Final = "HS256"
_TYPE: Final = "at+jwt"
_PURPOSE: Final = b"ticketing/access-token/v1"
# A program shows the same token with each call for a quarter of an hour.
_REMEMBERED: Final = 1_000
_NO_KEYS: Final = SigningKeys(id=SigningKeys.kind, name="Keys of access tokens")


class Claims(BaseModel):
    """What an access token says; nothing may be missing, of another type, or beyond that."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    iss: str
    aud: str
    sub: str
    sid: str
    jti: str
    iat: int
    exp: int

    @classmethod
    def of(cls, session: Session, issuer: str, now: datetime) -> Self:
        """Return the claims of a token for a session that begins now."""
        begin = int(now.timestamp())
        return cls(
            iss=issuer,
            aud=audience_of(issuer),
            sub=session.username,
            sid=session.id,
            jti=secrets.token_hex(16),
            iat=begin,
            exp=begin + _SECONDS,
        )

    def are_for(self, issuer: str, now: datetime) -> bool:
        """Whether a token that says so is one of this desk's, and none that lasts longer or begins later than those."""
        is_ours = self.iss == issuer and self.aud == audience_of(issuer)
        return is_ours and self.iat <= (now + LEEWAY).timestamp() and self.iat < self.exp <= self.iat + _SECONDS

    def are_over(self, now: datetime) -> bool:
        """Whether their time is over."""
        return (now - LEEWAY).timestamp() >= self.exp


class AccessTokens:
    """Makes access tokens and reads them; `issuer` is what the desk calls itself in them."""

    def __init__(self, key: Key, issuer: str) -> None:
        self._key = key
        self._issuer = issuer

    def get_ready(self) -> None:
        """Make the master key if there is none yet, so that no transaction waits for that; raises StorageError."""
        self._key.ensure()

    def current(self, tx: Transaction) -> SigningKey | None:
        """Return the key that signs; None if there is none yet, or this process has another master key than before."""
        return _kept(tx).current(_mark_of(self._key.ensure()))

    def make_key(self, tx: Transaction, now: datetime) -> SigningKey:
        """Return a new key, which signs from now on."""
        return self._put(tx, _kept(tx), now)

    def rotate(self, tx: Transaction, now: datetime) -> None:
        """Let nothing but a new key sign from now on; what others have signed is good until it is over."""
        self._put(tx, _kept(tx).retired(now), now)

    def make(self, key: SigningKey, session: Session, now: datetime) -> str:
        """Return a token for a session."""
        from joserfc import jwt  # noqa: PLC0415 - slow to import, and only programs need it

        claims = Claims.of(session, self._issuer, now).model_dump()
        return jwt.encode(_header(key), claims, _signing(key, self._key.ensure()), algorithms=[_ALGORITHM])

    def read(self, tx: Transaction, token: str, now: datetime) -> Claims | None:
        """Return what a token says that this desk has made, whether or not it is over; None for any other."""
        from joserfc.errors import JoseError  # noqa: PLC0415 - see above

        master = self._key.find()
        if master is None or len(token) > TOKEN_LIMIT:
            return None
        try:
            header = _header_in(token)
            key = _kept(tx).find(header["kid"], now)
            if key is None or header != _header(key):
                return None
            claims = _verified(token, key, master)
        except (JoseError, LookupError, RecursionError, TypeError, ValueError):
            return None
        return claims if claims.are_for(self._issuer, now) else None

    def _put(self, tx: Transaction, keys: SigningKeys, now: datetime) -> SigningKey:
        mark = _mark_of(self._key.ensure())
        key = SigningKey(id=secrets.token_hex(8), salt=secrets.token_hex(16), master=mark, made_at=now)
        tx.definitions(SigningKeys).save(keys.with_new(key, now))
        return key


def audience_of(issuer: str) -> str:
    """Return for what the tokens of this desk are."""
    return f"{issuer}/api/v1"


def _kept(tx: Transaction) -> SigningKeys:
    return tx.definitions(SigningKeys).find(SigningKeys.kind) or _NO_KEYS


def _header(key: SigningKey) -> dict[str, str]:
    return {"alg": _ALGORITHM, "typ": _TYPE, "kid": key.id}


@lru_cache(maxsize=_REMEMBERED)
def _header_in(token: str) -> dict[str, Any]:
    from joserfc import jws  # noqa: PLC0415 - see above

    return jws.extract_compact(token.encode()).headers()


@lru_cache(maxsize=_REMEMBERED)
def _verified(token: str, key: SigningKey, master: bytes) -> Claims:
    """Return what a token says that is signed with this key, which stays so; raises what it is refused by."""
    from joserfc import jwt  # noqa: PLC0415 - see above

    said = jwt.decode(token, _signing(key, master), algorithms=[_ALGORITHM])
    return Claims.model_validate(said.claims)


def _signing(key: SigningKey, master: bytes) -> "OctKey":
    from joserfc.jwk import OctKey  # noqa: PLC0415 - see above

    return OctKey.import_key(hmac.digest(master, _PURPOSE + bytes.fromhex(key.salt), "sha256"))


def _mark_of(master: bytes) -> str:
    """Return the mark of a master key, by which nobody gets it back."""
    return fingerprint("token key", master.hex())[:16]
