"""
Canned replies and articles where one answers: what is offered in a ticket, and what one of them says and does there.

The lists, and the text of a reply as it is for the ticket, are sent only when somebody asks for them: most pages of a
ticket are read without.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ticketing.domain import policy
from ticketing.domain.canned_replies import CannedReply
from ticketing.domain.changes import ME, NOBODY, Changes
from ticketing.domain.people import Actor
from ticketing.domain.policy import Action
from ticketing.domain.templates import Subject, filled_in
from ticketing.services.tickets import Conversation
from ticketing.ui.article_picker import article_words, asked_of_articles
from ticketing.ui.memory import recall
from ticketing.ui.session import desk
from ticketing.ui.times import zone
from ticketing.ui.wording import t

# In a composer's state: none, one about canned replies, or one about articles.
Question = str | Sequence[str] | None


@dataclass(slots=True)
class _Asked:
    """
    What is asked for in each composer, by its key; by None nothing.

    The canned replies are asked for by "", one of them by its id. Of articles it is what is asked for, the kind of
    message that they are for, and words to look for or an id.
    """

    by_key: dict[str, Question] = field(default_factory=dict)


def ask(key: str, state: object) -> bool:
    """Note what a composer asks for by its state, a question beside a running number; tell whether that is new."""
    asked = recall(_Asked).by_key
    match state:
        case [(str() | None | ["articles" | "article", "reply" | "note", str()]) as question, int()]:
            is_new = question != asked.get(key)
            asked[key] = question
            return is_new
    return False


def offered(actor: Actor, conversation: Conversation, key: str) -> dict[str, object] | None:
    """Return what a composer has to know of canned replies; None for those who use none."""
    if not policy.may(actor, Action.EDIT_TICKET, conversation.ticket):
        return None
    words = {
        name: t(f"canned.{name}")
        for name in ("open", "search", "none", "manage", "apply", "add", "insert", "back", "remove")
    }
    asked = recall(_Asked).by_key.get(key)
    empty: dict[str, object] = {
        "words": words,
        "articleWords": article_words(),
        "asked": asked,
        "replies": None,
        "articles": None,
        "chosen": None,
    }
    if asked is None:
        return empty
    if not isinstance(asked, str):
        return empty | asked_of_articles(actor, *asked)
    replies = [one for one in desk().definitions.all(actor, CannedReply) if one.is_for(conversation.ticket)]
    replies.sort(key=lambda one: one.owner is None)  # one's own first
    chosen = next((one for one in replies if one.id == asked), None)
    return empty | {
        "replies": [(one.id, one.name, t("canned.own") if one.owner else "") for one in replies],
        "chosen": _shown(actor, conversation, chosen) if chosen else None,
    }


def changes_in_words(
    changes: Changes, names: Mapping[str, str], teams: Mapping[str, str], categories: Mapping[str, str]
) -> list[str]:
    """Return what changes of a ticket come to, one by one, in the names of agents, of teams and of categories."""
    fields = ("status", "resolution", "priority")
    set_ = [(name, value) for name in fields if (value := getattr(changes, name)) is not None]
    words = [t("canned.sets", field=t(f"field.{name}"), value=t(f"{name}.{value}")) for name, value in set_]
    if changes.category is not None:
        name = categories.get(changes.category, changes.category)
        words.append(t("canned.sets", field=t("field.category"), value=name))
    if changes.team is not None:
        name = t("ticket.no_team") if changes.team == NOBODY else teams.get(changes.team, changes.team)
        words.append(t("canned.sets", field=t("field.team"), value=name))
    if changes.assignee is not None:
        special = {ME: t("canned.assignee_me"), NOBODY: t("canned.assignee_nobody")}
        name = special.get(changes.assignee) or names.get(changes.assignee, changes.assignee)
        words.append(t("canned.sets", field=t("field.assignee"), value=name))
    words += [t("canned.adds_tag", tag=tag) for tag in changes.add_tags]
    return words + [t("canned.removes_tag", tag=tag) for tag in changes.remove_tags]


def passed_over_in_words(names: Mapping[str, str]) -> str:
    """Say who did not get the ticket, by the fields that were left as they are for it; "" for nobody."""
    return " ".join(t(f"canned.passed_over_{field}", name=name) for field, name in names.items())


def _shown(actor: Actor, conversation: Conversation, canned: CannedReply) -> dict[str, Any]:
    """Return what a canned reply says and does in a ticket."""
    ticket, names = conversation.ticket, desk().agents.assignable(actor)
    teams = {team.id: team.name for team in conversation.teams if not team.removed}
    today = desk().clock().astimezone(zone()).date()
    categories = {one.id: one.name for one in conversation.categories}
    category = conversation.category_name(ticket.category)
    subject = Subject(ticket, conversation.name(ticket.requester), actor.display_name, today, category)
    changes = canned.changes
    if changes.assignee == ME:
        changes = changes.model_copy(update={"assignee": actor.username})
    passed_over = _passed_over(changes, names, teams)
    possible = changes.model_copy(update=dict.fromkeys(passed_over))
    named = {field: conversation.team_name(key) if field == "team" else key for field, key in passed_over.items()}
    return {
        "id": canned.id,
        "version": canned.version,
        "name": canned.name,
        "text": filled_in(canned.text, subject),
        "changes": changes_in_words(possible, names, teams, categories),
        "setsStatus": possible.status is not None,
        "warning": passed_over_in_words(named),
    }


def _passed_over(changes: Changes, names: Mapping[str, str], teams: Mapping[str, str]) -> dict[str, str]:
    """Return by their fields who takes no tickets any more, of those to whom one would be given."""
    given = {"assignee": (changes.assignee, names), "team": (changes.team, teams)}
    return {field: key for field, (key, known) in given.items() if key and key not in {NOBODY, *known}}
