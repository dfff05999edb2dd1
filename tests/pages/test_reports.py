"""The dashboard and the reports, as agents meet them; that each number opens as many tickets as it says."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from itertools import product
from typing import Any

import pytest

from tests.visiting import REPORT, Visit
from ticketing.desk import Desk
from ticketing.domain.calendars import BusinessCalendar
from ticketing.domain.opening_hours import ALWAYS_OPEN, parse_holidays
from ticketing.domain.people import Actor
from ticketing.domain.queries import UNASSIGNED
from ticketing.domain.query_language import Asker
from ticketing.domain.reports import Age, Cell, Dimension, Metric, Spread
from ticketing.domain.statuses import Priority, Status, TicketCategory
from ticketing.domain.teams import Team
from ticketing.domain.tickets import TicketEdit
from ticketing.ui import report_blocks
from ticketing.ui.report_address import ReportAddress
from ticketing.ui.times import duration

Behind = Callable[[Visit], Actor]


@pytest.fixture
def work(desk: Desk, carla: Visit, oskar: Visit, ada: Visit, actor: Behind) -> list[int]:
    """Let Ada answer and close Carla's first ticket, and nobody look at the two others; return their numbers."""
    opened = [
        desk.tickets.open(actor(carla), "No dial tone", "Dead.").number,
        desk.tickets.open(actor(oskar), "No *picture*", "Dark.", TicketCategory.HARDWARE).number,
        desk.tickets.open(actor(carla), "A wrong sum", "Twice.", TicketCategory.BILLING).number,
    ]
    desk.tickets.edit(actor(ada), opened[0], TicketEdit(assignee="ada", priority=Priority.HIGH))
    desk.tickets.reply(actor(ada), opened[0], "Fixed.", status=Status.RESOLVED)
    return opened


def blocks(visit: Visit, kind: str) -> list[dict[str, Any]]:
    """Return the parts of the page of one kind."""
    return [block for block in visit.sent(REPORT)["blocks"] if block["kind"] == kind]


def tiles(visit: Visit) -> dict[str, str]:
    """Return the large figures by their names."""
    return {tile[0]: tile[1] for block in blocks(visit, "tiles") for tile in block["tiles"]}


def listed(visit: Visit, title: str) -> list[int]:
    """Return the numbers of the tickets in a list."""
    return [line[0] for block in blocks(visit, "tickets") if block["title"] == title for line in block["lines"]]


def click(visit: Visit, opens: Any) -> Visit:
    """Click a number, as the browser makes an address of what it opens."""
    if isinstance(opens, str):
        return visit.report(REPORT, "asked", opens)
    named = dict(zip(("metric", "day", "age", "group"), opens, strict=True))
    asked = visit.sent(REPORT)["base"] | {name: value for name, value in named.items() if value is not None}
    return visit.report(REPORT, "asked", "reports?" + "&".join(f"{name}={value}" for name, value in asked.items()))


def numbers(visit: Visit) -> Iterator[tuple[int, Any]]:
    """Yield each number on the page that opens something, with what it opens."""
    for block in blocks(visit, "tiles"):
        yield from ((int(tile[1]), tile[2]) for tile in block["tiles"] if tile[1].isdigit())
    for block in blocks(visit, "chart"):
        first = date.fromisoformat(block["first"])
        for metric, _, _, values in block["series"]:
            for index, value in enumerate(values):
                if value:
                    yield value, [metric, str(first + timedelta(days=index)), None, None]
    for block in blocks(visit, "bars"):
        yield from ((line[1], line[2]) for line in block["lines"] if line[1])
    for block in blocks(visit, "table"):
        yield from (
            (int(text), opens) for line in block["lines"] for text, opens in line[1:] if opens and text.isdigit()
        )


def test_the_dashboard_says_how_the_desk_is_doing_and_who_waits(work: list[int], ada: Visit) -> None:
    ada.open("dashboard")

    assert ada.titles == ["Dashboard"]
    assert list(tiles(ada)) == ["Open", "Unassigned", "Waiting for an answer", "First response, median"]
    assert tiles(ada)["Open"] == tiles(ada)["Unassigned"] == tiles(ada)["Waiting for an answer"] == "2"
    assert listed(ada, "Needs attention now") == work[1:]
    assert blocks(ada, "tickets")[0]["lines"][0][2:5] == ["No *picture*", "Unassigned", "Normal"]
    own = blocks(ada, "bars")[1]
    assert [(label, n) for label, n, _ in own["lines"]] == [
        ("Unfinished", 0), ("Waiting for an answer", 0), ("Solved", 1), ("Replies", 1),
    ]  # fmt: skip


