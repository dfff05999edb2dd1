"""
Writes `docs/api.md` out of what the API says of itself: `python docs/write_api.py`.

A test holds the file against this, so it is written anew whenever a call changes.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
FILE = ROOT / "docs/api.md"


def reference(document: dict[str, Any]) -> str:
    """Return the reference of the API that a description is of, as Markdown."""
    return "\n".join([*_beginning(document), *_calls(document), *_shapes(document)]).rstrip() + "\n"


def _beginning(document: dict[str, Any]) -> Iterator[str]:
    yield from ["# The API", "", document["info"]["description"].strip(), ""]
    yield from [
        "All addresses stand below `/api/v1`. The same as OpenAPI 3.1 is at `/api/v1/openapi.json`; this page is made",
        "of that. The query language of `q` is in [`queries.md`](queries.md).",
        "",
    ]


def _calls(document: dict[str, Any]) -> Iterator[str]:
    tags: dict[str, list[list[str]]] = {}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            tags.setdefault(operation["tags"][0], []).append(list(_call(path, method, operation)))
    for tag, calls in tags.items():
        yield from [f"## {tag.capitalize()}", ""]
        for call in calls:
            yield from call


def _call(path: str, method: str, operation: dict[str, Any]) -> Iterator[str]:
    yield from [f"### `{method.upper()} {path}`", "", operation["description"], ""]
    if not operation.get("security"):
        yield from ["For everybody, without a token.", ""]
    parameters = [_parameter(one) for one in operation.get("parameters", ()) if one["in"] != "path"]
    if parameters:
        yield from [*parameters, ""]
    for kind, content in operation.get("requestBody", {}).get("content", {}).items():
        named = _type(content["schema"])
        yield from [f"Body, `{kind}`: {named}" if named != "object" else f"Body, `{kind}`", ""]
        if fields := content["schema"].get("properties"):
            yield from [*_fields(content["schema"], fields), ""]
        if "example" in content:
            yield from ["```json", json.dumps(content["example"], ensure_ascii=False), "```", ""]
    yield from [f"Answer: {_answer(operation['responses'])}", ""]


def _parameter(one: dict[str, Any]) -> str:
    about = one.get("description", "").strip()
    must = ", required" if one.get("required") else ""
    place = "header " if one["in"] == "header" else ""
    return f"- {place}`{one['name']}` ({_type(one['schema'])}{must}){': ' + about if about else ''}"


def _fields(form: dict[str, Any], fields: dict[str, Any]) -> Iterator[str]:
    for name, schema in fields.items():
        must = ", required" if name in form.get("required", ()) else ""
        yield f"- `{name}` ({_type(schema)}{must})"


def _answer(responses: dict[str, Any]) -> str:
    status, answer = next((status, answer) for status, answer in responses.items() if status.startswith("2"))
    contents = answer.get("content", {})
    told = [
        _type(content["schema"]) if content.get("schema") and kind == "application/json" else f"`{kind}`"
        for kind, content in contents.items()
    ]
    return f"{status}{', ' if told else ''}{' or '.join(told)}"


def _shapes(document: dict[str, Any]) -> Iterator[str]:
    yield from ["## Shapes", ""]
    for name, shape in sorted(document["components"]["schemas"].items()):
        yield from [f"### {name}", ""]
        if about := shape.get("description"):
            yield from [about.split("\n\n")[0].replace("\n", " "), ""]
        if "enum" in shape:
            yield from [", ".join(f"`{value}`" for value in shape["enum"]), ""]
        if fields := shape.get("properties"):
            yield from ["| field | type | required |", "|---|---|---|"]
            required = shape.get("required", ())
            yield from (
                f"| `{field}` | {_type(schema)} | {'yes' if field in required else ''} |"
                for field, schema in fields.items()
            )
            yield ""


def _type(schema: dict[str, Any]) -> str:
    """Say in a word or two what a value is."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(_type(one) for one in schema["anyOf"]))
    if schema.get("type") == "array":
        return f"list of {_type(schema['items'])}" if schema.get("items") else "list"
    if schema.get("type") == "object" and isinstance(schema.get("additionalProperties"), dict):
        return f"{_type(schema['additionalProperties'])} by name"
    if "const" in schema:
        return f"`{schema['const']}`"
    word = schema.get("format") or schema.get("type") or "anything"
    most = schema.get("maxLength")
    return f"{word} of at most {most:,}" if most and word == "string" else str(word)


if __name__ == "__main__":
    sys.path[:0] = [str(ROOT)]
    from ticketing.web.api.app import described, make_api

    FILE.write_text(reference(described(make_api())), "utf-8")
