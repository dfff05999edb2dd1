"""People: who they are, what they are called, which role they have."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from operator import not_
from typing import Final, NamedTuple, Self

from pydantic import Field

from ticketing.domain.errors import EmailError, UsernameError
from ticketing.domain.notifications import MailPreferences
from ticketing.domain.preferences import QueuePreferences
from ticketing.domain.queries import Asked, Query, needle_of
from ticketing.domain.scopes import Scope
from ticketing.domain.second_factor import ProposedFactor, SecondFactor
from ticketing.domain.sources import Source
from ticketing.domain.text import EMAIL_LIMIT, SEARCH_LIMIT, Stored, Typed, clean_line, clean_name, is_blank

# Names under which the desk itself stands in histories.
RESERVED_USERNAMES = frozenset({"system", "console"})

_USERNAME = re.compile(r"[a-z0-9][a-z0-9._-]{2,31}")
_EMAIL = re.compile(r"[^@\s<>\"'(),:;\\\[\]]{1,64}@[^@\s<>\"'(),:;\\\[\]]{1,255}")
_USERNAME_INPUT_LIMIT = 200
_NO_PREFERENCES = QueuePreferences()
_USUAL_MAIL = MailPreferences()
# So many mails that came back for good within that time, and no more are sent.
_MOST_BOUNCES: Final = 3
_BOUNCES_COUNT_FOR: Final = timedelta(days=30)


class Role(StrEnum):
    """What a person is at this desk."""

    USER = "user"
    AGENT = "agent"
    ADMIN = "admin"


STAFF = frozenset({Role.AGENT, Role.ADMIN})


class Standing(StrEnum):
    """
    What is known of whose an account's e-mail address is.

    Given: it stood there before addresses were confirmed, was typed where no link can be mailed, or was entered by
    whoever looks after the desk. Unconfirmed: a person has typed it, and has not followed the link that was sent there.
    """

    GIVEN = "given"
    UNCONFIRMED = "unconfirmed"
    CONFIRMED = "confirmed"


@dataclass(frozen=True, slots=True)
class Actor:
    """
    Who acts, as the accounts service found them out of a live session, or the tokens service out of an API key.

    It is a statement about the moment it was made: services look the person up again before they do anything. By an API
    key of this id, they may do what its `scopes` take; None is all that their role may. `address` is from where they
    act, where the session does not tell; `source` is the way by which what they do comes in. `viewer` is the admin who
    views the desk as this person, and changes nothing.
    """

    username: str
    display_name: str
    role: Role
    session: str | None = None
    must_change_password: bool = False
    at_console: bool = False
    must_set_up_second_factor: bool = False
    key: str | None = None
    scopes: frozenset[Scope] | None = None
    address: str = ""
    source: Source = Source.UI
    viewer: str | None = None

    @property
    def signed_in_as(self) -> str:
        """The username of whoever has signed in: the person, or the admin who views the desk as them."""
        return self.viewer or self.username

    @property
    def is_half_in(self) -> bool:
        """Whether nothing is open to the person yet but to choose a password or to set up a second factor."""
        return self.must_change_password or self.must_set_up_second_factor

    @property
    def is_agent(self) -> bool:
        """Whether the person works the queue: agents and admins do."""
        return self.role in STAFF

    @classmethod
    def console(cls) -> Self:
        """Return the operator at the machine's command line, who owns the data anyway."""
        return cls("console", "Command line", Role.ADMIN, at_console=True)


