"""The desk's own fields on its pages: set up, filled in, shown, changed and taken back."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from tests.visiting import HEAD, PANEL, Visit, unescaped
from ticketing.desk import Desk
from ticketing.domain.custom_fields import CustomField, FieldType, FieldValue
from ticketing.domain.people import Actor
from ticketing.domain.statuses import TicketCategory
from ticketing.domain.tickets import Ticket, TicketEdit

Behind = Callable[[Visit], Actor]
Define = Callable[..., CustomField]
Look = Callable[[], Ticket]
HARDWARE = TicketCategory.HARDWARE


@pytest.fixture
def define(desk: Desk, root: Visit, actor: Behind) -> Define:
    def save(name: str, kind: FieldType = FieldType.TEXT, **fields: Any) -> CustomField:
        return desk.definitions.save(actor(root), CustomField(name=name, type=kind, **fields))

    return save


@pytest.fixture
def number(desk: Desk, carla: Visit, actor: Behind) -> str:
    """Return a ticket that Carla opened before there were any fields."""
    return desk.tickets.open(actor(carla), "Fan", "It rattles.", HARDWARE).id


@pytest.fixture
def stored(desk: Desk, number: str, root: Visit, actor: Behind) -> Look:
    return lambda: desk.tickets.get(actor(root), int(number))


def labels(visit: Visit) -> list[str]:
    """Return the labels of what can be filled in on the page."""
    at = visit.at
    drawn = [*at.text_input, *at.text_area, *at.selectbox, *at.multiselect, *at.date_input, *at.checkbox]
    return [unescaped(widget.label) for widget in drawn]


def own(visit: Visit) -> dict[str, list[Any]]:
    """Return what the panel draws of the desk's own fields: kind, value and options, by label."""
    return {label: [kind, value, [one for one, _ in options]] for _, label, kind, value, options, _ in fields(visit)}


def fields(visit: Visit) -> list[Any]:
    return list(visit.sent(PANEL)["own"])


# Set up


def test_an_admin_makes_a_field_of_each_kind_of_thing(desk: Desk, root: Visit, actor: Behind) -> None:
    root.open("desk_setup", kind="fields", id="new")
    root.at.selectbox(key="field_type").set_value(FieldType.CHOICE)
    root.at.multiselect(key="field_categories").set_value([HARDWARE])
    root.at.checkbox(key="field_required").set_value(True)
    root.fill(field_name="System", field_options="Linux\n\nWindows", field_hint="What runs on it?").press("save")

    [field] = desk.definitions.all(actor(root), CustomField)
    assert (field.id, field.type, field.options) == ("system", FieldType.CHOICE, ("Linux", "Windows"))
    assert (field.categories, field.required, field.hint) == ((HARDWARE,), True, "What runs on it?")
    [line] = [unescaped(caption.value) for caption in root.at.caption if "Hardware" in caption.value]
    assert line == "Choice · Hardware · required · field.system:"


def test_a_field_that_makes_no_sense_is_refused_and_stays_in_the_form(desk: Desk, root: Visit, actor: Behind) -> None:
    root.open("desk_setup", kind="fields", id="new")
    root.at.selectbox(key="field_type").set_value(FieldType.MULTI_CHOICE)
    root.fill(field_name="Parts").press("save")

    assert root.refused == ["There is nothing to choose from. Please write some options."]
    assert root.at.text_input(key="field_name").value == "Parts"
    assert desk.definitions.all(actor(root), CustomField) == []


# A new ticket


def test_the_fields_of_the_chosen_category_are_asked_for_at_once(define: Define, carla: Visit) -> None:
    define("Serial *number*", categories=(HARDWARE,), required=True, hint="On the back")
    define("Supplier", categories=(HARDWARE,), agents_only=True)

    carla.open("new_ticket").choose("category", HARDWARE)
    assert labels(carla) == ["Title", "Serial *number* (required)", "What happened?", "Category"]

    carla.choose("category", TicketCategory.BILLING)
    assert labels(carla) == ["Title", "What happened?", "Category"]


