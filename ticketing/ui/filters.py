"""The filters of a list: remembered while the person is elsewhere, and written to the address."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import tzinfo
from enum import StrEnum
from functools import partial
from typing import TypeVar
from urllib.parse import urlencode

import streamlit as st

from ticketing.domain.errors import QueryError
from ticketing.domain.filters import CHOICES, Filters, choice_in, own, with_choice
from ticketing.domain.people import Actor
from ticketing.domain.preferences import QueuePreferences
from ticketing.domain.queries import PAGE_SIZES, UNASSIGNED, TicketQuery, View
from ticketing.domain.query_language import Asker, read_query
from ticketing.domain.query_terms import with_term
from ticketing.domain.saved_views import SavedView
from ticketing.domain.statuses import Priority, Status
from ticketing.ui.categories import offered_categories
from ticketing.ui.list_table import Choice, ListHead
from ticketing.ui.memory import recall
from ticketing.ui.session import desk
from ticketing.ui.times import zone
from ticketing.ui.wording import t

# Examples of what can be typed: for those who see the queue, and for those who see their own tickets.
_OWN = ("statuses", "times", "words", "title", "order")
_QUEUE = (
    "statuses",
    "mine",
    "untouched",
    "overdue",
    "asleep",
    "tags",
    "requester",
    "times",
    "words",
    "title",
    "numbers",
    "order",
)

_OWN_VIEWS = (View.ALL, View.OPEN, View.WAITING, View.DONE)
_QUEUE_VIEWS = tuple(view for view in View if view is not View.DONE)

Option = TypeVar("Option", bound=StrEnum)

_FIELDS = frozenset({*asdict(Filters()), *CHOICES})


@dataclass(slots=True)
class _Last:
    """What a list was narrowed to when it was drawn last, and the address that was written then."""

    filters: Filters | None = None
    address: dict[str, str] | None = None


@dataclass(slots=True)
class _Lists:
    """What each list was narrowed to last, by its name."""

    by_name: dict[str, _Last] = field(default_factory=dict)


class ListFilters:
    """
    What one list is narrowed to, from the way in until the person signs out.

    The address says it, so that a list can be reloaded, sent to a colleague and come back to. What was set is kept
    beside it: a link to the page that names no filters shows it as it was left.
    """

    def __init__(
        self, actor: Actor, name: str, default_view: View, preferences: QueuePreferences | None, *, is_first: bool
    ) -> None:
        self._actor = actor
        self._own = preferences is None
        self.preferences = preferences or QueuePreferences()
        self._saved = [] if self._own else desk().definitions.all(actor, SavedView)
        self._title = t(f"page.{name}")
        self._default_view = default_view
        self._last = recall(_Lists).by_name.setdefault(name, _Last())
        self.now = self._on_the_way_in(is_first=is_first)

    def _on_the_way_in(self, *, is_first: bool) -> Filters:
        """
        Return what the address says, if it isn't the one written here.

        Without an address, and where the list is first drawn, it is what was set when the person left. Parameters of
        other pages, which the browser's Back may bring along, say nothing.
        """
        address = {name: text for name, text in st.query_params.to_dict().items() if name in _FIELDS}
        kept = self._last.filters
        is_as_left = address == self._last.address or (is_first and not address)
        if kept and is_as_left:
            return kept
        return Filters.from_address(address, self._default_view) if address else self._beginning

    @property
    def _beginning(self) -> Filters:
        """What the person begins with: a view that is no more is the one of whoever has chosen nothing."""
        saved = next((view for view in self._saved if view.id == self.preferences.saved_view), None)
        if saved is not None:
            return Filters(View.ALL, saved.query)
        return Filters(self.preferences.view or self._default_view)

    @property
    def _beginning_is_gone(self) -> bool:
        key = self.preferences.saved_view
        return key is not None and key not in {view.id for view in self._saved}

    @property
    def drawn(self) -> Filters:
        """What the list was narrowed to when it was drawn last."""
        return self._last.filters or self.now

    def export_address(self, where: tzinfo) -> str:
        """Return where the list, as it is narrowed now, is to be had as a file, but for the form of that."""
        parameters = self.now.to_address(View.ALL) | ({"list": "own"} if self._own else {})
        parameters = {name: value for name, value in parameters.items() if name not in {"page", "size"}}
        return f"export?{urlencode(parameters | {'zone': str(where)})}"

    def change(self, asked: Mapping[str, str]) -> None:
        """
        Take what was chosen in the list as it was drawn last; with other filters one begins at its first page again.

        The address may be behind, since people click before their browser has followed.
        """
        drawn = self.drawn
        text = asked.get("q", drawn.q)
        for name in (*CHOICES, "sort"):
            text = _chosen_by_click(text, name, asked[name]) if name in asked else text
        address = drawn.to_address(self._default_view) | {"page": "1"} | dict(asked) | {"q": text}
        rest = {name: value for name, value in address.items() if name not in CHOICES}
        self.now = Filters.from_address(rest, self._default_view)

    def prefer(self, *, wanted: bool) -> None:
        """Begin with the view that was drawn last from now on, or with that of whoever has chosen nothing."""
        view = self._view_of(self.drawn) if wanted else self._default_view
        if isinstance(view, SavedView):
            self.preferences = desk().preferences.begin_with_saved(self._actor, view.id)
        elif view is not None:
            self.preferences = desk().preferences.begin_with(self._actor, view)

    def _view_of(self, filters: Filters) -> View | SavedView | None:
        """Return the view that these filters are, if there is nothing beside it."""
        if not filters.q:
            return filters.view
        return next((view for view in self._saved if filters.view is View.ALL and view.query == filters.q), None)

    def _is_preferred(self) -> bool | None:
        """Whether this is the view that the person begins with; None if they cannot choose that."""
        view, beginning = self._view_of(self.now), self._view_of(self._beginning)
        is_nothing_chosen = view is self._default_view and view is beginning and not self._beginning_is_gone
        if self._own or view is None or is_nothing_chosen:
            return None
        return view == beginning and not self._beginning_is_gone

    def write(self) -> None:
        """Keep the filters, and write them to the address: without any one would be where the person begins."""
        address = self.now.to_address(self._default_view)
        if not address and self._beginning != self.now:
            address = {"view": self.now.view.value}
        if st.query_params.to_dict() != address:
            st.query_params.from_dict(address)
        self._last.filters, self._last.address = self.now, address

    def head(self, problem: str = "", columns: Sequence[tuple[str, str, bool]] = ()) -> ListHead:
        """
        Return what stands above the list; the queue has filters that a person's own tickets need not.

        *problem* is what is wrong with the words looked for, *columns* are those that can be chosen.
        """
        choices = [self._several("status", Status), self._category()]
        if not self._own:
            choices.append(self._several("priority", Priority))
            choices.append(Choice("requester", t("filters.requester"), self._only("requester")))
            choices.append(self._assignee(desk().agents.assignable(self._actor)))
        choices.append(Choice("size", t("filters.size"), str(self.now.size), {str(n): str(n) for n in PAGE_SIZES}))
        names = _OWN if self._own else _QUEUE
        examples = [(t(f"query.{name}"), t(f"query.{name}_finds")) for name in names]
        views, saved = self._views(self._actor)
        return ListHead(
            self._title,
            views,
            self.now.view,
            self.now.q,
            choices,
            sum(bool(choice.chosen) for choice in choices if choice.field in CHOICES),
            problem,
            examples,
            saved,
            can_save=not self._own and bool(self.now.q) and not problem,
            is_preferred=self._is_preferred(),
            hint=t("list.preferred_is_gone") if self._beginning_is_gone and self.now == self._beginning else "",
            columns=columns,
        )

    def to_save(self) -> str:
        """Return the query of a view that shows what was drawn last."""
        try:
            return self.drawn.as_text(asker_of(self._actor))
        except QueryError:  # it is told about where it is to be saved
            return self.drawn.q

    def _views(self, actor: Actor) -> tuple[list[tuple[str, str, int]], list[tuple[str, str, int | str | None]]]:
        """
        Return the built-in views and the saved ones, with how many tickets are in each.

        These are of one moment, but for saved ones that look for words, whose numbers may be a minute old.
        """
        shown = _OWN_VIEWS if self._own else _QUEUE_VIEWS
        views = shown if self.now.view in shown else [*shown, self.now.view]
        queries: dict[View | str, TicketQuery] = {view: view.query(actor.username, desk().clock()) for view in views}
        if self._own:
            queries = {view: own(actor, query) for view, query in queries.items()}
        saved = dict(_queries(self._saved, actor))
        about_words = {key: query for key, query in saved.items() if query.is_about_words}
        queries |= {key: query for key, query in saved.items() if key not in about_words}
        counts = desk().tickets.counts(actor, queries)
        if about_words:
            counts |= desk().tickets.counts_of_late(actor, about_words)
        return (
            [(view.value, t(f"view.{view}"), counts[view]) for view in views],
            [(view.name, view.query, _number(counts.get(view.id), saved.get(view.id))) for view in self._saved],
        )

    def _several(self, field: str, options: type[StrEnum]) -> Choice:
        words = {option.value: t(f"{field}.{option}") for option in options}
        return Choice(field, t(f"filters.{field}"), self.now.chosen(field, asker_of(self._actor)), words)

    def _only(self, field: str) -> str:
        """Return the one person who is chosen, "" if there is none or more of them."""
        chosen = self.now.chosen(field, asker_of(self._actor))
        return chosen[0] if len(chosen) == 1 else ""

    def _category(self) -> Choice:
        chosen = self.now.chosen("category", asker_of(self._actor))
        return Choice("category", t("filters.category"), chosen, offered_categories(self._actor, chosen))

    def _assignee(self, agents: dict[str, str]) -> Choice:
        names = {"": t("filters.anyone"), UNASSIGNED: t("ticket.unassigned")} | agents
        chosen = self._only("assignee")
        names.setdefault(chosen, chosen)
        return Choice("assignee", t("filters.assignee"), chosen, names)


def asker_of(actor: Actor) -> Asker:
    """Return who asks, in the browser's time zone; teams and categories are looked up only where they matter."""
    teams = partial(desk().agents.teams_of, actor, actor.username)
    categories = partial(desk().tickets.categories, actor)
    return Asker(actor.username, desk().clock(), zone(), teams, categories)


def _queries(views: Sequence[SavedView], actor: Actor) -> Iterator[tuple[str, TicketQuery]]:
    """
    Yield the queries of saved views, by the id of each.

    What is about words is asked for as of the full minute, so that within it the same is the same question.
    """
    asker = asker_of(actor)
    by_minute = replace(asker, at=asker.at.replace(second=0, microsecond=0))
    for view in views:
        with suppress(QueryError):
            query = read_query(view.query, asker)
            yield view.id, read_query(view.query, by_minute) if query.is_about_words else query


def _number(count: int | None, query: TicketQuery | None) -> int | str | None:
    """Return how many tickets a view has as it is read: of a list that ends early, there may be more."""
    is_all = count is None or query is None or count != query.most
    return count if is_all else t("filters.or_more", n=count)


def _chosen_by_click(text: str, field: str, asked: str) -> str:
    """Return the words with what was chosen in them; an order stands beside them, whatever they say of it."""
    try:
        return with_choice(text, field, choice_in(field, asked)) if field in CHOICES else with_term(text, field, [])
    except QueryError:  # it stays as it was typed, and is told about
        return text
