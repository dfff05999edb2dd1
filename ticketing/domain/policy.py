"""
Who may do what: one table, nothing else anywhere.

A row names an action; under each role stand the relations in which it is allowed. When something is possible (statuses,
time windows) is the model's business and never looked at here.

An API key takes away from that what its scopes do not take (`SCOPES`), and never adds to it.

Four questions take more than role and relation, so they stand beside the table, and never allow what it does not:
whether this desk leaves it to agents to register agents (`may_register`), whether an agent has handled what they would
rate (`may_rate`), whether a reply is the actor's own (`require_take_back`), and whether the actor is at the command
line (`require_console`), where everybody is an admin to the table.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from ticketing.domain.articles import Article, Visibility
from ticketing.domain.definitions import Definition
from ticketing.domain.errors import PermissionDeniedError
from ticketing.domain.people import Actor, Person, Role, User
from ticketing.domain.queries import Audience
from ticketing.domain.scopes import Scope
from ticketing.domain.tickets import SYSTEM, Message, Ticket


class Relation(StrEnum):
    """How the actor stands to the ticket or the account, or for whom an article is."""

    OWN = "own"
    WATCHED = "watched"
    FOREIGN = "foreign"
    SELF = "self"
    OF_USER = "of a user"
    OF_AGENT = "of an agent"
    OF_ADMIN = "of an admin"
    PUBLIC = "public"
    INTERNAL = "internal"
    DESK = "the desk"


class Action(StrEnum):
    """What can be done; the value completes the sentence "You may not …"."""

    OPEN_TICKET = "open a ticket"
    OPEN_FOR_OTHERS = "open a ticket for somebody else"
    VIEW_TICKET = "see this ticket"
    REPLY = "reply to this ticket"
    WATCH_TICKET = "watch this ticket"
    CHANGE_WATCHERS = "change who watches this ticket"
    TAKE_BACK_REPLY = "take this reply back"
    CLOSE = "close this ticket"
    REOPEN = "reopen this ticket"
    RATE_TICKET = "rate how this ticket was resolved"
    WRITE_NOTE = "write or read internal notes"
    EDIT_TICKET = "change the fields of this ticket"
    MERGE_TICKETS = "merge tickets"
    LINK_TICKETS = "link tickets"
    SPLIT_TICKET = "split this ticket"
    BE_ASSIGNED = "work on tickets"
    SEE_ALL_TICKETS = "see all tickets"
    EDIT_OWN_PROFILE = "change this profile"
    CHANGE_OWN_PASSWORD = "change this password"  # noqa: S105 - a sentence
    SET_UP_SECOND_FACTOR = "set up two-step sign-in"
    END_OWN_SESSION = "end this session"
    READ_NOTICES = "read these notices"
    SEE_PEOPLE = "see the accounts"
    REGISTER_AGENT = "register agents"
    REGISTER_ADMIN = "register admins"
    CHANGE_ROLE = "change this role"
    DEACTIVATE = "deactivate or reactivate this account"
    RESET_PASSWORD = "reset this password"  # noqa: S105 - a sentence
    TURN_OFF_SECOND_FACTOR = "turn off the two-step sign-in of this account"
    END_SESSIONS = "end the sessions of this account"
    END_ONE_SESSION = "see or end single sessions of this account"
    LIFT_WAIT = "lift the wait of this account"
    VIEW_AS = "view the desk as this person"
    EXPORT_PERSON = "take along what is stored about this person"
    ANONYMISE = "anonymise this person"
    SEE_REPORTS = "see reports"
    MOVE_DATA = "move the desk's data in or out"
    SEE_HEALTH = "see how the desk is doing"
    LOOK_AFTER_MAILS = "look after the desk's mails"
    LOOK_AFTER_WEBHOOKS = "look after webhooks"
    SEE_SETUP = "see how the desk is set up"
    CHANGE_SETUP = "change how the desk is set up"
    KEEP_SHORTCUTS = "change this view or canned reply"
    READ_ARTICLE = "read this article"
    WRITE_ARTICLE = "write articles"
    READ_AUDIT = "read the audit log"
    KEEP_KEYS = "keep API keys for this account"
    REVOKE_KEYS = "see or revoke the API keys of this account"
    ROTATE_SIGNING_KEY = "rotate the key of access tokens"
    LINK_IDENTITY = "link this account with a provider"


_TICKETS = frozenset({Relation.OWN, Relation.WATCHED, Relation.FOREIGN})
_MINE = frozenset({Relation.OWN, Relation.WATCHED})
_OWN = frozenset({Relation.OWN})
_SELF = frozenset({Relation.SELF})
_DESK = frozenset({Relation.DESK})
_USERS = frozenset({Relation.OF_USER})
_OTHERS = frozenset({Relation.OF_USER, Relation.OF_AGENT, Relation.OF_ADMIN})
_NO_ADMINS = frozenset({Relation.OF_USER, Relation.OF_AGENT})
_PUBLIC = frozenset({Relation.PUBLIC})
_ARTICLES = frozenset({Relation.PUBLIC, Relation.INTERNAL})
_NEVER: frozenset[Relation] = frozenset()

TABLE: Final[Mapping[Action, Mapping[Role, frozenset[Relation]]]] = {
    #                             user                agent               admin
    action: dict(zip((Role.USER, Role.AGENT, Role.ADMIN), relations, strict=True))
    for action, relations in {
        Action.OPEN_TICKET: (_DESK, _DESK, _DESK),
        Action.OPEN_FOR_OTHERS: (_NEVER, _DESK, _DESK),
        Action.VIEW_TICKET: (_MINE, _TICKETS, _TICKETS),
        Action.REPLY: (_MINE, _TICKETS, _TICKETS),
        Action.WATCH_TICKET: (_MINE, _TICKETS, _TICKETS),
        Action.CHANGE_WATCHERS: (_NEVER, _TICKETS, _TICKETS),
        Action.TAKE_BACK_REPLY: (_NEVER, _TICKETS, _TICKETS),
        Action.CLOSE: (_OWN, _TICKETS, _TICKETS),
        Action.REOPEN: (_OWN, _TICKETS, _TICKETS),
        Action.RATE_TICKET: (_OWN, _OWN, _OWN),
        Action.WRITE_NOTE: (_NEVER, _TICKETS, _TICKETS),
        Action.EDIT_TICKET: (_NEVER, _TICKETS, _TICKETS),
        Action.MERGE_TICKETS: (_NEVER, _TICKETS, _TICKETS),
        Action.LINK_TICKETS: (_NEVER, _TICKETS, _TICKETS),
        Action.SPLIT_TICKET: (_NEVER, _TICKETS, _TICKETS),
        Action.BE_ASSIGNED: (_NEVER, _DESK, _DESK),
        Action.SEE_ALL_TICKETS: (_NEVER, _DESK, _DESK),
        Action.EDIT_OWN_PROFILE: (_SELF, _SELF, _SELF),
        Action.CHANGE_OWN_PASSWORD: (_SELF, _SELF, _SELF),
        Action.SET_UP_SECOND_FACTOR: (_SELF, _SELF, _SELF),
        Action.END_OWN_SESSION: (_SELF, _SELF, _SELF),
        Action.READ_NOTICES: (_SELF, _SELF, _SELF),
        Action.SEE_PEOPLE: (_NEVER, _DESK, _DESK),
        Action.REGISTER_AGENT: (_NEVER, _DESK, _DESK),
        Action.REGISTER_ADMIN: (_NEVER, _NEVER, _DESK),
        Action.CHANGE_ROLE: (_NEVER, _NEVER, _OTHERS | _SELF),
        Action.DEACTIVATE: (_NEVER, _USERS, _OTHERS | _SELF),
        Action.RESET_PASSWORD: (_NEVER, _USERS, _OTHERS),
        Action.TURN_OFF_SECOND_FACTOR: (_NEVER, _NEVER, _OTHERS),
        Action.END_SESSIONS: (_NEVER, _USERS, _OTHERS),
        Action.END_ONE_SESSION: (_NEVER, _NEVER, _OTHERS),
        Action.LIFT_WAIT: (_NEVER, _USERS, _OTHERS),
        Action.VIEW_AS: (_NEVER, _NEVER, _NO_ADMINS),
        Action.EXPORT_PERSON: (_SELF, _SELF, _OTHERS | _SELF),
        Action.ANONYMISE: (_NEVER, _NEVER, _OTHERS),
        Action.SEE_REPORTS: (_NEVER, _DESK, _DESK),
        Action.MOVE_DATA: (_NEVER, _NEVER, _DESK),
        Action.SEE_HEALTH: (_NEVER, _NEVER, _DESK),
        Action.LOOK_AFTER_MAILS: (_NEVER, _NEVER, _DESK),
        Action.LOOK_AFTER_WEBHOOKS: (_NEVER, _NEVER, _DESK),
        Action.SEE_SETUP: (_NEVER, _DESK, _DESK),
        Action.CHANGE_SETUP: (_NEVER, _NEVER, _DESK),
        Action.KEEP_SHORTCUTS: (_NEVER, _OWN | _DESK, _OWN | _DESK),
        Action.READ_ARTICLE: (_PUBLIC, _ARTICLES, _ARTICLES),
        Action.WRITE_ARTICLE: (_NEVER, _DESK, _DESK),
        Action.READ_AUDIT: (_NEVER, _NEVER, _DESK),
        Action.KEEP_KEYS: (_SELF, _SELF, _SELF),
        Action.REVOKE_KEYS: (_NEVER, _USERS, _OTHERS),
        Action.ROTATE_SIGNING_KEY: (_NEVER, _NEVER, _DESK),
        Action.LINK_IDENTITY: (_SELF, _SELF, _SELF),
    }.items()
}

_READ = frozenset({Scope.READ, Scope.WRITE})
_WRITE = frozenset({Scope.WRITE})
_NOTES = frozenset({Scope.NOTES})
_ADMIN = frozenset({Scope.ADMIN})
_ALL = _READ | _ADMIN
_NO_KEY: frozenset[Scope] = frozenset()

# Of which scopes an API key needs one for an action that its owner may do. What is about the owner's own account takes
# a person who has signed in: whoever finds a key is not to get hold of the account by it.
SCOPES: Final[Mapping[Action, frozenset[Scope]]] = {
    Action.OPEN_TICKET: _WRITE,
    Action.OPEN_FOR_OTHERS: _WRITE,
    Action.VIEW_TICKET: _READ,
    Action.REPLY: _WRITE,
    Action.WATCH_TICKET: _WRITE,
    Action.CHANGE_WATCHERS: _WRITE,
    Action.TAKE_BACK_REPLY: _WRITE,
    Action.CLOSE: _WRITE,
    Action.REOPEN: _WRITE,
    Action.RATE_TICKET: _WRITE,
    Action.WRITE_NOTE: _NOTES,
    Action.EDIT_TICKET: _WRITE,
    Action.MERGE_TICKETS: _WRITE,
    Action.LINK_TICKETS: _WRITE,
    Action.SPLIT_TICKET: _WRITE,
    Action.BE_ASSIGNED: _READ,
    Action.SEE_ALL_TICKETS: _READ,
    Action.EDIT_OWN_PROFILE: _NO_KEY,
    Action.CHANGE_OWN_PASSWORD: _NO_KEY,
    Action.SET_UP_SECOND_FACTOR: _NO_KEY,
    Action.END_OWN_SESSION: _NO_KEY,
    Action.READ_NOTICES: _READ,
    Action.SEE_PEOPLE: _ALL,
    Action.REGISTER_AGENT: _ADMIN,
    Action.REGISTER_ADMIN: _ADMIN,
    Action.CHANGE_ROLE: _ADMIN,
    Action.DEACTIVATE: _ADMIN,
    Action.RESET_PASSWORD: _ADMIN,
    Action.TURN_OFF_SECOND_FACTOR: _ADMIN,
    Action.END_SESSIONS: _ADMIN,
    Action.END_ONE_SESSION: _ADMIN,
    Action.LIFT_WAIT: _ADMIN,
    Action.SEE_REPORTS: _READ,
    Action.MOVE_DATA: _ADMIN,
    Action.SEE_HEALTH: _ADMIN,
    Action.LOOK_AFTER_MAILS: _ADMIN,
    Action.SEE_SETUP: _ALL,
    Action.CHANGE_SETUP: _ADMIN,
    Action.KEEP_SHORTCUTS: _WRITE,
    Action.READ_ARTICLE: _READ,
    Action.WRITE_ARTICLE: _WRITE,
    Action.READ_AUDIT: _ADMIN,
    Action.KEEP_KEYS: _NO_KEY,
    Action.REVOKE_KEYS: _ADMIN,
    Action.ROTATE_SIGNING_KEY: _ADMIN,
    Action.VIEW_AS: _NO_KEY,
    Action.EXPORT_PERSON: _NO_KEY,
    Action.ANONYMISE: _ADMIN,
    Action.LOOK_AFTER_WEBHOOKS: _ADMIN,
    Action.LINK_IDENTITY: _NO_KEY,
}


# What an action is done to; without one, it is done at the desk as a whole.
Target = Ticket | User | Person | Definition


def allows(role: Role, action: Action, relation: Relation) -> bool:
    """Whether the table has it."""
    return relation in TABLE[action][role]


def relation_to_ticket(actor: Actor, ticket: Ticket) -> Relation:
    """How the actor stands to a ticket: it is their own, one they watch, or somebody else's."""
    if actor.username == ticket.requester:
        return Relation.OWN
    return Relation.WATCHED if actor.username in ticket.watchers else Relation.FOREIGN