def test_a_desk_where_nothing_has_happened_has_a_dashboard_and_a_report(ada: Visit) -> None:
    ada.open("dashboard")
    assert tiles(ada) == {
        "Open": "0", "Unassigned": "0", "Waiting for an answer": "0", "First response, median": "none",
    }  # fmt: skip

    ada.open("reports")
    assert tiles(ada)["Created"] == "0"
    assert list(numbers(ada)) == [(0, tile[2]) for block in blocks(ada, "tiles") for tile in block["tiles"]]


def test_what_requesters_said_of_solutions_stands_there(
    desk: Desk, work: list[int], carla: Visit, ada: Visit, actor: Behind
) -> None:
    desk.tickets.rate(actor(carla), work[0], solved=True, score=4)

    for page in ("dashboard", "reports"):
        (said,) = [one for one in blocks(ada.open(page), "bars") if one["title"].startswith("Satisfaction")]

        assert said["title"] == "Satisfaction · 100 % solved · 4.0 ★"
        assert [line[:2] for line in said["lines"]][:4] == [
            ["Rated", 1],
            ["Rated as solved", 1],
            ["5 ★ very", 0],
            ["4 ★", 1],
        ]


@pytest.mark.parametrize(("page", "by"), [("dashboard", Dimension.AGENT), *product(["reports"], Dimension)])
def test_each_number_opens_as_many_tickets_as_it_says(work: list[int], ada: Visit, page: str, by: Dimension) -> None:
    ada.open(page, by=by.value)
    found = list(numbers(ada))
    assert len(found) > 8

    for number, opens in found:
        if isinstance(opens, str):  # a view of the queue
            continue
        click(ada.open(page, by=by.value), opens)
        heading = blocks(ada, "tickets")[0]
        assert heading["title"].endswith(f": {number}")
        assert len(heading["lines"]) == number
        assert {line[0] for line in heading["lines"]} <= set(work)


def test_what_the_queue_holds_leads_to_its_views(work: list[int], ada: Visit) -> None:
    assert work
    ada.open("dashboard")

    click(ada, blocks(ada, "tiles")[0]["tiles"][1][2])

    assert ada.titles == ["All tickets"]
    assert ada.at.query_params["view"] == "unassigned"


def test_a_ticket_in_a_list_is_opened_by_a_click(work: list[int], ada: Visit) -> None:
    click(ada.open("dashboard"), f"ticket?id={work[1]}")

    assert ada.titles == ["No *picture*"]


def test_a_click_stands_in_the_address_and_can_be_come_back_to(work: list[int], ada: Visit) -> None:
    ada.open("reports")
    click(ada, ["solved", None, None, "ada"])

    address = dict(ada.at.query_params.items())
    assert address == {"metric": "solved", "group": "ada"}
    assert listed(ada.open("reports", **address), "Solved · ada: 1") == work[:1]


def test_a_report_is_narrowed_and_divided_by_what_is_chosen(work: list[int], ada: Visit) -> None:
    assert work
    ada.open("reports", category="billing", by="category", assignee=UNASSIGNED)

    assert tiles(ada)["Created"] == "1"
    table = blocks(ada, "table")[1]
    assert (table["title"], [line[0][0] for line in table["lines"]]) == ("By Category", ["Billing"])
    chosen = {name: value for name, _, value, _ in ada.sent(REPORT)["form"]["choices"]}
    assert chosen == {"priority": "", "category": "billing", "status": "", "assignee": "-", "by": "category"}


def test_a_table_by_team_names_the_teams_those_that_are_no_more_as_well(
    desk: Desk, work: list[int], root: Visit, ada: Visit, actor: Behind
) -> None:
    team = desk.definitions.save(actor(root), Team(name="First *line*"))
    desk.tickets.edit(actor(ada), work[1], TicketEdit(team=team.id))
    desk.definitions.remove(actor(root), Team, team.id, team.version)

    ada.open("reports", by="team", metric="created", group=team.id)

    assert [line[0][0] for line in blocks(ada, "table")[1]["lines"]] == ["No team", "First *line*"]
    assert listed(ada, "Created · First *line*: 1") == work[1:2]


def test_a_table_by_team_names_the_teams_that_there_are(
    desk: Desk, work: list[int], root: Visit, ada: Visit, actor: Behind
) -> None:
    team = desk.definitions.save(actor(root), Team(name="Second line"))
    desk.tickets.edit(actor(ada), work[1], TicketEdit(team=team.id))

    ada.open("reports", by="team")

    assert [line[0][0] for line in blocks(ada, "table")[1]["lines"]] == ["No team", "Second line"]


@pytest.mark.parametrize("metric", ["rated", "rated_solved"])
def test_the_tickets_behind_ratings_are_listed(
    desk: Desk, carla: Visit, ada: Visit, actor: Behind, metric: str
) -> None:
    number = desk.tickets.open(actor(carla), "No dial tone", "Dead.").number
    desk.tickets.close(actor(ada), number)
    desk.tickets.rate(actor(carla), number, solved=True)

    ada.open("reports", metric=metric)

    (shown,) = blocks(ada, "tickets")
    assert [line[0] for line in shown["lines"]] == [number]


