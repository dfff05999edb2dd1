"""What people and webhooks are told, and mail that goes out and comes in."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import islice

from ticketing.domain.deliveries import Delivery, DeliveryQuery
from ticketing.domain.notifications import Notice
from ticketing.domain.outbox import Backlog, MailState, Outgoing, OutgoingQuery
from ticketing.domain.queries import Item, LedgerQuery, Page, Recorded
from ticketing.domain.received import Received, ReceivedQuery
from ticketing.storage.documents.collections import DocumentCollection, OwnedDocuments
from ticketing.storage.documents.state import DELIVERIES, NOTICES, OUTGOING, RECEIVED


class Notices(OwnedDocuments[Notice]):
    """All notices."""

    def of_user(self, username: str) -> list[Notice]:
        """Return the person's notices, newest first; some may have expired."""
        by_id = sorted(super().of_user(username), key=lambda notice: notice.id)
        return sorted(by_id, key=lambda notice: notice.expires_at, reverse=True)

    def unread(self, usernames: set[str], now: datetime) -> dict[str, int]:
        """Return how many unread notices, that have not expired, each of these people has who has any."""
        with self._pending.applied(NOTICES) as state:
            return {name: number for name in usernames if (number := state.unread(name, now))}

    def having_unread(self, above: str, limit: int, now: datetime) -> list[str]:
        """Return the first usernames above that one of people who have unread notices, at most `limit`, in order."""
        with self._pending.applied(NOTICES) as state:
            found = (name for name in state.notified() if name > above and state.unread(name, now))
            return list(islice(found, limit))

    def add(self, notices: Sequence[Notice]) -> None:
        """Keep all of these; where a person has more than 500 then, the oldest go until 450 are left."""
        for notice in notices:
            self.save(notice)
        # Without what this transaction has changed: to lay it over the state each time would take longer and longer.
        with self._pending.applied() as state:
            added = Counter(notice.username for notice in notices if notice.id not in state.notices)
            surplus = [key for name, number in added.items() for key in state.surplus_notices(name, number)]
        for key in surplus:
            self.remove(key)


class Mails(DocumentCollection[Outgoing]):
    """All mails that go out."""

    def add(self, mails: Sequence[Outgoing]) -> None:
        """Keep those of these that are not there yet."""
        for mail in mails:
            if self.find(mail.id) is None:
                self.save(mail)

    def due(self, by: datetime, limit: int) -> list[Outgoing]:
        """Return those that wait and are due by then, at most `limit`, the first due first."""
        with self._pending.applied(OUTGOING) as state:
            keys = list(islice(state.mails.due(by), limit))
        return self._documents(keys)

    def waiting_for(self, username: str, limit: int) -> list[Outgoing]:
        """Return those that wait to be sent to the person, at most `limit`, the first due first."""
        with self._pending.applied(OUTGOING) as state:
            keys = list(islice((row.id for row in state.mails.waiting() if row.username == username), limit))
        return self._documents(keys)

    def sent_to(self, address: str, since: datetime) -> list[datetime]:
        """Return when the address got mails since that moment, and is to get those that were claimed, in no order."""
        with self._pending.applied(OUTGOING) as state:
            rows = list(state.mails.to_address(address))
        claimed = [row.due_at for row in rows if row.state is MailState.WAITING]
        return claimed + [row.sent_at for row in rows if row.sent_at is not None and row.sent_at >= since]

    def having_message_id(self, message_id: str) -> Outgoing | None:
        """Return the mail that went out under this Message-ID, or None."""
        with self._pending.applied(OUTGOING) as state:
            key = state.mails.having_message_id(message_id)
        return self.find(key) if key else None

    def backlog(self) -> Backlog:
        """Return how many wait, and since when."""
        with self._pending.applied(OUTGOING) as state:
            moments = [row.at for row in state.mails.waiting()]
        return Backlog(len(moments), min(moments, default=None))

    def search(self, query: OutgoingQuery) -> Page[Outgoing]:
        """Return one page, the newest first."""
        with self._pending.applied(OUTGOING) as state:
            found = state.mails.recorded(query.state)
        return _newest_first(query, found, self.find)

    def _documents(self, keys: list[str]) -> list[Outgoing]:
        return [mail for key in keys if (mail := self.find(key)) is not None]


class Deliveries(DocumentCollection[Delivery]):
    """All that webhooks are told."""

    def add(self, deliveries: Sequence[Delivery]) -> None:
        """Keep those of these that are not there yet."""
        for delivery in deliveries:
            if self.find(delivery.id) is None:
                self.save(delivery)

    def due(self, webhook: str, by: datetime, limit: int) -> list[Delivery]:
        """Return what waits for a webhook and is due by then, at most `limit`, the first due first."""
        with self._pending.applied(DELIVERIES) as state:
            keys = state.deliveries.due(webhook, by, limit)
        return self._documents(keys)

    def waiting(self, webhook: str) -> int:
        """Return how many wait for a webhook, but for what this transaction has changed."""
        # To lay that over the state each time would take longer and longer where one transaction queues a lot.
        with self._pending.applied() as state:
            return state.deliveries.waiting(webhook)

    def search(self, query: DeliveryQuery) -> Page[Delivery]:
        """Return one page of those of a webhook, the newest first."""
        with self._pending.applied(DELIVERIES) as state:
            found = state.deliveries.recorded(query.webhook, query.state)
        return _newest_first(query, found, self.find)

    def _documents(self, keys: list[str]) -> list[Delivery]:
        return [delivery for key in keys if (delivery := self.find(key)) is not None]


class ReceivedMail(DocumentCollection[Received]):
    """The record of all mail that came in."""

    def search(self, query: ReceivedQuery) -> Page[Received]:
        """Return one page of it, the newest first."""
        with self._pending.applied(RECEIVED) as state:
            rows = state.received.items()
            found = [Recorded(each.at, key) for key, each in rows if not query.fates or each.fate in query.fates]
        return _newest_first(query, found, self.find)


def _newest_first(query: LedgerQuery, found: list[Recorded], find: Callable[[str], Item | None]) -> Page[Item]:
    """Return one page of what was found."""
    behind = found if query.after is None else [one for one in found if one < query.after]
    shown = sorted(behind, reverse=True)[query.first : query.first + query.size]
    items = tuple(item for one in shown if (item := find(one.id)) is not None)
    return Page(items=items, total=len(found), page=query.page, size=query.size)
