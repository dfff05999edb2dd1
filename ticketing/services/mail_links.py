"""Links that are mailed: made when their mail is sent, so that their secret is kept nowhere, and opened once."""

import secrets
from datetime import datetime
from typing import Final

from ticketing.domain.errors import MailLinkError
from ticketing.domain.mail_links import LinkToken, MailLink, Purpose
from ticketing.domain.people import User
from ticketing.domain.store import Transaction

_SECRET_BYTES: Final = 32


def make_link(tx: Transaction, purpose: Purpose, user: User, now: datetime, *, handed_over: bool = False) -> LinkToken:
    """
    Make a link for an account with its present address, which ends the one before it, and return its token.

    One that is *handed over* goes by no mail, so that whoever follows it shows nothing of the address.
    """
    secret = secrets.token_urlsafe(_SECRET_BYTES)
    link = MailLink.of(purpose, user, secret, now, handed_over=handed_over)
    tx.mail_links.save(link)
    return LinkToken(link.id, secret)


def look_behind(tx: Transaction, purpose: Purpose, token: str, now: datetime) -> User:
    """Return whose link it is, and leave it as it is; raises MailLinkError."""
    read = LinkToken.read(token)
    link = tx.mail_links.find(read.id)
    user = tx.users.find(link.username) if link else None
    if link is None or user is None or not link.opens(purpose, read, user, now):
        raise MailLinkError
    return user


def use_link(tx: Transaction, purpose: Purpose, token: str, now: datetime) -> User:
    """Return whose link it is, which opens nothing any more; raises MailLinkError."""
    user = look_behind(tx, purpose, token, now)
    tx.mail_links.remove(LinkToken.read(token).id)
    return user