class User(Stored):
    """
    An account. `id` is the canonical username; `password` a hash with its scheme's prefix, "" where there is none.

    `has_known_password`: the one-time password of the first launch, which everybody can read in the manual.
    `invented`: nobody's account, made for a demonstration; nothing a person can do changes that.
    `sign_in_version` rises whenever all sign-ins of the account end, so that one under way ends with them.
    `preferences`: what the person has chosen to see of the queue, where that is anything of their own.
    `mail`: how they want what kind of notice by mail, where they have chosen anything.
    `standing` says whose the address is, `bounced_at` when mails to it came back for good.
    `original`: what the original app's files say of the person, where it could not be told any more.
    `invited_at`: when somebody was invited who has not chosen a password yet; until then the account is not active.
    `dismissed`: the marks of banners that the person has put away.
    `brought_by`: the import that has made the account, which can take it away again.
    `second_factor`: what signing in takes beside the password; `proposed_factor` is one that was not turned on yet.
    """

    id: str
    display_name: str
    email: str | None = None
    role: Role = Role.USER
    password: str
    active: bool = True
    must_change_password: bool = False
    has_known_password: bool = False
    invented: bool = False
    sign_in_version: int = 0
    created_at: datetime
    password_changed_at: datetime
    last_sign_in_at: datetime | None = None
    preferences: QueuePreferences = Field(default_factory=QueuePreferences, exclude_if=_NO_PREFERENCES.__eq__)
    mail: MailPreferences = Field(default_factory=MailPreferences, exclude_if=_USUAL_MAIL.__eq__)
    standing: Standing = Field(default=Standing.GIVEN, exclude_if=Standing.GIVEN.__eq__)
    bounced_at: list[datetime] = Field(default_factory=list, exclude_if=not_)
    invited_at: datetime | None = Field(None, exclude_if=not_)
    dismissed: list[str] = Field(default_factory=list, exclude_if=not_)
    original: str | None = None
    brought_by: str | None = None
    second_factor: SecondFactor | None = None
    proposed_factor: ProposedFactor | None = None

    @property
    def username(self) -> str:
        """The name that signs in."""
        return self.id

    @property
    def has_password(self) -> bool:
        """Whether a password opens it; one that a provider's sign-in has made has none until one is chosen."""
        return bool(self.password)

    @property
    def comes_back(self) -> bool:
        """Whether mail to the address comes back: none is sent there any more."""
        return len(self.bounced_at) >= _MOST_BOUNCES

    @property
    def reachable_at(self) -> str | None:
        """The address to which the person is written; None without one, and where it is not known to be theirs."""
        return None if self.comes_back or self.standing is Standing.UNCONFIRMED else self.email

    def has_address(self, address: str) -> bool:
        """Whether this is the account's address, in whatever case it is written."""
        return bool(self.email) and (self.email or "").casefold() == address.casefold()

    def put_address(self, address: str | None, standing: Standing) -> None:
        """Take another address in the place of the present one."""
        self.email, self.standing, self.bounced_at = address, standing if address else Standing.GIVEN, []

    def note_bounce(self, now: datetime) -> None:
        """Note that a mail to the address came back for good."""
        self.bounced_at = [*(at for at in self.bounced_at if now - at < _BOUNCES_COUNT_FOR), now]

    def set_password(self, hashed: str, now: datetime, *, one_time: bool) -> None:
        """Take a new password in the place of the old one; a one-time password opens nothing but the choice of one."""
        self.password = hashed
        self.password_changed_at = now
        self.must_change_password = one_time
        self.has_known_password = False


class Person(Typed):
    """An account as agents see it: without any trace of its password."""

    username: str
    display_name: str
    email: str | None
    role: Role
    active: bool
    must_change_password: bool
    created_at: datetime
    last_sign_in_at: datetime | None
    has_second_factor: bool
    has_password: bool = True
    standing: Standing = Standing.GIVEN
    comes_back: bool = False
    invited_at: datetime | None = None

    @classmethod
    def of(cls, user: User) -> Self:
        """Return what may be shown of an account."""
        shown = user.model_dump(include=set(cls.model_fields) - {"username"})
        has_factor = user.second_factor is not None
        return cls(
            username=user.id,
            comes_back=user.comes_back,
            has_second_factor=has_factor,
            has_password=user.has_password,
            **shown,
        )


class Named(NamedTuple):
    """Where an account stands in a list by display name, whatever its case."""

    name: Asked
    username: Asked

    @classmethod
    def of(cls, person: Person) -> Self:
        """Return the place of an account."""
        return cls(person.display_name.casefold(), person.username)


class PeopleQuery(Query):
    """
    Which accounts to list, by display name; `text` matches username, display name and e-mail.

    With `after`, the page begins behind that place, whatever has come or gone before it.
    """

    after: Named | None = None
    text: str = Field("", max_length=SEARCH_LIMIT)
    roles: frozenset[Role] = frozenset()
    active: bool | None = None

    @property
    def needle(self) -> str:
        """The text as it is looked for."""
        return needle_of(self.text)


def username_key(typed: str) -> str:
    """
    Return the canonical form of a username: NFKC, casefolded, trimmed.

    Raises UsernameError unless it then is 3-32 characters of a-z, 0-9, dot, hyphen and underscore beginning with a
    letter or digit: letters of other scripts that merely look alike are refused by that.
    """
    if len(typed) > _USERNAME_INPUT_LIMIT:
        raise UsernameError
    key = unicodedata.normalize("NFKC", typed).casefold().strip()
    if not _USERNAME.fullmatch(key):
        raise UsernameError
    return key


def clean_display_name(typed: str) -> str:
    """Return a display name of one line without invisible characters, at most 80 characters."""
    return clean_name("Display name", typed)


def clean_email(typed: str) -> str | None:
    """Return a trimmed e-mail address, or None for a blank one; raises EmailError when it cannot be one."""
    if is_blank(typed):
        return None
    address = clean_line("E-mail", typed, EMAIL_LIMIT)
    if not _EMAIL.fullmatch(address) or not address.isprintable():
        raise EmailError
    return address