def relation_to_account(actor: Actor, user: User | Person) -> Relation:
    """How the actor stands to an account: it is their own, or one of such a role."""
    if actor.username == user.username and not actor.at_console:
        return Relation.SELF
    return {Role.USER: Relation.OF_USER, Role.AGENT: Relation.OF_AGENT, Role.ADMIN: Relation.OF_ADMIN}[user.role]


def relation_to_definition(actor: Actor, definition: Definition) -> Relation:
    """How the actor stands to what was set up: the desk shares it, it is their own, or somebody else's."""
    if definition.owner is None:
        return Relation.DESK
    return Relation.OWN if definition.owner == actor.username else Relation.FOREIGN


def relation_to_article(article: Article) -> Relation:
    """For whom an article is: everybody, or agents, as whose business drafts and what was taken away count too."""
    is_public = article.visibility is Visibility.PUBLIC and not article.removed
    return Relation.PUBLIC if is_public else Relation.INTERNAL


def may(actor: Actor, action: Action, target: Target | None = None) -> bool:
    """Whether the actor may do this to the ticket, the account, what was set up, or at the desk as a whole."""
    return is_within(actor.scopes, action) and allows(actor.role, action, _relation(actor, target))


def scopes_of(role: Role) -> frozenset[Scope]:
    """Return the scopes that take anything which this role may do."""
    return frozenset(scope for action, scopes in SCOPES.items() if any(TABLE[action][role]) for scope in scopes)


