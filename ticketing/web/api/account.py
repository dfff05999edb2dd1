"""`/account`: the caller's own account, their sessions, their second factor, and what they prefer."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import Field

from ticketing.domain.notifications import Mailed, NoticeKind, kinds_for
from ticketing.domain.preferences import Column
from ticketing.domain.queries import View
from ticketing.web.api.calling import Anybody, Who
from ticketing.web.api.people import PersonOut
from ticketing.web.api.repeating import ONCE, SHOWN_ONCE, Route
from ticketing.web.api.words import PLAIN, Email, Id, Input, Name, Output

router = APIRouter(route_class=Route, prefix="/account", tags=["account"])

Password = Annotated[str, Field(min_length=1, max_length=1000)]
Code = Annotated[str, Field(min_length=1, max_length=40, pattern=PLAIN)]


class Registration(Input):
    """A new account of a requester."""

    username: Annotated[str, Field(min_length=1, max_length=200, pattern=PLAIN)]
    display_name: Name
    password: Password
    email: Email = ""


class Forgotten(Input):
    """Whose password was forgotten: a username or an address."""

    who: Annotated[str, Field(min_length=1, max_length=254, pattern=PLAIN)]


class Profile(Input):
    """What one is called, and where one is written to; an empty address is none. Another one takes the password."""

    display_name: Name
    email: Email
    password: Annotated[str, Field(max_length=1000)] = ""


class NewPassword(Input):
    """The present password and the new one."""

    current: Password
    new: Password


class SessionOut(Output):
    """A browser or a program that is signed in."""

    id: str
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    address: str
    description: str


class ProposalOut(Output):
    """What an authenticator app is told: a secret to type, or an address for a picture."""

    secret: str
    address: str


class Confirmed(Input):
    """The password, none for an account that has none, and a code of the app."""

    password: Annotated[str, Field(max_length=1000)] = ""
    code: Code


class CodeIn(Input):
    """A code of the app."""

    code: Code


class RecoveryCodes(Output):
    """Codes for whoever has lost the app, each good once; shown this once."""

    recovery_codes: list[str]


class FactorOut(Output):
    """Whether a second factor is on, and since when."""

    since: datetime | None = None
    recovery_codes_left: int = 0
    trusted_browsers: int = 0


class IdentityOut(Output):
    """Somebody at an OpenID provider who opens the account."""

    id: str
    issuer: str
    created_at: datetime


class WaysInOut(Output):
    """By what an account opens."""

    identities: list[IdentityOut]
    has_password: bool


class QueueIn(Input):
    """
    With which view the queue begins, a built-in or a saved one, and which columns it has; null is as it is usual.

    `fields` are the keys of custom fields that are columns as well.
    """

    view: View | None = None
    saved_view: Id | None = None
    columns: Annotated[tuple[Column, ...] | None, Field(max_length=len(Column))] = None
    fields: Annotated[tuple[Id, ...] | None, Field(max_length=200)] = None


class QueueOut(Output):
    """What the caller prefers to see of the queue."""

    view: View | None
    saved_view: str | None
    columns: list[Column] | None
    fields: list[str]


@router.post("", status_code=201)
def register(who: Anybody, body: Registration) -> PersonOut:
    """Register as a requester, where the desk takes registrations."""
    person = who.desk.accounts.register(
        body.username, body.display_name, body.password, body.password, body.email, address=who.address
    )
    return PersonOut.of(person)


@router.post("/forgotten_password", status_code=202)
def forgot_password(who: Anybody, body: Forgotten) -> None:
    """Ask for a link by which to choose another password; the answer tells nobody whether there is such an account."""
    who.desk.password_resets.ask(body.who, address=who.address)


@router.get("")
def get_account(who: Who) -> PersonOut:
    """Return the caller's own account."""
    return PersonOut.of(who.desk.accounts.profile(who.actor))


@router.put("", dependencies=ONCE)
def change_account(who: Who, body: Profile) -> PersonOut:
    """Change the caller's own name and address, which is then to be confirmed."""
    return PersonOut.of(who.desk.accounts.change_profile(who.actor, body.display_name, body.email, body.password))


@router.post("/confirmation_link", status_code=202, dependencies=ONCE)
def send_confirmation_link(who: Who) -> None:
    """Have the link sent again by which the caller's address is confirmed."""
    who.desk.addresses.send_link(who.actor)


@router.post("/password", status_code=204, dependencies=ONCE)
def change_password(who: Who, body: NewPassword) -> None:
    """Change the caller's own password; all their sessions end, this program's as well."""
    who.desk.accounts.change_password(who.actor, body.current, body.new, body.new, browser="")


