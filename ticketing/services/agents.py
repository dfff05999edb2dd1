"""Agents: the accounts of the desk as those see them who may look after them."""

import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from ticketing.domain import policy
from ticketing.domain.audit import AuditAction, changed
from ticketing.domain.errors import (
    InvitationOpenError,
    KnownPasswordError,
    LastAdminError,
    NoSecondFactorError,
    UnknownChoiceError,
    UsernameTakenError,
)
from ticketing.domain.outbox import AccountMail
from ticketing.domain.people import Actor, PeopleQuery, Person, Role, User
from ticketing.domain.policy import Action
from ticketing.domain.queries import Page
from ticketing.domain.store import Store, Transaction
from ticketing.domain.teams import Team
from ticketing.services.access import Clock, Gate, is_taken, reach_person
from ticketing.services.accounts import add_account, clean_identity
from ticketing.services.outbox import tell_of_account
from ticketing.services.passwords import Passwords, check_new
from ticketing.services.sessions import end_all_sessions, log_account
from ticketing.services.throttle import Throttle

# Without the characters that are mistaken for each other when read aloud or copied by hand.
_ALPHABET: Final = "abcdefghjkmnpqrstuvwxyz23456789"
_GROUPS: Final = 5
_GROUP: Final = 4


@dataclass(frozen=True, slots=True)
class NewAccount:
    """An account somebody made for another person, with the password that is shown this once."""

    person: Person
    one_time_password: str


