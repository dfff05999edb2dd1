"""What a person was told: the page of it, and how much of it is unread."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from functools import partial
from typing import Any, Final, NoReturn

from ticketing.domain import policy
from ticketing.domain.errors import StorageError
from ticketing.domain.notifications import NoticeKind
from ticketing.domain.people import Actor
from ticketing.domain.policy import Action
from ticketing.domain.queries import Page
from ticketing.domain.tickets import SYSTEM
from ticketing.services.inbox import Line
from ticketing.ui.due_times import urgency
from ticketing.ui.feedback import shown_errors
from ticketing.ui.live import stay_up_to_date_since
from ticketing.ui.memory import recall
from ticketing.ui.packing import component, on_report, packed, reported
from ticketing.ui.pages import INBOX
from ticketing.ui.session import desk, go_to, go_to_ticket, require_actor
from ticketing.ui.tickets import status_label
from ticketing.ui.times import ago, zone
from ticketing.ui.wording import t

_LIST: Final = "inbox"
_SIGNS: Final = {
    NoticeKind.OPENED: "add_circle",
    NoticeKind.REPLIED: "reply",
    NoticeKind.UNASSIGNED: "reply",
    NoticeKind.NOTED: "lock",
    NoticeKind.ASSIGNED: "assignment_ind",
    NoticeKind.STATUS: "flag",
    NoticeKind.MENTIONED: "alternate_email",
    NoticeKind.DUE_SOON: "schedule",
    NoticeKind.MERGED: "merge",
}
_mount = component("notices")


log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Place:
    """Which page of the inbox a visitor is at, and how much is unread as this run has found it."""

    page: int = 1
    unread: int = 0


def open_inbox() -> NoReturn:
    """Go to the newest of what the person was told."""
    recall(_Place).page = 1
    go_to(INBOX)


def count_unread(actor: Actor) -> int:
    """Return how much of it is unread, which this run then knows."""
    place = recall(_Place)
    place.unread = desk().inbox.unread(actor)
    return place.unread


def note_as_told(actor: Actor, number: int) -> None:
    """Note that what the person was told of a ticket is read, if anything is unread at all."""
    if recall(_Place).unread:
        try:
            desk().inbox.read_of_ticket(actor, number)
        except StorageError as error:
            log.warning("what was told could not be noted as read: %s", error)


def inbox(actor: Actor) -> None:
    """Draw what the person was told, newest first."""
    opened = reported(_LIST, "opened")
    if isinstance(opened, str):
        _open(actor, opened)
    now, unread = desk().clock(), desk().inbox.unread(actor)
    _mount(
        key=_LIST,
        data=packed(_shown(actor, _page(actor), now, unread)),
        on_opened_change=_noted,
        on_read_change=on_report(_LIST, "read", _read),
        on_all_read_change=on_report(_LIST, "all_read", _read_all),
        on_page_change=on_report(_LIST, "page", partial(_turn, recall(_Place))),
    )
    stay_up_to_date_since(now, unread)


def _open(actor: Actor, notice: str) -> None:
    """Go to the ticket of a notice, which is read by that."""
    with shown_errors():
        go_to_ticket(desk().inbox.read(actor, notice).ticket)


def _read(notice: Any) -> None:
    with shown_errors():
        if isinstance(notice, str):
            desk().inbox.read(require_actor(), notice)


def _read_all(is_asked: Any) -> None:
    with shown_errors():
        if is_asked is True:
            desk().inbox.read_all(require_actor())


def _turn(place: _Place, page: Any) -> None:
    if type(page) is int and page > 0:
        place.page = page


def _page(actor: Actor) -> Page[Line]:
    """Return the page asked for, or the last one if there are fewer by now."""
    place = recall(_Place)
    page = desk().inbox.own(actor, place.page)
    if place.page > page.pages:
        place.page = page.pages
        page = desk().inbox.own(actor, place.page)
    return page


def _shown(actor: Actor, page: Page[Line], now: datetime, unread: int) -> dict[str, object]:
    where, for_agent = zone(), policy.may(actor, Action.SEE_ALL_TICKETS)
    return {
        "notices": [_row(line, now, where, for_agent=for_agent) for line in page.items],
        "page": page.page,
        "pages": page.pages,
        "unread": unread,
        "words": {
            "title": t("page.inbox"),
            "unread": t("table.unread"),
            "all": t("inbox.read_all"),
            "read": t("inbox.read", what="{what}"),
            "read_short": t("inbox.read_short"),
            "pages": t("table.pages"),
            "previous": t("table.previous_page"),
            "next": t("table.next_page"),
            "empty": t("inbox.empty"),
            "empty_text": t("inbox.empty_text"),
            "notify": {name: t(f"inbox.notify_{name}") for name in ("on", "off", "blocked", "sample")},
        },
    }


def _row(line: Line, now: datetime, where: tzinfo, *, for_agent: bool) -> Sequence[object]:
    """Return a notice in the order in which `notices.js` takes it."""
    notice = line.notice
    return (
        notice.id,
        f"ticket?id={notice.ticket}",
        f"T-{notice.ticket}",
        line.title,
        _SIGNS[notice.kind],
        _told(line, now, for_agent=for_agent),
        line.excerpt,
        notice.at.isoformat(),
        ago(notice.at, now, where),
        not notice.read,
    )


def _told(line: Line, now: datetime, *, for_agent: bool) -> str:
    """Return what happened, in words that the title of the ticket follows."""
    return t(
        f"inbox.{line.notice.kind}",
        name=t("history.system") if line.notice.by == SYSTEM else line.name,
        status=status_label(line.status, is_new=False, for_agent=for_agent),
        due=_due(line, now),
    )


def _due(line: Line, now: datetime) -> str:
    word = urgency(line.due_at, None, now).word if line.due_at else t("inbox.no_longer_due")
    return word[:1].upper() + word[1:]


def _noted() -> None:
    """Declare that the page may be left; where to is decided when it runs."""
