"""
The original app's two files, read and put into words of this desk.

    users.json     {"user1": {"password": "in plain text", "role": "user" or "support"}}
    tickets.json   {"user1": [{"ticket_id": "abc123", "title": "…", "status": "open" or "closed",
                               "comments": [{"by": "user1", "text": "…"}]}]}

There are no times in them: the file's own stands for all. What this desk could not have written itself is kept as far
as can be, and each change is told in a warning.
"""

import hashlib
import json
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from ticketing.domain.errors import ImportRefusedError, UsernameError
from ticketing.domain.people import Role, username_key
from ticketing.domain.text import TEXT_LIMIT, TITLE_LIMIT, is_blank, printable
from ticketing.domain.tickets import SYSTEM

USERS_FILE: Final = "users.json"
TICKETS_FILE: Final = "tickets.json"
OWN_FILE_START: Final = b'{"format":'
NO_TITLE: Final = "(no title)"
NO_TEXT: Final = "(no text)"
NO_DESCRIPTION: Final = "(Imported without a text of its requester.)"

_ROLES: Final = {"user": Role.USER, "support": Role.AGENT}
_STATUSES: Final = {"open": False, "closed": True}
_TAKEN_BY_THE_DESK: Final = {SYSTEM, "console"}
_LONGEST_NAME: Final = 32
_SHORTEST_NAME: Final = 3