class Agents:
    """What agents and admins can do about accounts. The desk always keeps one active admin."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        gate: Gate,
        passwords: Passwords,
        throttle: Throttle,
        *,
        agents_may_register_agents: bool = True,
    ) -> None:
        self._store = store
        self._clock = clock
        self._gate = gate
        self._passwords = passwords
        self._throttle = throttle
        self._agents_may = agents_may_register_agents

    def register_agent(
        self, actor: Actor, username: str, display_name: str, email: str = "", *, role: Role = Role.AGENT
    ) -> NewAccount:
        """Make an account for an agent or an admin, with a one-time password that must be changed at first sign-in."""
        with self._store.read() as tx:
            self._require_register(self._gate.admit(tx, actor), role)
            name, shown, mail = clean_identity(username, display_name, email)
            if is_taken(tx, name):
                raise UsernameTakenError(name)
        password = one_time_password()
        user = self._new_user(name, shown, mail, role, password, one_time=True)
        with self._store.write() as tx:
            self._require_register(self._gate.admit(tx, actor), role)
            add_account(tx, user, by=actor.username)
            tell_of_account(tx, user.id, AccountMail.REGISTERED, actor.username, user.created_at)
        return NewAccount(Person.of(user), password)

    def people(self, actor: Actor, query: PeopleQuery) -> Page[Person]:
        """Return one page of the accounts by display name."""
        with self._store.read() as tx:
            policy.require(self._gate.admit(tx, actor), Action.SEE_PEOPLE)
            found = tx.users.search(query)
        return Page[Person](
            items=tuple(Person.of(user) for user in found.items), total=found.total, page=found.page, size=found.size
        )

    def person(self, actor: Actor, username: str) -> Person:
        """Return one account; raises PersonNotFoundError."""
        with self._store.read() as tx:
            return Person.of(reach_person(tx, self._gate.admit(tx, actor), username))

    def may_register(self, actor: Actor) -> bool:
        """Whether the actor may register agents at this desk; whether they may see that is theirs to know."""
        with self._store.read() as tx:
            actor = self._gate.admit(tx, actor)
            return policy.may_register(actor, Role.AGENT, agents_may=self._agents_may)

    def assignable(self, actor: Actor) -> dict[str, str]:
        """Return those to whom a ticket can be given, the active agents and admins: username and display name."""
        with self._store.read() as tx:
            policy.require(self._gate.admit(tx, actor), Action.BE_ASSIGNED)
            return tx.users.agent_names()

    def teams_of(self, actor: Actor, username: str) -> frozenset[str]:
        """Return the ids of the teams that somebody works in; to whom teams are hidden, none is there."""
        with self._store.read() as tx:
            if not policy.may(self._gate.admit(tx, actor), Action.SEE_SETUP):
                return frozenset()
            teams = tx.definitions(Team).all()
            return frozenset(team.id for team in teams if username in team.members and not team.removed)

    def deactivate(self, actor: Actor, username: str) -> Person:
        """Close an account to its owner at once, and keep everything in it."""
        with self._store.write() as tx:
            user = self._reach(tx, actor, username, Action.DEACTIVATE)
            if user.active:
                spare_last_admin(tx, user)
                user.active = False
                end_all_sessions(tx, user)
                tx.users.save(user)
                self._log(tx, actor, AuditAction.DEACTIVATED, user)
        return Person.of(user)

    def reactivate(self, actor: Actor, username: str) -> Person:
        """Open an account again, with the password that it had; raises KnownPasswordError if everybody knows it."""
        with self._store.write() as tx:
            user = self._reach(tx, actor, username, Action.DEACTIVATE)
            if not user.active:
                if user.has_known_password:
                    raise KnownPasswordError
                if user.invited_at is not None:
                    raise InvitationOpenError
                user.active = True
                tx.users.save(user)
                self._log(tx, actor, AuditAction.REACTIVATED, user)
        return Person.of(user)

    def reset_password(self, actor: Actor, username: str) -> str:
        """Return a one-time password for somebody who lost theirs; their sessions end, and nothing holds them up."""
        with self._store.read() as tx:
            self._reach(tx, actor, username, Action.RESET_PASSWORD)
        password = one_time_password()
        self._put_password(actor, username, password, one_time=True)
        return password

    def turn_off_second_factor(self, actor: Actor, username: str) -> Person:
        """Let somebody who lost their phone and their recovery codes sign in by the password alone; they are told."""
        with self._store.write() as tx:
            user = self._reach(tx, actor, username, Action.TURN_OFF_SECOND_FACTOR)
            if user.second_factor is None:
                raise NoSecondFactorError
            end_all_sessions(tx, user)
            user.second_factor = None
            self._throttle.clear(tx, user.id)
            tx.users.save(user)
            tell_of_account(tx, user.id, AccountMail.SECOND_FACTOR_OFF, actor.username, self._clock())
            self._log(tx, actor, AuditAction.SECOND_FACTOR_OFF, user)
        return Person.of(user)

    def end_sessions(self, actor: Actor, username: str) -> None:
        """Sign somebody out everywhere."""
        with self._store.write() as tx:
            user = self._reach(tx, actor, username, Action.END_SESSIONS)
            end_all_sessions(tx, user)
            tx.users.save(user)
            self._log(tx, actor, AuditAction.SESSIONS_ENDED, user, sessions="all")

    def wait(self, actor: Actor, username: str) -> timedelta | None:
        """Return how long somebody has to wait at most after failed tries to sign in; None if they have not."""
        with self._store.read() as tx:
            return self._throttle.wait(tx, self._reach(tx, actor, username, Action.LIFT_WAIT).id)

    def lift_wait(self, actor: Actor, username: str) -> None:
        """Let somebody who mistyped their password too often try again at once."""
        with self._store.write() as tx:
            user = self._reach(tx, actor, username, Action.LIFT_WAIT)
            self._throttle.clear(tx, user.id)
            self._log(tx, actor, AuditAction.WAIT_LIFTED, user)

    def change_role(self, actor: Actor, username: str, role: Role) -> Person:
        """
        Make somebody a user, an agent or an admin; they sign in again, as what they have become.

        A user who becomes more chooses a new password: nobody can tell whether the present one is as long as it must be
        from then on.
        """
        with self._store.write() as tx:
            user = self._reach(tx, actor, username, Action.CHANGE_ROLE)
            if user.role is not role:
                spare_last_admin(tx, user)
                user.must_change_password |= user.role is Role.USER
                self._log(tx, actor, AuditAction.ROLE_CHANGED, user, role=changed(user.role, role))
                user.role = role
                end_all_sessions(tx, user)
                tx.users.save(user)
                tell_of_account(tx, user.id, AccountMail.ROLE_CHANGED, actor.username, self._clock())
        return Person.of(user)

    def create_agent(
        self, actor: Actor, username: str, password: str, *, role: Role = Role.AGENT, email: str = ""
    ) -> Person:
        """Make an account for an agent or an admin with a chosen password; only at the command line."""
        policy.require_console(actor, Action.REGISTER_AGENT)
        _require_staff(role)
        name, shown, mail = clean_identity(username, username, email)
        check_new(password, role=role, username=name, email=mail)
        user = self._new_user(name, shown, mail, role, password, one_time=False)
        with self._store.write() as tx:
            add_account(tx, user, by=self._gate.admit(tx, actor).username)
            tell_of_account(tx, user.id, AccountMail.REGISTERED, actor.username, user.created_at)
        return Person.of(user)

    def set_password(self, actor: Actor, username: str, password: str) -> None:
        """Give an account a chosen password, and end its sessions; only at the command line."""
        policy.require_console(actor, Action.RESET_PASSWORD)
        with self._store.read() as tx:
            user = self._reach(tx, actor, username, Action.RESET_PASSWORD)
        check_new(password, role=user.role, username=user.id, display_name=user.display_name, email=user.email)
        self._put_password(actor, username, password, one_time=False)

    def _new_user(self, name: str, shown: str, mail: str | None, role: Role, password: str, *, one_time: bool) -> User:
        hashed, now = self._passwords.hash(password), self._clock()
        return User(
            id=name,
            display_name=shown,
            email=mail,
            role=role,
            password=hashed,
            must_change_password=one_time,
            created_at=now,
            password_changed_at=now,
        )

    def _put_password(self, actor: Actor, username: str, password: str, *, one_time: bool) -> None:
        hashed = self._passwords.hash(password)
        with self._store.write() as tx:
            user = self._reach(tx, actor, username, Action.RESET_PASSWORD)
            user.set_password(hashed, self._clock(), one_time=one_time)
            end_all_sessions(tx, user)
            self._throttle.clear(tx, user.id)
            tx.users.save(user)
            tell_of_account(tx, user.id, AccountMail.PASSWORD_CHANGED, actor.username, user.password_changed_at)
            self._log(tx, actor, AuditAction.PASSWORD_RESET, user)

    def _reach(self, tx: Transaction, actor: Actor, username: str, action: Action) -> User:
        """Fetch an account to do something to it."""
        actor = self._gate.admit(tx, actor)
        user = reach_person(tx, actor, username)
        policy.require(actor, action, user)
        return user

    def _log(self, tx: Transaction, actor: Actor, action: AuditAction, user: User, **facts: str) -> None:
        log_account(tx, actor.username, action, user.id, self._clock(), **facts)

    def _require_register(self, actor: Actor, role: Role) -> None:
        policy.require_register(actor, role, agents_may=self._agents_may)
        _require_staff(role)


def one_time_password() -> str:
    """Return a password nobody guesses and everybody can copy by hand, such as k7mq-2xwd-9hsa-p4tz-cb3f: 99 bits."""
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(_GROUP)) for _ in range(_GROUPS))


def _require_staff(role: Role) -> None:
    if role is Role.USER:
        raise UnknownChoiceError("Role", role.value)


def spare_last_admin(tx: Transaction, user: User) -> None:
    """Raise LastAdminError if this is the only one left, counted in the writer's transaction so that no race passes."""
    if user.role is Role.ADMIN and user.active and tx.users.active_admins() <= 1:
        raise LastAdminError
