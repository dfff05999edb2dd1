"""The rest of the desk over the API: people, one's own account, notices, articles, figures, the log, and the whole."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.serving import PASSWORD
from ticketing.desk import Desk
from ticketing.domain.custom_fields import CustomField
from ticketing.domain.people import Actor

NEW_PASSWORD = "seven dry blankets"


def test_agents_list_accounts_and_requesters_do_not(ada: TestClient, carla: TestClient) -> None:
    listed = ada.get("/users", params={"text": "carl", "role": "user"}).json()

    assert [person["username"] for person in listed["items"]] == ["carla"]
    assert "password" not in str(listed).replace("must_change_password", "")
    assert carla.get("/users").status_code == 403
    assert carla.get("/agents").status_code == 403
    assert "ada" in ada.get("/agents").json()


def test_an_account_is_shut_and_opened_again(ada: TestClient, carla: TestClient) -> None:
    assert not ada.post("/users/carla/deactivate").json()["active"]
    assert carla.get("/account").status_code == 401

    assert ada.post("/users/carla/reactivate").json()["active"]


@pytest.mark.parametrize(
    ("method", "way", "body"),
    [
        ("POST", "deactivate", None),
        ("POST", "reset_password", None),
        ("PUT", "role", {"role": "admin"}),
        ("DELETE", "second_factor", None),
        ("DELETE", "sessions", None),
        ("GET", "sessions", None),
        ("DELETE", f"sessions/{'0' * 64}", None),
        ("DELETE", "wait", None),
        ("GET", "wait", None),
    ],
)
def test_nobody_looks_after_accounts_who_may_not(
    carla: TestClient, ada: TestClient, method: str, way: str, body: object
) -> None:
    of_an_admin = ada.request(method, f"/users/root/{way}", json=body)
    of_a_user = carla.request(method, f"/users/oskar/{way}", json=body)

    assert of_an_admin.status_code == 403
    assert of_a_user.status_code in {403, 404}


def test_admins_look_after_accounts(root: TestClient, stranger: TestClient, ada: TestClient) -> None:
    made = root.post("/agents", json={"username": "dora", "display_name": "Dora", "role": "agent"})
    assert (made.status_code, len(made.json()["one_time_password"]) > 8) == (201, True)
    assert root.put("/users/dora/role", json={"role": "user"}).json()["role"] == "user"
    reset = root.post("/users/dora/reset_password").json()["one_time_password"]
    refused = stranger.post("/token", json={"username": "dora", "password": reset})

    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "must_change_password")
    assert root.get("/users/dora/wait").json() == {"seconds": 0}
    assert root.delete("/users/dora/wait").status_code == 204
    assert root.delete("/users/ada/sessions").status_code == 204
    assert ada.get("/account").status_code == 401


def test_an_admin_sees_where_somebody_is_signed_in_and_ends_one_session(
    root: TestClient, ada: TestClient, carla: TestClient, desk: Desk
) -> None:
    desk.tokens.issue("carla", PASSWORD, address="203.0.113.9", description="Reports")
    newest, *others = root.get("/users/carla/sessions").json()
    own = [session["id"] for session in carla.get("/account/sessions").json()]
    assert (newest["address"], newest["description"]) == ("203.0.113.9", "Reports")
    assert not {newest["id"], *(one["id"] for one in others)} & set(own)

    assert ada.delete(f"/users/carla/sessions/{newest['id']}").status_code == 403
    assert root.delete(f"/users/carla/sessions/{newest['id']}").status_code == 204
    assert root.delete(f"/users/carla/sessions/{newest['id']}").status_code == 204

    assert root.get("/users/carla/sessions").json() == others
    assert carla.get("/account").status_code == 200


def test_somebody_registers_and_looks_after_their_own_account(stranger: TestClient, desk: Desk) -> None:
    body = {"username": "nora", "display_name": "Nora", "password": PASSWORD}
    assert stranger.post("/account", json=body).status_code == 201
    assert stranger.post("/account/forgotten_password", json={"who": "nobody"}).status_code == 202
    granted = desk.tokens.issue("nora", PASSWORD).access
    nora = {"authorization": f"Bearer {granted}"}

    wanted = {"display_name": "Nora N.", "email": "n@example.org"}
    refused = stranger.put("/account", json=wanted, headers=nora)
    changed = stranger.put("/account", json=wanted | {"password": PASSWORD}, headers=nora)
    sessions = stranger.get("/account/sessions", headers=nora).json()
    ended = stranger.delete("/account/sessions", headers=nora)
    choice = stranger.post("/account/password", json={"current": PASSWORD, "new": NEW_PASSWORD}, headers=nora)

    assert (refused.status_code, refused.json()["error"]["field"]) == (422, "present_password")
    assert (changed.json()["display_name"], changed.json()["email"]) == ("Nora N.", "n@example.org")
    assert len(sessions) == 1
    assert (ended.status_code, choice.status_code) == (204, 204)
    assert stranger.get("/account", headers=nora).status_code == 401
    assert desk.tokens.issue("nora", NEW_PASSWORD)


def test_what_one_prefers_is_kept(ada: TestClient) -> None:
    queue = ada.patch("/account/queue", json={"view": "mine", "columns": ["status", "due"]}).json()
    mail = ada.patch("/account/mail", json={"replied": "never"}).json()

    assert (queue["view"], queue["columns"], queue["fields"]) == ("mine", ["status", "due"], [])
    assert mail["replied"] == "never"
    assert ada.get("/account/mail").json() == mail
    assert ada.patch("/account/mail", json={"nonsense": "never"}).status_code == 422


def test_custom_fields_are_columns_of_ones_queue(desk: Desk, ada: TestClient) -> None:
    desk.definitions.save(Actor.console(), CustomField(name="Serial"))

    ada.patch("/account/queue", json={"columns": ["status"]})
    queue = ada.patch("/account/queue", json={"fields": ["serial"]}).json()
    kept = ada.patch("/account/queue", json={"columns": ["due"]}).json()
    refused = ada.patch("/account/queue", json={"fields": ["lost"]})

    assert (queue["columns"], queue["fields"]) == (["status"], ["serial"])
    assert (kept["columns"], kept["fields"]) == (["due"], ["serial"])
    assert (refused.status_code, refused.json()["error"]["code"]) == (422, "unknown_choice")
    assert ada.get("/account/queue").json() == kept


def test_a_second_factor_is_proposed_and_not_turned_on_by_a_wrong_code(ada: TestClient) -> None:
    assert ada.get("/account/second_factor").json()["since"] is None
    assert ada.post("/account/second_factor").status_code == 201

    wrong = ada.put("/account/second_factor", json={"password": PASSWORD, "code": "000000"})

    assert wrong.json()["error"]["code"] == "wrong_code"


def test_notices_are_listed_and_read(carla: TestClient, ada: TestClient, ticket: int) -> None:
    ada.post(f"/tickets/{ticket}/replies", json={"text": "Is it plugged in?"})

    [notice] = carla.get("/inbox").json()["items"]
    assert (notice["kind"], notice["ticket"], notice["excerpt"]) == ("replied", ticket, "Is it plugged in?")
    assert carla.get("/inbox/unread").json() == {"unread": 1}
    assert ada.post(f"/inbox/{notice['id']}/read").status_code == 404
    assert carla.post(f"/inbox/{notice['id']}/read").status_code == 204
    assert carla.get("/inbox/unread").json() == {"unread": 0}
    assert carla.post(f"/inbox/tickets/{ticket}/read").status_code == 204
    assert carla.post("/inbox/read").status_code == 204


def test_articles_are_written_by_agents_and_read_by_all_once_public(ada: TestClient, carla: TestClient) -> None:
    draft = {"name": "The phone is dead", "body": "Plug it in."}
    made = ada.post("/articles", json=draft)
    here = f"/articles/{made.json()['id']}"
    assert carla.post("/articles", json=draft).status_code == 403
    assert carla.get(here).status_code == 404

    version = {"if-match": made.headers["etag"]}
    assert ada.put(here, json=draft | {"visibility": "public"}, headers=version).status_code == 200
    assert ada.put(here, json=draft, headers=version).status_code == 412
    read = carla.get(here)

    assert (read.json()["body"], read.json()["version"], "etag" in read.headers) == ("Plug it in.", None, False)
    assert carla.put(f"{here}/vote", json={"helpful": True}).json()["vote"]
    assert [one["id"] for one in carla.get("/articles?text=phone").json()] == [made.json()["id"]]
    assert [one["id"] for one in carla.get("/suggested_articles?text=phone+dead").json()] == [made.json()["id"]]
    assert ada.delete(here, headers={"if-match": ada.get(here).headers["etag"]}).status_code == 204
    assert carla.get(here).status_code == 404


def test_an_article_begins_with_what_solved_a_ticket(ada: TestClient, ticket: int) -> None:
    ada.post(f"/tickets/{ticket}/close", json={"reply": "Plug it in."})

    assert ada.get(f"/tickets/{ticket}/article").json()["body"] == "Plug it in."


def test_reports_are_for_agents_and_each_number_names_its_tickets(
    ada: TestClient, carla: TestClient, ticket: int
) -> None:
    today = ada.get(f"/tickets/{ticket}").json()["opened_at"][:10]
    asked = {"first": today, "last": today}

    report = ada.get("/reports", params=asked)
    behind = ada.get("/reports/tickets", params=asked | {"metric": "created"})
    table = ada.get("/reports/table", params=asked | {"by": "category"})

    assert report.json()["totals"]["created"] == 1
    assert [(one["number"], one["title"]) for one in behind.json()] == [(ticket, "No dial tone")]
    assert table.headers["content-type"].startswith("text/csv")
    assert ada.get("/reports/counts", params={"q": ["status:open", "status:closed"]}).json() == [1, 0]
    assert ada.get("/reports/names", params={"usernames": "carla"}).json() == {"carla": "Carla Ruiz"}
    for way in ("reports", "reports/tickets?metric=created", "reports/table"):
        assert carla.get(f"/{way}", params=asked | {"metric": "created"}).status_code == 403


ADMINS_ALONE = [
    "/audit",
    "/audit/export",
    "/mails/out",
    "/mails/out/backlog",
    "/mails/in",
    "/mails/in/last_fetch",
    "/health/findings",
    "/health/figures",
    "/health/settings",
    "/settings",
]


@pytest.mark.parametrize("way", ADMINS_ALONE)
def test_what_is_for_admins_is_refused_to_agents(root: TestClient, ada: TestClient, way: str) -> None:
    assert root.get(way).status_code == 200
    assert ada.get(way).status_code == 403


def test_the_audit_log_is_read_in_parts(root: TestClient, ticket: int) -> None:
    first = root.get("/audit", params={"limit": 1}).json()
    rest = root.get("/audit", params={"before": first["next"]}).json()

    assert [record["number"] - 1 for record in first["items"]] == [rest["items"][0]["number"]]
    found = root.get("/audit", params={"action": "ticket_opened"}).json()["items"]
    assert [record["object"] for record in found] == [f"T-{ticket}"]
    assert root.get("/audit", params={"since": "5"}).status_code == 422


def test_a_moment_without_a_zone_is_meant_in_utc(root: TestClient, ticket: int) -> None:
    at = root.get(f"/tickets/{ticket}").json()["opened_at"]

    assert root.get("/audit", params={"since": at.removesuffix("Z"), "action": "ticket_opened"}).json()["items"]
    assert root.get("/audit", params={"since": "2099-01-01T00:00:00"}).json()["items"] == []
    assert root.get("/audit", params={"until": "0001-01-01T00:00:00+14:00"}).status_code == 422


def test_what_the_desk_was_started_with_is_told_without_secrets(root: TestClient) -> None:
    told = {setting["name"]: setting for setting in root.get("/health/settings").json()}

    assert told["TICKETING_STORAGE_URL"]["value"] == "memory:"
    assert told["TICKETING_ADMIN_PASSWORD"]["value"] == "not set"


def test_a_mail_that_is_none_is_not_found(root: TestClient) -> None:
    assert root.post("/mails/out/nothing/again").json()["error"]["code"] == "mail_not_found"
    assert root.get("/mails/in/nothing").status_code == 404
    assert root.post("/mails/in/nothing/again").status_code == 404


def test_settings_go_out_and_come_in_as_one_file(root: TestClient, ada: TestClient) -> None:
    root.post("/teams", json={"name": "First line", "members": ["ada"]})
    file: dict[str, Any] = root.get("/settings").json()
    file["settings"]["teams"][0]["name"] = "Second line"

    planned = root.post("/settings/plan", json=file).json()
    assert [step["name"] for step in planned["changed"]] == ["Second line"]
    assert root.get("/teams").json()[0]["name"] == "First line"
    assert root.post("/settings", json=file).status_code == 200

    assert root.get("/teams").json()[0]["name"] == "Second line"
    assert ada.post("/settings", json=file).status_code == 403
    assert root.post("/settings", json={"format": "other"}).json()["error"]["code"] == "import_refused"


def test_words_are_looked_for_in_what_the_caller_may_see(carla: TestClient, oskar: TestClient, ticket: int) -> None:
    assert [line["number"] for line in carla.get("/search?text=dial").json()["tickets"]] == [ticket]
    assert oskar.get("/search?text=dial").json() == {"tickets": [], "articles": []}


def test_a_list_is_taken_along_as_the_caller_may_see_it(carla: TestClient, oskar: TestClient, ticket: int) -> None:
    assert [line["id"] for line in carla.get("/export?form=json").json()] == [str(ticket)]
    assert oskar.get("/export?form=csv").text.count("\n") == 1


def test_requesters_learn_what_a_new_ticket_can_be_put_into(carla: TestClient) -> None:
    form = carla.get("/ticket_form").json()

    assert "general" in {category["id"] for category in form["categories"]}
    assert form["fields"] == []


def test_the_desk_says_that_it_is_there_to_everybody(stranger: TestClient) -> None:
    assert stranger.get("/health").json()["status"] == "ok"