def test_a_ticket_is_opened_with_what_was_filled_in(desk: Desk, define: Define, carla: Visit, actor: Behind) -> None:
    define("Serial")
    define("Story", FieldType.LONG_TEXT)
    define("Price", FieldType.NUMBER)
    define("System", FieldType.CHOICE, options=("Linux", "Windows"))
    define("Parts", FieldType.MULTI_CHOICE, options=("Fan", "Mouse"))
    define("Bought", FieldType.DATE)
    define("Leased", FieldType.CHECK_BOX)
    carla.open("new_ticket").fill(title="Fan", description="It rattles.", field_text_serial="A1")
    carla.fill(field_long_text_story="once\nupon", field_number_price="12.50")
    carla.at.selectbox(key="field_choice_system").set_value("Linux")
    carla.at.multiselect(key="field_multi_choice_parts").set_value(["Mouse", "Fan"])
    carla.at.date_input(key="field_date_bought").set_value(date(2024, 2, 29))
    carla.at.checkbox(key="field_check_box_leased").set_value(True)

    carla.press("submit")

    assert carla.refused == []
    assert desk.tickets.get(actor(carla), 1).fields == {
        "field.serial": "A1",
        "field.story": "once\nupon",
        "field.price": "12.5",
        "field.system": "Linux",
        "field.parts": ["Fan", "Mouse"],
        "field.bought": "2024-02-29",
        "field.leased": True,
    }
    assert [fact for fact in carla.open("ticket", id="1").sent(PANEL)["facts"] if fact[0] in {"Parts", "Leased"}] == [
        ["Leased", "Yes"],
        ["Parts", "Fan, Mouse"],
    ]


def test_what_is_missing_or_does_not_fit_is_told_by_its_label_and_nothing_is_lost(
    desk: Desk, define: Define, carla: Visit, actor: Behind
) -> None:
    define("Serial", required=True)
    define("Price", FieldType.NUMBER)
    carla.open("new_ticket").fill(title="Fan", description="It rattles.", field_number_price="1e999").press("submit")
    assert carla.refused[0].startswith("Price cannot be “1e999”. Please write a number")

    carla.fill(field_number_price="1").press("submit")
    assert carla.refused == ["Serial is empty. Please fill it in."]
    assert carla.at.text_input(key="field_number_price").value == "1"
    carla.fill(field_text_serial="A1").press("submit")

    assert desk.tickets.get(actor(carla), 1).fields == {"field.price": "1", "field.serial": "A1"}


def test_a_field_that_is_removed_or_changed_while_somebody_types_breaks_nothing(
    desk: Desk, define: Define, carla: Visit, root: Visit, actor: Behind
) -> None:
    serial = define("Serial", required=True)
    system = define("System", FieldType.CHOICE, options=("Linux", "Windows"))
    carla.open("new_ticket").fill(title="Fan", description=" ", field_text_serial="A1")
    carla.at.selectbox(key="field_choice_system").set_value("Windows")
    carla.press("submit")
    assert carla.refused == ["Description is empty. Please fill it in."]
    desk.definitions.save(actor(root), system.model_copy(update={"options": ("Linux",)}))
    desk.definitions.save(actor(root), serial.model_copy(update={"type": FieldType.DATE, "required": False}))

    carla.fill(description="It rattles.").press("submit")

    assert carla.refused == []
    assert carla.titles == ["Fan"]
    assert desk.tickets.get(actor(carla), 1).fields == {}


# On a ticket


def test_an_agent_sees_the_fields_of_the_category_and_every_value(
    desk: Desk, define: Define, ada: Visit, number: str, actor: Behind
) -> None:
    define("Serial", categories=(HARDWARE,), position=1)
    define("Supplier", agents_only=True)
    define("Invoice", categories=(TicketCategory.BILLING,))
    parts = define("Parts", FieldType.MULTI_CHOICE, options=("Fan",), categories=(TicketCategory.BILLING,))
    desk.tickets.edit(actor(ada), int(number), TicketEdit(fields={parts.id: ["Fan"]}))

    assert own(ada.open("ticket", id=number)) == {
        "Parts": ["multi_choice", ["Fan"], ["Fan"]],
        "Supplier (agents only)": ["text", "", []],
        "Serial": ["text", "", []],
    }


@pytest.mark.parametrize(
    ("kind", "typed", "kept", "told"),
    [
        (FieldType.TEXT, " A1 ", "A1", "changed Thing: none → A1"),
        (FieldType.NUMBER, "007", "7", "changed Thing: none → 7"),
        (FieldType.LONG_TEXT, "a\nb", "a\nb", "changed Thing: none → a\nb"),
        (FieldType.CHOICE, "y", "y", "changed Thing: none → y"),
        (FieldType.MULTI_CHOICE, ["y", "x"], ["x", "y"], "changed Thing: none → x, y"),
        (FieldType.DATE, "2026-01-31", "2026-01-31", "changed Thing: none → 2026-01-31"),
        (FieldType.CHECK_BOX, True, True, "changed Thing: none → Yes"),
        (FieldType.CHECK_BOX, False, False, "changed Thing: none → No"),
    ],
)
def test_an_agent_fills_in_a_field_and_takes_it_back(
    define: Define, ada: Visit, stored: Look, kind: FieldType, typed: FieldValue, kept: FieldValue, told: str
) -> None:
    define("Thing", kind, options=("x", "y") if kind.has_options else ())

    ada.open("ticket", id=stored().id).pick("field.thing", typed)

    assert ada.refused == []
    assert stored().fields == {"field.thing": kept}
    assert ada.unfold_history().sent(PANEL)["history"][0][1] == told
    [undo] = [name for name in ada.actions if name.startswith("undo")]
    assert [word for name, word, _ in ada.sent(HEAD)["actions"] if name == undo] == ["Undo: Thing"]
    ada.act(undo)
    assert stored().fields == {}


