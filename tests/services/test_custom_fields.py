"""The desk's own fields: who fills them in, who reads them, and that nobody overwrites what they have not seen."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from tests.services.conftest import Clock
from ticketing.domain.custom_fields import CustomField, FieldType, FieldValue
from ticketing.domain.errors import BlankError, InvalidInputError, PermissionDeniedError, StaleEditError
from ticketing.domain.people import Actor
from ticketing.domain.queries import Sort, TicketQuery
from ticketing.domain.query_language import Asker, read_query
from ticketing.domain.statuses import TicketCategory
from ticketing.domain.tickets import Ticket, TicketEdit
from ticketing.services.access import Gate
from ticketing.services.chores import Chores
from ticketing.services.definitions import Definitions
from ticketing.services.moving.exports import Exports
from ticketing.services.tickets import Tickets
from ticketing.storage.memory import MemoryStore

Everything = Callable[[], dict[str, object]]
SECRET = "zqsecret"


ON_EVERY_STORE = True


@pytest.fixture
def tickets(store: MemoryStore, clock: Clock, gate: Gate) -> Tickets:
    return Tickets(store, clock, gate, Chores(store, clock, gate))


@pytest.fixture
def definitions(store: MemoryStore, clock: Clock, gate: Gate) -> Definitions:
    return Definitions(store, clock, gate)


@pytest.fixture
def serial(definitions: Definitions, root: Actor) -> CustomField:
    """Return a field that tickets about hardware cannot do without."""
    hardware = (TicketCategory.HARDWARE,)
    return definitions.save(root, CustomField(name="Serial", categories=hardware, required=True, position=1))


@pytest.fixture
def supplier(definitions: Definitions, root: Actor) -> CustomField:
    """Return a field for agents."""
    return definitions.save(root, CustomField(name="Supplier", agents_only=True))


@pytest.fixture
def number(tickets: Tickets, carla: Actor, serial: CustomField, supplier: CustomField) -> int:
    """Return a ticket of Carla's with a serial number, made before anybody wrote in the field for agents."""
    assert [serial.id, supplier.id] == ["serial", "supplier"]
    return tickets.open(carla, "Fan", "It rattles.", TicketCategory.HARDWARE, fields={"serial": "AB-1"}).number


def found(tickets: Tickets, actor: Actor, clock: Clock, text: str) -> list[int]:
    """Return the numbers of what a typed query finds for somebody."""
    page = tickets.search(actor, read_query(text, Asker(actor.username, clock.now)))
    return [line.number for line in page.items]


def write(tickets: Tickets, actor: Actor, number: int, **typed: str | None) -> Ticket:
    return tickets.edit(actor, number, TicketEdit(fields=typed))


def test_a_requester_fills_in_the_fields_of_a_category_and_finds_the_ticket_by_them(
    tickets: Tickets, carla: Actor, oskar: Actor, ada: Actor, clock: Clock, number: int
) -> None:
    for actor in (carla, ada):
        assert tickets.get(actor, number).fields == {"field.serial": "AB-1"}
        assert found(tickets, actor, clock, "field.serial:ab-1") == [number]
        assert found(tickets, actor, clock, "ab-1") == [number]
    assert found(tickets, oskar, clock, "field.serial:ab-1") == []


def test_the_fields_on_offer_are_those_that_one_may_fill_in(
    tickets: Tickets, definitions: Definitions, carla: Actor, ada: Actor, root: Actor, number: int
) -> None:
    gone = definitions.save(root, CustomField(name="Gone"))
    definitions.remove(root, CustomField, gone.id, gone.version)

    assert [field.id for field in tickets.fields(carla)] == ["serial"]
    assert [field.id for field in tickets.fields(ada)] == ["supplier", "serial"]
    assert [field.id for field in tickets.conversation(carla, number).fields] == ["serial"]
    assert [field.id for field in tickets.conversation(ada, number).fields] == ["gone", "supplier", "serial"]


@pytest.mark.parametrize(
    ("typed", "error"),
    [
        ({}, BlankError),
        ({"serial": " "}, BlankError),
        ({"serial": "1", "supplier": "x"}, InvalidInputError),
        ({"serial": "1", "status": "closed"}, InvalidInputError),
        ({"serial": "a\0"}, InvalidInputError),
    ],
)
def test_a_ticket_whose_fields_are_refused_is_not_opened(
    tickets: Tickets, carla: Actor, number: int, everything: Everything, typed: dict[str, str], error: type[Exception]
) -> None:
    assert number == 1
    before = everything()

    with pytest.raises(error):
        tickets.open(carla, "Fan", "It rattles.", TicketCategory.HARDWARE, fields=typed)

    assert everything() == before


