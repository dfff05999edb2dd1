"""Recurring tickets: what the desk opens by itself, and when."""

from collections.abc import Iterable
from datetime import time
from enum import StrEnum
from typing import Final, TypeVar

import streamlit as st

from ticketing.domain.calendars import BusinessCalendar, zones
from ticketing.domain.errors import InvalidInputError
from ticketing.domain.people import Actor
from ticketing.domain.recurring import RecurringTicket
from ticketing.domain.schedules import EARLIEST, LATEST, MOST_EVERY, Nth, Repeats, Schedule, Weekday, WhenClosed
from ticketing.domain.statuses import Priority
from ticketing.domain.teams import Team
from ticketing.domain.text import TEXT_LIMIT
from ticketing.ui.categories import offered_categories
from ticketing.ui.feedback import shown_errors
from ticketing.ui.session import desk
from ticketing.ui.setup.editor import Editor
from ticketing.ui.text import plain
from ticketing.ui.times import exact, zone
from ticketing.ui.wording import t

_NONE: Final = ""

Option = TypeVar("Option", bound=StrEnum)


def _summary(_: Actor, recurring: RecurringTicket) -> str:
    try:
        recurring.checked()
    except InvalidInputError as error:  # as of a time zone that another machine knew
        return str(error)
    schedule = recurring.schedule
    rests = t("setup.recurring.is_paused") if recurring.paused else ""
    latest = t("setup.recurring.latest", label=f"T-{recurring.latest}") if recurring.latest else ""
    when = t("setup.recurring.at", rhythm=_rhythm(schedule), at=f"{schedule.at:%H:%M}", zone=schedule.zone)
    return " · ".join(filter(None, (when, rests, latest, _passed_over(recurring))))


def _rhythm(schedule: Schedule) -> str:
    """Return on which days it comes round, in words."""
    days = ", ".join(t(f"weekday.{weekday}") for weekday in schedule.weekdays)
    often = "each" if schedule.every == 1 else "several"
    return t(
        f"setup.recurring.{often}.{schedule.repeats}",
        every=schedule.every,
        weekdays=days,
        nth=t(f"nth.{schedule.nth}").lower(),
        weekday=t(f"weekday.{schedule.weekday}"),
        day=schedule.day,
    )


def _passed_over(recurring: RecurringTicket) -> str:
    told = recurring.passed_over
    if told is None:
        return ""
    reason = t(f"setup.recurring.reason.{told.reason}", requester=recurring.requester)
    return t("setup.recurring.passed_over", n=told.times, at=exact(told.planned, zone()), reason=reason)


def _fields(actor: Actor, before: RecurringTicket | None) -> RecurringTicket:
    recurring = before or _new(actor)
    if told := _passed_over(recurring):
        st.warning(plain(told), icon=":material/event_busy:")
    name = st.text_input(t("setup.name"), value=recurring.name, key="recurring_name")
    wanted = {"name": name, **_ticket(actor, recurring), "schedule": _schedule(actor, recurring.schedule)}
    skip_if_open = st.checkbox(t("setup.recurring.skip_if_open"), recurring.skip_if_open, key="recurring_skip_if_open")
    paused = st.checkbox(t("setup.recurring.paused"), recurring.paused, key="recurring_paused")
    wanted |= {"skip_if_open": skip_if_open, "paused": paused}
    changed = recurring.model_copy(update=wanted)
    _require_requester(actor, changed.requester)
    return changed


def _require_requester(actor: Actor, username: str) -> None:
    """Raise a refusal unless a ticket could be this person's."""
    if not desk().agents.person(actor, username).active:
        raise InvalidInputError(t("field.requester"), t("setup.recurring.no_requester", requester=username))


def _new(actor: Actor) -> RecurringTicket:
    today = desk().clock().astimezone(zone()).date()
    schedule = Schedule(first=today, at=time(9), zone=st.context.timezone or "UTC", weekdays=(Weekday.MONDAY,))
    return RecurringTicket(name="", title="", description="", requester=actor.username, schedule=schedule)


