"""The filters of a list: widgets, remembered while the person is elsewhere, and written to the address."""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any, Self, TypeVar

import streamlit as st

from ticketing.domain.people import Actor, Person
from ticketing.domain.queries import PAGE_SIZES, UNASSIGNED, Sort, TicketQuery, View
from ticketing.domain.statuses import Priority, Status, TicketCategory
from ticketing.domain.text import SEARCH_LIMIT
from ticketing.ui.session import desk
from ticketing.ui.text import plain
from ticketing.ui.wording import t

Choice = TypeVar("Choice", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Filters:
    """What a list is narrowed down to; each field has the name it has in the address."""

    view: View = View.OPEN
    q: str = ""
    status: tuple[Status, ...] = ()
    priority: tuple[Priority, ...] = ()
    category: tuple[TicketCategory, ...] = ()
    requester: str = ""
    assignee: str = ""
    sort: Sort = Sort.UPDATED
    size: int = 25
    page: int = 1

    @classmethod
    def from_address(cls, parameters: Mapping[str, str], default_view: View) -> Self:
        """Read what the address asks for; what it cannot mean is left out."""
        page, size = (_number(parameters.get(name, "")) for name in ("page", "size"))
        return cls(
            view=_one(View, parameters.get("view"), default_view),
            q=parameters.get("q", "")[:SEARCH_LIMIT],
            status=_several(Status, parameters.get("status")),
            priority=_several(Priority, parameters.get("priority")),
            category=_several(TicketCategory, parameters.get("category")),
            requester=parameters.get("requester", "")[:SEARCH_LIMIT],
            assignee=parameters.get("assignee", "")[:SEARCH_LIMIT],
            sort=_one(Sort, parameters.get("sort"), Sort.UPDATED),
            size=size if size in PAGE_SIZES else PAGE_SIZES[0],
            page=max(1, page),
        )

    def to_address(self, default_view: View) -> dict[str, str]:
        """Return what must stand in the address to come back here; defaults are left out."""
        default = asdict(Filters(view=default_view))
        changed = {name: value for name, value in asdict(self).items() if value != default[name]}
        return {name: ",".join(value) if isinstance(value, tuple) else str(value) for name, value in changed.items()}

    def query(self, username: str) -> TicketQuery:
        """Return the question to the store; a status or an assignee chosen here goes before the view's own."""
        base = self.view.query(username)
        return base.model_copy(
            update={
                "text": self.q,
                "statuses": frozenset(self.status) or base.statuses,
                "priorities": frozenset(self.priority),
                "categories": frozenset(self.category),
                "requester": self.requester.strip().casefold() or base.requester,
                "assignee": self.assignee or base.assignee,
                "sort": self.sort,
                "size": self.size,
                "page": self.page,
            }
        )

    def narrowing(self) -> int:
        """Return how many of the filters behind the button are in use."""
        return sum(map(bool, (self.status, self.priority, self.category, self.requester, self.assignee)))


_FIELDS = frozenset(asdict(Filters()))


class FilterBar:
    """
    Draws the filters of one list and knows what they are set to.

    Widgets forget when their page is left, and their own way of writing the address loses it at the browser's Back. So
    the truth is kept beside them: it seeds the widgets on the way in and is written to the address after each change.
    """

    def __init__(self, name: str, default_view: View, *, own: bool = False) -> None:
        self._own = own
        self._name = name
        self._default_view = default_view
        self._truth = f"filters_{name}"
        self._written = f"address_{name}"
        self._enter()

    def draw(self, actor: Actor) -> Filters:
        """Draw the widgets and return what they say; the queue has some that a person's own tickets need not."""
        self._draw_views(actor)
        with st.container(horizontal=True, vertical_alignment="bottom"):
            st.text_input(
                t("filters.search"),
                key=self._key("q"),
                type="search",
                max_chars=SEARCH_LIMIT,
                placeholder=t("filters.search_hint"),
                label_visibility="collapsed",
                width=360,
            )
            self._draw_popover(actor)
            st.selectbox(
                t("filters.sort"),
                list(Sort),
                format_func=lambda sort: t(f"sort.{sort.name.lower()}"),
                key=self._key("sort"),
                label_visibility="collapsed",
                width=190,
            )
        return self._read()

    def sort_by(self, sort: Sort) -> None:
        """Order the list anew with the next run."""
        filters = replace(st.session_state[self._truth], sort=sort, page=1)
        st.session_state[self._truth] = filters
        self._forget_widgets(filters)
        st.query_params.clear()

    def draw_pages(self, filters: Filters, pages: int) -> None:
        """Draw the choice of pages when there is more than one."""
        if pages > 1:
            st.pagination(pages, default=min(filters.page, pages), key=self._page_key(filters), max_visible_pages=5)

    def _draw_views(self, actor: Actor) -> None:
        views = [View.ALL, View.OPEN, View.WAITING, View.DONE] if self._own else list(View)
        queries = {view: view.query(actor.username) for view in views}
        if self._own:
            queries = {view: own(actor, query) for view, query in queries.items()}
        counts = desk().tickets.counts(actor, queries)
        st.segmented_control(
            t("filters.view"),
            views,
            format_func=lambda view: t("filters.view_label", view=t(f"view.{view}"), count=counts[view]),
            key=self._key("view"),
            required=True,
            label_visibility="collapsed",
        )

    def _draw_popover(self, actor: Actor) -> None:
        in_use = st.session_state[self._truth].narrowing()
        label = t("filters.button_used", n=in_use) if in_use else t("filters.button")
        popover = st.popover(label, icon=":material/tune:", width="content", key=self._key("more"), on_change="rerun")
        if not popover.open:
            return
        self._seed()
        with popover:
            self._draw_choices("status", Status)
            self._draw_choices("category", TicketCategory)
            if not self._own:
                self._draw_choices("priority", Priority)
                st.text_input(t("filters.requester"), key=self._key("requester"), max_chars=SEARCH_LIMIT)
                self._draw_assignee(desk().agents.assignable(actor))
            st.segmented_control(t("filters.size"), PAGE_SIZES, key=self._key("size"), required=True)

    def _draw_choices(self, field: str, choices: type[StrEnum]) -> None:
        st.multiselect(
            t(f"filters.{field}"),
            list(choices),
            format_func=lambda choice: t(f"{field}.{choice}"),
            key=self._key(field),
            placeholder=t("filters.any"),
        )

    def _draw_assignee(self, agents: list[Person]) -> None:
        names = {"": t("filters.anyone"), UNASSIGNED: t("ticket.unassigned")}
        names |= {agent.username: plain(agent.display_name) for agent in agents}
        chosen = st.session_state[self._key("assignee")]
        options = list(names) if chosen in names else [*names, chosen]
        st.selectbox(
            t("filters.assignee"), options, format_func=lambda name: names.get(name, name), key=self._key("assignee")
        )

    def _page_key(self, filters: Filters) -> str:
        """Return the key of the choice of pages, another for each set of filters, so that each begins anew."""
        chosen = hashlib.sha256(repr(replace(filters, page=1)).encode()).hexdigest()[:12]
        return f"{self._name}_page_{chosen}"

    def _key(self, field: str) -> str:
        return f"{self._name}_{field}"

    def _enter(self) -> None:
        """
        On the way in, and whenever the address is not the one written here, take what the address says.

        Without an address it is what was set when the person left. Parameters of other pages, which the browser's Back
        may bring along, say nothing.
        """
        address = {name: text for name, text in st.query_params.to_dict().items() if name in _FIELDS}
        written = st.session_state.get(self._written)
        if self._key("view") in st.session_state and address == written:
            return
        truth = st.session_state.get(self._truth)
        if truth is None or address:
            truth = Filters.from_address(address, self._default_view)
        st.session_state[self._truth] = truth
        self._forget_widgets(truth)
        self._seed()

    def _seed(self) -> None:
        """Set widgets that have no value yet, since they were not drawn lately, to what holds."""
        for field in _FIELDS - {"page"}:
            value = getattr(st.session_state[self._truth], field)
            st.session_state.setdefault(self._key(field), list(value) if isinstance(value, tuple) else value)

    def _forget_widgets(self, filters: Filters) -> None:
        st.session_state.pop(self._page_key(filters), None)
        for field in _FIELDS - {"page"}:
            st.session_state.pop(self._key(field), None)

    def _read(self) -> Filters:
        """
        Take the widgets' word; whoever changes a filter begins at the first page again.

        A widget that was drawn anew while the person was leaving for another page knows nothing: None.
        """
        before: Filters = st.session_state[self._truth]
        values: dict[str, Any] = {field: st.session_state.get(self._key(field)) for field in _FIELDS - {"page"}}
        values = {field: getattr(before, field) if value is None else value for field, value in values.items()}
        values = {field: tuple(value) if isinstance(value, list) else value for field, value in values.items()}
        filters = Filters(**values)
        if filters == replace(before, page=1):
            filters = replace(filters, page=st.session_state.get(self._page_key(filters), before.page))
        st.session_state[self._truth] = filters
        address = filters.to_address(self._default_view)
        if st.query_params.to_dict() != address:
            st.query_params.from_dict(address)
        st.session_state[self._written] = address
        return filters


def own(actor: Actor, query: TicketQuery) -> TicketQuery:
    """Narrow a query to the actor's own tickets; a requester sees no others anyway, but those they watch too."""
    return query.model_copy(update={"requester": actor.username}) if actor.is_agent else query


def _one(kind: type[Choice], text: str | None, default: Choice) -> Choice:
    return next((choice for choice in kind if choice.value == text), default)


def _several(kind: type[Choice], text: str | None) -> tuple[Choice, ...]:
    asked = set((text or "").split(","))
    return tuple(choice for choice in kind if choice.value in asked)


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else 0  # noqa: PLR2004 - a million pages