def test_a_report_is_narrowed_by_a_query(work: list[int], ada: Visit) -> None:
    ada.open("reports", q="title:picture -assignee:ada", metric="created")

    assert tiles(ada)["Created"] == "1"
    assert listed(ada, "Created: 1") == work[1:2]
    assert ada.sent(REPORT)["base"] == {"q": "title:picture -assignee:ada"}


def test_time_is_measured_by_a_calendar_as_the_address_says(
    desk: Desk, work: list[int], root: Visit, ada: Visit, actor: Behind
) -> None:
    assert "calendar" not in [name for name, *_ in ada.open("reports").sent(REPORT)["form"]["choices"]]
    closed_now = parse_holidays("\n".join(f"{desk.clock().date() + timedelta(n)} Away" for n in range(-40, 2)))
    away = BusinessCalendar(name="A *way*", zone="UTC", hours=ALWAYS_OPEN, holidays=closed_now)
    calendar = desk.definitions.save(actor(root), away)

    ada.open("reports", calendar=calendar.id, metric="resolution")

    (choice,) = [choice for choice in ada.sent(REPORT)["form"]["choices"] if choice[0] == "calendar"]
    assert choice[1:3] == ["Time counts", calendar.id]
    assert choice[3] == [["", "Always"], [calendar.id, "In the open hours of A *way*"]]
    assert blocks(ada, "table")[0]["title"] == "How long it took in the open hours of A *way*"
    assert listed(ada, "Resolution: 1") == work[:1]
    assert blocks(ada, "tickets")[0]["lines"][0][3] == "0 s"
    assert ada.sent(REPORT)["base"] == {"calendar": calendar.id}

    desk.definitions.remove(actor(root), BusinessCalendar, calendar.id, calendar.version)
    assert blocks(ada.open("reports", calendar=calendar.id), "table")[0]["title"].endswith("A *way*")
    assert ada.open("reports", calendar="night").refused == [
        "Calendar cannot be “night”. Please choose one of the list."
    ]


def test_the_dashboard_measures_by_a_calendar_too(
    desk: Desk, work: list[int], root: Visit, ada: Visit, actor: Behind
) -> None:
    assert ada.open("dashboard").sent(REPORT)["measures"] == []
    closed_now = parse_holidays("\n".join(f"{desk.clock().date() + timedelta(n)} Away" for n in range(-40, 2)))
    away = BusinessCalendar(name="A *way*", zone="UTC", hours=ALWAYS_OPEN, holidays=closed_now)
    calendar = desk.definitions.save(actor(root), away)

    ada.open("dashboard", calendar=calendar.id)

    sent = ada.sent(REPORT)
    assert sent["measures"] == [["", "Always", False], [calendar.id, "In the open hours of A *way*", True]]
    assert sent["base"] == {"calendar": calendar.id}
    assert sent["other"][0] == f"reports?days=30&calendar={calendar.id}"
    assert tiles(ada)["First response, median"] == "0 s"
    click(ada, blocks(ada, "tiles")[0]["tiles"][3][2])
    assert listed(ada, "First response: 1") == work[:1]
    assert ada.open("dashboard", calendar="night").refused == [
        "Calendar cannot be “night”. Please choose one of the list."
    ]
    assert ada.sent(REPORT)["measures"][0] == ["", "Always", False]


def test_a_query_that_cannot_be_understood_is_refused_and_stays_in_its_field(work: list[int], ada: Visit) -> None:
    assert work
    ada.open("reports", q="status:lost")

    assert ["status" in refusal for refusal in ada.refused] == [True]
    assert ada.sent(REPORT)["form"]["query"][2] == "status:lost"
    assert not ada.at.get("download_button")


def test_days_that_cannot_be_are_refused_with_a_sentence_and_can_be_mended(work: list[int], ada: Visit) -> None:
    ada.open("reports", first="2031-05-06", last="2031-05-01")

    assert ada.refused == ["The first day must be neither after the last one nor after today."]
    assert blocks(ada, "tiles") == []
    assert ada.sent(REPORT)["form"]["days"][0][2] == "2031-05-06"

    click(ada, "reports?days=7")

    assert tiles(ada)["Created"] == str(len(work))


@pytest.mark.parametrize("forged", [7, None, ["x"], "", "//example.org", "login", "agent_admin?x=" + "y" * 900])
def test_what_no_click_could_have_sent_shows_the_report(work: list[int], ada: Visit, forged: object) -> None:
    assert work
    ada.open("dashboard").report(REPORT, "asked", forged)

    assert ada.titles[0] in {"Dashboard", "People"}


