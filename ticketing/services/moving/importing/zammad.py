"""
Tickets of Zammad, as its REST API gives them with `expand=true`, each with its `articles`.

    {"id": 1, "number": "22001", "title": "…", "group": "Users", "state": "open", "priority": "2 normal",
     "customer": "nicole@example.org", "owner": "ada@example.org", "created_at": "…", "updated_at": "…",
     "close_at": null, "tags": ["printer"],
     "articles": [{"sender": "Customer", "type": "email", "internal": false, "from": "Nicole <nicole@example.org>",
                   "content_type": "text/html", "body": "…", "created_by": "nicole@example.org", "created_at": "…",
                   "attachments": [{"filename": "log.txt", "data": "aGk="}]}]}

Source: docs.zammad.org, REST API, “Ticket” and “Articles”. `data` of attachments is what the API takes for new ones.
"""

import base64
import binascii
from collections.abc import Callable, Iterator
from email.utils import parseaddr
from typing import Any, BinaryIO

from ticketing.domain.imports import (
    Brought,
    BroughtFile,
    BroughtMessage,
    BroughtPerson,
    BroughtTicket,
    Problem,
)
from ticketing.domain.tickets import MessageKind
from ticketing.services.moving.importing.json_files import documents
from ticketing.services.moving.importing.moments import Moments
from ticketing.services.moving.importing.shapes import objects, text, word, words

_NOBODY = BroughtPerson()


def read_zammad(file: BinaryIO, moments: Moments, as_text: Callable[[str], str]) -> Iterator[Brought]:
    """Yield the tickets of a file; *as_text* is what can be read of a page of HTML."""
    for number, document in documents(file):
        yield _ticket(f"Entry {number}", document, moments, as_text)


def _ticket(place: str, document: dict[str, Any], moments: Moments, as_text: Callable[[str], str]) -> Brought:
    key, opened_at = word(document, "number", "id"), moments.read(document.get("created_at"))
    if not key:
        return Problem(place=place, says="it has no “number”.")
    if opened_at is None:
        return Problem(place=place, says="its “created_at” is no time, or one that cannot be.")
    articles = objects(document, "articles")
    messages = tuple(_message(article, opened_at, moments, as_text) for article in articles)
    owner = _person(word(document, "owner"), is_agent=True)
    return BroughtTicket(
        place=place,
        external_id=key[:200],
        title=text(document, "title"),
        requester=_requester(document, messages),
        status=word(document, "state"),
        priority=word(document, "priority"),
        category=word(document, "group"),
        tags=words(document, "tags"),
        assignee=owner if owner.email else None,
        opened_at=opened_at,
        updated_at=moments.read(document.get("updated_at")),
        closed_at=moments.read(document.get("close_at")),
        messages=messages,
    )


def _requester(document: dict[str, Any], messages: tuple[BroughtMessage, ...]) -> BroughtPerson:
    """Return the customer, whose name stands in what they wrote."""
    customer = _person(word(document, "customer"))
    theirs = (one.author for one in messages if not one.author.is_agent)
    return next((one for one in theirs if one.key == customer.key or not customer.key), customer)


def _message(
    article: dict[str, Any], opened_at: Any, moments: Moments, as_text: Callable[[str], str]
) -> BroughtMessage:
    is_agent = word(article, "sender").casefold() != "customer"
    told = _person(word(article, "from"), is_agent=is_agent)
    maker = _person(word(article, "created_by"), is_agent=is_agent)
    # An agent writes in the name of a group, "Ada via Users <desk@example.org>"; what customers mailed anybody enters.
    author = BroughtPerson(name=told.name, email=maker.email, is_agent=True) if is_agent else told
    body = text(article, "body")
    return BroughtMessage(
        author=author if author.key else maker,
        text=as_text(body) if word(article, "content_type").casefold().startswith("text/html") else body,
        at=moments.read(article.get("created_at")) or opened_at,
        kind=MessageKind.NOTE if article.get("internal") is True else MessageKind.REPLY,
        files=tuple(_file(one) for one in objects(article, "attachments")),
    )


def _file(attachment: dict[str, Any]) -> BroughtFile:
    data = text(attachment, "data")
    try:
        content = base64.b64decode(data, validate=True) if data else None
    except (binascii.Error, ValueError):
        content = None
    return BroughtFile(name=text(attachment, "filename")[:1000], content=content)


def _person(told: str, *, is_agent: bool = False) -> BroughtPerson:
    """Return whom “Nicole Braun <nicole@example.org>”, an address or a name means; “-” is nobody."""
    if told in {"", "-"}:
        return _NOBODY.model_copy(update={"is_agent": is_agent})
    name, address = parseaddr(told)
    if "@" in address:
        return BroughtPerson(name=name, email=address, is_agent=is_agent)
    return BroughtPerson(name=told, is_agent=is_agent)