def test_a_follow_up_is_asked_the_same(tickets: Tickets, carla: Actor, number: int) -> None:
    tickets.close(carla, number)

    with pytest.raises(BlankError):
        tickets.open(carla, "Fan", "Again.", TicketCategory.HARDWARE, follows=number)

    again = tickets.open(carla, "Fan", "Again.", TicketCategory.HARDWARE, follows=number, fields={"serial": "2"})
    assert again.fields == {"field.serial": "2"}


def test_agents_change_fields_and_requesters_do_not(
    tickets: Tickets, carla: Actor, ada: Actor, number: int, everything: Everything
) -> None:
    before = everything()
    with pytest.raises(PermissionDeniedError):
        write(tickets, carla, number, serial="AB-2")
    assert everything() == before

    assert write(tickets, ada, number, serial="AB-2").fields == {"field.serial": "AB-2"}
    assert [event.field for event in tickets.get(carla, number).events] == ["opened", "field.serial"]


@pytest.mark.parametrize("key", ["nothing", "field.serial", ""])
def test_a_field_that_is_not_there_cannot_be_changed(
    tickets: Tickets, ada: Actor, number: int, everything: Everything, key: str
) -> None:
    before = everything()

    with pytest.raises(InvalidInputError, match="There is no field"):
        tickets.edit(ada, number, TicketEdit(fields={key: "1"}), seen=TicketEdit(fields={key: None}))

    assert everything() == before


def test_nobody_overwrites_a_value_that_they_have_not_seen(
    tickets: Tickets, ada: Actor, root: Actor, number: int
) -> None:
    write(tickets, root, number, serial="AB-2")
    wanted, seen = TicketEdit(fields={"serial": "AB-3"}), TicketEdit(fields={"serial": "AB-1"})

    with pytest.raises(StaleEditError, match="Serial was changed to “AB-2” while you were choosing “AB-3”"):
        tickets.edit(ada, number, wanted, seen=seen)
    with pytest.raises(StaleEditError, match="Serial was changed to “AB-2” while you were choosing “none”"):
        tickets.edit(ada, number, TicketEdit(fields={"serial": None}), seen=seen)
    with pytest.raises(StaleEditError):
        tickets.edit(ada, number, wanted, seen=TicketEdit())

    other = TicketEdit(fields={"supplier": "ACME"})
    assert tickets.edit(ada, number, other, seen=TicketEdit(fields={"supplier": None})).field_value("serial") == "AB-2"
    same = TicketEdit(fields={"serial": "AB-2"})
    assert tickets.edit(ada, number, same, seen=seen).field_value("serial") == "AB-2"


def test_a_value_of_before_its_field_changed_its_type_counts_as_seen(
    tickets: Tickets, definitions: Definitions, ada: Actor, root: Actor, number: int, serial: CustomField
) -> None:
    several = {"type": FieldType.MULTI_CHOICE, "options": ("AB-1", "AB-2")}
    definitions.save(root, serial.model_copy(update=several))
    seen = TicketEdit(fields={"serial": ["AB-1"]})

    tickets.edit(ada, number, TicketEdit(fields={"serial": ["AB-1", "AB-2"]}), seen=seen)

    assert tickets.get(ada, number).field_value("serial") == ["AB-1", "AB-2"]


def test_the_table_of_everything_has_a_column_for_each_field(
    tickets: Tickets, store: MemoryStore, gate: Gate, ada: Actor, root: Actor, clock: Clock, number: int
) -> None:
    write(tickets, ada, number, supplier="ACME")

    head, line = list(Exports(store, clock, gate).table(root))

    assert head.split(",")[-2:] == ["field.supplier", "field.serial\r\n"]
    assert line.split(",")[-2:] == ["ACME", "AB-1\r\n"]


def shown_to(tickets: Tickets, exports: Exports, actor: Actor, number: int, clock: Clock) -> list[object]:
    """Return all that can be learned about a ticket, on every way out."""
    conversation = tickets.conversation(actor, number)
    pages = [tickets.search(actor, TicketQuery(sort=sort)) for sort in Sort]
    asked = (SECRET, "supplier", f"field.supplier:{SECRET}", f"-field.supplier:{SECRET}", f"field.serial:{SECRET}")
    answers = [found(tickets, actor, clock, text) for text in asked]
    queries = {text: read_query(text, Asker(actor.username, clock.now)) for text in asked}
    with pytest.raises(PermissionDeniedError):
        list(exports.table(actor))
    return [
        conversation,
        tickets.get(actor, number).model_dump_json(),
        [field.model_dump_json() for field in tickets.fields(actor)],
        pages,
        answers,
        list(tickets.counts(actor, queries).values()),
    ]