def is_within(scopes: frozenset[Scope] | None, action: Action) -> bool:
    """Whether these scopes take the action; None are those of a person who has signed in, without any bound."""
    return scopes is None or not scopes.isdisjoint(SCOPES[action])


def require(actor: Actor, action: Action, target: Target | None = None) -> None:
    """Raise PermissionDeniedError unless the actor may do this."""
    if not may(actor, action, target):
        raise PermissionDeniedError(action.value)


def may_register(actor: Actor, role: Role, *, agents_may: bool) -> bool:
    """Whether the actor may make an account of this role; *agents_may* is whether agents may at this desk."""
    action = Action.REGISTER_ADMIN if role is Role.ADMIN else Action.REGISTER_AGENT
    return may(actor, action) and (agents_may or may(actor, Action.REGISTER_ADMIN))


def require_register(actor: Actor, role: Role, *, agents_may: bool) -> None:
    """Raise PermissionDeniedError unless the actor may make an account of this role."""
    if not may_register(actor, role, agents_may=agents_may):
        raise PermissionDeniedError(Action.REGISTER_AGENT.value)


def may_rate(actor: Actor, ticket: Ticket) -> bool:
    """Whether the actor may say how the ticket was resolved: no agent does of what they have handled themselves."""
    is_own_work = may(actor, Action.BE_ASSIGNED) and actor.username in ticket.handled_by
    return may(actor, Action.RATE_TICKET, ticket) and not is_own_work


