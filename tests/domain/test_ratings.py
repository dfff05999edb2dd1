"""What a requester says of a resolution, when, and what many such answers come to."""

from datetime import datetime, timedelta

import pytest

from ticketing.domain import policy
from ticketing.domain.errors import (
    AlreadyRatedError,
    ForbiddenCharacterError,
    InvalidInputError,
    PermissionDeniedError,
    TicketMergedError,
    TicketNotDoneError,
    TooLongError,
    UnknownChoiceError,
)
from ticketing.domain.people import Actor
from ticketing.domain.ratings import Satisfaction
from ticketing.domain.statuses import Status, TicketCategory
from ticketing.domain.tickets import Ticket, TicketEdit

HOUR = timedelta(hours=1)


@pytest.fixture
def resolved(ticket: Ticket, ada: Actor, now: datetime) -> Ticket:
    """Return Carla's ticket as Ada has resolved it."""
    ticket.change_status(ada, Status.RESOLVED, now)
    return ticket


def rate(ticket: Ticket, actor: Actor, at: datetime, score: int | None = None, comment: str = "") -> None:
    """Say that the matter is solved."""
    ticket.rate(actor, at, solved=True, score=score, comment=comment)


def test_one_click_rates_a_resolution_and_stands_in_the_history(resolved: Ticket, carla: Actor, now: datetime) -> None:
    resolved.rate(carla, now + HOUR, solved=False, score=None, comment=" ")

    rating = resolved.rating
    assert rating is not None
    assert (rating.by, rating.at, rating.resolved_at) == ("carla", now + HOUR, now)
    assert (rating.solved, rating.score, rating.comment) == (False, None, None)
    event = resolved.events[-1]
    assert (event.field, event.old, event.new, event.by) == ("rating", None, "not solved", "carla")


def test_score_and_comment_are_added_once(resolved: Ticket, carla: Actor, now: datetime) -> None:
    rate(resolved, carla, now)

    rate(resolved, carla, now + HOUR, 4, " Quick,\r\nand kind. ")

    (rating,) = resolved.ratings
    assert (rating.score, rating.comment, rating.at) == (4, "Quick,\nand kind.", now)
    assert [(event.old, event.new) for event in resolved.events if event.field == "rating"] == [
        (None, "solved"),
        ("solved", "solved, 4 of 5, with a comment"),
    ]
    with pytest.raises(AlreadyRatedError, match="You have already rated how ticket T-1 was resolved"):
        rate(resolved, carla, now + HOUR, 5)
    assert resolved.ratings == [rating]


@pytest.mark.parametrize(("solved", "score"), [(True, None), (False, None), (False, 1)])
def test_a_second_rating_of_the_same_resolution_is_refused(
    resolved: Ticket, carla: Actor, now: datetime, *, solved: bool, score: int | None
) -> None:
    rate(resolved, carla, now)
    before = resolved.model_dump()

    with pytest.raises(AlreadyRatedError):
        resolved.rate(carla, now + HOUR, solved=solved, score=score, comment="")

    assert resolved.model_dump() == before


def test_closing_what_is_resolved_is_the_same_resolution_and_reopening_begins_another(
    resolved: Ticket, carla: Actor, ada: Actor, now: datetime
) -> None:
    rate(resolved, carla, now)
    resolved.close(ada, now + HOUR)
    with pytest.raises(AlreadyRatedError):
        rate(resolved, carla, now + HOUR)

    resolved.reopen(carla, now + HOUR)
    assert resolved.rating is None
    with pytest.raises(TicketNotDoneError):
        rate(resolved, carla, now + HOUR)
    resolved.close(ada, now + 2 * HOUR)
    rate(resolved, carla, now + 2 * HOUR, 2)

    assert [rating.score for rating in resolved.ratings] == [None, 2]


@pytest.mark.parametrize("score", [0, 6, -1])
def test_a_score_that_there_is_not_is_refused(resolved: Ticket, carla: Actor, now: datetime, score: int) -> None:
    with pytest.raises(UnknownChoiceError, match="Score cannot be"):
        rate(resolved, carla, now, score)


@pytest.mark.parametrize(("comment", "error"), [("x" * 1_001, TooLongError), ("a\x00b", ForbiddenCharacterError)])
def test_a_comment_has_a_limit_and_no_control_characters(
    resolved: Ticket, carla: Actor, now: datetime, comment: str, error: type[InvalidInputError]
) -> None:
    rate(resolved, carla, now)

    with pytest.raises(error):
        rate(resolved, carla, now, 3, comment)

    rate(resolved, carla, now, 3, "x" * 1_000)


def test_nobody_of_the_requesters_side_but_its_author_learns_of_a_rating(
    resolved: Ticket, carla: Actor, now: datetime
) -> None:
    resolved.watchers = ["oskar"]
    rate(resolved, carla, now + HOUR, 1, "Slow.")

    hers, his = resolved.for_requester(reader="carla"), resolved.for_requester(reader="oskar")

    assert hers.rating == resolved.rating
    assert hers.events[-1].field == "rating"
    assert his.ratings == []
    assert "rating" not in {event.field for event in his.events}
    assert his.updated_at == now
    assert resolved.for_requester().ratings == []


def test_an_agent_may_not_rate_what_they_handled_but_what_a_colleague_did(
    now: datetime, ada: Actor, root: Actor, carla: Actor
) -> None:
    def ticket_of_ada(assignee: str | None, by: Actor) -> Ticket:
        ticket = Ticket.open(1, "ada", "My screen", "Dark.", TicketCategory.HARDWARE, now)
        ticket.edit(root, TicketEdit(assignee=assignee), now)
        ticket.change_status(by, Status.RESOLVED, now + HOUR)
        ticket.close(root, now + 2 * HOUR)
        return ticket

    for own_work in (ticket_of_ada("ada", root), ticket_of_ada(None, ada)):
        assert not policy.may_rate(ada, own_work)
        with pytest.raises(PermissionDeniedError, match="You may not rate how this ticket was resolved"):
            policy.require_rate(ada, own_work)
    assert policy.may_rate(ada, ticket_of_ada("root", root))
    assert not policy.may_rate(root, ticket_of_ada("root", root))
    assert not policy.may_rate(carla, ticket_of_ada("root", root))


def test_a_requester_may_rate_what_they_closed_themselves(ticket: Ticket, carla: Actor, now: datetime) -> None:
    ticket.close(carla, now)

    assert policy.may_rate(carla, ticket)


def test_what_goes_on_in_another_ticket_is_not_rated(resolved: Ticket, carla: Actor, now: datetime) -> None:
    resolved.merged_into = 7

    with pytest.raises(TicketMergedError):
        rate(resolved, carla, now)


def test_satisfaction_counts_what_was_said() -> None:
    said = Satisfaction.of([(True, 5), (True, 4), (True, None), (False, 1)])

    assert (said.rated, said.solved, said.share_solved) == (4, 3, 0.75)
    assert said.scores == {1: 1, 2: 0, 3: 0, 4: 1, 5: 1}
    assert said.mean_score == pytest.approx(10 / 3)


def test_of_no_ratings_there_is_no_share_and_no_mean() -> None:
    assert (Satisfaction.of([]).share_solved, Satisfaction.of([(True, None)]).mean_score) == (None, None)


def test_a_ticket_of_an_older_version_was_never_rated(ticket: Ticket) -> None:
    older = ticket.model_dump_json(exclude={"ratings"})

    assert Ticket.model_validate_json(older).ratings == []
