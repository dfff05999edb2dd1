"""
Every call that takes a body is sent wrong ones, made of its description and its example.

Wrong in type, missing, too many, huge, deep, of another kind: each is refused in the one form, and nothing is kept.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.web.api.test_bounds import problem
from ticketing.desk import Desk
from ticketing.domain.audit import AuditQuery
from ticketing.domain.kinds import KINDS
from ticketing.domain.people import Actor, PeopleQuery
from ticketing.domain.queries import TicketQuery
from ticketing.web.api.app import described, make_api

DOCUMENT = described(make_api())
PLACES = {
    "number": "1",
    "username": "carla",
    "key": "general",
    "field": "reply",
    "mark": "0" * 16,
    "relation": "related",
    "other": "2",
    "notice": "none",
}
CALLS = {
    operation["operationId"]: (method.upper(), re.sub(r"{(\w+)}", lambda found: PLACES[found[1]], path), operation)
    for path, operations in DOCUMENT["paths"].items()
    for method, operation in operations.items()
    if "application/json" in operation.get("requestBody", {}).get("content", {})
}
KNOWN = {"if-match": '"1"'}
NO_BODIES = [
    (b"null", "application/json", {422}),
    (b"5", "application/json", {422}),
    (b'"text"', "application/json", {422}),
    (b"[]", "application/json", {422}),
    (b"", "application/json", {422}),
    (b'{"a": NaN}', "application/json", {400}),
    (b'{"a": ', "application/json", {400}),
    (b'{"a":' * 5_000 + b"1" + b"}" * 5_000, "application/json", {400}),
    (b" " * (2 << 20), "application/json", {413}),
    (b"{}", "text/plain", {415}),
    (b"a=1", "application/x-www-form-urlencoded", {415}),
]
NEVER = {"nested": [{"deep": [None]}]}


def kept(desk: Desk) -> tuple[Any, ...]:
    """Return what the desk keeps of all that a call can change."""
    console = Actor.console()
    with desk.store.read() as tx:
        tickets = [tx.tickets.find(line.number) for line in desk.tickets.search(console, TicketQuery()).items]
        setup = [tx.definitions(kind).all() for kind in KINDS.values()]
        log = next(iter(tx.audit.search(AuditQuery())), None)
    return tickets, setup, desk.agents.people(console, PeopleQuery()).items, log


def wrong(schema: dict[str, Any], example: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield bodies that are nearly the example, each wrong in one way, and in which."""
    yield "a field more", example | {"not_known": 1}
    for field in schema.get("required", ()):
        yield f"without {field}", {name: value for name, value in example.items() if name != field}
    for field in schema["properties"]:
        yield f"{field} of another type", example | {field: NEVER}
        yield f"{field} as a fraction", example | {field: 0.5}
        if isinstance(example.get(field), str):
            yield f"{field} as a number", example | {field: 5}
            yield f"{field} huge", example | {field: "x" * 200_000}
            yield f"{field} with half a letter", example | {field: "\ud800"}


@pytest.mark.parametrize("name", CALLS)
def test_what_a_call_does_not_take_is_refused_and_nothing_is_kept(
    desk: Desk, root: TestClient, ticket: int, name: str
) -> None:
    method, path, operation = CALLS[name]
    content = operation["requestBody"]["content"]["application/json"]
    schema = content["schema"]
    if "$ref" in schema:
        schema = DOCUMENT["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    before = kept(desk)
    assert ticket == 1

    for raw, kind, statuses in NO_BODIES:
        answer = root.request(method, path, content=raw, headers=KNOWN | {"content-type": kind})
        assert answer.status_code in statuses, (raw[:20], kind, answer.text)
        problem(answer)
    for way, body in wrong(schema, content["example"]) if "properties" in schema else ():
        answer = root.request(
            method, path, content=json.dumps(body).encode(), headers=KNOWN | {"content-type": "application/json"}
        )
        assert answer.status_code == (400 if "half" in way else 422), (way, answer.status_code, answer.text)
        problem(answer)

    assert kept(desk) == before