def test_a_value_that_does_not_fit_is_refused_at_its_field(
    define: Define, ada: Visit, number: str, stored: Look
) -> None:
    define("Bought", FieldType.DATE)

    ada.open("ticket", id=number).pick("field.bought", "2026-02-30")

    assert ada.refusal(PANEL).startswith("Bought cannot be “2026-02-30”")
    assert stored().fields == {}


@pytest.mark.parametrize(
    "report",
    [
        ["field.thing", 1, ""], ["field.thing", {"a": "b"}, ""], ["field.thing", ["x", 1], ""], ["field.", "x", ""],
        ["field.thing", 1.5, ""], ["field.nothing", "x", ""], ["fields", {"thing": "x"}, {}], ["agents.thing", "x", ""],
        ["field.thing", "x", "was another"], ["field.thing", "x", 5], ["field.thing", "a\0b", ""],
    ],
    ids=repr,
)  # fmt: skip
def test_what_the_panel_could_not_send_changes_nothing(
    define: Define, ada: Visit, number: str, stored: Look, report: list[object]
) -> None:
    define("Thing")
    before = stored()

    ada.open("ticket", id=number).report(PANEL, "outbox", [[1, *report]])

    assert stored() == before
    assert not ada.at.exception


def test_an_old_value_is_drawn_as_it_is_whatever_became_of_its_field(
    desk: Desk, define: Define, ada: Visit, root: Visit, number: str, actor: Behind
) -> None:
    typed: dict[str, FieldValue] = {"a": "x", "b": "1\n2", "c": ["x", "y"], "d": "x", "e": True}
    made = [
        define("a"),
        define("b", FieldType.LONG_TEXT),
        define("c", FieldType.MULTI_CHOICE, options=("x", "y")),
        define("d", FieldType.CHOICE, options=("x",)),
        define("e", FieldType.CHECK_BOX),
    ]
    desk.tickets.edit(actor(ada), int(number), TicketEdit(fields=typed))
    into: list[dict[str, Any]] = [
        {"type": FieldType.CHECK_BOX},
        {"type": FieldType.TEXT},
        {"type": FieldType.CHOICE, "options": ("z",)},
        {"type": FieldType.MULTI_CHOICE, "options": ("z",)},
        {"type": FieldType.DATE},
    ]
    for field, update in zip(made, into, strict=True):
        desk.definitions.save(actor(root), field.model_copy(update=update))

    assert own(ada.open("ticket", id=number)) == {
        "a": ["text", "x", []],
        "b": ["long_text", "1\n2", []],
        "c": ["choice", "x, y", ["", "z", "x, y"]],
        "d": ["multi_choice", ["x"], ["z", "x"]],
        "e": ["text", "true", []],
    }
    for key, value in {"a": "", "c": "z", "d": ["z"], "e": "2026-01-31"}.items():
        ada.pick(f"field.{key}", value)
        assert ada.refused == []
    assert own(ada)["a"] == ["check_box", None, []]
    assert own(ada)["e"] == ["date", "2026-01-31", []]


def test_a_requester_reads_public_values_and_nothing_of_the_others(
    desk: Desk, define: Define, carla: Visit, ada: Visit, number: str, actor: Behind
) -> None:
    define("Serial")
    define("Supplier", agents_only=True)
    desk.tickets.edit(actor(ada), int(number), TicketEdit(fields={"serial": "A1", "supplier": "ACME"}))

    panel = carla.open("ticket", id=number).unfold_history().sent(PANEL)

    assert ["Serial", "A1"] in panel["facts"]
    assert panel["own"] == []
    assert panel["history"][0][1] == "changed Serial: none → A1"
    assert "upplier" not in str(panel)
    assert "ACME" not in str(panel)


def test_the_history_of_a_removed_field_can_still_be_read(
    desk: Desk, define: Define, ada: Visit, root: Visit, number: str, actor: Behind
) -> None:
    serial = define("Serial number")
    desk.tickets.edit(actor(ada), int(number), TicketEdit(fields={serial.id: "A1"}))
    desk.definitions.remove(actor(root), CustomField, serial.id, serial.version)

    panel = ada.open("ticket", id=number).unfold_history().sent(PANEL)

    assert panel["own"] == []
    assert panel["history"][0][1] == "changed Serial number: none → A1"
