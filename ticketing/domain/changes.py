"""What is done to the fields of a ticket at once, as it is written down before there is a ticket to do it to."""

from typing import Final, Self

from pydantic import ConfigDict

from ticketing.domain.categories import references_to
from ticketing.domain.errors import InvalidInputError, TooManyTagsError
from ticketing.domain.people import Actor, username_key
from ticketing.domain.statuses import Priority, Resolution, Status, StatusCategory
from ticketing.domain.teams import Team
from ticketing.domain.text import TAGS_LIMIT, Stored, clean_tags
from ticketing.domain.tickets import Ticket, TicketEdit

# In the place of an assignee's username or a team's id; nothing else can have such a name.
ME: Final = "@me"
NOBODY: Final = "@nobody"
_SET_AS_THEY_ARE = ("status", "resolution", "priority", "category")


class Changes(Stored):
    """
    Fields to set; None leaves one as it is.

    `assignee` is a username, ME, whoever does it, or NOBODY; `team` is a team's id or NOBODY.
    """

    model_config = ConfigDict(frozen=True)

    status: Status | None = None
    resolution: Resolution | None = None
    priority: Priority | None = None
    category: str | None = None
    team: str | None = None
    assignee: str | None = None
    add_tags: tuple[str, ...] = ()
    remove_tags: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Whether there is anything to do."""
        return self != type(self)()

    def checked(self) -> Self:
        """Return them as they may be kept; raises InvalidInputError, or TooManyTagsError."""
        added, removed = (tuple(clean_tags(list(tags))) for tags in (self.add_tags, self.remove_tags))
        if max(len(added), len(removed)) > TAGS_LIMIT:
            raise TooManyTagsError(TAGS_LIMIT)
        for tag in added:
            if tag in removed:
                raise InvalidInputError("Tags", f"The tag “{tag}” cannot be both added and removed.")
        is_done = self.status is not None and self.status.category is StatusCategory.DONE
        if self.resolution is not None and not is_done:
            raise InvalidInputError("Resolution", "A resolution goes with the status resolved or closed only.")
        assignee = self.assignee
        if assignee not in {None, ME, NOBODY}:
            assignee = username_key(assignee)
        return self.model_copy(update={"assignee": assignee, "add_tags": added, "remove_tags": removed})

    def edit(self, actor: Actor, ticket: Ticket) -> TicketEdit:
        """Return what they come to for this ticket when the actor makes them."""
        fields = {name: value for name in _SET_AS_THEY_ARE if (value := getattr(self, name)) is not None}
        if self.team is not None:
            fields["team"] = None if self.team == NOBODY else self.team
        if self.assignee is not None:
            fields["assignee"] = self.given_to(actor)
        if self.add_tags or self.remove_tags:
            left = [tag for tag in ticket.tags if tag not in self.remove_tags]
            fields["tags"] = tuple(dict.fromkeys((*left, *self.add_tags)))
        return TicketEdit.model_validate(fields)

    def references(self) -> frozenset[tuple[str, str]]:
        """Return the team to which they give tickets and the category, by kind and id as a definition names others."""
        teams = frozenset((Team.kind, team) for team in [self.team] if team and team != NOBODY)
        return teams | references_to(filter(None, [self.category]))

    def people(self) -> frozenset[str]:
        """Return to whom they give tickets, whoever makes them."""
        return frozenset(name for name in [self.assignee] if name and name not in {ME, NOBODY})

    def without(self, people: frozenset[str]) -> Self:
        """Return them without giving tickets to these people."""
        return self.model_copy(update={"assignee": None}) if self.assignee in people else self

    def given_to(self, actor: Actor) -> str | None:
        """Return the username of who becomes the assignee when the actor makes them; None if nobody does."""
        return {ME: actor.username, NOBODY: None}.get(self.assignee or NOBODY, self.assignee)
