"""Agents and admins are invited: by a link, by which they choose their own password, once and within 72 hours."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from tests.services.conftest import PASSWORD, Clock, SignIn
from ticketing.desk import Desk
from ticketing.domain.audit import AuditAction, AuditQuery
from ticketing.domain.errors import (
    BlankError,
    InvitationOpenError,
    MailLinkError,
    NotInvitedError,
    PermissionDeniedError,
    PersonNotFoundError,
    ThrottledError,
    UsernameTakenError,
    WeakPasswordError,
    WrongCredentialsError,
)
from ticketing.domain.outbox import AccountMail, Letter
from ticketing.domain.people import Actor, PeopleQuery, Role, Standing
from ticketing.services.outbox import set_route
from ticketing.services.sending import Sending
from ticketing.settings import Settings
from ticketing.storage.whole import WholeStore

ON_EVERY_STORE = True
CONSOLE = Actor.console()
CHOSEN = "four dry umbrellas"
NORA = "nora@example.org"
HOUR = timedelta(hours=1)


@pytest.fixture
def desk(store: WholeStore, clock: Clock) -> Desk:
    return Desk(Settings(storage_url="memory:"), store, clock, 4)


@pytest.fixture
def strict(store: WholeStore, clock: Clock) -> Desk:
    """Return the desk as one at which admins alone register agents."""
    return Desk(Settings(storage_url="memory:", agents_may_register_agents=False), store, clock, 4)


@pytest.fixture
def ada(arrives: SignIn) -> Actor:
    return arrives("ada", Role.AGENT)


@pytest.fixture
def root(arrives: SignIn) -> Actor:
    return arrives("root", Role.ADMIN)


def mailed(desk: Desk, store: WholeStore, clock: Clock) -> list[Letter]:
    """Send what waits; return the letters with links."""
    sending = Sending(store, clock)
    letters = [sending.letter(mail) for mail in sending.claim() if mail.kind == AccountMail.INVITED]
    assert desk
    return [letter for letter in letters if isinstance(letter, Letter)]


def token_in(letter: Letter) -> str:
    """Return what stands in the link of a letter."""
    path, _, token = letter.link.partition("?t=")
    assert path == "accept_invitation"
    return token


def test_who_was_invited_chooses_a_password_and_is_an_agent(desk: Desk, ada: Actor) -> None:
    invited = desk.invitations.invite(ada, "Nora Vale", NORA)

    assert (invited.person.username, invited.person.active, invited.person.role) == ("nora", False, Role.AGENT)
    assert desk.invitations.look(invited.token) == "nora"
    desk.invitations.accept(invited.token, CHOSEN, CHOSEN)

    nora = desk.sessions.actor(desk.accounts.sign_in("nora", CHOSEN))
    assert (nora.role, nora.is_half_in) == (Role.AGENT, False)
    assert "nora" in desk.agents.assignable(ada)


def test_before_that_nobody_signs_in_and_no_ticket_goes_there(desk: Desk, ada: Actor) -> None:
    desk.invitations.invite(ada, "Nora Vale", NORA)

    for guess in ("", "nora", CHOSEN):
        with pytest.raises(WrongCredentialsError):
            desk.accounts.sign_in("nora", guess)
    assert "nora" not in desk.agents.assignable(ada)
    with pytest.raises(InvitationOpenError):
        desk.agents.reactivate(CONSOLE, "nora")


def test_a_link_opens_once_until_it_expires_and_only_the_newest_does(desk: Desk, ada: Actor, clock: Clock) -> None:
    older = desk.invitations.invite(ada, "Nora Vale", NORA).token
    newer = desk.invitations.send_again(ada, "nora").token
    with pytest.raises(MailLinkError):
        desk.invitations.look(older)

    clock.advance(72 * HOUR - timedelta(seconds=1))
    assert desk.invitations.look(newer) == "nora"
    clock.advance(timedelta(seconds=1))
    with pytest.raises(MailLinkError):
        desk.invitations.accept(newer, CHOSEN, CHOSEN)
    assert desk.invitations.expiry(CONSOLE, "nora") is None

    last = desk.invitations.send_again(CONSOLE, "nora").token
    desk.invitations.accept(last, CHOSEN, CHOSEN)
    with pytest.raises(MailLinkError):
        desk.invitations.accept(last, PASSWORD, PASSWORD)
    assert desk.accounts.sign_in("nora", CHOSEN)


@pytest.mark.parametrize("token", ["", "x", "0" * 32, f"{'0' * 32}-", f"{'0' * 32}-{'A' * 43}", "é" * 76])
def test_a12_no_other_text_opens_anything(desk: Desk, ada: Actor, token: str) -> None:
    desk.invitations.invite(ada, "Nora Vale", NORA)

    with pytest.raises(MailLinkError):
        desk.invitations.look(token)
    with pytest.raises(MailLinkError):
        desk.invitations.accept(token, CHOSEN, CHOSEN)


def test_a_link_for_another_purpose_opens_no_account(desk: Desk, ada: Actor) -> None:
    token = desk.invitations.invite(ada, "Nora Vale", NORA).token

    with pytest.raises(MailLinkError):
        desk.password_resets.choose(token, CHOSEN, CHOSEN)
    with pytest.raises(MailLinkError):
        desk.addresses.confirm(token)


def test_the_secret_of_a_link_is_kept_nowhere(desk: Desk, ada: Actor, store: WholeStore) -> None:
    token = desk.invitations.invite(ada, "Nora Vale", NORA).token

    with store.documents() as kept:
        text = repr({name: list(found) for name, found in kept.items()})
    assert token.partition("-")[2] not in text


def test_a_weak_password_leaves_the_link_as_it_is(desk: Desk, ada: Actor) -> None:
    token = desk.invitations.invite(ada, "Nora Vale", NORA).token

    with pytest.raises(WeakPasswordError):
        desk.invitations.accept(token, "short", "short")

    assert desk.invitations.look(token) == "nora"


def test_a_taken_back_invitation_leaves_nothing_behind(desk: Desk, ada: Actor) -> None:
    token = desk.invitations.invite(ada, "Nora Vale", NORA).token

    desk.invitations.take_back(ada, "nora")

    with pytest.raises(MailLinkError):
        desk.invitations.look(token)
    with pytest.raises(PersonNotFoundError):
        desk.agents.person(ada, "nora")
    assert desk.invitations.invite(ada, "Nora Vale", NORA).person.username == "nora"


@pytest.mark.parametrize("deed", ["send_again", "take_back", "expiry"])
def test_an_account_that_is_in_use_is_not_touched(desk: Desk, ada: Actor, arrives: SignIn, deed: str) -> None:
    arrives("oskar", Role.AGENT)
    act: Callable[..., object] = getattr(desk.invitations, deed)

    with pytest.raises(NotInvitedError):
        act(ada, "oskar")

    assert desk.agents.person(ada, "oskar").active


@pytest.mark.parametrize(
    ("who", "role"),
    [
        (Role.USER, Role.AGENT),
        (Role.USER, Role.USER),
        (Role.AGENT, Role.ADMIN),
    ],
)
def test_who_may_not_invite_whom(desk: Desk, arrives: SignIn, who: Role, role: Role) -> None:
    somebody = arrives("somebody", who)

    with pytest.raises(PermissionDeniedError):
        desk.invitations.invite(somebody, "Nora Vale", NORA, role=role)

    assert desk.agents.people(CONSOLE, PeopleQuery(text="nora")).total == 0


def test_admins_invite_admins_and_agents_cannot_touch_these(desk: Desk, root: Actor, ada: Actor) -> None:
    desk.invitations.invite(root, "Nora Vale", NORA, role=Role.ADMIN)

    for deed in (desk.invitations.send_again, desk.invitations.take_back, desk.invitations.expiry):
        with pytest.raises(PermissionDeniedError):
            deed(ada, "nora")
    assert desk.invitations.expiry(root, "nora") is not None


def test_requesters_are_invited_too_such_as_where_nobody_registers(desk: Desk, ada: Actor) -> None:
    invited = desk.invitations.invite(ada, "Carla Ruiz", "carla@example.org", role=Role.USER)

    desk.invitations.accept(invited.token, CHOSEN, CHOSEN)

    assert desk.sessions.actor(desk.accounts.sign_in("carla", CHOSEN)).role is Role.USER


def test_where_admins_alone_register_agents_they_alone_invite(strict: Desk, root: Actor, ada: Actor) -> None:
    with pytest.raises(PermissionDeniedError):
        strict.invitations.invite(ada, "Nora Vale", NORA)

    assert (strict.invitations.may_invite(ada), strict.invitations.may_invite(root)) == (False, True)
    assert strict.invitations.invite(root, "Nora Vale", NORA).token


def test_requesters_learn_of_nobody_who_is_invited(desk: Desk, ada: Actor, arrives: SignIn) -> None:
    carla = arrives("carla")
    desk.invitations.invite(ada, "Nora Vale", NORA)

    for name in ("nora", "nobody"):
        with pytest.raises(PersonNotFoundError):
            desk.invitations.send_again(carla, name)


@pytest.mark.parametrize(
    ("address", "username"),
    [
        ("Nora.Väle+desk@example.org", "nora.vale.desk"),
        ("n@example.org", "agent.n"),
        ("__@example.org", "agent"),
        ("system@example.org", "system2"),
        ("ada@example.org", "ada2"),
    ],
)
def test_a_username_is_made_of_the_address(desk: Desk, ada: Actor, address: str, username: str) -> None:
    assert desk.invitations.invite(ada, "Nora Vale", address).person.username == username


def test_nobody_is_invited_under_the_name_of_somebody_who_is_anonymous_by_now(
    desk: Desk, arrives: SignIn, root: Actor
) -> None:
    arrives("carla")
    desk.anonymising.anonymise(root, "carla")

    assert desk.invitations.invite(root, "Carla Vale", "carla@example.org").username == "carla2"
    with pytest.raises(UsernameTakenError):
        desk.invitations.invite(root, "Carla Vale", "vale@example.org", "carla")


def test_what_is_wrong_with_an_invitation_is_said(desk: Desk, ada: Actor) -> None:
    with pytest.raises(BlankError):
        desk.invitations.invite(ada, "Nora Vale", " ")
    with pytest.raises(BlankError):
        desk.invitations.invite(ada, "", NORA)
    with pytest.raises(UsernameTakenError):
        desk.invitations.invite(ada, "Nora Vale", NORA, "ADA")


def test_a_mailed_link_shows_that_the_address_is_theirs(
    desk: Desk, ada: Actor, store: WholeStore, clock: Clock
) -> None:
    set_route(store, is_open=True, has_links=True)
    invited = desk.invitations.invite(ada, "Nora Vale", NORA)
    assert (invited.token, desk.invitations.expiry(ada, "nora")) == ("", None)

    (letter,) = mailed(desk, store, clock)
    assert (letter.address, letter.username, letter.by) == (NORA, "nora", "Ada")
    assert desk.invitations.expiry(ada, "nora") == clock() + 72 * HOUR
    desk.invitations.accept(token_in(letter), CHOSEN, CHOSEN)

    assert desk.agents.person(ada, "nora").standing is Standing.CONFIRMED


def test_a_link_that_was_handed_over_shows_nothing_of_the_address(desk: Desk, ada: Actor) -> None:
    token = desk.invitations.invite(ada, "Nora Vale", NORA).token

    desk.invitations.accept(token, CHOSEN, CHOSEN)

    assert desk.agents.person(ada, "nora").standing is Standing.GIVEN


def test_nobody_is_mailed_once_the_invitation_is_taken_back(
    desk: Desk, ada: Actor, store: WholeStore, clock: Clock
) -> None:
    set_route(store, is_open=True, has_links=True)
    desk.invitations.invite(ada, "Nora Vale", NORA)

    desk.invitations.take_back(ada, "nora")

    assert mailed(desk, store, clock) == []


def test_nobody_is_mailed_more_than_three_links_an_hour(desk: Desk, ada: Actor, clock: Clock) -> None:
    desk.invitations.invite(ada, "Nora Vale", NORA)
    for _ in range(2):
        desk.invitations.send_again(ada, "nora")

    with pytest.raises(ThrottledError):
        desk.invitations.send_again(ada, "nora")

    clock.advance(HOUR)
    assert desk.invitations.send_again(ada, "nora").token


def test_the_audit_log_tells_who_invited_whom_and_what_came_of_it(desk: Desk, ada: Actor, root: Actor) -> None:
    desk.invitations.accept(desk.invitations.invite(ada, "Nora Vale", NORA).token, CHOSEN, CHOSEN)
    desk.invitations.invite(ada, "Bert", "bert@example.org")
    desk.invitations.take_back(ada, "bert")

    for action, actor, about in (
        (AuditAction.INVITED, "ada", ["bert", "nora"]),
        (AuditAction.INVITATION_ACCEPTED, "nora", ["nora"]),
        (AuditAction.INVITATION_TAKEN_BACK, "ada", ["bert"]),
    ):
        records = desk.audit.search(root, AuditQuery(action=action)).records
        assert ({record.actor for record in records}, [record.object for record in records]) == ({actor}, about)
