"""Custom fields: what can be set up, what fits into them, and who learns of what is written there."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticketing.domain.custom_fields import (
    LINE_LIMIT,
    LONG_TEXT_LIMIT,
    OPTIONS_LIMIT,
    CustomField,
    FieldType,
    FieldValue,
    filled_in,
    in_order,
    key_in,
    texts_in,
)
from ticketing.domain.errors import (
    BlankError,
    ForbiddenCharacterError,
    InvalidInputError,
    TicketClosedError,
    TooLongError,
    UnknownChoiceError,
)
from ticketing.domain.people import Actor
from ticketing.domain.statuses import Status, TicketCategory
from ticketing.domain.tickets import Ticket, TicketEdit

HOUR = timedelta(hours=1)
SERIAL = CustomField(id="serial", name="Serial number")
COST = CustomField(id="cost", name="Cost", type=FieldType.NUMBER, agents_only=True)
SYSTEM = CustomField(id="system", name="System", type=FieldType.CHOICE, options=("Linux", "Windows"))
PARTS = CustomField(id="parts", name="Parts", type=FieldType.MULTI_CHOICE, options=("Fan", "Mouse", "Screen"))
LEASED = CustomField(id="leased", name="Leased", type=FieldType.CHECK_BOX)
BOUGHT = CustomField(id="bought", name="Bought on", type=FieldType.DATE)
STORY = CustomField(id="story", name="Story", type=FieldType.LONG_TEXT)
ALL = (SERIAL, COST, SYSTEM, PARTS, LEASED, BOUGHT, STORY)


def changed(field: CustomField, **to: Any) -> CustomField:
    return field.model_copy(update=to)


def edit(ticket: Ticket, actor: Actor, now: datetime, *fields: CustomField, **typed: FieldValue | None) -> None:
    ticket.edit(actor, TicketEdit(fields=typed), now, fields or ALL)


# Setting up


def test_a_field_is_kept_with_what_was_typed_cleaned() -> None:
    typed = CustomField(
        name=" Operating  system ",
        type=FieldType.CHOICE,
        hint=" What runs\non it? ",
        options=(" Linux ", "", "Windows  11"),
        categories=(TicketCategory.SOFTWARE, TicketCategory.ACCOUNT, TicketCategory.SOFTWARE),
        required=True,
    )

    kept = typed.checked()

    assert (kept.name, kept.hint, kept.options) == ("Operating system", "What runs on it?", ("Linux", "Windows 11"))
    assert kept.categories == (TicketCategory.ACCOUNT, TicketCategory.SOFTWARE)
    assert kept.checked() == kept


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (changed(SYSTEM, options=(" ",)), "There is nothing to choose from. Please write some options."),
        (changed(PARTS, options=()), "There is nothing to choose from. Please write some options."),
        (changed(SYSTEM, options=("Linux", "LINUX")), "“LINUX” is there twice. Please leave one out."),
        (changed(SERIAL, options=("x",)), "Only choices have options. Please change the type, or remove them."),
        (changed(SYSTEM, options=tuple(map(str, range(OPTIONS_LIMIT + 1)))), "A field has at most 50 options."),
        (changed(SYSTEM, options=("x" * 81,)), "Option has 81 characters; at most 80 fit."),
        (changed(SYSTEM, options=("a\0b",)), "Option holds an unprintable character at position 2. Please remove it."),
        (changed(LEASED, required=True), "A check box is ticked or not: it cannot be required."),
        (changed(COST, required=True), "Requesters cannot fill in what is for agents only."),
        (changed(SERIAL, position=-1), "Position is a number from 0 to 999."),
        (changed(SERIAL, hint="x" * 201), "Hint has 201 characters; at most 200 fit."),
        (changed(SERIAL, name=" "), "Name is empty. Please fill it in."),
    ],
)
def test_a_field_that_makes_no_sense_is_refused(wrong: CustomField, sentence: str) -> None:
    with pytest.raises(InvalidInputError) as refusal:
        wrong.checked()

    assert str(refusal.value) == sentence


# Values


@pytest.mark.parametrize(
    ("field", "typed", "kept"),
    [
        (SERIAL, "  a\tb\n c ", "a b c"),
        (SERIAL, "", None),
        (SERIAL, " \n", None),
        (SERIAL, None, None),
        (SERIAL, "x" * LINE_LIMIT, "x" * LINE_LIMIT),
        (STORY, " once\r\nupon ", "once\nupon"),
        (COST, "12.50", "12.5"),
        (COST, " +007 ", "7"),
        (COST, "-0.00", "0"),
        (COST, "100", "100"),
        (COST, "-123456789012345.0123456789", "-123456789012345.0123456789"),
        (SYSTEM, "Linux", "Linux"),
        (SYSTEM, "", None),
        (PARTS, ["Screen", "Fan", "Screen"], ["Fan", "Screen"]),
        (PARTS, ("Mouse",), ["Mouse"]),
        (PARTS, [], None),
        (PARTS, "", None),
        (BOUGHT, " 2024-02-29 ", "2024-02-29"),
        (LEASED, True, True),
        (LEASED, False, False),
        (LEASED, "", None),
    ],
)
def test_what_fits_is_kept_in_one_form(field: CustomField, typed: Any, kept: FieldValue | None) -> None:
    assert field.value(typed) == kept


@pytest.mark.parametrize("field", ALL, ids=lambda field: field.id)
@pytest.mark.parametrize(
    "typed",
    [
        "a\0b", "\0", "\ud800", "\u200b", 12, 1.5, {"a": 1}, object(), ["Fan", None], [["Fan"]], "x" * 100_000,
        10**5000,
    ],
    ids=lambda typed: repr(type(typed)),
)  # fmt: skip
def test_what_makes_no_sense_in_any_field_is_refused_by_its_label(field: CustomField, typed: Any) -> None:
    with pytest.raises(InvalidInputError) as refusal:
        field.value(typed)

    assert refusal.value.field == field.name
    assert field.name in str(refusal.value)
    assert len(str(refusal.value)) < 250


@pytest.mark.parametrize(
    "typed",
    ["1e999", "1e3", "NaN", "Infinity", "1,5", "1.", ".5", "1_000", "--1", "१२", "1" * 16, "0x1", "1.12345678901"],
)
def test_what_is_no_plain_number_is_refused(typed: str) -> None:
    with pytest.raises(InvalidInputError, match=r"Cost cannot be “.*”\. Please write a number with a point"):
        COST.value(typed)


@pytest.mark.parametrize(
    "typed",
    ["2026-02-29", "2026-13-01", "2026-00-10", "01.02.2026", "2026-1-1", "20260101", "2026-W01-1", "1899-12-31",
     "3000-01-01", "२०२६-01-01", "2026-01-01T00:00", "today", "0000-00-00"],
)  # fmt: skip
def test_what_is_no_day_is_refused(typed: str) -> None:
    with pytest.raises(InvalidInputError, match=r"Bought on cannot be “.*”\. Please write a day from 1900 to 2999"):
        BOUGHT.value(typed)


@pytest.mark.parametrize(
    ("field", "typed", "error"),
    [
        (SERIAL, "x" * (LINE_LIMIT + 1), TooLongError),
        (STORY, "x" * (LONG_TEXT_LIMIT + 1), TooLongError),
        (STORY, "a\x1bb", ForbiddenCharacterError),
        (SYSTEM, "linux", UnknownChoiceError),
        (PARTS, ["Fan", "Keyboard"], UnknownChoiceError),
    ],
)
def test_what_does_not_fit_is_refused(field: CustomField, typed: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        field.value(typed)


@given(st.text(max_size=40) | st.decimals(allow_nan=False, allow_infinity=False).map(str))
def test_a_number_that_is_kept_is_kept_as_it_is_the_next_time(typed: str) -> None:
    try:
        kept = COST.value(typed)
    except InvalidInputError:
        return

    assert kept is None or COST.value(kept) == kept


@pytest.mark.parametrize(
    ("field", "value", "fits"),
    [
        (BOUGHT, "2026-01-31", True),
        (BOUGHT, "A1", False),
        (LEASED, True, True),
        (LEASED, "x", False),
        (COST, "1.0", False),
    ],
)
def test_a_value_fits_if_it_could_be_typed_so(field: CustomField, value: FieldValue, fits: bool) -> None:  # noqa: FBT001
    assert field.fits(value) is fits


# Opening a ticket


def test_a_new_ticket_has_what_was_typed_for_its_category() -> None:
    fields = [changed(SERIAL, required=True, categories=(TicketCategory.HARDWARE,)), SYSTEM, LEASED]

    values = filled_in(fields, TicketCategory.HARDWARE, {"serial": " A1 ", "system": ""}, by_agent=False)

    assert values == {"field.serial": "A1"}
    assert filled_in(fields, TicketCategory.BILLING, {"leased": False}, by_agent=False) == {"field.leased": False}


def test_what_is_required_is_missed_by_its_label_in_the_order_of_the_form() -> None:
    fields = [changed(SERIAL, required=True, position=2), changed(BOUGHT, required=True, position=1)]

    with pytest.raises(BlankError, match=r"Bought on is empty\. Please fill it in\."):
        filled_in(fields, TicketCategory.GENERAL, {}, by_agent=False)
    with pytest.raises(BlankError, match="Serial number is empty"):
        filled_in(fields, TicketCategory.GENERAL, {"serial": " ", "bought": "2026-01-31"}, by_agent=True)


@pytest.mark.parametrize("key", ["cost", "nothing", "serial"])
def test_a_requester_cannot_tell_an_agents_field_from_one_that_is_not_there(key: str) -> None:
    fields = [COST, changed(SERIAL, categories=(TicketCategory.BILLING,))]

    with pytest.raises(InvalidInputError) as refusal:
        filled_in(fields, TicketCategory.HARDWARE, {key: "1"}, by_agent=False)

    assert str(refusal.value) == f"There is no field “{key}” to fill in here."
    gone = [changed(field, removed=True) for field in fields if field.id == "cost"]
    if key != "serial":
        with pytest.raises(InvalidInputError, match=f"There is no field “{key}” to fill in here."):
            filled_in(gone, TicketCategory.HARDWARE, {key: "1"}, by_agent=False)


def test_an_agent_may_fill_in_what_is_the_agents_alone() -> None:
    assert filled_in([COST], TicketCategory.GENERAL, {"cost": "12"}, by_agent=True) == {"agents.cost": "12"}


def test_what_was_taken_away_while_somebody_typed_is_left_out() -> None:
    gone = changed(SERIAL, required=True, removed=True)

    assert filled_in([gone], TicketCategory.GENERAL, {"serial": "A1"}, by_agent=False) == {}


def test_fields_are_in_the_order_of_their_positions_then_by_name() -> None:
    fields = [changed(SERIAL, position=5), BOUGHT, changed(STORY, name="a story"), changed(COST, position=5)]

    assert [field.id for field in in_order(fields)] == ["story", "bought", "cost", "serial"]


# On a ticket


def test_each_change_of_a_field_is_in_the_history(ticket: Ticket, ada: Actor, now: datetime) -> None:
    edit(ticket, ada, now, serial="A1", parts=["Mouse", "Fan"], leased=True)
    edit(ticket, ada, now, serial=None, parts=["Fan"], leased=True)

    assert ticket.fields == {"field.parts": ["Fan"], "field.leased": True}
    assert [(event.field, event.old, event.new) for event in ticket.events[1:]] == [
        ("field.serial", None, "A1"),
        ("field.parts", None, "Fan, Mouse"),
        ("field.leased", None, "true"),
        ("field.serial", "A1", None),
        ("field.parts", "Fan, Mouse", "Fan"),
    ]
    assert ticket.field_value("parts") == ["Fan"]
    assert ticket.field_value("serial") is None


@pytest.mark.parametrize("fields", [(), (changed(SERIAL, removed=True),)], ids=["unknown", "removed"])
def test_a_field_that_is_not_there_cannot_be_changed(
    ticket: Ticket, ada: Actor, now: datetime, fields: tuple[CustomField, ...]
) -> None:
    with pytest.raises(InvalidInputError, match="There is no field “serial”"):
        ticket.edit(ada, TicketEdit(fields={"serial": "A1"}), now, fields)


def test_a_closed_ticket_keeps_its_fields(ticket: Ticket, ada: Actor, now: datetime) -> None:
    ticket.close(ada, now)

    with pytest.raises(TicketClosedError):
        edit(ticket, ada, now, serial="A1")


def test_one_edit_may_fill_in_a_field_and_close(ticket: Ticket, ada: Actor, now: datetime) -> None:
    ticket.edit(ada, TicketEdit(status=Status.CLOSED, fields={"serial": "A1"}), now, ALL)

    assert (ticket.status, ticket.fields) == (Status.CLOSED, {"field.serial": "A1"})


def test_another_category_loses_nothing(ticket: Ticket, ada: Actor, now: datetime) -> None:
    edit(ticket, ada, now, changed(SERIAL, categories=(TicketCategory.NETWORK,)), serial="A1")

    ticket.edit(ada, TicketEdit(category=TicketCategory.BILLING), now)

    assert ticket.field_value("serial") == "A1"


def test_a_value_that_no_longer_fits_stays_until_its_field_is_changed(
    ticket: Ticket, ada: Actor, now: datetime
) -> None:
    edit(ticket, ada, now, serial="A1", system="Linux")
    fields = (changed(SERIAL, type=FieldType.NUMBER), changed(SYSTEM, options=("Windows",)), COST)

    edit(ticket, ada, now, *fields, cost="3")
    assert (ticket.field_value("serial"), ticket.field_value("system")) == ("A1", "Linux")
    with pytest.raises(InvalidInputError, match="Serial number cannot be “A2”"):
        edit(ticket, ada, now, *fields, serial="A2")
    edit(ticket, ada, now, *fields, serial="2", system=None)
    assert (ticket.field_value("serial"), ticket.field_value("system")) == ("2", None)


def test_an_edit_takes_no_value_of_another_kind() -> None:
    with pytest.raises(ValueError, match="fields"):
        TicketEdit.model_validate({"fields": {"leased": 1}})


def test_a_ticket_without_fields_is_written_without_a_word_about_them(
    ticket: Ticket, ada: Actor, now: datetime
) -> None:
    assert "fields" not in ticket.model_dump_json()
    edit(ticket, ada, now, leased=False)
    again = Ticket.model_validate_json(ticket.model_dump_json(exclude_none=True))
    assert again == ticket


# Who learns of it


def test_a_requester_learns_of_the_public_fields_that_are_named_and_of_no_other(
    ticket: Ticket, ada: Actor, now: datetime
) -> None:
    edit(ticket, ada, now, serial="A1", system="Linux", cost="77")

    shown = ticket.for_requester(fields={"serial", "cost", "bought"})

    assert shown.fields == {"field.serial": "A1"}
    assert [event.field for event in shown.events] == ["opened", "field.serial"]
    assert not {"77", "cost", "Linux"} & set(shown.model_dump_json().replace('"', " ").split())
    assert ticket.for_requester().fields == {}
    assert [event.field for event in ticket.for_requester().events] == ["opened"]


def test_a_requester_does_not_even_learn_when_an_agents_field_was_changed(
    ticket: Ticket, ada: Actor, now: datetime
) -> None:
    edit(ticket, ada, now + HOUR, cost="77")
    assert (ticket.updated_at, ticket.public_updated_at) == (now + HOUR, now)

    edit(ticket, ada, now + 2 * HOUR, serial="A1")
    assert ticket.public_updated_at == now + 2 * HOUR


def test_a_field_that_becomes_public_tells_nothing_of_what_was_written_before(
    ticket: Ticket, ada: Actor, now: datetime
) -> None:
    edit(ticket, ada, now, cost="77")
    public = changed(COST, agents_only=False)
    assert ticket.for_requester(fields={"cost"}).fields == {}

    edit(ticket, ada, now + HOUR, public, cost="5")

    shown = ticket.for_requester(fields={"cost"})
    assert shown.fields == {"field.cost": "5"}
    assert "77" not in shown.model_dump_json()
    assert ticket.public_updated_at == now + HOUR
    assert len(ticket.fields) == 1


def test_what_is_written_in_a_field_that_became_the_agents_is_theirs(ticket: Ticket, ada: Actor, now: datetime) -> None:
    edit(ticket, ada, now, serial="A1")

    edit(ticket, ada, now + HOUR, changed(SERIAL, agents_only=True), serial="A2")

    assert ticket.fields == {"agents.serial": "A2"}
    assert "A2" not in ticket.for_requester(fields={"serial"}).model_dump_json()
    assert ticket.public_updated_at == now


# How it is found


def test_values_are_terms_by_their_names(ticket: Ticket, ada: Actor, now: datetime) -> None:
    ticket.edit(ada, TicketEdit(tags=("VPN",)), now)
    edit(ticket, ada, now, serial="A1 Straße", parts=["Fan", "Screen"], leased=True, cost="7", story="a\nb")

    assert ticket.terms() == {
        ("tag", "vpn"),
        ("field.serial", "a1 strasse"),
        ("field.parts", "fan"),
        ("field.parts", "screen"),
        ("field.leased", "true"),
        ("agents.cost", "7"),
    }


def test_what_is_too_long_to_be_asked_for_is_no_term(ticket: Ticket, ada: Actor, now: datetime) -> None:
    edit(ticket, ada, now, serial="x" * 201, story="x" * 200)

    assert ticket.terms() == {("field.story", "x" * 200)}


def test_words_are_told_apart_by_who_may_read_them() -> None:
    values: dict[str, FieldValue] = {
        "field.a": "one", "agents.b": "two", "field.c": ["three", "four"], "field.d": True, "newer.e": "five",
    }  # fmt: skip

    assert texts_in(values, public=True) == ["one", "three", "four"]
    assert texts_in(values, public=False) == ["two", "five"]


@pytest.mark.parametrize(
    ("name", "key"),
    [("field.a-b", "a-b"), ("agents.a", "a"), ("status", None), ("fields", None), ("field.agents.a", "agents.a")],
)
def test_a_name_tells_of_which_field_it_is(name: str, key: str | None) -> None:
    assert key_in(name) == key
