"""
The tickets that belong to the one before an agent, as a section of its side, and the ways to more of them.

It is drawn by `ticket_related.js`. What comes back from the browser is where a click wants to go, and what is to be
taken away: a link, or a merge.
"""

from functools import partial
from typing import Any

from ticketing.domain import policy
from ticketing.domain.linking import is_linked
from ticketing.domain.links import Link, LinkKind
from ticketing.domain.people import Actor
from ticketing.domain.policy import Action
from ticketing.domain.tickets import Ticket
from ticketing.services.tickets import Conversation
from ticketing.ui.inbox import Outcome
from ticketing.ui.session import desk, go_to, go_to_ticket
from ticketing.ui.tickets import STATUS_TONES, status_label
from ticketing.ui.undoing import Undo
from ticketing.ui.wording import t


def related(actor: Actor, conversation: Conversation) -> dict[str, Any] | None:
    """Return what the section shows; None for those for whom there is none."""
    ticket = conversation.ticket
    if not policy.may(actor, Action.LINK_TICKETS, ticket):
        return None
    lines = [_line("unlink", link.kind.value, conversation.others[link.number]) for link in _present(conversation)]
    merged = [conversation.others[each.number] for each in ticket.merged if each.number in conversation.others]
    return {
        "lines": lines + [_line("unmerge", "merged", other) for other in merged],
        "ways": [(how, t(f"related.{how}"), icon) for how, icon in (("link", "add_link"), ("merge", "merge"))],
        "words": {"title": t("related.title"), "none": t("related.none")},
    }


def follow(actor: Actor, ticket: Ticket, asked: Any) -> None:
    """Lead to where a click in the section, or beside a message, wants to go."""
    if not policy.may(actor, Action.LINK_TICKETS, ticket):
        return
    match asked:
        case int(number) if number in ticket.related():
            go_to_ticket(number)
        case "merge" | "link":
            go_to("ticket", id=ticket.id, relate=asked)
        case ["split", str(mark)]:
            go_to("ticket", id=ticket.id, relate="split", message=mark)


def take_away(actor: Actor, number: int, what: str, kind: str, other: int) -> Outcome | None:
    """Remove a link, or take a merge back, if there is one to take away."""
    ticket = desk().tickets.get(actor, number)
    if what == "unmerge" and other in {merged.number for merged in ticket.merged}:
        return _unmerge(actor, ticket, other)
    if what == "unlink" and kind in set(LinkKind) and is_linked(ticket, LinkKind(kind), other):
        return _unlink(actor, ticket, LinkKind(kind), other)
    return None


def undo_of_merge(source: Ticket, target: Ticket) -> Undo:
    """Return the way back from a merge that was just made."""
    return Undo(target.number, len(target.events), "merge", partial(desk().relations.unmerge, number=source.number))


def _unlink(actor: Actor, ticket: Ticket, kind: LinkKind, other: int) -> Outcome:
    after = desk().relations.unlink(actor, ticket.number, kind, other)
    way = partial(desk().relations.link, number=ticket.number, relation=kind, other=other)
    return Outcome(t("related.removed", label=f"T-{other}"), Undo(ticket.number, len(after.events), "link", way))


def _unmerge(actor: Actor, ticket: Ticket, other: int) -> Outcome:
    desk().relations.unmerge(actor, other)
    way = partial(desk().relations.merge, number=other, into=ticket.number)
    return Outcome(t("related.unmerged", label=f"T-{other}"), Undo(ticket.number, len(ticket.events), "merge", way))


def _present(conversation: Conversation) -> list[Link]:
    return [link for link in conversation.ticket.links if link.number in conversation.others]


def _line(way_back: str, kind: str, other: Ticket) -> tuple[str, ...]:
    is_link = way_back == "unlink"
    word = t(f"link.{kind}") if is_link else t("related.merged")
    remove = t("related.remove", label=other.label) if is_link else t("related.unmerge", label=other.label)
    status = status_label(other.status, is_new=other.is_new, for_agent=True)
    tone = "violet" if other.is_new else STATUS_TONES[other.status]
    return way_back, kind, word, other.id, other.label, other.title, status, tone, remove
