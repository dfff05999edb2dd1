"""What the API says of itself: the description, its examples, and the page that is made of it."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from docs.write_api import FILE, reference
from tests.web.api.test_inputs import DOCUMENT
from ticketing.web.api.examples import BODIES


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return DOCUMENT


def operations(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [operation for path in document["paths"].values() for operation in path.values()]


def test_the_description_is_there_for_everybody(stranger: TestClient, document: dict[str, Any]) -> None:
    answer = stranger.get("/openapi.json")

    assert (answer.status_code, answer.json()) == (200, document)
    assert document["openapi"].startswith("3.1")
    assert document["servers"] == [{"url": "/api/v1"}]


def test_every_call_has_a_name_of_its_own_a_sentence_and_its_errors(document: dict[str, Any]) -> None:
    found = operations(document)

    assert len({operation["operationId"] for operation in found}) == len(found)
    for operation in found:
        assert operation["description"].endswith("."), operation["operationId"]
        assert {"4XX", "5XX"} <= set(operation["responses"]), operation["operationId"]


def test_every_call_that_takes_json_has_an_example_and_no_example_is_left_over(document: dict[str, Any]) -> None:
    bodies = {
        operation["operationId"]: operation["requestBody"]["content"]["application/json"]["example"]
        for operation in operations(document)
        if "application/json" in operation.get("requestBody", {}).get("content", {})
    }

    assert bodies == dict(BODIES)


def test_calls_without_a_token_are_few(document: dict[str, Any]) -> None:
    free = {operation["operationId"] for operation in operations(document) if not operation.get("security")}

    assert free == {
        "sign_in",
        "refresh_token",
        "revoke_token",
        "register",
        "forgot_password",
        "get_health",
        "get_front",
    }


def test_what_comes_in_has_no_room_for_more_than_is_described(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    taken = {name for operation in operations(document) for name in _named(operation.get("requestBody", {}))}
    while more := {name for one in taken for name in _named(schemas[one])} - taken:
        taken |= more

    open_ones = {
        name for name in taken if schemas[name]["type"] == "object" and schemas[name].get("additionalProperties", True)
    }
    assert open_ones == set()


def test_the_page_is_what_the_description_says(document: dict[str, Any]) -> None:
    assert FILE.read_text("utf-8") == reference(document), "Run python docs/write_api.py."


def _named(part: Any) -> set[str]:
    """Return the names of the shapes that a part of the description refers to."""
    if isinstance(part, dict):
        own = {part["$ref"].rpartition("/")[2]} if "$ref" in part else set()
        return own.union(*map(_named, part.values()))
    return set().union(*map(_named, part)) if isinstance(part, list) else set()
