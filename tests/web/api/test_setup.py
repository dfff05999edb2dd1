"""What is set up for the desk, over the API: all kinds in the same way."""

from base64 import b64encode
from typing import Any

import pytest
from starlette.testclient import TestClient

from ticketing.domain.kinds import KINDS
from ticketing.web.api.setup import ONLY_ONES, RESOURCES

EXAMPLES: dict[str, dict[str, Any]] = {
    "teams": {"name": "First line", "members": ["ada"], "dealing": "round_robin"},
    "categories": {"name": "Garden"},
    "fields": {"name": "Room", "type": "text"},
    "views": {"name": "Mine", "query": "assignee:me"},
    "canned_replies": {"name": "Hello", "text": "Hello {{requester.name}}"},
    "rules": {"name": "Urgent", "query": "priority:urgent", "changes": {"add_tags": ["urgent"]}},
    "recurring_tickets": {
        "name": "Backup",
        "title": "Check the backup",
        "description": "Is it there?",
        "requester": "ada",
        "schedule": {"repeats": "days", "zone": "UTC", "first": "2026-03-02", "at": "09:00"},
    },
    "calendars": {"name": "Office", "zone": "Europe/Berlin", "hours": [[[540, 1020]]] * 5 + [[], []]},
    "sla_policies": {"name": "All", "calendar": "office", "first_response": "PT4H"},
    "mail_texts": {"name": "Replied", "mail": "replied", "text": "Hello"},
    "banners": {"name": "News", "text": "We have moved.", "ends": "2099-01-01T00:00:00Z"},
    "retention_rules": {"name": "Old", "sweep": "tickets", "days": 365},
}
INNER = {"due_times", "mail_key", "digests", "mail_route", "mail_fetch", "signing_keys"}
INTERNAL = INNER | {"anonymisations", "imports", "numbers"}
ELSEWHERE = {"articles", "webhooks"}


@pytest.mark.parametrize("name", RESOURCES)
def test_a_thing_is_made_read_changed_removed_and_brought_back(root: TestClient, name: str) -> None:
    if name == "sla_policies":
        root.post("/calendars", json=EXAMPLES["calendars"])
    made = root.post(f"/{name}", json=EXAMPLES[name])
    assert made.status_code == 201, made.text
    here, version = f"/{name}/{made.json()['id']}", {"if-match": made.headers["etag"]}

    assert root.get(here).json() == made.json()
    assert made.json() in root.get(f"/{name}").json()
    same = {field: value for field, value in made.json().items() if field not in {"id", "version", "removed", "own"}}
    changed = root.put(here, json=same | {"name": "Another name"}, headers=version)
    assert (changed.status_code, changed.json()["name"], changed.json()["version"]) == (200, "Another name", 2)
    assert root.put(here, json=same, headers=version).status_code == 412
    assert root.put(here, json=same).status_code == 422
    assert root.delete(here, headers={"if-match": changed.headers["etag"]}).status_code == 204
    assert root.get(here).json()["removed"]
    assert made.json()["id"] not in [one["id"] for one in root.get(f"/{name}").json()]
    assert made.json()["id"] in [one["id"] for one in root.get(f"/{name}?removed=true").json()]
    assert not root.put(here, json=same, headers={"if-match": root.get(here).headers["etag"]}).json()["removed"]


@pytest.mark.parametrize("name", RESOURCES)
def test_requesters_see_none_of_it_and_agents_change_only_what_is_theirs(
    carla: TestClient, ada: TestClient, name: str
) -> None:
    assert carla.get(f"/{name}").status_code == 403
    assert carla.post(f"/{name}", json=EXAMPLES[name]).status_code == 403
    assert ada.get(f"/{name}").status_code == 200
    made = ada.post(f"/{name}", json=EXAMPLES[name]).status_code
    assert made == (201 if name in {"views", "canned_replies"} else 403)


