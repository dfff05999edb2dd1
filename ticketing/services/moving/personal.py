"""All that is stored about one person, as an archive that they can read, and that other programs can."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import islice
from typing import Any, Final, TypeVar

from ticketing.domain import policy
from ticketing.domain.articles import Article, Visibility
from ticketing.domain.audit import AuditQuery, AuditRecord
from ticketing.domain.canned_replies import CannedReply
from ticketing.domain.drafts import NOTE
from ticketing.domain.outbox import Outgoing, OutgoingQuery
from ticketing.domain.people import Actor, Role, User
from ticketing.domain.policy import Action
from ticketing.domain.queries import LedgerQuery, Recorded
from ticketing.domain.received import Received, ReceivedQuery
from ticketing.domain.saved_views import SavedView
from ticketing.domain.store import Store, Transaction
from ticketing.domain.teams import Team
from ticketing.domain.tickets import Message, MessageKind, Ticket
from ticketing.services.access import Clock, Gate, find_user, log_export, reach_person
from ticketing.services.deeds import shown
from ticketing.services.moving.tables import as_array, as_csv, document_of, row_of
from ticketing.services.moving.zipping import Entry, zipped
from ticketing.services.sessions import ACCOUNT

Item = TypeVar("Item")
_Mail = TypeVar("_Mail", Outgoing, Received)
_Query = TypeVar("_Query", bound=LedgerQuery)
Rows = Iterable[Mapping[str, Any]]

# Looked through, or read, at one moment; between two batches others have their turn.
LOOKED_THROUGH: Final = 2_000
_BATCH: Final = 200
_ACCOUNT: Final = {
    "id",
    "display_name",
    "email",
    "role",
    "active",
    "created_at",
    "password_changed_at",
    "last_sign_in_at",
    "preferences",
    "mail",
    "standing",
    "bounced_at",
}
_SESSION: Final = {"created_at", "last_seen_at", "expires_at", "address", "description"}
_README: Final = """\
What this help desk stores about {name} ({username}), as of {at:%Y-%m-%d %H:%M} UTC.

account.json      the account, with what was chosen for it; no password and no other secret
sessions.json     where the account is signed in
ways_in.json      sign-ins elsewhere that open it
keys.json         its API keys, without what they are shown by
browsers.json     until when browsers are remembered in which it has signed in
tickets.json      tickets that it has opened or watches, as it may see them
tickets.csv       the same as a table
messages.json     what it has written, wherever that stands
messages.csv      the same as a table
attachments/      files that it has sent, by ticket
ratings.json      how it has rated solutions
articles.json     which articles it has called helpful, or not
mails.json        mails to it within the last 30 days, and what became of them
received.json     mails from its address within the last 30 days
notices.json      what it was told within the last 90 days
drafts.json       what it has typed and not sent
shortcuts.json    views and canned replies of its own, and its teams
audit.json        what the audit log says of it

