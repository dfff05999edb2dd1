"""Sessions of others: an admin sees where somebody is signed in, and ends one of their sessions, by no secret of it."""

from collections.abc import Callable
from dataclasses import asdict
from datetime import timedelta

import pytest

from tests.services.conftest import PASSWORD, Clock, SignIn
from ticketing.domain.audit import AuditAction, AuditRecord
from ticketing.domain.errors import PermissionDeniedError, PersonNotFoundError, SignedOutError, TicketingError
from ticketing.domain.people import Actor, Role
from ticketing.domain.sign_in import SessionLimits, fingerprint
from ticketing.domain.store import Store
from ticketing.services.accounts import Accounts
from ticketing.services.sessions import Sessions, ShownSession, open_session

ON_EVERY_STORE = True

Everything = Callable[[], dict[str, object]]
REFUSED = [
    ("carla", "oskar", PersonNotFoundError),
    ("carla", "carla", PersonNotFoundError),
    ("carla", "nobody", PersonNotFoundError),
    ("ada", "carla", PermissionDeniedError),
    ("ada", "root", PermissionDeniedError),
    ("ada", "ada", PermissionDeniedError),
    ("ada", "nobody", PersonNotFoundError),
    ("root", "root", PermissionDeniedError),
    ("root", "nobody", PersonNotFoundError),
]


@pytest.fixture
def people(arrives: SignIn) -> dict[str, Actor]:
    """Return two requesters, an agent and two admins, each with one session."""
    roles = {"carla": Role.USER, "oskar": Role.USER, "ada": Role.AGENT, "root": Role.ADMIN, "margaret": Role.ADMIN}
    return {username: arrives(username, role) for username, role in roles.items()}


@pytest.fixture
def token(store: Store, people: dict[str, Actor], limits: SessionLimits, clock: Clock) -> str:
    """Return the secret of another session of Carla's, begun a minute later on her phone."""
    clock.advance(timedelta(minutes=1))
    with store.write() as tx:
        carla = tx.users.find(people["carla"].username)
        assert carla is not None
        return open_session(tx, carla, limits, clock.now, "203.0.113.9", "Safari on iPhone")


def ended(store: Store) -> list[AuditRecord]:
    """Return what is on record of ended sessions."""
    with store.read() as tx:
        return [record for record in tx.audit.stream() if record.action is AuditAction.SESSIONS_ENDED]


def test_s7_an_admin_sees_where_somebody_is_signed_in_newest_first(
    sessions: Sessions, people: dict[str, Actor], token: str, clock: Clock
) -> None:
    clock.advance(timedelta(minutes=5))
    sessions.actor(token)

    newer, older = sessions.of_person(people["root"], "Carla")

    assert newer == ShownSession(
        id=newer.id,
        created_at=clock.now - timedelta(minutes=5),
        last_seen_at=clock.now,
        address="203.0.113.9",
        description="Safari on iPhone",
        is_api=False,
    )
    assert (older.address, older.description) == ("192.0.2.1", "Firefox")
    assert newer.id != older.id


def test_s7_what_an_admin_sees_of_a_session_gives_nobody_its_secret_nor_the_hash(
    sessions: Sessions, people: dict[str, Actor], token: str
) -> None:
    shown = str([asdict(one) for one in sessions.of_person(people["root"], "carla")])

    for secret in (token, fingerprint(token), people["carla"].session or ""):
        assert secret not in shown
        assert secret[:12] not in shown


@pytest.mark.usefixtures("people")
def test_a_session_that_has_expired_is_not_shown(
    sessions: Sessions, token: str, clock: Clock, accounts: Accounts
) -> None:
    clock.advance(timedelta(hours=11))
    sessions.actor(token)
    clock.advance(timedelta(hours=2))
    root = sessions.actor(accounts.sign_in("root", PASSWORD))

    assert [one.address for one in sessions.of_person(root, "carla")] == ["203.0.113.9"]
    assert sessions.of_person(root, "ada") == []


def test_s7_an_admin_ends_one_session_of_somebody_and_no_other(
    sessions: Sessions, people: dict[str, Actor], token: str, store: Store
) -> None:
    root = people["root"]
    phone, _ = sessions.of_person(root, "carla")

    sessions.end_one_of(root, "carla", phone.id)

    with pytest.raises(SignedOutError):
        sessions.actor(token)
    assert [one.id for one in sessions.own(people["carla"])] == [people["carla"].session]
    assert sessions.own(people["oskar"])
    assert [(one.actor, one.object, one.facts) for one in ended(store)] == [("root", "carla", {"sessions": "one"})]


@pytest.mark.parametrize("whose", ["carla", "ada", "margaret"])
def test_s7_admins_look_after_the_sessions_of_everybody_else(
    sessions: Sessions, people: dict[str, Actor], whose: str
) -> None:
    (only,) = sessions.of_person(people["root"], whose)

    sessions.end_one_of(people["root"], whose, only.id)

    with pytest.raises(SignedOutError):
        sessions.own(people[whose])


@pytest.mark.parametrize(("who", "whose", "refusal"), REFUSED)
def test_s7_nobody_else_sees_or_ends_a_session_of_another(
    sessions: Sessions,
    people: dict[str, Actor],
    everything: Everything,
    who: str,
    whose: str,
    refusal: type[TicketingError],
) -> None:
    owner = people.get(whose)
    hidden = fingerprint("shown session", owner.session or "") if owner else "nobody's"
    before = everything()

    with pytest.raises(refusal):
        sessions.of_person(people[who], whose)
    with pytest.raises(refusal):
        sessions.end_one_of(people[who], whose, hidden)

    assert everything() == before


@pytest.mark.parametrize("which", ["nobody's", "of another", "ended", "the hash that is stored", "the secret"])
def test_s7_what_is_no_session_of_the_person_is_not_ended(
    sessions: Sessions, people: dict[str, Actor], token: str, store: Store, everything: Everything, which: str
) -> None:
    root = people["root"]
    phone, _ = sessions.of_person(root, "carla")
    given = {
        "nobody's": "0" * 64,
        "of another": sessions.of_person(root, "oskar")[0].id,
        "ended": phone.id,
        "the hash that is stored": fingerprint(token),
        "the secret": token,
    }
    if which == "ended":
        sessions.end_one_of(root, "carla", phone.id)
    before, told = everything(), len(ended(store))

    sessions.end_one_of(root, "carla", given[which])

    assert everything() == before
    assert len(ended(store)) == told