def test_what_is_written_in_an_agents_field_reaches_no_requester_on_any_way(
    tickets: Tickets, store: MemoryStore, gate: Gate, carla: Actor, ada: Actor, clock: Clock, number: int
) -> None:
    exports = Exports(store, clock, gate)
    tickets.open(carla, "Another", "So that there is an order.")
    tickets.mark_seen(carla, number, 100)
    before = shown_to(tickets, exports, carla, number, clock)

    clock.advance(timedelta(hours=1))
    write(tickets, ada, number, supplier=SECRET)
    write(tickets, ada, number, supplier=f"{SECRET} again")
    write(tickets, ada, number, supplier=SECRET)

    after = shown_to(tickets, exports, carla, number, clock)
    assert after == before
    assert SECRET not in repr(after)
    assert "supplier" not in repr(after[:3]).casefold()
    assert tickets.reply(carla, number, "Well?").fields == {"field.serial": "AB-1"}
    for text in (SECRET, f"field.supplier:{SECRET}"):
        assert found(tickets, ada, clock, text) == [number]


def test_values_come_with_a_list_in_the_order_in_which_they_are_asked_for(
    tickets: Tickets, definitions: Definitions, carla: Actor, ada: Actor, root: Actor, number: int, serial: CustomField
) -> None:
    write(tickets, ada, number, supplier=SECRET)
    other = tickets.open(carla, "Screen", "It flickers.").number

    def values(actor: Actor, *keys: str) -> dict[int, tuple[FieldValue | None, ...]]:
        return {line.number: line.values for line in tickets.search(actor, TicketQuery(), keys).items}

    assert values(ada, "supplier", "lost", "serial") == {number: (SECRET, None, "AB-1"), other: (None, None, None)}
    assert values(carla, "supplier", "serial") == {number: (None, "AB-1"), other: (None, None)}
    assert values(ada) == {number: (), other: ()}
    assert tickets.search(ada, TicketQuery(page=2), ["serial"]).items == ()

    definitions.save(root, serial.model_copy(update={"agents_only": True, "required": False}))
    assert values(carla, "serial") == {number: (None,), other: (None,)}
    assert values(ada, "serial") == {number: ("AB-1",), other: (None,)}


def test_a_value_for_agents_comes_with_no_list_of_a_requester_when_its_field_is_for_all(
    tickets: Tickets,
    definitions: Definitions,
    carla: Actor,
    ada: Actor,
    root: Actor,
    number: int,
    supplier: CustomField,
) -> None:
    write(tickets, ada, number, supplier=SECRET)
    definitions.save(root, supplier.model_copy(update={"agents_only": False}))

    for actor, value in ((carla, None), (ada, SECRET)):
        [line] = tickets.search(actor, TicketQuery(), ["supplier"]).items
        assert line.values == (value,)


def test_a_field_that_becomes_the_agents_is_hidden_at_once_with_its_history(
    tickets: Tickets, definitions: Definitions, carla: Actor, ada: Actor, root: Actor, number: int, serial: CustomField
) -> None:
    write(tickets, ada, number, serial="AB-2")

    definitions.save(root, serial.model_copy(update={"agents_only": True, "required": False}))

    assert tickets.conversation(carla, number).fields == []
    assert "AB-" not in tickets.get(carla, number).model_dump_json()
    assert tickets.get(ada, number).field_value("serial") == "AB-2"


def test_a_field_that_becomes_public_shows_nothing_that_was_written_for_agents(
    tickets: Tickets,
    definitions: Definitions,
    carla: Actor,
    ada: Actor,
    root: Actor,
    clock: Clock,
    number: int,
    supplier: CustomField,
) -> None:
    write(tickets, ada, number, supplier=SECRET)

    definitions.save(root, supplier.model_copy(update={"agents_only": False}))

    assert SECRET not in tickets.get(carla, number).model_dump_json()
    assert found(tickets, carla, clock, SECRET) == found(tickets, carla, clock, f"field.supplier:{SECRET}") == []
    write(tickets, ada, number, supplier="ACME")
    assert tickets.get(carla, number).fields == {"field.serial": "AB-1", "field.supplier": "ACME"}
    assert SECRET not in tickets.get(carla, number).model_dump_json()


def test_what_was_written_in_a_removed_field_comes_back_with_it(
    tickets: Tickets, definitions: Definitions, carla: Actor, ada: Actor, root: Actor, number: int, serial: CustomField
) -> None:
    gone = definitions.remove(root, CustomField, serial.id, serial.version)

    assert tickets.get(carla, number).fields == {}
    with pytest.raises(InvalidInputError, match="There is no field “serial”"):
        write(tickets, ada, number, serial="AB-2")
    assert tickets.open(carla, "Fan", "It rattles.", TicketCategory.HARDWARE, fields={"serial": "3"}).fields == {}

    definitions.save(root, gone.model_copy(update={"removed": False}))
    assert tickets.get(carla, number).fields == {"field.serial": "AB-1"}
