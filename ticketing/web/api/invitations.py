"""`/invitations`: people who are to join, and choose their password by a link."""

from datetime import datetime
from typing import Annotated, Self

from fastapi import APIRouter
from pydantic import Field

from ticketing.domain.people import Role
from ticketing.domain.text import EMAIL_LIMIT
from ticketing.services.invitations import Invited
from ticketing.web.api.calling import Caller, Who
from ticketing.web.api.people import PersonOut
from ticketing.web.api.repeating import ONCE, SHOWN_ONCE, Route
from ticketing.web.api.words import PLAIN, Input, Name, Output, Username, UsernameField

router = APIRouter(route_class=Route, tags=["people"])


class InvitationIn(Input):
    """Who is to join, as what; without a username one is made of the address."""

    display_name: Name
    email: Annotated[str, Field(min_length=1, max_length=EMAIL_LIMIT, pattern=PLAIN)]
    username: UsernameField | None = None
    role: Role = Role.AGENT


class InvitedOut(Output):
    """The account, which nobody can use yet; `link` is to be handed over, shown this once, null where it is mailed."""

    person: PersonOut
    link: str | None

    @classmethod
    def told(cls, invited: Invited, who: Caller) -> Self:
        """Return what is told of an invitation to whoever has made it."""
        path = f"{who.desk.settings.base_url or ''}/accept_invitation?t={invited.token}"
        return cls(person=PersonOut.of(invited.person), link=path if invited.token else None)


class ExpiryOut(Output):
    """Until when the newest link holds; null where it has expired, or its mail has not left yet."""

    expires_at: datetime | None


@router.post("/invitations", status_code=201, dependencies=SHOWN_ONCE)
def invite(who: Who, body: InvitationIn) -> InvitedOut:
    """Invite somebody; where the desk mails no links, the answer has the link."""
    invited = who.desk.invitations.invite(who.actor, body.display_name, body.email, body.username or "", role=body.role)
    return InvitedOut.told(invited, who)


@router.get("/invitations/{username}")
def get_invitation(who: Who, username: Username) -> ExpiryOut:
    """Tell until when somebody can accept their invitation."""
    return ExpiryOut(expires_at=who.desk.invitations.expiry(who.actor, username))


@router.post("/invitations/{username}/again", dependencies=SHOWN_ONCE)
def invite_again(who: Who, username: Username) -> InvitedOut:
    """Send a new link, which ends the one before it."""
    return InvitedOut.told(who.desk.invitations.send_again(who.actor, username), who)


@router.delete("/invitations/{username}", status_code=204, dependencies=ONCE)
def take_back_invitation(who: Who, username: Username) -> None:
    """Take an invitation back, and the account that was made for it."""
    who.desk.invitations.take_back(who.actor, username)