@pytest.mark.parametrize("name", RESOURCES)
@pytest.mark.parametrize("extra", ["id", "version", "owner", "history", "kind"])
def test_nothing_is_slipped_in(root: TestClient, name: str, extra: str) -> None:
    refused = root.post(f"/{name}", json=EXAMPLES[name] | {extra: "1"})

    assert (refused.status_code, refused.json()["error"]["field"]) == (422, extra)


def test_nothing_is_slipped_into_what_is_within(root: TestClient) -> None:
    slipped = {"name": "Urgent", "changes": {"add_tags": ["x"], "requester": "ada"}}

    assert root.post("/rules", json=slipped).json()["error"]["field"] == "changes.requester"


def test_an_agents_own_view_is_nobody_elses(ada: TestClient, root: TestClient) -> None:
    made = ada.post("/views", json=EXAMPLES["views"] | {"own": True}).json()

    assert made["own"]
    assert root.get(f"/views/{made['id']}").status_code == 404
    assert root.get("/views").json() == []


def test_every_kind_has_an_address_or_is_the_desks_own_business() -> None:
    here = {kind.kind for kind in (*RESOURCES.values(), *ONLY_ONES)}

    assert here | ELSEWHERE | INTERNAL == set(KINDS)


def test_rules_policies_and_schedules_are_rehearsed(root: TestClient, ticket: int) -> None:
    root.post("/calendars", json=EXAMPLES["calendars"])

    rule = root.post("/rehearsals/rules", json={"name": "All", "query": "dial", "note": "Look."})
    policy = root.post("/rehearsals/sla_policies", json=EXAMPLES["sla_policies"])
    schedule = root.post("/rehearsals/recurring_tickets", json=EXAMPLES["recurring_tickets"])

    assert rule.json()["latest"][0]["number"] == ticket
    assert policy.json()["policy"] == "All"
    assert len(schedule.json()) > 1


def test_a_rule_of_retention_is_rehearsed_by_admins(root: TestClient, ada: TestClient) -> None:
    way, rule = "/rehearsals/retention_rules", EXAMPLES["retention_rules"]

    assert root.post(way, json=rule).json() == {"total": 0, "examples": []}
    assert root.post(way, json=rule | {"days": 1}).status_code == 422
    assert ada.post(way, json=rule).status_code == 403


@pytest.mark.parametrize(
    ("name", "change", "wrong"),
    [
        ("branding", {"name": "Garden centre", "accent": "#0b6e4f"}, {"accent": "green"}),
        ("maintenance", {"name": "Maintenance", "is_on": True}, {"message": "x" * 201}),
    ],
)
def test_what_there_is_one_of_is_read_by_agents_and_changed_by_admins(
    root: TestClient, ada: TestClient, carla: TestClient, name: str, change: dict[str, Any], wrong: dict[str, str]
) -> None:
    before = ada.get(f"/{name}")
    version = {"if-match": before.headers["etag"]}
    assert (before.status_code, before.json()["version"]) == (200, 0)
    assert carla.get(f"/{name}").status_code == 403
    assert ada.put(f"/{name}", json=change, headers=version).status_code == 403
    assert root.put(f"/{name}", json=change | wrong, headers=version).status_code == 422

    changed = root.put(f"/{name}", json=change, headers=version)

    assert change.items() <= changed.json().items()
    assert root.get(f"/{name}").json() == changed.json()
    assert root.put(f"/{name}", json=change, headers=version).status_code == 412
    assert root.delete(f"/{name}").status_code == 405


def test_a_logo_goes_out_and_comes_in_and_nothing_else_does(root: TestClient) -> None:
    logo = b64encode(b"RIFF....WEBPVP8 ").decode()
    version = {"if-match": '"0"'}

    assert root.put("/branding", json={"name": "Desk", "logo": "x" * 4}, headers=version).status_code == 422
    assert root.put("/branding", json={"name": "Desk", "logo": logo}, headers=version).json()["logo"] == logo