Texts are in UTF-8, times in UTC. What agents write for each other is no part of this, nor what others keep for
themselves alone.
"""


class PersonalData:
    """What is stored about people, for themselves and for admins whom they ask."""

    def __init__(self, store: Store, clock: Clock, gate: Gate) -> None:
        self._store = store
        self._clock = clock
        self._gate = gate

    def export(self, actor: Actor, username: str) -> Iterator[bytes]:
        """
        Yield a ZIP archive of all that is stored about a person; that it was taken along is on the audit log.

        In it is what they may see themselves, so no internal note, no secret, and nothing that is somebody else's
        alone. It is written while it is sent. Raises PersonNotFoundError.
        """
        now = self._clock()
        with self._store.write() as tx:
            actor = self._gate.admit(tx, actor)
            user = _reach(tx, actor, username)
            policy.require(actor, Action.EXPORT_PERSON, user)
            log_export(tx, actor, "person", now, person=user.id)
        readme = _README.format(name=user.display_name, username=user.id, at=now)
        return zipped(_Archive(self._store, partial(self._gate.admit, actor=actor), user).entries(readme), now)


class _Archive:
    """The entries of one person's archive, each read when its turn comes, as long as whoever asked may go on."""

    def __init__(self, store: Store, admit: Callable[[Transaction], Actor], user: User) -> None:
        self._store = store
        self._admit = admit
        self._user = user
        # Through their eyes as a requester, whatever they are: what agents may see beside that is about others.
        self._as_requester = Actor(user.id, user.display_name, Role.USER)

    def entries(self, readme: str) -> Iterator[Entry]:
        """Yield all of them."""
        numbers = self._numbers()
        yield "README.txt", [readme.encode()]
        yield "account.json", _json_of(self._account())
        yield "sessions.json", _json(self._once(self._sessions))
        yield "ways_in.json", _json(self._once(self._ways_in))
        yield "keys.json", _json(self._once(self._keys))
        yield "browsers.json", _json(self._once(self._browsers))
        yield "tickets.json", _json(map(document_of, self._tickets(numbers)))
        yield "tickets.csv", _encoded(as_csv(map(row_of, self._tickets(numbers))))
        yield "messages.json", _json(map(_said, self._messages(numbers)))
        yield "messages.csv", _encoded(as_csv(map(_line, self._messages(numbers)), ("ticket", "at", "text", "files")))
        yield from self._attachments(numbers)
        yield "ratings.json", _json(self._ratings(numbers))
        yield "articles.json", _json(self._once(self._votes))
        yield "mails.json", _json(self._mails())
        yield "received.json", _json(self._received())
        yield "notices.json", _json(self._once(self._notices))
        yield "drafts.json", _json(self._once(self._drafts))
        yield "shortcuts.json", _json(self._once(self._shortcuts))
        yield "audit.json", _json(map(self._audited, self._records()))

    def _numbers(self) -> list[int]:
        """Return the numbers of all tickets in which they stand."""
        with self._store.read() as tx:
            last = tx.tickets.last_number()
        found: list[int] = []
        for above in range(0, last, LOOKED_THROUGH):
            with self._store.read() as tx:
                self._admit(tx)
                found += tx.tickets.naming(self._user.id, above, above + LOOKED_THROUGH)
        return found

    def _read(self, numbers: list[int]) -> Iterator[Ticket]:
        """Yield the tickets as everybody in them sees them, theirs and others."""
        for first in range(0, len(numbers), _BATCH):
            with self._store.read() as tx:
                self._admit(tx)
                found = filter(None, map(tx.tickets.find, numbers[first : first + _BATCH]))
                batch = [shown(tx, self._as_requester, ticket) for ticket in found]
            yield from batch

    def _tickets(self, numbers: list[int]) -> Iterator[Ticket]:
        own = self._as_requester
        return (ticket for ticket in self._read(numbers) if policy.may(own, Action.VIEW_TICKET, ticket))

    def _messages(self, numbers: list[int]) -> Iterator[tuple[Ticket, Message]]:
        for ticket in self._read(numbers):
            for message in ticket.messages:
                if message.author == self._user.id and message.kind is MessageKind.REPLY and message.origin is None:
                    yield ticket, message

    def _attachments(self, numbers: list[int]) -> Iterator[Entry]:
        for ticket, message in self._messages(numbers):
            for file in message.attachments:
                yield f"attachments/{ticket.label}/{file.id[:8]} {file.name}", self._store.files.read(file.sha256)

    def _ratings(self, numbers: list[int]) -> Rows:
        for ticket in self._read(numbers):
            for rating in ticket.ratings:
                yield {"ticket": ticket.label} | rating.model_dump(mode="json", exclude_none=True)

    def _once(self, read: Callable[[Transaction], Iterable[Item]]) -> list[Item]:
        with self._store.read() as tx:
            self._admit(tx)
            return list(read(tx))

    def _account(self) -> dict[str, Any]:
        told = self._user.model_dump(mode="json", exclude_none=True, include=_ACCOUNT)
        return told | {"two_step_sign_in": self._user.second_factor is not None}

    def _sessions(self, tx: Transaction) -> Rows:
        return (one.model_dump(mode="json", include=_SESSION) for one in tx.sessions.of_user(self._user.id))

    def _ways_in(self, tx: Transaction) -> Rows:
        kept = {"issuer", "created_at"}
        return (one.model_dump(mode="json", include=kept) for one in tx.identities.of_user(self._user.id))

    def _keys(self, tx: Transaction) -> Rows:
        return (one.model_dump(mode="json", exclude={"id", "username"}) for one in tx.api_keys.of_user(self._user.id))

    def _browsers(self, tx: Transaction) -> Rows:
        kept = {"trusted_until", "expires_at"}
        return (one.model_dump(mode="json", include=kept) for one in tx.devices.of_user(self._user.id))

    def _notices(self, tx: Transaction) -> Rows:
        kept = {"kind", "ticket", "at", "read", "expires_at"}
        return (one.model_dump(mode="json", include=kept) for one in tx.notices.of_user(self._user.id))

    def _drafts(self, tx: Transaction) -> Rows:
        for draft in tx.drafts.of_user(self._user.id):
            if texts := {field: text for field, text in draft.texts.items() if field != NOTE}:
                yield draft.model_dump(mode="json", include={"ticket", "saved_at", "expires_at"}) | {"texts": texts}

    def _shortcuts(self, tx: Transaction) -> Rows:
        own = [*tx.definitions(SavedView).all(), *tx.definitions(CannedReply).all()]
        for one in own:
            if one.owner == self._user.id:
                yield {"kind": one.kind} | one.as_settings()
        for team in tx.definitions(Team).all():
            if self._user.id in team.members and not team.removed:
                yield {"kind": team.kind, "name": team.name}

    def _votes(self, tx: Transaction) -> Rows:
        for article in tx.definitions(Article).all():
            vote = article.vote_of(self._user.id)
            if vote is not None:
                told = {"article": article.name} if article.visibility is Visibility.PUBLIC else {}
                yield told | {"helpful": vote}

    def _mails(self) -> Rows:
        kept = {"kind", "ticket", "at", "state", "address", "to", "sent_at", "error"}
        found = self._leafed(OutgoingQuery(size=_BATCH), lambda query, tx: tx.outgoing.search(query).items)
        return (one.model_dump(mode="json", include=kept) for one in found if one.username == self._user.id)

    def _received(self) -> Rows:
        kept = {"at", "sender", "subject", "fate", "ticket", "size", "expires_at"}
        found = self._leafed(ReceivedQuery(size=_BATCH), lambda query, tx: tx.received.search(query).items)
        return (one.model_dump(mode="json", include=kept) for one in found if self._user.has_address(one.sender))

    def _leafed(self, query: _Query, read: Callable[[_Query, Transaction], Sequence[_Mail]]) -> Iterator[_Mail]:
        """Yield all of a list as it is now, whatever comes or goes while it is read."""
        while found := self._once(partial(read, query)):
            yield from found
            query = query.model_copy(update={"after": Recorded(found[-1].at, found[-1].id)})

    def _records(self) -> Iterator[AuditRecord]:
        """Yield what they have done, and what was done to their account."""
        yield from self._matching(AuditQuery(actor=self._user.id, size=_BATCH))
        others = self._matching(AuditQuery(object=self._user.id, size=_BATCH))
        yield from (one for one in others if one.actor != self._user.id)

    def _matching(self, query: AuditQuery) -> Iterator[AuditRecord]:
        while found := self._once(partial(_records_of, query)):
            yield from found
            query = query.model_copy(update={"before": found[-1].number})

    def _audited(self, record: AuditRecord) -> Mapping[str, Any]:
        """Return what a record says of this person, and nothing of others who stand in it."""
        told: dict[str, Any] = {"at": record.at.isoformat(), "action": record.action.value}
        if record.actor != self._user.id:
            return told | {"by": "somebody else", "object": record.object}
        is_anothers = record.kind == ACCOUNT and record.object != self._user.id
        told |= {"by": record.actor, "address": record.address, "kind": record.kind}
        return told if is_anothers else told | {"object": record.object, "facts": record.facts}


def _reach(tx: Transaction, actor: Actor, username: str) -> User:
    """Fetch an account that the actor may see, which one's own is to everybody."""
    own = find_user(tx, username)
    return own if own is not None and own.id == actor.username else reach_person(tx, actor, username)


def _records_of(query: AuditQuery, tx: Transaction) -> Iterator[AuditRecord]:
    return islice(tx.audit.search(query), query.size)


def _said(found: tuple[Ticket, Message]) -> Mapping[str, Any]:
    ticket, message = found
    return {"ticket": ticket.label} | message.model_dump(mode="json", include={"at", "source", "text", "attachments"})


def _line(found: tuple[Ticket, Message]) -> tuple[Any, ...]:
    ticket, message = found
    return ticket.label, message.at, message.text, ", ".join(file.name for file in message.attachments)


def _json_of(document: Mapping[str, Any]) -> Iterator[bytes]:
    yield json.dumps(document, ensure_ascii=False, indent=1).encode(errors="backslashreplace")


def _json(rows: Rows) -> Iterator[bytes]:
    """Yield one array, a document a line."""
    return _encoded(as_array(rows))


def _encoded(parts: Iterable[str]) -> Iterator[bytes]:
    return (part.encode(errors="backslashreplace") for part in parts)
