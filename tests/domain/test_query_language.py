"""The query language: what each term asks for, and with which words a wrong one is refused."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.timing import cpu_seconds
from ticketing.domain.categories import Category
from ticketing.domain.conditions import (
    NOTHING,
    AnyOf,
    AssignedTo,
    Being,
    Condition,
    During,
    Having,
    Holding,
    InCategory,
    InStatus,
    KnownAs,
    Moment,
    Not,
    Numbered,
    RequestedBy,
    Titled,
    Trait,
    WatchedBy,
)
from ticketing.domain.errors import QueryError
from ticketing.domain.queries import UNASSIGNED, Sort, TicketQuery
from ticketing.domain.query_language import FIELDS, Asker, read_query
from ticketing.domain.statuses import Priority, Status, TicketCategory

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
ADA = Asker("ada", NOW, ZoneInfo("Europe/Berlin"), lambda: frozenset({"network", "second-line"}))
UNFINISHED = frozenset({Status.OPEN, Status.PENDING, Status.ON_HOLD})


def read(text: str) -> TicketQuery:
    return read_query(text, ADA)


def refusal(text: str) -> QueryError | None:
    """Return with which words a query is refused, if it is; any other error goes through."""
    try:
        read(text)
    except QueryError as error:
        return error
    return None


def condition(text: str) -> Condition:
    [found] = read(text).conditions
    return found


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("", TicketQuery()),
        ("status:open,pending", TicketQuery(statuses=frozenset({Status.OPEN, Status.PENDING}))),
        ("status:on-hold", TicketQuery(statuses=frozenset({Status.ON_HOLD}))),
        ('status:"On hold"', TicketQuery(statuses=frozenset({Status.ON_HOLD}))),
        ("-status:closed,resolved", TicketQuery(statuses=UNFINISHED)),
        ("-is:done", TicketQuery(statuses=UNFINISHED)),
        ("is:open", TicketQuery(statuses=frozenset({Status.OPEN}))),
        ("is:waiting -status:on_hold", TicketQuery(statuses=frozenset({Status.PENDING}))),
        ("status:open,pending status:pending,closed", TicketQuery(statuses=frozenset({Status.PENDING}))),
        ("status:open,pending,on_hold,resolved,closed", TicketQuery()),
        ("status:open status:closed", TicketQuery(statuses=frozenset(), conditions=(NOTHING,))),
        ("priority>=high", TicketQuery(priorities=frozenset({Priority.HIGH, Priority.URGENT}))),
        ("priority:>high", TicketQuery(priorities=frozenset({Priority.URGENT}))),
        ("priority<high", TicketQuery(priorities=frozenset({Priority.LOW, Priority.NORMAL}))),
        ("priority<=low", TicketQuery(priorities=frozenset({Priority.LOW}))),
        ("priority:low,URGENT", TicketQuery(priorities=frozenset({Priority.LOW, Priority.URGENT}))),
        ('category:"billing"', TicketQuery(categories=frozenset({TicketCategory.BILLING}))),
        ("category:Billing,other category:OTHER,network", TicketQuery(categories=frozenset({TicketCategory.OTHER}))),
        ("category:billing category:other", TicketQuery(conditions=(NOTHING,))),
        ("-category:billing", TicketQuery(conditions=(Not(InCategory(frozenset({TicketCategory.BILLING}))),))),
        ("assignee:me", TicketQuery(assignee="ada")),
        ("assignee:Root", TicketQuery(assignee="root")),
        ("assignee:none", TicketQuery(assignee=UNASSIGNED)),
        ("is:unassigned", TicketQuery(assignee=UNASSIGNED)),
        ('assignee:"none"', TicketQuery(assignee="none")),
        ("requester:me", TicketQuery(requester="ada")),
        ("Dial TONE", TicketQuery(needles=("dial", "tone"))),
        ('"Dial  TONE" Straße', TicketQuery(needles=("dial  tone", "strasse"))),
        ("sort:-created", TicketQuery(sort=Sort.NEWEST)),
        ("sort:number", TicketQuery(sort=Sort.OLDEST)),
        ("sort:-number", TicketQuery(sort=Sort.NEWEST)),
        ("sort:priority", TicketQuery(sort=Sort.LEAST_URGENT)),
        ("sort:created sort:updated", TicketQuery(sort=Sort.LEAST_RECENTLY_UPDATED)),
    ],
)
def test_what_a_list_has_filters_for_is_put_into_these(text: str, query: TicketQuery) -> None:
    assert read(text) == query


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("tag:VPN,wlan", Having("tag", frozenset({"vpn", "wlan"}))),
        ("-tag:spam", Not(Having("tag", frozenset({"spam"})))),
        ("team:network", Having("team", frozenset({"network"}))),
        ("field.Serial:AB-12", Having("field.serial", frozenset({"ab-12"}))),
        ("assignee:me,none", AssignedTo(frozenset({"ada", UNASSIGNED}))),
        ("-assignee:me", Not(AssignedTo(frozenset({"ada"})))),
        ("requester:Carla", RequestedBy(frozenset({"carla"}), frozenset({"carla"}))),
        ('requester:me,"Oskar Ö"', RequestedBy(frozenset({"ada", "oskar ö"}), frozenset({"oskar ö"}))),
        ("-requester:me", Not(RequestedBy(frozenset({"ada"})))),
        ("watcher:me", AnyOf((WatchedBy(frozenset({"ada"})), Having("follower", frozenset({"ada"}))))),
        ("team:First-Line", Having("team", frozenset({"first-line"}))),
        ("team:mine", Having("team", frozenset({"network", "second-line"}))),
        ("team:mine,phones", Having("team", frozenset({"network", "second-line", "phones"}))),
        ('team:"mine"', Having("team", frozenset({"mine"}))),
        ("-team:MINE", Not(Having("team", frozenset({"network", "second-line"})))),
        ("number:12,T-13,#14", Numbered(frozenset({12, 13, 14}))),
        ("id:12", Numbered(frozenset({12}))),
        ("external:Ab12", KnownAs(frozenset({"Ab12"}))),
        ("title:dial,TONE", Titled(frozenset({"dial", "tone"}))),
        ("-title:tone", Not(Titled(frozenset({"tone"})))),
        ("-tone", Not(Holding("tone"))),
        ("is:new", Being(Trait.IS_NEW)),
        ("is:new,waiting", AnyOf((Being(Trait.IS_NEW), InStatus(frozenset({Status.PENDING, Status.ON_HOLD}))))),
        ("has:note", Being(Trait.HAS_NOTE)),
        ("-has:reply", Not(Being(Trait.HAS_REPLY))),
        ("has:tag", Having("tag")),
        ("has:assignee", Not(AssignedTo(frozenset({UNASSIGNED})))),
        ("-has:note,tag", Not(AnyOf((Being(Trait.HAS_NOTE), Having("tag"))))),
        ("has:attachment", Having("attachment")),
        ("assignee:ada assignee:root", AssignedTo(frozenset({"root"}))),
    ],
)
def test_everything_else_becomes_a_condition(text: str, found: Condition) -> None:
    assert condition(text) == found


def test_what_is_looked_for_in_titles_is_looked_for_by_the_index_of_texts_as_well() -> None:
    assert read("title:Tone") == TicketQuery(needles=("tone",), conditions=(Titled(frozenset({"tone"})),))


def at(text: str) -> datetime:
    """Return a moment in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_who_works_in_no_team_finds_nothing_in_their_teams_and_all_outside_of_them() -> None:
    carla = Asker("carla", NOW)

    assert read_query("team:mine", carla).conditions == (NOTHING,)
    assert read_query("team:mine,phones", carla).conditions == (Having("team", frozenset({"phones"})),)
    assert read_query("-team:mine", carla).conditions == (Not(NOTHING),)


