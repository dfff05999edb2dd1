"""Canned replies: what can be kept of one, where it is offered, and what it comes to for a ticket."""

from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from ticketing.domain.canned_replies import CannedReply
from ticketing.domain.changes import ME, NOBODY, Changes
from ticketing.domain.errors import (
    ForbiddenCharacterError,
    InvalidInputError,
    TooLongError,
    TooManyTagsError,
    UnknownVariableError,
    UsernameError,
)
from ticketing.domain.people import Actor, Role
from ticketing.domain.statuses import Priority, Resolution, Status, TicketCategory
from ticketing.domain.text import TAGS_LIMIT, TEXT_LIMIT
from ticketing.domain.tickets import Ticket, TicketEdit

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
ADA = Actor("ada", "Ada", Role.AGENT)


def ticket(category: TicketCategory = TicketCategory.NETWORK, *tags: str) -> Ticket:
    """Return a ticket of Carla's."""
    made = Ticket.open(12, "carla", "No dial tone", "The line is dead.", category, NOON)
    made.tags = [*tags]
    return made


def test_it_is_kept_with_what_was_typed_cleaned() -> None:
    typed = CannedReply(
        name="  VPN   again ",
        text=" Dear {{ requester.name }},\r\nplease restart. ",
        categories=(TicketCategory.NETWORK, TicketCategory.NETWORK),
        changes=Changes(add_tags=(" VPN ", "vpn", ""), assignee="ADA"),
    )

    kept = typed.checked()

    assert (kept.name, kept.text) == ("VPN again", "Dear {{ requester.name }},\nplease restart.")
    assert kept.categories == (TicketCategory.NETWORK,)
    assert kept.changes == Changes(add_tags=("vpn",), assignee="ada")


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("Dear {{ requestr.name }}", UnknownVariableError),
        ("x" * (TEXT_LIMIT + 1), TooLongError),
        ("nul\x00", ForbiddenCharacterError),
    ],
    ids=["variable", "long", "nul"],
)
def test_a_text_that_cannot_be_kept_is_refused(text: str, error: type[InvalidInputError]) -> None:
    with pytest.raises(error) as refusal:
        CannedReply(name="VPN", text=text).checked()

    assert refusal.value.field == "Text"


@pytest.mark.parametrize("text", ["", " \u200b\n"])
def test_one_that_says_and_does_nothing_is_refused(text: str) -> None:
    with pytest.raises(InvalidInputError, match="needs a text, something to change, or both"):
        CannedReply(name="Nothing", text=text, changes=Changes(add_tags=(" ",))).checked()

    assert CannedReply(name="Macro", text=text, changes=Changes(status=Status.PENDING)).checked().text == ""


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        (Changes(add_tags=("VPN",), remove_tags=("vpn",)), InvalidInputError, "“vpn” cannot be both added and removed"),
        (Changes(resolution=Resolution.SPAM), InvalidInputError, "goes with the status resolved or closed only"),
        (Changes(resolution=Resolution.SPAM, status=Status.PENDING), InvalidInputError, "resolved or closed only"),
        (Changes(assignee="a!"), UsernameError, "3 to 32 characters"),
        (Changes(add_tags=tuple(f"tag {n}" for n in range(TAGS_LIMIT + 1))), TooManyTagsError, "at most 20 tags"),
    ],
    ids=["tag both ways", "resolution alone", "resolution of what is not done", "no username", "too many tags"],
)
def test_changes_that_no_ticket_could_take_are_refused(changes: Changes, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        CannedReply(name="VPN", text="Hello", changes=changes).checked()


def test_it_is_offered_in_its_categories_or_in_all() -> None:
    assert CannedReply(name="VPN").is_for(ticket())
    assert CannedReply(name="VPN", categories=(TicketCategory.NETWORK,)).is_for(ticket())
    assert not CannedReply(name="VPN", categories=(TicketCategory.BILLING,)).is_for(ticket())


def test_its_changes_become_an_edit_of_the_fields_that_they_name_and_of_no_other() -> None:
    changes = Changes(
        status=Status.RESOLVED,
        resolution=Resolution.SOLVED,
        priority=Priority.LOW,
        category=TicketCategory.SOFTWARE,
        assignee="bert",
        add_tags=("vpn", "old"),
        remove_tags=("noise",),
    )

    edit = changes.edit(ADA, ticket(TicketCategory.NETWORK, "old", "noise"))

    assert edit == TicketEdit(
        status=Status.RESOLVED,
        resolution=Resolution.SOLVED,
        priority=Priority.LOW,
        category=TicketCategory.SOFTWARE,
        assignee="bert",
        tags=("old", "vpn"),
    )
    assert Changes().edit(ADA, ticket()).model_fields_set == set()
    assert Changes(add_tags=("vpn",)).edit(ADA, ticket()).model_fields_set == {"tags"}


@pytest.mark.parametrize(("team", "becomes"), [("first-line", "first-line"), (NOBODY, None)])
def test_it_can_be_brought_to_a_team_or_to_none(team: str, becomes: str | None) -> None:
    edit = Changes(team=team).checked().edit(ADA, ticket())

    assert (edit.team, edit.model_fields_set) == (becomes, {"team"})


@pytest.mark.parametrize(("assignee", "becomes"), [(ME, "ada"), (NOBODY, None), ("bert", "bert")])
def test_it_can_be_given_to_whoever_uses_it_to_nobody_or_to_somebody(assignee: str, becomes: str | None) -> None:
    changes = CannedReply(name="Mine", changes=Changes(assignee=assignee)).checked().changes

    edit = changes.edit(ADA, ticket())

    assert (edit.assignee, edit.model_fields_set) == (becomes, {"assignee"})


def test_each_change_of_the_ticket_stands_in_the_history_as_a_field_of_its_own() -> None:
    before = CannedReply(name="VPN", text="Hello").revised(None, "ada", NOON)
    after = before.model_copy(update={"changes": Changes(status=Status.PENDING, add_tags=("vpn",))})

    revised = after.revised(before, "ada", NOON)

    assert [(one.field, one.old, one.new) for one in revised.history[1:]] == [
        ("status", None, "pending"),
        ("add_tags", None, ["vpn"]),
    ]


def test_what_it_knows_not_is_no_choice() -> None:
    with pytest.raises(ValidationError):
        Changes.model_validate({"status": "exploded"})