def _ticket(actor: Actor, recurring: RecurringTicket) -> dict[str, object]:
    """Ask for what is opened, for whom, and who gets it."""
    title = st.text_input(t("field.title"), value=recurring.title, key="recurring_title")
    description = st.text_area(
        t("setup.recurring.description"),
        value=recurring.description,
        max_chars=2 * TEXT_LIMIT,
        key="recurring_description",
    )
    requester = st.text_input(
        t("setup.recurring.requester"),
        value=recurring.requester,
        help=t("setup.recurring.requester_help"),
        key="recurring_requester",
    )
    category = _one_of(
        "category", t("field.category"), offered_categories(actor, [recurring.category]), recurring.category
    )
    priority = _one("priority", t("field.priority"), Priority, recurring.priority)
    tags = st.text_input(
        t("field.tags"), value=", ".join(recurring.tags), help=t("setup.recurring.tags_hint"), key="recurring_tags"
    )
    teams = {one.id: one.name for one in desk().definitions.all(actor, Team)}
    agents = desk().agents.assignable(actor)
    return {
        "title": title,
        "description": description,
        "requester": requester,
        "category": category,
        "priority": priority,
        "tags": tuple(tags.split(",")),
        "team": _one_of("team", t("field.team"), {_NONE: t("setup.recurring.by_category")} | teams, recurring.team),
        "assignee": _one_of(
            "assignee", t("field.assignee"), {_NONE: t("ticket.nobody_yet")} | agents, recurring.assignee
        ),
    }


def _schedule(actor: Actor, schedule: Schedule) -> Schedule:
    """Ask when; which of the fields count is up to the first one, as their labels say."""
    repeats = _one("repeats", t("setup.recurring.repeats"), Repeats, schedule.repeats)
    every = st.number_input(t("setup.recurring.every"), 1, MOST_EVERY, schedule.every, key="recurring_every")
    weekdays = st.multiselect(
        t("setup.recurring.weekdays"),
        list(Weekday),
        list(schedule.weekdays),
        format_func=lambda weekday: t(f"weekday.{weekday}"),
        key="recurring_weekdays",
    )
    with st.container(horizontal=True):
        nth = _one("nth", t("setup.recurring.nth"), Nth, schedule.nth)
        weekday = _one("weekday", t("setup.recurring.weekday"), Weekday, schedule.weekday)
    day = st.number_input(t("setup.recurring.day"), 1, 31, schedule.day, key="recurring_day")
    with st.container(horizontal=True):
        first = st.date_input(
            t("setup.recurring.first"), schedule.first, min_value=EARLIEST, max_value=LATEST, key="recurring_first"
        )
        last = st.date_input(
            t("setup.recurring.last"), schedule.last, min_value=EARLIEST, max_value=LATEST, key="recurring_last"
        )
        at = st.time_input(t("setup.recurring.time"), schedule.at, key="recurring_at")
    there = sorted({*zones(), schedule.zone})
    where = st.selectbox(t("setup.calendars.zone"), there, there.index(schedule.zone), key="recurring_zone")
    when_closed = _one("when_closed", t("setup.recurring.when_closed"), WhenClosed, schedule.when_closed)
    calendars = {one.id: one.name for one in desk().definitions.all(actor, BusinessCalendar)}
    calendar = _one_of(
        "calendar", t("setup.sla.calendar"), {_NONE: t("setup.recurring.no_calendar")} | calendars, schedule.calendar
    )
    return Schedule(
        repeats=repeats,
        every=every,
        weekdays=tuple(weekdays),
        nth=nth,
        weekday=weekday,
        day=day,
        first=first or schedule.first,
        last=last,
        at=at or schedule.at,
        zone=where or schedule.zone,
        calendar=calendar,
        when_closed=when_closed,
    )


def _one(name: str, label: str, options: Iterable[Option], chosen: Option) -> Option:
    there = list(options)
    found = st.selectbox(
        label, there, there.index(chosen), format_func=lambda one: t(f"{name}.{one}"), key=f"recurring_{name}"
    )
    return found or chosen


def _one_of(name: str, label: str, names: dict[str, str], chosen: str | None) -> str:
    """Let one be chosen by its name; what is no longer there can be left as it is."""
    keys = list(dict.fromkeys([*names, chosen or _NONE]))
    found = st.selectbox(
        label,
        keys,
        keys.index(chosen or _NONE),
        format_func=lambda key: names.get(key, key),
        key=f"recurring_{name}",
    )
    return found or _NONE


def _preview(actor: Actor, wanted: RecurringTicket) -> None:
    """Say when it would come round next."""
    with shown_errors():
        moments = desk().recurring.upcoming(actor, wanted)
        if moments:
            lines = [t("setup.recurring.upcoming"), *map(wanted.schedule.said, moments)]
            st.info("  \n".join(map(plain, lines)), icon=":material/event_repeat:")
        else:
            st.warning(t("setup.recurring.never"), icon=":material/event_busy:")


EDITOR = Editor(RecurringTicket, "event_repeat", _summary, _fields, _preview)
