"""What agents see of due times, what requesters must not see, and the pages on which admins set them up."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from tests.bank_holidays import ENGLAND_AND_WALES
from tests.visiting import LIST, PANEL, REPORT, Visit, unescaped
from ticketing.desk import Desk
from ticketing.domain.calendars import BusinessCalendar
from ticketing.domain.opening_hours import ALWAYS_OPEN, Holiday, Span
from ticketing.domain.people import Actor
from ticketing.domain.sla import SlaPolicy
from ticketing.domain.statuses import Priority, Status
from ticketing.domain.teams import Team

Behind = Callable[[Visit], Actor]
CONSOLE = Actor.console()
HOUR = timedelta(hours=1)
DUE, DUE_TEXT, DUE_ICON, DUE_TONE = range(14, 18)


@pytest.fixture
def gold(desk: Desk) -> SlaPolicy:
    """Return a policy that counts around the clock."""
    desk.definitions.save(CONSOLE, BusinessCalendar(name="Always", zone="Europe/London", hours=ALWAYS_OPEN))
    policy = SlaPolicy(name="Gold", calendar="always", first_response=4 * HOUR, resolution=24 * HOUR)
    return desk.definitions.save(CONSOLE, policy)


@pytest.fixture
def file(desk: Desk, carla: Visit, actor: Behind) -> Callable[[float], int]:
    """Return a way to have a ticket of Carla's that was opened so many hours ago."""

    def opened(hours: float) -> int:
        number = desk.tickets.open(actor(carla), "No dial tone", "The line is dead.").number
        with desk.store.write() as tx:
            ticket = tx.tickets.find(number)
            assert ticket is not None
            ticket.opened_at -= hours * HOUR
            tx.tickets.save(ticket)
        desk.tickets.note(CONSOLE, number, "Hm.")
        return number

    return opened


def due_cells(visit: Visit) -> dict[int, tuple[str, str, str]]:
    """Return what the list says of when its tickets are due, by their numbers, in its order."""
    return {row[0]: (row[DUE_TEXT], row[DUE_ICON], row[DUE_TONE]) for row in visit.sent(LIST)["rows"]}


def tiles_of(visit: Visit) -> list[list[Any]]:
    """Return the large figures of the dashboard."""
    return [tile for block in visit.sent(REPORT)["blocks"] if block["kind"] == "tiles" for tile in block["tiles"]]


# What agents see


@pytest.mark.usefixtures("gold")
def test_the_queue_says_what_is_due_in_words_with_a_sign_and_a_colour(ada: Visit, file: Callable[[float], int]) -> None:
    calm, near, late = file(0.99), file(3.5), file(6.2)

    ada.open("all_tickets", sort="due")

    assert list(due_cells(ada).items()) == [
        (late, ("overdue by 2 h", "error", "red")),
        (near, ("due in 29 min", "schedule", "orange")),
        (calm, ("due in 3 h", "", "gray")),
    ]
    assert ["due", "Due", "due", ""] in ada.sent(LIST)["columns"]
    assert ada.sent(LIST)["sorted"] == ["due", "ascending"]


@pytest.mark.usefixtures("gold")
def test_what_is_paused_or_done_is_not_due(desk: Desk, ada: Visit, file: Callable[[float], int]) -> None:
    waiting = file(6)
    desk.tickets.reply(CONSOLE, waiting, "Which line?", status=Status.PENDING)

    ada.open("all_tickets", view="all")

    assert due_cells(ada) == {waiting: ("", "", "gray")}


def test_without_a_policy_there_is_no_column(ada: Visit, file: Callable[[float], int]) -> None:
    file(6)

    ada.open("all_tickets")

    assert "due" not in [name for name, *_ in ada.sent(LIST)["columns"]]
    assert "due" not in [order for order, _word in ada.sent(LIST)["orders"]]


