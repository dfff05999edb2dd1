"""What ledgers have in common, of mails as of messages to webhooks: a choice of fates, pages, and how each is told."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from html import escape
from typing import Final, TypeVar

import streamlit as st

from ticketing.domain.people import Actor
from ticketing.domain.queries import Page
from ticketing.ui.pages import BY_NAME
from ticketing.ui.session import desk
from ticketing.ui.times import time_element, zone
from ticketing.ui.wording import t

PAGE_SIZE: Final = 25
ALL: Final = "all"

Entry = TypeVar("Entry")


def choice(label: str, options: Sequence[str], named: str, *, key: str) -> str:
    """Draw these options side by side, each under the words that begin with *named*; return the chosen one."""
    chosen: str = st.segmented_control(
        label,
        options,
        format_func=lambda name: t(f"{named}.{name}"),
        default=options[0],
        required=True,
        key=key,
        label_visibility="collapsed",
        width="content",
    )
    return chosen


def asked_page(ask: Callable[[int], Page[Entry]], *, key: str) -> Page[Entry]:
    """Return the page that is chosen, or the first where there is no such page any more."""
    page = ask(st.session_state.get(key, 1))
    return page if page.items or page.page == 1 else ask(1)


def draw_pages(page: Page[Entry], told: str, *, key: str) -> None:
    """Draw below a page how many there are, and the way to the others."""
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.caption(told, width="content")
        if page.pages > 1:
            st.pagination(page.pages, key=key, max_visible_pages=5)


def draw_way_to_ticket(actor: Actor, number: int) -> None:
    """Draw the way to the ticket that an entry is about; 0 is none."""
    if number:
        st.page_link(BY_NAME["ticket"].registered(actor), label=f"T-{number}", query_params={"id": str(number)})


def draw_details(at: datetime, told: Iterable[str]) -> None:
    """Draw in small print when it was, and all that is told besides that is not empty."""
    when = time_element(at, desk().clock(), zone())
    details = " · ".join([when, *map(escape, filter(None, told))])
    st.html(f'<div style="opacity:0.75;font-size:0.875rem;overflow-wrap:anywhere">{details}</div>')


def tries(attempts: int, next_at: datetime | None) -> Iterable[str]:
    """Yield how often it was tried, and when it is tried next if it has to wait for that."""
    if attempts:
        yield t("mail.tries", n=attempts)
    if next_at is not None and next_at > desk().clock():
        yield t("mail.next_try", at=f"{next_at.astimezone(zone()):%Y-%m-%d %H:%M}")
