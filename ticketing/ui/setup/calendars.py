"""Calendars: when the desk is open."""

from typing import Final

import streamlit as st

from ticketing.domain.calendars import BusinessCalendar, zones
from ticketing.domain.errors import InvalidInputError
from ticketing.domain.opening_hours import WEEKDAYS, minutes_open, parse_holidays, parse_hours, written
from ticketing.domain.people import Actor
from ticketing.ui.setup.editor import Editor
from ticketing.ui.wording import t

_OFFICE: Final = (parse_hours("09:00-17:00"),) * 5 + ((), ())


def _summary(_: Actor, calendar: BusinessCalendar) -> str:
    try:
        calendar.checked()
    except InvalidInputError as error:  # as of a time zone that another machine knew
        return str(error)
    hours = f"{sum(map(minutes_open, calendar.hours)) / 60:g}"
    return t("setup.calendars.summary", zone=calendar.zone, hours=hours, holidays=len(calendar.holidays))


def _fields(_: Actor, calendar: BusinessCalendar | None) -> BusinessCalendar:
    calendar = calendar or BusinessCalendar(name="", zone=st.context.timezone or "UTC", hours=_OFFICE)
    name = st.text_input(t("setup.name"), value=calendar.name, key="calendar_name")
    there = sorted({*zones(), calendar.zone})
    zone = st.selectbox(t("setup.calendars.zone"), there, there.index(calendar.zone), key="calendar_zone")
    st.caption(t("setup.calendars.hours_help"))
    typed = [
        st.text_input(
            t(f"weekday.{day}"), written(spans), key=f"calendar_{day}", placeholder=t("setup.calendars.closed")
        )
        for day, spans in zip(WEEKDAYS, calendar.hours, strict=True)
    ]
    holidays = st.text_area(
        t("setup.calendars.holidays"),
        "\n".join(map(str, calendar.holidays)),
        height=200,
        help=t("setup.calendars.holidays_help"),
        key="calendar_holidays",
    )
    wanted = {"name": name, "zone": zone, "hours": tuple(map(parse_hours, typed)), "holidays": parse_holidays(holidays)}
    return calendar.model_copy(update=wanted)


EDITOR = Editor(BusinessCalendar, "calendar_month", _summary, _fields)