@pytest.mark.usefixtures("gold")
def test_a_ticket_says_how_it_stands_with_each_target(desk: Desk, ada: Visit, file: Callable[[float], int]) -> None:
    number = file(5.5)

    ada.open("ticket", id=str(number))
    first, resolution = ada.sent(PANEL)["due"]["deadlines"]
    assert first[:4] == ["First response", "overdue by 1 h", "error", "red"]
    assert resolution[:4] == ["Resolution", "due in 18 h", "", "gray"]
    assert resolution[4].endswith("+00:00")
    assert resolution[5].endswith("UTC")

    desk.tickets.reply(CONSOLE, number, "Which line?", status=Status.PENDING)
    ada.open("ticket", id=str(number))
    first, resolution = ada.sent(PANEL)["due"]["deadlines"]
    assert first[:4] == ["First response", "1 h too late", "error", "red"]
    assert resolution[:4] == ["Resolution", "paused, 18 h left", "pause_circle", "gray"]

    desk.tickets.close(CONSOLE, number)
    ada.open("ticket", id=str(number))
    assert ada.sent(PANEL)["due"]["deadlines"][1][:4] == ["Resolution", "met", "check_circle", "green"]


def test_a_closed_ticket_says_nothing_of_an_answer_that_nobody_waits_for_any_more(
    desk: Desk, gold: SlaPolicy, ada: Visit, carla: Visit, actor: Behind, file: Callable[[float], int]
) -> None:
    desk.definitions.save(CONSOLE, gold.model_copy(update={"next_response": 8 * HOUR}))
    number = file(1)
    desk.tickets.reply(CONSOLE, number, "Which line?")
    desk.tickets.reply(actor(carla), number, "All good now.")
    ada.open("ticket", id=str(number))
    assert [line[0] for line in ada.sent(PANEL)["due"]["deadlines"]] == [
        "First response",
        "Next response",
        "Resolution",
    ]

    desk.tickets.close(CONSOLE, number)

    ada.open("ticket", id=str(number))
    assert [line[:2] for line in ada.sent(PANEL)["due"]["deadlines"]] == [
        ["First response", "met"],
        ["Resolution", "met"],
    ]


@pytest.mark.usefixtures("gold")
def test_why_a_ticket_is_due_is_told_when_it_is_asked_for(ada: Visit, file: Callable[[float], int]) -> None:
    ada.open("ticket", id=str(file(0)))
    assert ada.sent(PANEL)["due"]["why"] is None

    ada.unfold_why()

    by, first, resolution = ada.sent(PANEL)["due"]["why"]
    assert by == ["By the policy Gold", "Counted by the calendar Always, Europe/London"]
    assert first[0] == "First response"
    assert first[1].startswith("From ")
    assert first[-1].startswith("Due ")
    assert resolution[0] == "Resolution"

    ada.unfold_why(up=True)
    assert ada.sent(PANEL)["due"]["why"] is None


def test_once_the_rule_was_changed_nobody_is_told_a_wrong_reason(
    desk: Desk, gold: SlaPolicy, ada: Visit, file: Callable[[float], int]
) -> None:
    number = file(0)
    ada.open("all_tickets")  # which reckons anew what is to be, and the next one who looks within a minute does not
    desk.definitions.save(CONSOLE, gold.model_copy(update={"first_response": HOUR}))

    ada.open("ticket", id=str(number)).unfold_why()

    assert ada.sent(PANEL)["due"]["why"] == [
        ["The rules that made these times were changed since. They are reckoned anew soon."]
    ]


@pytest.mark.usefixtures("gold")
def test_the_dashboard_counts_what_is_overdue_and_opens_it(ada: Visit, file: Callable[[float], int]) -> None:
    late = [file(6.2), file(30)]
    file(0.99)

    (overdue,) = [tile for tile in tiles_of(ada.open("dashboard")) if tile[0] == "Overdue"]
    assert overdue[1] == "2"
    ada.report(REPORT, "asked", overdue[2])

    assert ada.titles == ["All tickets"]
    assert list(due_cells(ada)) == late[::-1]


