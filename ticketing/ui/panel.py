"""
The side of a ticket: fields that agents set, facts that requesters want to know, and the history of both.

It is one element, drawn by `ticket_panel.js`: native fields, saved when one has chosen. What comes back from the
browser are choices, each with the value that the person saw before: when somebody else was quicker it is refused with a
sentence. A choice of a shape that the panel cannot send is dropped.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import partial
from typing import Any
from urllib.parse import urlencode

import streamlit as st
from pydantic import ValidationError

from ticketing.domain import policy
from ticketing.domain.custom_fields import PUBLIC
from ticketing.domain.deadlines import Deadline, Standing
from ticketing.domain.people import Actor
from ticketing.domain.policy import Action
from ticketing.domain.queries import View
from ticketing.domain.statuses import TRANSITIONS, Priority, Resolution, Status, StatusCategory
from ticketing.domain.text import TAGS_LIMIT, clean_tags
from ticketing.domain.tickets import Ticket, TicketEdit
from ticketing.services.tickets import Conversation
from ticketing.ui.conversation import history_lines
from ticketing.ui.custom_fields import fields_in_panel, said
from ticketing.ui.due_times import standing, told
from ticketing.ui.inbox import Outcome, TicketPart
from ticketing.ui.memory import recall
from ticketing.ui.packing import on_report
from ticketing.ui.related import follow, related, take_away
from ticketing.ui.session import desk, go_to
from ticketing.ui.times import ago, exact, zone
from ticketing.ui.undoing import undo_of
from ticketing.ui.watching import change_watching, watching
from ticketing.ui.wording import t

NOBODY = ""
_FIELDS = ("status", "resolution", "priority", "category", "team", "assignee", "tags")
_MAY_BE_NOBODY = ("team", "assignee")
_FOLDS = ("why", "history")
_part = TicketPart("ticket_panel")


@dataclass(slots=True)
class _Folds:
    """What is unfolded of which panel, by the panel's key and what it is."""

    unfolded: set[tuple[str, str]] = field(default_factory=set)


def panel(actor: Actor, conversation: Conversation) -> None:
    """Draw the side of a ticket as this person may see it."""
    ticket, key = conversation.ticket, f"panel_{conversation.ticket.number}"
    is_agents = policy.may(actor, Action.EDIT_TICKET, ticket)
    unfolded = {what for whose, what in recall(_Folds).unfolded if whose == key}
    result = _part.draw(
        key,
        {
            "fields": _fields(actor, conversation) if is_agents else [],
            "own": fields_in_panel(conversation) if is_agents else [],
            "tags": {"label": t("field.tags"), "stored": ticket.tags, "limit": TAGS_LIMIT} if is_agents else None,
            "facts": [_requester(conversation), *_ratings(ticket)] if is_agents else _facts(conversation),
            "watching": watching(actor, conversation),
            "related": related(actor, conversation),
            "locked": ticket.status is Status.CLOSED,
            "due": _due(actor, ticket, is_explained="why" in unfolded) if is_agents else None,
            "history": history_lines(conversation, desk().clock()) if "history" in unfolded else None,
            "words": _words(),
        },
        partial(_save, ticket.number),
        on_asked_change=_noted,
        **{f"on_{what}_change": on_report(key, what, partial(_fold, key, what)) for what in _FOLDS},
    )
    asked = getattr(result, "asked", None)
    if asked == "requester" and is_agents:
        go_to("all_tickets", **_all_of(ticket.requester))
    follow(actor, ticket, asked)
    # A session that has just begun, as after a broken line, knows of no callback when the choice reaches it.
    for what in _FOLDS:
        if getattr(result, what, None) is True and what not in unfolded:
            _fold(key, what, is_unfolded=True)
            st.rerun()


def _fields(actor: Actor, conversation: Conversation) -> list[tuple[str, str, str, list[tuple[str, str]]]]:
    ticket = conversation.ticket
    names = {NOBODY: t("ticket.unassigned")} | desk().agents.assignable(actor)
    if ticket.assignee:
        names.setdefault(ticket.assignee, conversation.name(ticket.assignee))
    return [
        _field("status", ticket.status, [one for one in Status if one in {ticket.status, *TRANSITIONS[ticket.status]}]),
        *([_field("resolution", ticket.resolution, Resolution)] if ticket.resolution else []),
        _field("priority", ticket.priority, Priority),
        _category(conversation),
        *_team(conversation),
        ("assignee", t("field.assignee"), ticket.assignee or NOBODY, list(names.items())),
    ]


def _field(name: str, value: StrEnum, choices: Iterable[StrEnum]) -> tuple[str, str, str, list[tuple[str, str]]]:
    return name, t(f"field.{name}"), value.value, [(choice.value, t(f"{name}.{choice}")) for choice in choices]


def _category(conversation: Conversation) -> tuple[str, str, str, list[tuple[str, str]]]:
    """Return the field of the category: one that was taken away can be left, not come back to."""
    present = conversation.ticket.category
    names = {one.id: one.name for one in conversation.categories if not one.removed or one.id == present}
    names.setdefault(present, present)
    return "category", t("field.category"), present, list(names.items())


def _team(conversation: Conversation) -> list[tuple[str, str, str, list[tuple[str, str]]]]:
    """Return the field of the team, if there is something to choose: a removed one can be left, not come back to."""
    present = conversation.ticket.team or NOBODY
    names = {team.id: team.name for team in conversation.teams if not team.removed or team.id == present}
    return [("team", t("field.team"), present, [(NOBODY, t("ticket.no_team")), *names.items()])] if names else []


