"""
Settings files: all that is set up for a desk and shared, to be read, kept, and taken to another desk.

    {"format": "ticketing-settings", "version": 1,
     "settings": {"teams": [{"id": "first-line", "name": "First line", "members": ["ada"], …}, …], …}}

Agents' own things, articles and histories stay out, and what was removed as well, unless something names it. A file is
believed only as a whole. What an import comes to is known before anything is done, and it never takes anything away.
"""

import json
import re
from codecs import BOM_UTF8
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import from_json, to_json

from ticketing.domain.categories import Category
from ticketing.domain.definitions import NO_SETTINGS, Definition
from ticketing.domain.errors import ImportRefusedError, InvalidInputError, TicketingError, quoted
from ticketing.domain.kinds import KINDS

FORMAT: Final = "ticketing-settings"
VERSION: Final = 1
SIZE_LIMIT: Final = 5 << 20  # bytes
ENTRIES_LIMIT: Final = 2_000
SETTINGS: Final[Mapping[str, type[Definition]]] = {name: kind for name, kind in KINDS.items() if kind.is_settings}

_ID: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,79}")
_QUOTED: Final = 60

# What a desk has of each kind, by id; whosever it is, and what was removed as well.
Here = Mapping[str, Mapping[str, Definition]]


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing in a file, and its place there in words."""

    place: str
    wanted: Definition

    @property
    def key(self) -> tuple[str, str]:
        """Kind and id."""
        return self.wanted.kind, self.wanted.id


@dataclass(frozen=True, slots=True)
class Step:
    """What becomes of one thing: *before* is what the desk has of it."""

    before: Definition | None
    wanted: Definition

    @property
    def changes(self) -> list[tuple[str, Any, Any]]:
        """Each field that an import changes, old → new."""
        return self.wanted.changes_since(self.before) if self.before else []


@dataclass(frozen=True, slots=True)
class Plan:
    """
    What an import comes to; `warnings` are sentences about what is left out.

    `seen` is what it was reckoned by: the ids and versions of all that the desk shared.
    """

    added: tuple[Step, ...]
    changed: tuple[Step, ...]
    unchanged: tuple[Step, ...]
    warnings: tuple[str, ...]
    seen: frozenset[tuple[str, str, int]]


def written(here: Here) -> str:
    """Return the file of what a desk has; the same settings are the same text."""
    kept = (one for one in _shared(here) if one.version)  # what a desk begins with, each has
    shared = {(one.kind, one.id): one for one in kept}
    chosen = {key for key, one in shared.items() if not one.removed}
    while named := {key for each in chosen for key in shared[each].references() if key in shared} - chosen:
        chosen |= named
    taken = [one for key, one in shared.items() if key in chosen]
    settings = {kind: [one.as_settings() for one in taken if one.kind == kind] for kind in SETTINGS}
    whole = {"format": FORMAT, "version": VERSION, "settings": settings}
    return json.dumps(whole, ensure_ascii=False, indent=2) + "\n"


def read(raw: bytes) -> list[Entry]:
    """Return what a file holds, each thing as it may be kept; raises ImportRefusedError, which says where and why."""
    entries = list(_entries(_settings_in(raw)))
    if len(entries) > ENTRIES_LIMIT:
        raise ImportRefusedError(f"The file has {len(entries):,} entries; at most {ENTRIES_LIMIT:,} are taken at once.")
    found: set[tuple[str, str]] = set()
    for entry in entries:
        if entry.key in found:
            raise ImportRefusedError(f"{entry.place}: the id “{entry.wanted.id}” is there twice.")
        found.add(entry.key)
    return entries


def plan(entries: Sequence[Entry], here: Here, accounts: frozenset[str]) -> Plan:
    """
    Return what it comes to when these entries are brought into a desk that has such accounts.

    Raises ImportRefusedError where one cannot stand beside the others, or names what is neither in the file nor here.
    """
    steps, warnings = [], []
    for entry in entries:
        step, missing = _step(entry, here, accounts)
        warnings += missing
        if step:
            steps.append((entry, step))
    _require_whole([(entry, step.wanted) for entry, step in steps], here)
    return Plan(
        added=tuple(step for _, step in steps if step.before is None),
        changed=tuple(step for _, step in steps if step.changes),
        unchanged=tuple(step for _, step in steps if step.before and not step.changes),
        warnings=tuple(warnings),
        seen=seen(here),
    )


def seen(here: Here) -> frozenset[tuple[str, str, int]]:
    """Return by what one tells whether somebody has changed what a desk shares."""
    return frozenset((one.kind, one.id, one.version) for one in _shared(here))


def _shared(here: Here) -> Iterator[Definition]:
    return (one for kind in SETTINGS for one in here.get(kind, {}).values() if one.owner is None)


def _settings_in(raw: bytes) -> Mapping[str, Any]:
    if len(raw) > SIZE_LIMIT:
        raise ImportRefusedError(f"The file is larger than {SIZE_LIMIT >> 20} MB, and no settings file is.")
    try:
        whole = from_json(raw.removeprefix(BOM_UTF8), allow_inf_nan=False)
    except ValueError as error:
        raise ImportRefusedError(f"The file is no JSON, or was cut off: {error}.") from error
    if not isinstance(whole, dict) or whole.get("format") != FORMAT:
        raise ImportRefusedError(f"This is no settings file of a desk: it does not say “format”: “{FORMAT}”.")
    version = whole.get("version")
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise ImportRefusedError("The “version” of the file is no number.")
    if version > VERSION:
        raise ImportRefusedError(
            f"The file has version {version} of a newer desk; this one reads up to {VERSION}. Please update the desk."
        )
    settings = whole.get("settings")
    if not isinstance(settings, dict):
        raise ImportRefusedError("The “settings” of the file are no object.")
    return settings


def _entries(settings: Mapping[str, Any]) -> Iterator[Entry]:
    for name, documents in settings.items():
        if name not in SETTINGS:
            raise ImportRefusedError(f"“{_said(name)}” in “settings” is nothing that this desk can set up.")
        if not isinstance(documents, list):
            raise ImportRefusedError(f"“{name}” in “settings” is no list.")
        for number, document in enumerate(documents, start=1):
            yield _read(SETTINGS[name], document, f"Entry {number} of “{name}”")


def _read(kind: type[Definition], document: Any, place: str) -> Entry:
    if not isinstance(document, dict):
        raise ImportRefusedError(f"{place} is no object.")
    if isinstance(name := document.get("name"), str):
        place += f", “{_said(name)}”"
    for field in document.keys() & (NO_SETTINGS | kind.apart):
        raise ImportRefusedError(f"{place}: there is no field “{field}” in settings files.")
    try:
        definition = kind.model_validate_json(to_json(document), extra="forbid").checked()
    except ValidationError as error:
        raise ImportRefusedError(f"{place}: {_problem(error)}") from error
    except TicketingError as error:
        raise ImportRefusedError(f"{place}: {error}") from error
    if not _ID.fullmatch(definition.id):
        raise ImportRefusedError(f"{place}: an “id” is 1 to 80 of the characters a-z, 0-9, hyphen and underscore.")
    return Entry(place, definition)


def _problem(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    where = ".".join(map(str, first["loc"]))
    if first["type"] == "extra_forbidden":
        return f"there is no field “{_said(where)}” in settings files."
    return f"“{_said(where)}” cannot be taken. {first['msg']}."


def _step(entry: Entry, here: Here, accounts: frozenset[str]) -> tuple[Step | None, list[str]]:
    """Return what becomes of an entry, and a warning for each person who is kept out; None if nothing is left of it."""
    wanted, before = entry.wanted, here.get(entry.wanted.kind, {}).get(entry.wanted.id)
    if before is not None and before.owner is not None:
        raise ImportRefusedError(f"{entry.place}: the id “{wanted.id}” is taken at this desk.")
    if before is not None and wanted.removed:
        return Step(before, before), []
    strangers = sorted(wanted.people() - accounts)
    warnings = [f"{entry.place}: “{_said(name)}” has no account at this desk, and is left out." for name in strangers]
    try:
        return Step(before, wanted.without(frozenset(strangers)).checked().brought_in(before)), warnings
    except InvalidInputError:
        return None, [*warnings, f"{entry.place} is left out: without its people nothing remains of it."]


def _require_whole(wanted: Sequence[tuple[Entry, Definition]], here: Here) -> None:
    """Raise ImportRefusedError unless all of it can stand together with what is here."""
    whole = {kind: dict(here.get(kind, {})) for kind in SETTINGS}
    for _, one in wanted:
        whole[one.kind][one.id] = one
    shared = {(one.kind, one.id) for one in _shared(whole)}
    for entry, one in wanted:
        for kind, key in sorted(one.references()):
            if (kind, key) not in shared:
                raise ImportRefusedError(
                    f"{entry.place}: it names “{_said(key)}” of “{kind}”, which is neither in the file nor here."
                )
        if one.removed:
            continue
        _require_fit(entry, one, whole)


def _require_fit(entry: Entry, one: Definition, whole: Here) -> None:
    others = [other for key, other in whole[one.kind].items() if key != one.id and not other.removed]
    categories = [each for each in whole[Category.kind].values() if isinstance(each, Category)]
    try:
        one.require_understood(categories)
        one.require_room(others)
    except TicketingError as error:
        raise ImportRefusedError(f"{entry.place}: {error}") from error


def _said(typed: str) -> str:
    return quoted(typed, _QUOTED)