@pytest.mark.usefixtures("gold")
def test_a_report_says_how_many_promises_were_kept(desk: Desk, ada: Visit, file: Callable[[float], int]) -> None:
    for hours in (1, 2, 6):
        desk.tickets.close(CONSOLE, file(hours), "It works again.")

    found = {tile[0]: [tile[1], tile[4]] for tile in tiles_of(ada.open("reports"))}

    assert found["SLA met"] == ["2", ["67 % of those with a promise", "gray"]]
    assert found["SLA missed"] == ["1", ["33 % of those with a promise", "gray"]]


def test_without_a_promise_a_report_says_nothing_of_any(desk: Desk, ada: Visit, file: Callable[[float], int]) -> None:
    desk.tickets.close(CONSOLE, file(6), "It works again.")

    assert not {"SLA met", "SLA missed"} & {tile[0] for tile in tiles_of(ada.open("reports"))}


def test_without_a_policy_the_dashboard_says_nothing_of_it(ada: Visit) -> None:
    assert "Overdue" not in [tile[0] for tile in tiles_of(ada.open("dashboard"))]


@pytest.mark.usefixtures("gold")
def test_a_requester_is_shown_nothing_of_it(carla: Visit, file: Callable[[float], int]) -> None:
    number = file(6)

    carla.open("my_tickets", sort="due")
    assert due_cells(carla) == {number: ("", "", "gray")}
    assert "due" not in [name for name, *_ in carla.sent(LIST)["columns"]]
    assert "due" not in [order for order, _word in carla.sent(LIST)["orders"]]

    carla.open("ticket", id=str(number)).unfold_why()
    assert carla.sent(PANEL)["due"] is None
    assert "Gold" not in json.dumps(carla.sent(PANEL))


# Setting it up


def test_an_admin_sets_up_a_calendar(desk: Desk, root: Visit) -> None:
    root.open("desk_setup", kind="calendars", id="new")
    root.at.selectbox(key="calendar_zone").set_value("Europe/London")
    root.fill(calendar_name="Office", calendar_friday="9:00-12:00, 13:00-15:30", calendar_saturday="00:00-24:00")
    root.fill(calendar_holidays=ENGLAND_AND_WALES + "05-09 Founding day").press("save")

    (calendar,) = desk.definitions.all(CONSOLE, BusinessCalendar)
    assert (calendar.name, calendar.zone) == ("Office", "Europe/London")
    assert calendar.hours[0] == (Span(540, 1020),)
    assert calendar.hours[4] == (Span(540, 720), Span(780, 930))
    assert calendar.hours[5:] == ((Span(0, 1440),), ())
    assert Holiday("Founding day", 5, 9) in calendar.holidays
    assert root.titles == ["Calendars"]
    assert "Europe/London · 61.5 hours a week · holidays: 25" in [unescaped(one.value) for one in root.at.caption]

    root.open("desk_setup", kind="calendars", id="office")
    assert root.at.text_input(key="calendar_friday").value == "09:00-12:00, 13:00-15:30"
    assert root.at.text_area(key="calendar_holidays").value == "05-09 Founding day" + ENGLAND_AND_WALES.rstrip()


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"calendar_monday": "nine to five"}, "“nine to five” are no hours; write them as 09:00-17:30."),
        ({"calendar_monday": "09:00-12:00, 11:00-17:00"}, "The hours 09:00-12:00 and 11:00-17:00 overlap."),
        ({"calendar_holidays": "2026-02-30 Never"}, "“2026-02-30 Never”: there is no such date."),
        (
            {f"calendar_{day}": "" for day in ("monday", "tuesday", "wednesday", "thursday", "friday")},
            "A calendar needs",
        ),
        ({"calendar_name": " "}, "Name is empty."),
    ],
    ids=["no hours", "overlap", "no date", "never open", "no name"],
)
def test_an_impossible_calendar_is_refused_and_what_was_typed_stays(
    desk: Desk, root: Visit, fields: dict[str, str], sentence: str
) -> None:
    root.open("desk_setup", kind="calendars", id="new").fill(calendar_name="Office").fill(**fields).press("save")

    assert [refusal[: len(sentence)] for refusal in root.refused] == [sentence]
    assert desk.definitions.all(CONSOLE, BusinessCalendar) == []
    first, typed = next(iter(fields.items()))
    assert next(one.value for one in [*root.at.text_input, *root.at.text_area] if one.key == first) == typed