@pytest.mark.parametrize(
    ("text", "since", "until"),
    [
        ("created:>7d", None, NOW - timedelta(days=7)),
        ("created:<7d", NOW - timedelta(days=7), None),
        ("created>=2h", None, NOW - timedelta(hours=2)),
        ("created<=3W", NOW - timedelta(weeks=3), None),
        ("created:<2m", NOW - timedelta(days=60), None),
        ("created:>1y", None, NOW - timedelta(days=365)),
        ("created:>9999y", None, at("0001-01-02")),
        ("created:2026-01-15", at("2026-01-14T23:00"), at("2026-01-15T23:00")),
        ("created:2026-03-29", at("2026-03-28T23:00"), at("2026-03-29T22:00")),  # one hour shorter
        ("created:today", at("2026-03-01T23:00"), at("2026-03-02T23:00")),
        ("created:Yesterday", at("2026-02-28T23:00"), at("2026-03-01T23:00")),
        ("created:<2026-01-15", None, at("2026-01-14T23:00")),
        ("created:<=2026-01-15", None, at("2026-01-15T23:00")),
        ("created:>2026-01-15", at("2026-01-15T23:00"), None),
        ("created>=2026-01-15", at("2026-01-14T23:00"), None),
        ("created:2026-01-15..2026-01-16", at("2026-01-14T23:00"), at("2026-01-16T23:00")),
        ("created:2026-01-15..", at("2026-01-14T23:00"), None),
        ("created:..2026-01-15", None, at("2026-01-15T23:00")),
        ("created:..", None, None),
    ],
)
def test_times_are_ages_or_days_of_the_askers_zone(text: str, since: datetime | None, until: datetime | None) -> None:
    assert condition(text) == During(Moment.CREATED, since, until)