def _facts(conversation: Conversation) -> list[tuple[str, str]]:
    ticket, now, where = conversation.ticket, desk().clock(), zone()
    return [
        (t("field.status"), t(f"status_for_requester.{ticket.status}")),
        *([(t("field.resolution"), t(f"resolution.{ticket.resolution}"))] if ticket.resolution else []),
        (t("field.category"), conversation.category_name(ticket.category)),
        (t("field.assignee"), conversation.name(ticket.assignee) if ticket.assignee else t("ticket.nobody_yet")),
        *(
            (field.name, said(value))
            for field in conversation.fields
            if (value := ticket.field_value(field.id)) is not None
        ),
        (t("field.requester"), conversation.name(ticket.requester)),
        (t("field.opened"), ago(ticket.opened_at, now, where)),
        (t("field.updated"), ago(ticket.updated_at, now, where)),
    ]


def _due(actor: Actor, ticket: Ticket, *, is_explained: bool) -> dict[str, object] | None:
    """Return when each target is due and how things stand with it; and, where that is asked for, why."""
    if ticket.sla is None:
        return None
    now, where = desk().clock(), zone()
    deadlines = [
        (
            t(f"target.{target}"),
            *standing(one, now),
            *((one.due_at.isoformat(), exact(one.due_at, where)) if one.due_at else ("", "")),
        )
        for target, one in ticket.sla.deadlines.items()
        if not _is_dropped(ticket, one, now)
    ]
    return {"deadlines": deadlines, "why": _why(actor, ticket.number) if is_explained else None}


def _is_dropped(ticket: Ticket, deadline: Deadline, now: datetime) -> bool:
    """Whether nobody waits for it any more, since the ticket is done with."""
    return ticket.status.category is StatusCategory.DONE and deadline.standing(now) is Standing.PAUSED


def _why(actor: Actor, number: int) -> list[list[str]]:
    explained = desk().due_times.explained(actor, number)
    if explained is None:
        return [[t("due.made_by_former_rules")]]
    policy, calendar, steps = explained
    by = [t("due.made_by", policy=policy.name), t("due.counted_by", calendar=calendar.name, zone=calendar.zone)]
    return [by, *([t(f"target.{target}"), *(told(step, calendar) for step in way)] for target, way in steps.items())]


def _requester(conversation: Conversation) -> tuple[str, str, str, str]:
    """Return whose ticket it is, where all of theirs are, and what to say of that."""
    username, name = conversation.ticket.requester, conversation.name(conversation.ticket.requester)
    where = f"all_tickets?{urlencode(_all_of(username))}"
    return t("field.requester"), name, where, t("ticket.all_of_requester", name=name)


def _all_of(requester: str) -> dict[str, str]:
    """Return what narrows the queue to the tickets of one person, done ones too."""
    return {"view": View.ALL, "requester": requester}


def _ratings(ticket: Ticket) -> list[tuple[str, str]]:
    """Return what was said of each of its resolutions."""
    said = []
    for rating in ticket.ratings:
        said.append((t("field.rating"), rating.verdict.capitalize()))
        said += [(t("field.comment"), rating.comment)] if rating.comment else []
    return said


def _words() -> dict[str, str]:
    return {
        "why": t("due.why"),
        "details": t("ticket.details"),
        "history": t("ticket.history"),
        "unsaved": t("ticket.unsaved_choice"),
        "addTag": t("ticket.add_tag"),
        "removeTag": t("ticket.remove_tag", tag="{tag}"),
        "tagsAreFull": t("ticket.tags_are_full", limit=TAGS_LIMIT),
    }


def _save(number: int, actor: Actor, _place: int, choice: list[Any]) -> Outcome | None:
    """Save a choice, held against what the person saw when they chose."""
    match choice:
        case ["unlink" | "unmerge" as what, str(kind), int(other)]:
            return take_away(actor, number, what, kind, other)
        case ["watch" | "watcher", *_]:
            return change_watching(actor, number, choice)
        case [field, value, was]:
            edit, seen = _edit(field, value), _edit(field, was)
            if edit is not None and seen is not None:
                if seen.tags is not None:
                    # They may stand there as they were typed a moment ago, in a choice that was saved before this one.
                    seen = TicketEdit(tags=tuple(clean_tags(list(seen.tags))))
                before = desk().tickets.get(actor, number)
                return Outcome(undo=undo_of(actor, before, desk().tickets.edit(actor, number, edit, seen=seen)))
    return None


def _noted() -> None:
    """Declare that another page may be asked for; this one leads there when it runs."""


def _edit(field: Any, value: Any) -> TicketEdit | None:
    """Return the edit that sets a field to a value; None when it is of no shape that a field of the panel has."""
    if isinstance(field, str) and field.startswith(PUBLIC):
        wanted: dict[str, Any] = {"fields": {field.removeprefix(PUBLIC): value}}
    elif field in _FIELDS and isinstance(value, list if field == "tags" else str):
        wanted = {field: None if value == NOBODY and field in _MAY_BE_NOBODY else value}
    else:
        return None
    try:
        return TicketEdit.model_validate(wanted)
    except ValidationError:
        return None


def _fold(key: str, what: str, is_unfolded: object) -> None:
    unfolded = recall(_Folds).unfolded
    (unfolded.add if is_unfolded is True else unfolded.discard)((key, what))
