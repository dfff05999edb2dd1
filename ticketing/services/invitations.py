"""
Invitations: somebody gets an account of which they choose the password themselves, by a link that holds for 72 hours.

Until they have, the account is not active: nobody can sign in to it, and no ticket is given to it. The link is mailed;
where the desk mails no links, whoever invites gets it to hand over. A newer one ends the one before it.
"""

import re
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from unicodedata import normalize

from ticketing.domain import policy
from ticketing.domain.audit import AuditAction
from ticketing.domain.errors import BlankError, NotInvitedError, UsernameTakenError
from ticketing.domain.mail_links import LinkToken, Purpose, link_id
from ticketing.domain.outbox import AccountMail
from ticketing.domain.people import RESERVED_USERNAMES, Actor, Person, Role, Standing, User
from ticketing.domain.store import Store, Transaction
from ticketing.domain.text import is_blank
from ticketing.services.access import Clock, Gate, is_taken, reach_person
from ticketing.services.accounts import add_account, check_pair, clean_identity, remove_account
from ticketing.services.mail_links import look_behind, make_link, use_link
from ticketing.services.outbox import links_go_out, tell_of_account
from ticketing.services.passwords import Passwords, check_new
from ticketing.services.sessions import log_account
from ticketing.services.throttle import Throttle

_SECRET_BYTES: Final = 32
_LONGEST_USERNAME: Final = 32
_SHORTEST_USERNAME: Final = 3
_MOST_ALIKE: Final = 1000


@dataclass(frozen=True, slots=True)
class Invited:
    """Who was invited; `token` stands in the link that is to be handed over, "" where it is mailed."""

    person: Person
    token: str = ""

    @property
    def username(self) -> str:
        """Whom it is about."""
        return self.person.username


