"""People and a moment for tests of the pure domain."""

from datetime import UTC, datetime

import pytest

from ticketing.domain.people import Actor, Role
from ticketing.domain.statuses import TicketCategory
from ticketing.domain.tickets import Ticket


@pytest.fixture
def now() -> datetime:
    """Return a Monday morning."""
    return datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.fixture
def carla() -> Actor:
    """Return a requester."""
    return Actor("carla", "Carla Colani", Role.USER)


@pytest.fixture
def oskar() -> Actor:
    """Return another requester."""
    return Actor("oskar", "Oskar Ortmann", Role.USER)


@pytest.fixture
def ada() -> Actor:
    """Return an agent."""
    return Actor("ada", "Ada Albers", Role.AGENT)


@pytest.fixture
def root() -> Actor:
    """Return an admin."""
    return Actor("root", "Rita Root", Role.ADMIN)


@pytest.fixture
def ticket(now: datetime) -> Ticket:
    """Return Carla's fresh ticket T-1."""
    return Ticket.open(1, "carla", "No dial tone", "The line is dead.", TicketCategory.NETWORK, now)