@pytest.mark.usefixtures("gold")
def test_an_admin_sets_up_a_policy_and_tries_it_before(desk: Desk, root: Visit) -> None:
    desk.definitions.save(CONSOLE, Team(name="Second line"))
    root.open("desk_setup", kind="sla", id="new")
    root.at.multiselect(key="sla_priority").set_value([Priority.URGENT])
    root.at.multiselect(key="sla_team").set_value(["second-line"])
    root.fill(sla_name="Platinum", sla_first_response="1h", sla_next_response="90m", sla_resolution="1d 2h")
    root.press("rehearse")

    (tried,) = [unescaped(info.value) for info in root.at.info]
    assert tried.startswith("A ticket that is opened now would be due as follows, by the clocks of Europe/London:")
    assert "**First response**" in tried
    assert "**Resolution**" in tried
    assert [one.name for one in desk.definitions.all(CONSOLE, SlaPolicy)] == ["Gold"]

    root.press("save")

    platinum = next(one for one in desk.definitions.all(CONSOLE, SlaPolicy) if one.name == "Platinum")
    assert (platinum.first_response, platinum.next_response, platinum.resolution) == (HOUR, 1.5 * HOUR, 26 * HOUR)
    assert (platinum.priorities, platinum.teams) == ((Priority.URGENT,), ("second-line",))
    assert (platinum.calendar, platinum.warning) == ("always", HOUR)
    assert root.titles == ["SLA policies"]
    captions = [unescaped(one.value) for one in root.at.caption]
    assert "1 · Urgent, Second line · First response 1h · Next response 1h 30m · Resolution 26h" in captions


@pytest.mark.usefixtures("gold")
@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"sla_resolution": "soon"}, "Resolution “soon” is no time"),
        ({"sla_resolution": "5000h"}, "Resolution takes from one minute"),
        ({}, "A policy promises something"),
    ],
    ids=["no time", "too long", "nothing"],
)
@pytest.mark.parametrize("button", ["save", "rehearse"])
def test_an_impossible_policy_is_refused_and_what_was_typed_stays(
    desk: Desk, root: Visit, fields: dict[str, str], sentence: str, button: str
) -> None:
    root.open("desk_setup", kind="sla", id="new").fill(sla_name="Platinum", **fields).press(button)

    assert [refusal[: len(sentence)] for refusal in root.refused] == [sentence]
    assert len(desk.definitions.all(CONSOLE, SlaPolicy)) == 1
    assert root.at.text_input(key="sla_name").value == "Platinum"


def test_a_policy_needs_a_calendar_first(root: Visit) -> None:
    root.open("desk_setup", kind="sla", id="new").fill(sla_name="Platinum", sla_resolution="8h").press("save")

    assert root.refused == ["Please choose the calendar by whose hours the targets are counted."]


def test_a_policy_keeps_its_calendar_though_it_was_removed(desk: Desk, gold: SlaPolicy, root: Visit) -> None:
    (always,) = desk.definitions.all(CONSOLE, BusinessCalendar)
    desk.definitions.remove(CONSOLE, BusinessCalendar, always.id, always.version)

    root.open("desk_setup", kind="sla", id=gold.id).fill(sla_resolution="8h").press("save")

    (policy,) = desk.definitions.all(CONSOLE, SlaPolicy)
    assert (policy.calendar, policy.resolution) == ("always", 8 * HOUR)


def test_an_agent_sees_what_is_set_up_and_changes_nothing(gold: SlaPolicy, ada: Visit) -> None:
    for kind, key in (("calendars", "always"), ("sla", gold.id)):
        ada.open("desk_setup", kind=kind)
        assert not ada.has_button("new")
        assert ada.open("desk_setup", kind=kind, id=key).titles == ["Nothing to see here"]
