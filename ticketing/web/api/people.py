"""`/users` and `/agents`: the accounts, looked after by agents and admins."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query

from ticketing.domain.people import Named, PeopleQuery, Role, Standing
from ticketing.domain.text import SEARCH_LIMIT
from ticketing.web.api.calling import Who
from ticketing.web.api.cursors import Cursor, cursor_at, following, place_in
from ticketing.web.api.repeating import ONCE, SHOWN_ONCE, Route
from ticketing.web.api.words import (
    PLAIN,
    Email,
    Input,
    Limit,
    Listed,
    Name,
    Output,
    Username,
    UsernameField,
)

router = APIRouter(route_class=Route, tags=["people"])


class PersonOut(Output):
    """An account, without any trace of its password."""

    username: str
    display_name: str
    email: str | None
    role: Role
    active: bool
    must_change_password: bool
    has_second_factor: bool
    standing: Standing
    comes_back: bool
    created_at: datetime
    last_sign_in_at: datetime | None
    invited_at: datetime | None


class AgentIn(Input):
    """A new account of an agent or an admin."""

    username: UsernameField
    display_name: Name
    email: Email = ""
    role: Role = Role.AGENT


class AccountMade(Output):
    """The account, and the one-time password, which is shown this once."""

    person: PersonOut
    one_time_password: str


class OneTimePassword(Output):
    """A password that opens nothing but the choice of another one; shown this once."""

    one_time_password: str


class RoleIn(Input):
    """What somebody is from now on."""

    role: Role


class SessionOfOut(Output):
    """A browser or a program in which somebody else is signed in; the id tells nobody anything but here."""

    id: str
    created_at: datetime
    last_seen_at: datetime
    address: str
    description: str


class Wait(Output):
    """For how many seconds somebody has to wait at most after failed tries to sign in."""

    seconds: int


@router.get("/users")
def list_users(
    who: Who,
    cursor: Cursor = "",
    limit: Limit = 50,
    text: Annotated[str, Query(max_length=SEARCH_LIMIT, pattern=PLAIN)] = "",
    role: Role | None = None,
    active: bool | None = None,  # noqa: FBT001 - a parameter of an address
) -> Listed[PersonOut]:
    """List the accounts by display name; the text is looked for in username, name and address."""
    roles = frozenset({role}) if role else frozenset[Role]()
    question = "users", text, role or "", str(active)
    after = place_in(Named, cursor, *question)
    query = PeopleQuery(text=text, roles=roles, active=active, after=after, size=limit)
    found = who.desk.agents.people(who.actor, query)
    behind = following(found, lambda one: cursor_at(Named.of(one), *question), is_first=after is None)
    return Listed[PersonOut].up_to(found, behind)


@router.get("/users/{username}")
def get_user(who: Who, username: Username) -> PersonOut:
    """Return one account."""
    return PersonOut.of(who.desk.agents.person(who.actor, username))


@router.post("/users/{username}/deactivate", dependencies=ONCE)
def deactivate_user(who: Who, username: Username) -> PersonOut:
    """Shut an account, and end its sessions."""
    return PersonOut.of(who.desk.agents.deactivate(who.actor, username))


@router.post("/users/{username}/reactivate", dependencies=ONCE)
def reactivate_user(who: Who, username: Username) -> PersonOut:
    """Open an account again."""
    return PersonOut.of(who.desk.agents.reactivate(who.actor, username))


@router.post("/users/{username}/reset_password", dependencies=SHOWN_ONCE)
def reset_password(who: Who, username: Username) -> OneTimePassword:
    """Put a one-time password in the place of somebody's password."""
    return OneTimePassword(one_time_password=who.desk.agents.reset_password(who.actor, username))


@router.put("/users/{username}/role", dependencies=ONCE)
def change_role(who: Who, username: Username, body: RoleIn) -> PersonOut:
    """Change what somebody is."""
    return PersonOut.of(who.desk.agents.change_role(who.actor, username, body.role))


@router.delete("/users/{username}/second_factor", dependencies=ONCE)
def turn_off_factor_of(who: Who, username: Username) -> PersonOut:
    """Turn somebody's second factor off."""
    return PersonOut.of(who.desk.agents.turn_off_second_factor(who.actor, username))


@router.get("/users/{username}/sessions")
def list_sessions_of(who: Who, username: Username) -> list[SessionOfOut]:
    """List where somebody else is signed in."""
    return [SessionOfOut.of(session) for session in who.desk.sessions.of_person(who.actor, username)]


@router.delete("/users/{username}/sessions/{key}", status_code=204, dependencies=ONCE)
def end_session_of(who: Who, username: Username, key: Annotated[str, Path(pattern="^[0-9a-f]{64}$")]) -> None:
    """End one session of somebody else; that there is none is no error."""
    who.desk.sessions.end_one_of(who.actor, username, key)


@router.delete("/users/{username}/sessions", status_code=204, dependencies=ONCE)
def end_sessions_of(who: Who, username: Username) -> None:
    """End all sessions of somebody."""
    who.desk.agents.end_sessions(who.actor, username)


@router.get("/users/{username}/wait")
def get_wait(who: Who, username: Username) -> Wait:
    """Tell how long somebody has to wait after failed tries to sign in."""
    wait = who.desk.agents.wait(who.actor, username)
    return Wait(seconds=int(wait.total_seconds()) if wait else 0)


@router.delete("/users/{username}/wait", status_code=204, dependencies=ONCE)
def lift_wait(who: Who, username: Username) -> None:
    """Let somebody try again at once."""
    who.desk.agents.lift_wait(who.actor, username)


@router.get("/agents")
def list_agents(who: Who) -> dict[str, str]:
    """Return those to whom a ticket can be given, by username, with their names."""
    return who.desk.agents.assignable(who.actor)


@router.post("/agents", status_code=201, dependencies=SHOWN_ONCE)
def register_agent(who: Who, body: AgentIn) -> AccountMade:
    """Make an account for an agent or an admin."""
    made = who.desk.agents.register_agent(who.actor, body.username, body.display_name, body.email, role=body.role)
    return AccountMade.of(made)