def require_rate(actor: Actor, ticket: Ticket) -> None:
    """Raise PermissionDeniedError unless the actor may say how the ticket was resolved."""
    if not may_rate(actor, ticket):
        raise PermissionDeniedError(Action.RATE_TICKET.value)


def require_take_back(actor: Actor, ticket: Ticket, reply: Message) -> None:
    """Raise PermissionDeniedError unless the actor may take the reply back, which is for its author alone."""
    if not may(actor, Action.TAKE_BACK_REPLY, ticket) or reply.author != actor.username:
        raise PermissionDeniedError(Action.TAKE_BACK_REPLY.value)


def require_console(actor: Actor, action: Action) -> None:
    """Raise PermissionDeniedError unless the actor is at the command line: who can run it can read the files anyway."""
    if not actor.at_console:
        raise PermissionDeniedError(action.value)


# The eyes of the desk itself, for what it does on nobody's behalf.
THE_DESK: Final = Audience(username=SYSTEM, sees_all=True)


def readable(actor: Actor, ticket: Ticket) -> list[Message]:
    """Return the messages of a ticket that the actor may read, the oldest first."""
    return ticket.messages if may(actor, Action.WRITE_NOTE, ticket) else ticket.public_messages()


def audience(actor: Actor) -> Audience:
    """
    Return through whose eyes lists, searches, counts and exports are answered: the one scope of all of them.

    Nobody's, to whom there is no ticket, for a key that does not take seeing them.
    """
    eyes = actor.username if is_within(actor.scopes, Action.VIEW_TICKET) else ""
    takes_notes = is_within(actor.scopes, Action.WRITE_NOTE)
    return Audience(username=eyes, sees_all=may(actor, Action.SEE_ALL_TICKETS), takes_notes=takes_notes)


def _relation(actor: Actor, target: Target | None) -> Relation:
    if isinstance(target, Ticket):
        return relation_to_ticket(actor, target)
    if isinstance(target, User | Person):
        return relation_to_account(actor, target)
    if isinstance(target, Article):
        return relation_to_article(target)
    return relation_to_definition(actor, target) if target else Relation.DESK
