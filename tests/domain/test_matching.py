"""A ticket at hand is found by each kind of condition; what typed queries find is held against all stores elsewhere."""

import pytest

from ticketing.domain.attachments import Attachment
from ticketing.domain.conditions import AnyOf, Condition, InCategory, InStatus, Not, WithPriority
from ticketing.domain.matching import finds
from ticketing.domain.queries import TicketQuery
from ticketing.domain.statuses import Priority, Status, TicketCategory
from ticketing.domain.tickets import Ticket


@pytest.mark.parametrize(
    ("condition", "fits", "misses"),
    [
        (InStatus, Status.OPEN, Status.CLOSED),
        (WithPriority, Priority.NORMAL, Priority.HIGH),
        (InCategory, TicketCategory.NETWORK, TicketCategory.OTHER),
    ],
)
def test_conditions_hold_wherever_they_stand(
    ticket: Ticket, condition: type[Condition], fits: str, misses: str
) -> None:
    holds, fails = condition(frozenset({fits})), condition(frozenset({misses}))  # type: ignore[call-arg]

    def found(*conditions: Condition) -> bool:
        return finds(TicketQuery(conditions=conditions), ticket, "Carla Colani")

    assert found(holds)
    assert found(AnyOf((fails, holds)))
    assert found(Not(fails))
    assert not found(holds, fails)


def test_words_are_looked_for_in_the_names_of_files_as_well(ticket: Ticket) -> None:
    file = Attachment(id="a" * 22, name="Invoice 7.pdf", size=1, sha256="0" * 64, media_type="application/pdf")
    ticket.attach([file])

    assert finds(TicketQuery(needles=("invoice 7",)), ticket, "Carla Colani")
    assert not finds(TicketQuery(needles=("invoice 8",)), ticket, "Carla Colani")


def test_a_kind_of_condition_that_is_not_known_is_a_mistake_of_ours(ticket: Ticket) -> None:
    with pytest.raises(TypeError):
        finds(TicketQuery(conditions=(Condition(),)), ticket, "")
