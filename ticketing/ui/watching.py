"""
Who watches a ticket, as a section of its side: whether one does oneself, who else sees it, and the ways to change both.

It is drawn by `ticket_watchers.js`. Requesters see who reads along with them; who of the agents follows it is for
agents.
"""

from typing import Any

from ticketing.domain import policy
from ticketing.domain.people import Actor
from ticketing.domain.policy import Action
from ticketing.services.tickets import Conversation
from ticketing.ui.inbox import Outcome
from ticketing.ui.session import desk
from ticketing.ui.wording import t


def watching(actor: Actor, conversation: Conversation) -> dict[str, Any]:
    """Return what the section shows."""
    ticket = conversation.ticket
    may_change = policy.may(actor, Action.CHANGE_WATCHERS, ticket)
    names = {username: conversation.name(username) for username in [*ticket.watchers, *ticket.followers]}
    return {
        "isWatched": ticket.is_watched_by(actor.username),
        "isOwnWork": actor.username == ticket.assignee,
        "mayChange": may_change,
        "people": [
            (
                one,
                name,
                t("watch.remove", name=name) if may_change and one in ticket.watchers else "",
                t("watch.make_requester", name=name) if may_change and one in ticket.watchers else "",
            )
            for one, name in names.items()
        ],
        "words": {
            "title": t("watch.title"),
            "watch": t("watch.watch"),
            "told": t("watch.told"),
            "untold": t("watch.untold"),
            "ownWork": t("watch.own_work"),
            "add": t("watch.add"),
            "who": t("watch.who"),
        },
    }


def change_watching(actor: Actor, number: int, wanted: list[Any]) -> Outcome | None:
    """Do what was asked for in the section."""
    match wanted:
        case ["watch", True]:
            desk().watching.watch(actor, number)
            return Outcome(t("watch.is_watched"))
        case ["watch", False]:
            desk().watching.stop(actor, number)
            return Outcome(t("watch.is_stopped"))
        case ["watcher", "add", str(who)]:
            desk().watching.add(actor, number, who)
            return Outcome(t("watch.is_added"))
        case ["watcher", "remove", str(username)]:
            desk().watching.remove(actor, number, username)
            return Outcome(t("watch.is_removed"))
        case ["watcher", "make_requester", str(username)]:
            desk().watching.make_requester(actor, number, username)
            return Outcome(t("watch.is_requester"))
    return None