class Invitations:
    """What agents and admins can do about people who are to join, and what these do themselves."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        gate: Gate,
        passwords: Passwords,
        throttle: Throttle,
        *,
        agents_may_register_agents: bool = True,
    ) -> None:
        self._store = store
        self._clock = clock
        self._gate = gate
        self._passwords = passwords
        self._throttle = throttle
        self._agents_may = agents_may_register_agents

    def invite(
        self, actor: Actor, display_name: str, email: str, wanted_name: str = "", *, role: Role = Role.AGENT
    ) -> Invited:
        """
        Invite somebody to what they are to be; without a username one is made of the address.

        Raises what is wrong with the names, UsernameTakenError, and ThrottledError after three links to one address
        within an hour.
        """
        with self._store.read() as tx:
            self._require(self._gate.admit(tx, actor), role)
            if is_blank(email):
                raise BlankError("E-mail")
            name = _free_name(tx, email) if is_blank(wanted_name) else wanted_name
            name, shown, mail = clean_identity(name, display_name, email)
            if is_taken(tx, name):
                raise UsernameTakenError(name)
        nobodys = self._passwords.hash(secrets.token_urlsafe(_SECRET_BYTES))
        now = self._clock()
        user = User(
            id=name,
            display_name=shown,
            email=mail,
            role=role,
            password=nobodys,
            active=False,
            invited_at=now,
            created_at=now,
            password_changed_at=now,
        )
        with self._store.write() as tx:
            actor = self._gate.admit(tx, actor)
            self._require(actor, role)
            add_account(tx, user, by=actor.username)
            return self._send(tx, actor, user, now)

    def send_again(self, actor: Actor, username: str) -> Invited:
        """Send a new link, which ends the one before it; raises NotInvitedError, and ThrottledError as `invite`."""
        now = self._clock()
        with self._store.write() as tx:
            actor, user = self._reach(tx, actor, username)
            user.invited_at = now
            tx.users.save(user)
            return self._send(tx, actor, user, now)

    def take_back(self, actor: Actor, username: str) -> None:
        """Take an invitation back, and the account that was made for it; raises NotInvitedError once it is accepted."""
        with self._store.write() as tx:
            actor, user = self._reach(tx, actor, username)
            tx.mail_links.remove(link_id(Purpose.INVITE, user.id))
            remove_account(tx, user.id)
            log_account(tx, actor.username, AuditAction.INVITATION_TAKEN_BACK, user.id, self._clock())

    def expiry(self, actor: Actor, username: str) -> datetime | None:
        """Return until when the newest link holds; None where it has expired, or its mail has not left yet."""
        now = self._clock()
        with self._store.read() as tx:
            _, user = self._reach(tx, actor, username)
            link = tx.mail_links.find(link_id(Purpose.INVITE, user.id))
            return link.expires_at if link and link.expires_at > now else None

    def may_invite(self, actor: Actor, role: Role = Role.AGENT) -> bool:
        """Whether the actor may invite somebody as this; whether they may see that is theirs to know."""
        with self._store.read() as tx:
            return policy.may_register(self._gate.admit(tx, actor), role, agents_may=self._agents_may)

    def look(self, token: str) -> str:
        """Return whom a link invites, by their username, and leave it as it is; raises MailLinkError."""
        with self._store.read() as tx:
            return look_behind(tx, Purpose.INVITE, token, self._clock()).id

    def accept(self, token: str, new: str, confirmation: str) -> None:
        """
        Open the account, with the password that whoever was invited has chosen.

        Raises MailLinkError; and, with the link left as it is, what is wrong with the password, and BusyError. Whoever
        followed a link that was mailed has shown that the address is theirs.
        """
        with self._store.read() as tx:
            user = look_behind(tx, Purpose.INVITE, token, self._clock())
        check_pair(new, confirmation)
        check_new(new, role=user.role, username=user.id, display_name=user.display_name, email=user.email)
        hashed = self._passwords.hash(new)
        with self._store.write() as tx:
            now = self._clock()
            link = tx.mail_links.find(LinkToken.read(token).id)
            user = use_link(tx, Purpose.INVITE, token, now)
            if link and not link.handed_over:
                user.standing = Standing.CONFIRMED
            user.set_password(hashed, now, one_time=False)
            user.active, user.invited_at = True, None
            tx.users.save(user)
            log_account(tx, user.id, AuditAction.INVITATION_ACCEPTED, user.id, now)

    def _send(self, tx: Transaction, actor: Actor, user: User, now: datetime) -> Invited:
        mail = user.email or ""
        self._throttle.count_link(tx, Purpose.INVITE, mail, user.id)
        log_account(tx, actor.username, AuditAction.INVITED, user.id, now, role=user.role.value)
        if not links_go_out(tx):
            return Invited(Person.of(user), str(make_link(tx, Purpose.INVITE, user, now, handed_over=True)))
        tx.mail_links.remove(link_id(Purpose.INVITE, user.id))
        tell_of_account(tx, user.id, AccountMail.INVITED, actor.username, now, to=mail)
        return Invited(Person.of(user))

    def _reach(self, tx: Transaction, actor: Actor, username: str) -> tuple[Actor, User]:
        """Fetch an account whose owner was invited and has not come yet, for those who may invite such people."""
        actor = self._gate.admit(tx, actor)
        user = reach_person(tx, actor, username)
        self._require(actor, user.role)
        if user.invited_at is None:
            raise NotInvitedError
        return actor, user

    def _require(self, actor: Actor, role: Role) -> None:
        policy.require_register(actor, role, agents_may=self._agents_may)


def _free_name(tx: Transaction, email: str) -> str:
    """Return a username made of an address, which nobody has."""
    local = normalize("NFKD", email.casefold().partition("@")[0]).encode("ascii", "ignore").decode()
    name = re.sub("[^a-z0-9._-]+", ".", local).strip("._-")[: _LONGEST_USERNAME - len(str(_MOST_ALIKE))]
    if len(name) < _SHORTEST_USERNAME:
        name = f"agent.{name}".rstrip(".")
    there = (name, *(f"{name}{number}" for number in range(2, _MOST_ALIKE)))
    return next((one for one in there if one not in RESERVED_USERNAMES and not is_taken(tx, one)), name)
