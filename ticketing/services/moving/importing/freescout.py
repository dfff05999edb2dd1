"""
Conversations of FreeScout, as its API gives them with `embed=threads,tags`: answers of it, or conversations alone.

    {"_embedded": {"conversations": [
        {"id": 1, "number": 3, "status": "closed", "state": "published", "subject": "…", "mailboxId": 15,
         "customer": {"firstName": "Rodney", "lastName": "Robertson", "email": "rodney@example.org"},
         "assignee": {"firstName": "Ada", "email": "ada@example.org"}, "createdAt": "…", "updatedAt": "…",
         "closedAt": null, "_embedded": {"tags": [{"name": "vip"}],
                       "threads": [{"type": "customer", "state": "published", "body": "<p>…</p>", "createdAt": "…",
                                    "createdBy": {"type": "customer", "email": "rodney@example.org"},
                                    "_embedded": {"attachments": [{"fileName": "a.png"}]}}]}}]}}

Source: api-docs.freescout.net, “Conversations”. Attached files are addresses there, so only their names come.
"""

from collections.abc import Callable, Iterator
from typing import Any, BinaryIO, Final

from ticketing.domain.imports import Brought, BroughtFile, BroughtMessage, BroughtPerson, BroughtTicket, Problem
from ticketing.domain.tickets import MessageKind
from ticketing.services.moving.importing.json_files import documents
from ticketing.services.moving.importing.moments import Moments
from ticketing.services.moving.importing.shapes import inner, objects, text, word, words

# A "lineitem" tells of a change, a draft was never sent.
_KINDS: Final = {"customer": MessageKind.REPLY, "message": MessageKind.REPLY, "note": MessageKind.NOTE}
_PUBLISHED: Final = {"", "published"}


def read_freescout(file: BinaryIO, moments: Moments, as_text: Callable[[str], str]) -> Iterator[Brought]:
    """Yield the conversations of a file; *as_text* is what can be read of a page of HTML."""
    for number, document in documents(file):
        conversations = objects(inner(document, "_embedded"), "conversations")
        if not conversations:
            yield _ticket(f"Entry {number}", document, moments, as_text)
        for place, conversation in enumerate(conversations, start=1):
            yield _ticket(f"Entry {number}, conversation {place}", conversation, moments, as_text)


def _ticket(place: str, document: dict[str, Any], moments: Moments, as_text: Callable[[str], str]) -> Brought:
    key, opened_at = word(document, "number", "id"), moments.read(document.get("createdAt"))
    if not key:
        return Problem(place=place, says="it has no “number”.")
    if opened_at is None:
        return Problem(place=place, says="its “createdAt” is no time, or one that cannot be.")
    if word(document, "state") not in _PUBLISHED:
        return Problem(place=place, says="it is a draft, or was deleted.")
    embedded, status = inner(document, "_embedded"), word(document, "status")
    threads = objects(embedded, "threads") or objects(document, "threads")
    said = (one for one in threads if word(one, "type") in _KINDS and word(one, "state") in _PUBLISHED)
    messages = tuple(_message(one, opened_at, moments, as_text) for one in said)
    assignee = _person(inner(document, "assignee"), is_agent=True)
    tags = words(embedded, "tags") or words(document, "tags")
    return BroughtTicket(
        place=place,
        external_id=key[:200],
        title=text(document, "subject"),
        requester=_person(inner(document, "customer")),
        status=status,
        category=word(document, "mailbox"),
        tags=(*tags, "spam") if status == "spam" else tags,
        assignee=assignee if assignee.email else None,
        opened_at=opened_at,
        updated_at=moments.read(document.get("userUpdatedAt")) or moments.read(document.get("updatedAt")),
        closed_at=moments.read(document.get("closedAt")),
        messages=messages,
    )


def _message(thread: dict[str, Any], opened_at: Any, moments: Moments, as_text: Callable[[str], str]) -> BroughtMessage:
    kind, maker = word(thread, "type"), inner(thread, "createdBy")
    is_agent = kind != "customer" or word(maker, "type") == "user"
    author = _person(maker if is_agent else inner(thread, "customer") or maker, is_agent=is_agent)
    attachments = objects(inner(thread, "_embedded"), "attachments")
    return BroughtMessage(
        author=author,
        text=as_text(text(thread, "body")),
        at=moments.read(thread.get("createdAt")) or opened_at,
        kind=_KINDS[kind],
        files=tuple(BroughtFile(name=text(one, "fileName")[:1000]) for one in attachments),
    )


def _person(document: dict[str, Any], *, is_agent: bool = False) -> BroughtPerson:
    name = f"{word(document, 'firstName')} {word(document, 'lastName')}".strip()
    return BroughtPerson(name=name, email=word(document, "email"), is_agent=is_agent)