def test_a_long_list_has_pages(
    desk: Desk, carla: Visit, ada: Visit, actor: Behind, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report_blocks, "PAGE_SIZE", 2)
    opened = [desk.tickets.open(actor(carla), f"Ticket {n}", "Help.").number for n in range(5)]

    assert listed(ada.open("reports", metric="created", page="3"), "Created: 5") == opened[4:]
    assert listed(ada.open("reports", metric="created", page="9"), "Created: 5") == opened[4:]
    assert blocks(ada, "tickets")[0]["behind"][1:] == [3, 3]


def test_what_is_measured_is_told_beside_the_same_days_before(work: list[int], ada: Visit) -> None:
    assert work
    assert blocks(ada.open("dashboard"), "tiles")[0]["tiles"][3][4] == ["nothing to compare", "gray"]
    hours = [Spread(1, *[timedelta(hours=n)] * 4) for n in (5, 2)]

    assert report_blocks._change(*hours) == ["↑ 3 h longer than before", "red"]  # noqa: SLF001 - a rule of its own
    assert report_blocks._change(*reversed(hours)) == ["↓ 3 h shorter than before", "green"]  # noqa: SLF001
    assert report_blocks._change(hours[0], hours[0]) == ["as before", "gray"]  # noqa: SLF001


def test_the_table_can_be_taken_along(desk: Desk, work: list[int], ada: Visit, actor: Behind) -> None:
    assert work
    ada.open("reports")
    query = ReportAddress().query(Asker("ada", desk.clock()))

    heading, *lines = desk.reports.table(actor(ada), query).lstrip("\ufeff").splitlines()

    assert heading.startswith(
        "agent,created,solved,unfinished,reopened,one_touch,replies,first_response_median_seconds,"
    )
    assert [line.split(",")[:7] for line in lines] == [
        ["", "2", "0", "2", "0", "0", "0"],
        ["ada", "1", "1", "0", "0", "1", "1"],
    ]
    assert ada.at.get("download_button")


@pytest.mark.parametrize(
    ("parameters", "address"),
    [
        ({}, ReportAddress()),
        ({"days": "7", "by": "status"}, ReportAddress(days=7, by=Dimension.STATUS)),
        ({"days": "8", "by": "shoe", "status": "lost", "page": "-1"}, ReportAddress()),
        ({"first": "2026-03-02"}, ReportAddress()),
        ({"first": "2026-03-02", "last": "2026-02-30"}, ReportAddress()),
        (
            {"first": "2026-03-02", "last": "2026-03-09"},
            ReportAddress(first=date(2026, 3, 2), last=date(2026, 3, 9)),
        ),
        (
            {"metric": "unfinished", "age": "week", "page": "3"},
            ReportAddress(cell=Cell(Metric.UNFINISHED, age=Age.WEEK), page=3),
        ),
        ({"metric": "created", "age": "week"}, ReportAddress(cell=Cell(Metric.CREATED))),
        ({"day": "2026-03-02", "group": "ada"}, ReportAddress()),
        ({"q": " tag:vpn ", "status": "open"}, ReportAddress(q="tag:vpn", status=Status.OPEN)),
        ({"calendar": "office", "days": "90"}, ReportAddress(calendar="office", days=90)),
    ],
)
def test_an_address_is_read_as_far_as_it_means_something(parameters: dict[str, str], address: ReportAddress) -> None:
    assert ReportAddress.of(parameters) == address
    assert ReportAddress.of(address.to_address()) == address


@pytest.mark.parametrize(
    ("took", "words"),
    [
        (timedelta(), "0 s"),
        (timedelta(seconds=59.9), "59 s"),
        (timedelta(minutes=1), "1 min"),
        (timedelta(minutes=59, seconds=59), "59 min 59 s"),
        (timedelta(hours=1), "1 h"),
        (timedelta(hours=1, seconds=5), "1 h"),
        (timedelta(hours=23, minutes=59), "23 h 59 min"),
        (timedelta(days=1), "1 d"),
        (timedelta(hours=78), "3 d 6 h"),
        (timedelta(days=400, minutes=5), "400 d"),
    ],
)
def test_a_duration_is_told_in_its_two_largest_units(took: timedelta, words: str) -> None:
    assert duration(took) == words


@pytest.mark.parametrize(
    ("took", "words"),
    [
        (timedelta(), "0 s"),
        (timedelta(minutes=59, seconds=59), "59 min 59 s"),
        (timedelta(hours=78, minutes=5), "78 h 5 min"),
        (timedelta(days=400), "9600 h"),
    ],
)
def test_business_hours_make_up_no_days(took: timedelta, words: str) -> None:
    assert duration(took, without_days=True) == words