@router.get("/sessions")
def list_sessions(who: Who) -> list[SessionOut]:
    """List where the caller is signed in."""
    return [SessionOut.of(session) for session in who.desk.sessions.own(who.actor)]


@router.delete("/sessions/{key}", status_code=204, dependencies=ONCE)
def end_session(who: Who, key: Annotated[str, Path(pattern="^[0-9a-f]{64}$")]) -> None:
    """End one of the caller's sessions; that there is none is no error."""
    who.desk.sessions.end(who.actor, key)


@router.delete("/sessions", status_code=204, dependencies=ONCE)
def end_other_sessions(who: Who) -> None:
    """End all sessions of the caller but this one."""
    who.desk.sessions.end_others(who.actor)


@router.get("/second_factor")
def get_second_factor(who: Who) -> FactorOut:
    """Tell whether the caller's second factor is on."""
    status = who.desk.second_factors.status(who.actor)
    return FactorOut.of(status) if status else FactorOut()


@router.post("/second_factor", status_code=201)
def propose_second_factor(who: Who) -> ProposalOut:
    """Propose a second factor, which an app is told and a code of it then turns on."""
    return ProposalOut.of(who.desk.second_factors.propose(who.actor))


@router.put("/second_factor", dependencies=SHOWN_ONCE)
def turn_on_second_factor(who: Who, body: Confirmed) -> RecoveryCodes:
    """Turn the proposed second factor on."""
    codes = who.desk.second_factors.turn_on(who.actor, body.password, body.code)
    return RecoveryCodes(recovery_codes=codes)


@router.post("/second_factor/recovery_codes", status_code=201, dependencies=SHOWN_ONCE)
def renew_recovery_codes(who: Who, body: CodeIn) -> RecoveryCodes:
    """Make new recovery codes in the place of those that there are."""
    return RecoveryCodes(recovery_codes=who.desk.second_factors.renew_recovery_codes(who.actor, body.code))


@router.post("/second_factor/off", status_code=204, dependencies=ONCE)
def turn_off_second_factor(who: Who, body: Confirmed) -> None:
    """Turn the caller's second factor off."""
    who.desk.second_factors.turn_off(who.actor, body.password, body.code)


@router.post("/second_factor/forget_browsers", status_code=204, dependencies=ONCE)
def forget_browsers(who: Who) -> None:
    """Ask for a code again in every browser."""
    who.desk.second_factors.forget_browsers(who.actor)


@router.get("/ways_in")
def list_ways_in(who: Who) -> WaysInOut:
    """Tell by what the caller's account opens."""
    return WaysInOut.of(who.desk.openid.own(who.actor))


@router.delete("/ways_in/{key}", status_code=204, dependencies=ONCE)
def unlink_identity(who: Who, key: Annotated[str, Path(pattern="^[0-9a-f]{64}$")]) -> None:
    """Let an identity at a provider open the caller's account no longer; that there is none is no error."""
    who.desk.openid.unlink(who.actor, key)


@router.get("/queue")
def get_queue(who: Who) -> QueueOut:
    """Return what the caller prefers to see of the queue."""
    return QueueOut.of(who.desk.preferences.own(who.actor))


@router.patch("/queue", dependencies=ONCE)
def change_queue(who: Who, body: QueueIn) -> QueueOut:
    """Change what the caller prefers to see of the queue; what is left out stays."""
    preferences = who.desk.preferences
    if body.view is not None:
        preferences.begin_with(who.actor, body.view)
    if body.saved_view is not None:
        preferences.begin_with_saved(who.actor, body.saved_view)
    if "columns" in body.model_fields_set:
        preferences.show_columns(who.actor, body.columns, body.fields)
    elif body.fields is not None:
        preferences.show_columns(who.actor, preferences.own(who.actor).columns, body.fields)
    return QueueOut.of(preferences.own(who.actor))


@router.get("/mail")
def get_mail(who: Who) -> dict[NoticeKind, Mailed]:
    """Return how the caller wants which notice by mail."""
    mail, is_agent = who.desk.preferences.mail(who.actor), who.actor.is_agent
    return {kind: mail.of(kind, is_agent=is_agent) for kind in kinds_for(is_agent=is_agent)}


@router.patch("/mail", dependencies=ONCE)
def change_mail(who: Who, body: dict[NoticeKind, Mailed]) -> dict[NoticeKind, Mailed]:
    """Change how the caller wants these notices by mail."""
    who.desk.preferences.want_by_mail(who.actor, body)
    return get_mail(who)