@pytest.mark.parametrize("moment", [Moment.CREATED, Moment.UPDATED, Moment.RESOLVED])
def test_each_moment_can_be_asked_for(moment: Moment) -> None:
    assert condition(f"{moment}:>1d") == During(moment, until=NOW - timedelta(days=1))


@pytest.mark.parametrize(
    ("text", "since", "until"),
    [
        ("is:overdue", None, NOW),
        ("due:<2h", None, NOW + timedelta(hours=2)),
        ("due>=1d", NOW + timedelta(days=1), None),
        ("due:<9999y", None, at("9999-12-30")),
        ("due:tomorrow", at("2026-03-02T23:00"), at("2026-03-03T23:00")),
        ("due:2026-01-15", at("2026-01-14T23:00"), at("2026-01-15T23:00")),
    ],
)
def test_what_is_due_is_asked_for_by_the_time_that_is_left(
    text: str, since: datetime | None, until: datetime | None
) -> None:
    assert condition(text) == During(Moment.DUE, since, until)


def test_the_day_is_the_one_in_the_askers_zone() -> None:
    late = Asker("ada", at("2026-03-02T23:30"), ZoneInfo("Europe/Berlin"))

    [found] = read_query("created:today", late).conditions

    assert found == During(Moment.CREATED, at("2026-03-02T23:00"), at("2026-03-03T23:00"))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("stauts:open", "There is no field “stauts” (at character 1). Did you mean “status”?"),
        ("x -stauts:open", "There is no field “stauts” (at character 4). Did you mean “status”?"),
        ("Error: none", "A value is missing (at character 7)."),
        ("zzz:9", "There is no field “zzz” (at character 1). Put it in quotation marks to look for it as it stands."),
        ("field.:9", "There is no field “field.” (at character 1)."),
        ("status:opne", "“status” cannot be “opne” (at character 8). Did you mean “open”?"),
        ("status:x", "“status” cannot be “x” (at character 8). It can be open, pending, on_hold, resolved, closed."),
        ("category:biling", "“category” cannot be “biling” (at character 10). Did you mean “billing”?"),
        ("priority>=hihg", "“priority” cannot be “hihg” (at character 11). Did you mean “high”?"),
        ("priority>=high,low", "There can be only one value here (at character 16). Leave the others out."),
        ("status>open", "“status” cannot be compared (at character 1). Write status:open."),
        ("is:late", "“is” cannot be “late” (at character 4)."),
        ("has:atachment", "“has” cannot be “atachment” (at character 5). Did you mean “attachment”?"),
        ("sort:title", "“sort” cannot be “title” (at character 6). It can be -updated, updated,"),
        ("sort:created,updated", "There can be only one value here (at character 14)."),
        ("-sort:created", "An order cannot be excluded (at character 1). Write sort:-created."),
        ("number:x", "“x” is no ticket's number (at character 8). Write number:12."),
        ("created:7d", "“7d” is no date (at character 9). Write >7d for longer ago,"),
        ("created:>7x", "“7x” is no date (at character 10)."),
        ("created:>12345d", "“12345d” is no date (at character 10)."),
        ("created:2026-02-30", "“2026-02-30” is no date (at character 9)."),
        ("created:2026-W01-1", "“2026-W01-1” is no date (at character 9)."),
        ("created:0000-01-01", "“0000-01-01” is no date (at character 9)."),
        ("created:9999-12-31", "“9999-12-31” is no date (at character 9)."),
        ("created:>2026-01-01..2026-01-02", "is no date (at character 10)."),
        ("created:>1d,2d", "There can be only one value here (at character 13)."),
    ],
)
def test_what_cannot_be_meant_is_refused_with_the_place_and_what_to_write(text: str, sentence: str) -> None:
    assert sentence in str(refusal(text))