@dataclass(frozen=True, slots=True)
class SeedUser:
    """An account of the original app; the password is None if it had none to sign in with."""

    username: str
    original_name: str
    role: Role
    password: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class SeedTicket:
    """A ticket of the original app; the first message describes it. `original` is what the file says, under `owner`."""

    external_id: str
    owner: str
    requester: str
    title: str
    original_title: str
    is_closed: bool
    messages: tuple[tuple[str, str], ...]
    original: dict[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Seed:
    """
    All that both files hold. `strangers` are written of in tickets and have no account.

    `empty_lists`: by username, the names under which tickets.json has a list without tickets.
    """

    folder: Path
    users: tuple[SeedUser, ...]
    tickets: tuple[SeedTicket, ...]
    strangers: tuple[SeedUser, ...]
    empty_lists: Mapping[str, list[str]]
    users_at: datetime
    tickets_at: datetime
    warnings: tuple[str, ...]


def read_seed(folder: Path) -> Seed:
    """Read what there is of the two files; raises ImportRefusedError naming file and place."""
    users_path, tickets_path = folder / USERS_FILE, folder / TICKETS_FILE
    users_text, tickets_text = _content(users_path), _content(tickets_path)
    if users_text is None and tickets_text is None:
        raise ImportRefusedError(f"There is no {USERS_FILE} and no {TICKETS_FILE} of the original app in “{folder}”.")
    names = _Names()
    users = _Users(names).read(_parsed(USERS_FILE, users_text))
    reader = _Tickets(names)
    tickets = reader.read(_parsed(TICKETS_FILE, tickets_text))
    return Seed(
        folder=folder,
        users=tuple(users),
        tickets=tuple(tickets),
        strangers=tuple(names.strangers()),
        empty_lists=reader.empty_lists,
        users_at=_modified(users_path),
        tickets_at=_modified(tickets_path),
        warnings=tuple(dict.fromkeys([*names.warnings, *reader.warnings])),
    )


def map_username(original: str) -> str:
    """
    Return the username for a name of the original app, which took any text; the same name always gives the same one.

    Letters that no username can hold are replaced by a mark of the whole name, so that two such names stay two.
    """
    try:
        key = username_key(original)
    except UsernameError:
        key = _similar_username(original)
    return f"{key}-user" if key in _TAKEN_BY_THE_DESK else key


def _similar_username(original: str) -> str:
    bare = "".join(
        char for char in unicodedata.normalize("NFKD", original).casefold() if not unicodedata.combining(char)
    )
    plain = re.sub(r"[^a-z0-9._-]+", "-", bare).strip("-._")
    is_told_apart = len(plain) <= _LONGEST_NAME and not any(char.isalnum() and not char.isascii() for char in bare)
    if not is_told_apart or not plain:
        mark = hashlib.sha256(original.encode("utf-8", "surrogatepass")).hexdigest()[:8]
        plain = f"{plain[: _LONGEST_NAME - 9].strip('-._') or 'user'}-{mark}"
    return plain if len(plain) >= _SHORTEST_NAME else f"{plain}-user"


class _Names:
    """Who is meant by a name in the files: the account of that name, or somebody without one."""

    def __init__(self) -> None:
        self.warnings: list[str] = []
        self._users: dict[str, str] = {}
        self._strangers: dict[str, str] = {}

    def add(self, original: str) -> str:
        """Return the username for an account; refuses two accounts that would be one."""
        key = map_username(original)
        if key in self._users:
            raise ImportRefusedError(
                f"{USERS_FILE}: “{_shown(self._users[key])}” and “{_shown(original)}” would be the same account "
                f"“{key}” here. Rename one of them in both files."
            )
        self._users[key] = original
        if key != original:
            self.warnings.append(f"“{_shown(original)}” will sign in as “{key}”.")
        return key

    def of_ticket(self, original: str) -> str:
        """Return the username for somebody whom a ticket names."""
        key = map_username(original)
        if key in self._users:
            if self._users[key] != original:
                self.warnings.append(f"“{_shown(original)}” in {TICKETS_FILE} is taken to be “{key}”.")
        elif key not in self._strangers:
            self._strangers[key] = original
            self.warnings.append(
                f"“{_shown(original)}” is named in {TICKETS_FILE} and not in {USERS_FILE}: "
                f"becomes the deactivated account “{key}”."
            )
        return key

    def strangers(self) -> Iterable[SeedUser]:
        """Return those without an account, who get one that nobody can sign in with."""
        return (SeedUser(key, original, Role.USER, None) for key, original in self._strangers.items())


class _Users:
    """Reads users.json."""

    def __init__(self, names: _Names) -> None:
        self._names = names

    def read(self, content: dict[str, Any]) -> list[SeedUser]:
        """Return the accounts, in the file's order."""
        return [self._user(original, account) for original, account in content.items()]

    def _user(self, original: str, account: object) -> SeedUser:
        place = f"{USERS_FILE}, account “{_shown(original)}”"
        fields = _fields(place, account, {"password": str, "role": str})
        password, role = fields["password"], fields["role"]
        if role not in _ROLES:
            raise ImportRefusedError(f"{place}: the role is “{_shown(role)}”, not user or support.")
        key = self._names.add(original)
        if not password:
            self._names.warnings.append(f"“{key}” has no password: reset it to let them in.")
        return SeedUser(key, original, _ROLES[role], password or None)


class _Tickets:
    """Reads tickets.json."""

    def __init__(self, names: _Names) -> None:
        self._names = names
        self.warnings: list[str] = []
        self.empty_lists: defaultdict[str, list[str]] = defaultdict(list)

    def read(self, content: dict[str, Any]) -> list[SeedTicket]:
        """Return the tickets, requester by requester, in the file's order."""
        found = []
        for original, tickets in content.items():
            owner = f"{TICKETS_FILE}, tickets of “{_shown(original)}”"
            if not isinstance(tickets, list):
                raise ImportRefusedError(f"{owner}: this is not a list.")
            if not tickets:
                self.empty_lists[self._names.of_ticket(original)].append(original)
            found += [
                self._ticket(original, ticket, f"{owner}, number {place}")
                for place, ticket in enumerate(tickets, start=1)
            ]
        twice = [f"“{_shown(key)}”" for key, count in Counter(each.external_id for each in found).items() if count > 1]
        if twice:
            self.warnings.append(f"Ticket ids that occur more than once, all kept: {', '.join(twice[:10])}.")
        return found

    def _ticket(self, owner: str, ticket: object, place: str) -> SeedTicket:
        kinds = {"ticket_id": str, "title": str, "status": str, "comments": list}
        fields = _fields(place, ticket, kinds)
        if fields["status"] not in _STATUSES:
            raise ImportRefusedError(f"{place}: the status is “{_shown(fields['status'])}”, not open or closed.")
        requester = self._names.of_ticket(owner)
        comments = [self._comment(one, f"{place}, comment {at}") for at, one in enumerate(fields["comments"], start=1)]
        described_at = next((at for at, (author, _) in enumerate(comments) if author == requester), -1)
        description = comments.pop(described_at) if described_at >= 0 else (requester, NO_DESCRIPTION)
        messages = [part for message in (description, *comments) for part in self._parts(message, place)]
        original_title = self._kept(fields["title"], place)
        return SeedTicket(
            external_id=self._kept(fields["ticket_id"], place),
            owner=owner,
            requester=requester,
            title=self._title(original_title, place),
            original_title=original_title,
            is_closed=_STATUSES[fields["status"]],
            messages=tuple(messages),
            original=fields,
        )

    def _comment(self, comment: object, place: str) -> tuple[str, str]:
        fields = _fields(place, comment, {"by": str, "text": str})
        text = self._kept(fields["text"], place)
        if is_blank(text):
            self.warnings.append(f"{place}: the text is empty, and becomes “{NO_TEXT}”.")
            text = NO_TEXT
        return self._names.of_ticket(fields["by"]), text

    def _title(self, original: str, place: str) -> str:
        if is_blank(original):
            self.warnings.append(f"{place}: the title is empty, and becomes “{NO_TITLE}”.")
            return NO_TITLE
        title = (
            " ".join(original.split()) if re.search(r"[\t\n\v\f\r\x1c-\x1e\x85\u2028\u2029]", original) else original
        )
        if title != original:
            self.warnings.append(f"{place}: the title becomes one line; the history has it as it was.")
        if len(title) > TITLE_LIMIT:
            self.warnings.append(
                f"{place}: the title has {len(title):,} characters and is cut to {TITLE_LIMIT}; "
                "the history has it whole."
            )
            title = title[: TITLE_LIMIT - 1] + "…"
        return title

    def _parts(self, message: tuple[str, str], place: str) -> list[tuple[str, str]]:
        """Split a text that is longer than one message may be."""
        author, text = message
        if len(text) <= TEXT_LIMIT:
            return [message]
        parts = [(author, text[start : start + TEXT_LIMIT]) for start in range(0, len(text), TEXT_LIMIT)]
        self.warnings.append(f"{place}: a text of {len(text):,} characters becomes {len(parts)} messages.")
        return [(author, NO_TEXT if is_blank(part) else part) for author, part in parts]

    def _kept(self, text: str, place: str) -> str:
        kept = printable(text)
        if kept != text:
            self.warnings.append(f"{place}: unprintable characters become �.")
        return kept


def _content(path: Path) -> bytes | None:
    """Read a file of the original app; None if there is none, or if it is this desk's own of the same name."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ImportRefusedError(f"{path.name} cannot be read: {error.strerror}.") from error
    return None if content.startswith(OWN_FILE_START) else content


def _parsed(name: str, content: bytes | None) -> dict[str, Any]:
    if content is None:
        return {}
    try:
        parsed = json.loads(content.decode("utf-8-sig"), object_pairs_hook=_without_repetition(name))
    except UnicodeDecodeError as error:
        raise ImportRefusedError(f"{name}, byte {error.start}: this is not UTF-8.") from error
    except json.JSONDecodeError as error:
        raise ImportRefusedError(f"{name}, line {error.lineno}, column {error.colno}: {error.msg}.") from error
    except (ValueError, RecursionError) as error:
        raise ImportRefusedError(f"{name} cannot be read: it holds what no such file needs.") from error
    if not isinstance(parsed, dict):
        raise ImportRefusedError(f"{name} should be an object by username.")
    return parsed


def _without_repetition(name: str) -> Callable[[list[tuple[str, Any]]], dict[str, Any]]:
    def as_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            twice = next(key for key, count in Counter(key for key, _ in pairs).items() if count > 1)
            raise ImportRefusedError(
                f"{name}: “{_shown(twice)}” occurs twice in one object, and only one could be kept."
            )
        return found

    return as_object


def _fields(place: str, found: object, kinds: Mapping[str, type]) -> dict[str, Any]:
    if not isinstance(found, dict):
        raise ImportRefusedError(f"{place}: this is not an object.")
    for name, kind in kinds.items():
        if not isinstance(found.get(name), kind):
            problem = "is not what it should be" if name in found else "is missing"
            raise ImportRefusedError(f"{place}: “{name}” {problem}.")
    return found


def _modified(path: Path) -> datetime:
    """Return the time of the file; only one of the two may be there."""
    known = path if path.exists() else path.parent
    return datetime.fromtimestamp(known.stat().st_mtime, UTC)


def _shown(text: str) -> str:
    return printable(text)[:80]