@given(st.text(max_size=600))
@example('tag:"' * 100)
@example("-" * 500)
@example("created:" + "9" * 400 + "d")
@example("number:" + "9" * 490)
def test_any_text_is_a_query_or_is_refused_with_a_place_in_it(text: str) -> None:
    refused = refusal(text)

    assert refused is None or 0 <= refused.start <= refused.end <= len(text)


pieces = st.sampled_from(
    [*FIELDS, ":", ">", "<=", "-", '"', " ", ",", "..", "7d", "2026-01-31", "open", "me", "ß", "“"]
)


@given(st.lists(pieces, max_size=40).map("".join))
def test_any_mixture_of_the_languages_own_pieces_is_a_query_or_is_refused(text: str) -> None:
    assert refusal(text) is not None or hash(read(text)) == hash(read(text))


@pytest.mark.parametrize("unit", ["a ", '"a" ', "tag:a ", "tag:a,", "-", '"', ":", "a:", "..", "9", "(a"])
def test_no_text_takes_long_to_read(unit: str) -> None:
    with cpu_seconds(1):
        for _ in range(20):
            refusal((unit * 500)[:500])


def test_what_is_not_without_an_assignee_has_one_and_the_other_way_round() -> None:
    assert read("-has:assignee") == read("assignee:none")
    assert read("-is:unassigned") == read("has:assignee")


def test_a_category_is_asked_for_by_its_id_or_its_name() -> None:
    bills = Category(id="billing", name="Invoices & more")
    plants = [Category(id="plants", name="Office plants"), Category(id="plants-2", name="office plants", removed=True)]
    asker = replace(ADA, categories=lambda: [bills, *plants])

    def categories(text: str) -> frozenset[str]:
        return read_query(text, asker).categories

    assert categories("category:billing") == {"billing"}
    assert categories('category:"INVOICES & More"') == {"billing"}
    assert categories("category:plants-2") == {"plants-2"}
    assert categories('category:"Office plants"') == categories("category:office-plants") == {"plants", "plants-2"}
    assert categories("category:plants,billing") == {"plants", "billing"}
    with pytest.raises(QueryError, match="Did you mean “plants”"):
        categories("category:plant")
    with pytest.raises(QueryError, match="“category” cannot be “general”"):
        categories("category:general")


def test_the_desk_is_asked_for_its_categories_only_by_a_query_about_them() -> None:
    def refuse() -> list[Category]:
        raise AssertionError

    assert read_query("tag:category -is:new", replace(ADA, categories=refuse)).conditions
