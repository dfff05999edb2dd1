"""Tickets over the API: the same services, so the same people may do the same."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from ticketing.desk import Desk
from ticketing.domain.queries import Sort
from ticketing.domain.sign_in import fingerprint
from ticketing.domain.tickets import Ticket

# Of the list without a query, in its usual order.
MARK = fingerprint("", Sort.UPDATED, "UTC")[:12]
MARKER = "the boss is on holiday"


def stored(desk: Desk, number: int = 1) -> Ticket | None:
    with desk.store.read() as tx:
        return tx.tickets.find(number)


def numbers(answer: Any) -> list[int]:
    return [line["number"] for line in answer.json()["items"]]


def test_a_ticket_is_opened_and_read_by_its_requester(carla: TestClient) -> None:
    opened = carla.post("/tickets", json={"title": "No dial tone", "description": "The line is dead."})

    assert opened.status_code == 201
    read = carla.get(f"/tickets/{opened.json()['number']}").json()
    assert (read["title"], read["requester"], read["status"]) == ("No dial tone", "carla", "open")
    assert [message["text"] for message in read["messages"]] == ["The line is dead."]
    assert read["names"]["carla"] == "Carla Ruiz"


def test_the_same_key_is_one_ticket_and_another_key_another(carla: TestClient) -> None:
    body = {"title": "No dial tone", "description": "The line is dead."}

    first, again, other = (
        carla.post("/tickets", json=body, headers={"idempotency-key": key}).json()["number"] for key in ("a", "a", "b")
    )

    assert first == again != other


def test_a_key_of_one_call_is_none_of_another(carla: TestClient, ticket: int) -> None:
    key = {"idempotency-key": "once"}
    carla.post(f"/tickets/{ticket}/replies", json={"text": "Still dead."}, headers=key)

    closed = carla.post(f"/tickets/{ticket}/close", json={}, headers=key)

    assert closed.json()["status"] == "closed"


@pytest.mark.usefixtures("ticket")
@pytest.mark.parametrize("number", [1, 99], ids=["somebody else's", "nobody's"])
def test_what_is_not_yours_reads_like_what_does_not_exist(oskar: TestClient, number: int) -> None:
    answer = oskar.get(f"/tickets/{number}")

    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "ticket_not_found"
    assert answer.json()["error"]["message"] == f"There is no ticket T-{number} that you may see."


def test_a_list_is_queried_sorted_and_read_in_parts(carla: TestClient, ada: TestClient) -> None:
    for title in ("Printer one", "Printer two", "Printer three", "Phone"):
        carla.post("/tickets", json={"title": title, "description": "It is broken."})
    asked: dict[str, str | int] = {"q": "printer", "sort": "created", "limit": 2}

    first = ada.get("/tickets", params=asked)
    rest = ada.get("/tickets", params=asked | {"cursor": first.json()["next"]})

    assert (numbers(first), numbers(rest)) == ([1, 2], [3])
    assert (first.json()["total"], rest.json()["next"]) == (3, None)


def test_no_ticket_that_stays_is_skipped_or_told_twice_while_others_change(carla: TestClient, ada: TestClient) -> None:
    for title in ("One", "Two", "Three", "Four", "Five"):
        carla.post("/tickets", json={"title": title, "description": "It is broken."})

    first = ada.get("/tickets", params={"limit": 2})
    carla.post("/tickets/4/replies", json={"text": "Still broken."})
    carla.post("/tickets", json={"title": "Six", "description": "It is broken as well."})
    carla.post("/tickets/1/replies", json={"text": "This one, too."})
    second = ada.get("/tickets", params={"limit": 2, "cursor": first.json()["next"]})
    third = ada.get("/tickets", params={"limit": 2, "cursor": second.json()["next"]})

    assert (numbers(first), numbers(second), numbers(third)) == ([5, 4], [3, 2], [])
    assert (second.json()["total"], third.json()["next"]) == (6, None)


@pytest.mark.parametrize("sort", list(Sort))
def test_a_list_is_read_in_parts_in_each_order(carla: TestClient, ada: TestClient, sort: Sort) -> None:
    for title in ("One", "Two", "Three", "Four", "Five"):
        carla.post("/tickets", json={"title": title, "description": "It is broken."})
    ada.patch("/tickets/3", json={"priority": "high"})

    for caller in (ada, carla):
        whole = numbers(caller.get("/tickets", params={"sort": sort}))
        asked: dict[str, str | int] = {"sort": sort, "limit": 2}
        read, cursor = [], ""
        while cursor is not None:
            part = caller.get("/tickets", params=asked | {"cursor": cursor})
            read += numbers(part)
            cursor = part.json()["next"]
        assert read == whole


@pytest.mark.parametrize("other", [{"sort": "created"}, {"q": "printer"}, {"zone": "Europe/Berlin"}])
def test_a_cursor_is_of_one_list(carla: TestClient, ada: TestClient, other: dict[str, str]) -> None:
    for title in ("One", "Two"):
        carla.post("/tickets", json={"title": title, "description": "It is broken."})
    cursor = ada.get("/tickets", params={"limit": 1}).json()["next"]

    assert ada.get("/tickets", params={"cursor": cursor}).status_code == 200
    refused = ada.get("/tickets", params={"cursor": cursor} | other)
    assert (refused.status_code, refused.json()["error"]["field"]) == (422, "cursor")


@pytest.mark.parametrize(
    "cursor", ["2", "nonsense", "0" * 71, f"{MARK}-0-0-0-", f"{MARK}-1-9-0-", f"{MARK}-{10**19 - 1}-0-0-"]
)
def test_a_cursor_that_no_list_has_told_is_refused(ada: TestClient, cursor: str) -> None:
    refused = ada.get("/tickets", params={"cursor": cursor})

    assert (refused.status_code, refused.json()["error"]["field"]) == (422, "cursor")


def test_a_requester_lists_their_own_tickets_alone(oskar: TestClient, carla: TestClient, ticket: int) -> None:
    assert numbers(carla.get("/tickets")) == [ticket]
    assert numbers(oskar.get("/tickets")) == []


def test_a_query_that_cannot_be_understood_is_told_where(carla: TestClient) -> None:
    answer = carla.get("/tickets", params={"q": "status:opne"})

    assert answer.status_code == 422
    assert answer.json()["error"]["code"] == "query"
    assert answer.json()["error"]["field"] == "query"


def test_agents_change_fields_by_the_version_that_they_saw(ada: TestClient, ticket: int) -> None:
    etag = ada.get(f"/tickets/{ticket}").headers["etag"]

    changed = ada.patch(f"/tickets/{ticket}", json={"priority": "high", "tags": ["vpn"]}, headers={"if-match": etag})
    stale = ada.patch(f"/tickets/{ticket}", json={"priority": "low"}, headers={"if-match": etag})

    assert (changed.status_code, changed.json()["priority"], changed.json()["tags"]) == (200, "high", ["vpn"])
    assert changed.headers["etag"] != etag
    assert (stale.status_code, stale.json()["error"]["code"]) == (412, "stale_ticket")
    assert ada.get(f"/tickets/{ticket}").json()["priority"] == "high"


def test_a_requester_is_told_no_version_and_changes_no_field(desk: Desk, carla: TestClient, ticket: int) -> None:
    before = stored(desk)

    read, refused = carla.get(f"/tickets/{ticket}"), carla.patch(f"/tickets/{ticket}", json={"priority": "high"})

    assert "etag" not in read.headers
    assert read.json()["version"] is None
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "permission_denied")
    assert stored(desk) == before


def test_assigning_with_null_gives_it_to_nobody(ada: TestClient, ticket: int) -> None:
    ada.post(f"/tickets/{ticket}/assign", json={"assignee": "bert"})

    assert ada.patch(f"/tickets/{ticket}", json={"assignee": None}).json()["assignee"] is None


def test_nothing_of_a_note_reaches_a_requester_on_any_way(carla: TestClient, ada: TestClient, ticket: int) -> None:
    noted = ada.post(f"/tickets/{ticket}/notes", json={"text": MARKER})
    assert MARKER in noted.text
    ways = ["/tickets", f"/tickets/{ticket}", "/tickets?q=boss", f"/drafts/{ticket}", "/similar?text=boss+holiday"]

    answers = [carla.get(way) for way in ways]
    answers.append(carla.post(f"/tickets/{ticket}/replies", json={"text": "Hello?"}))
    answers.append(carla.post(f"/tickets/{ticket}/close", json={}))

    assert {answer.status_code for answer in answers} <= {200, 201}
    assert all(MARKER not in answer.text and "note" not in answer.text for answer in answers)
    assert [message["text"] for message in answers[-1].json()["messages"]] == ["The line is dead.", "Hello?"]
    assert carla.post(f"/tickets/{ticket}/notes", json={"text": "Hm."}).status_code == 403


def test_a_ticket_goes_its_way_to_the_end_and_back(ada: TestClient, carla: TestClient, ticket: int) -> None:
    here = f"/tickets/{ticket}"
    replied = ada.post(f"{here}/replies", json={"text": "Is it plugged in?", "status": "pending"})
    answered = carla.post(f"{here}/replies", json={"text": "It is."})
    slept = ada.post(f"{here}/snooze", json={"until": "2099-01-01T00:00:00Z"})
    assert slept.status_code == 422  # within two years
    closed = ada.post(f"{here}/close", json={"reply": "A new one comes.", "resolution": "solved"})
    rated = carla.post(f"{here}/rating", json={"solved": True, "score": 5})
    reopened = carla.post(f"{here}/reopen")

    statuses = [answer.json()["status"] for answer in (replied, answered, closed, rated, reopened)]
    assert statuses == ["pending", "open", "closed", "closed", "open"]
    assert rated.json()["ratings"][0]["score"] == 5


def test_a_reply_to_what_one_has_not_read_is_refused(ada: TestClient, carla: TestClient, ticket: int) -> None:
    carla.post(f"/tickets/{ticket}/replies", json={"text": "It works again."})

    late = ada.post(f"/tickets/{ticket}/replies", json={"text": "Sorry!", "read": 1})

    assert (late.status_code, late.json()["error"]["code"]) == (409, "written_meanwhile")


def test_a_reply_is_taken_back_by_its_mark(ada: TestClient, ticket: int) -> None:
    said = ada.post(f"/tickets/{ticket}/replies", json={"text": "Oops"}).json()["messages"][-1]

    left = ada.delete(f"/tickets/{ticket}/replies/{said['mark']}").json()["messages"]

    assert [message["text"] for message in left] == ["The line is dead."]


def test_two_tickets_are_merged_linked_and_split(ada: TestClient, carla: TestClient, ticket: int) -> None:
    other = carla.post("/tickets", json={"title": "Phone dead", "description": "No tone."}).json()["number"]

    linked = ada.post(f"/tickets/{ticket}/links", json={"relation": "related", "ticket": other})
    unlinked = ada.delete(f"/tickets/{ticket}/links/related/{other}")
    merged = ada.post(f"/tickets/{other}/merge", json={"into": ticket})
    apart = ada.post(f"/tickets/{other}/unmerge")
    mark = ada.post(f"/tickets/{ticket}/replies", json={"text": "And the fax?"}).json()["messages"][-1]["mark"]
    split = ada.post(f"/tickets/{ticket}/split", json={"message": mark, "title": "The fax"})

    assert linked.json()["links"] == [{"relation": "related", "ticket": other}]
    assert unlinked.json()["links"] == []
    assert merged.json()["number"] == ticket
    assert apart.json()["merged_into"] is None
    assert (split.status_code, split.json()["title"]) == (201, "The fax")


@pytest.mark.parametrize(
    ("way", "body"),
    [
        ("assign", {"assignee": "ada"}),
        ("transfer", {"team": None}),
        ("snooze", {"until": "2027-01-01T00:00:00Z"}),
        ("wake", None),
        ("notes", {"text": "Hm."}),
        ("merge", {"into": 2}),
        ("unmerge", None),
        ("links", {"relation": "related", "ticket": 2}),
        ("split", {"message": "0" * 16, "title": "Mine"}),
        ("watchers", {"who": "oskar"}),
        ("requester", {"who": "oskar"}),
        ("canned_reply", {"canned_reply": "hello"}),
    ],
)
def test_what_only_agents_do_is_refused_to_a_requester_and_leaves_no_trace(
    desk: Desk, carla: TestClient, ticket: int, way: str, body: object
) -> None:
    carla.post("/tickets", json={"title": "Another", "description": "one"})
    before = stored(desk)

    refused = carla.post(f"/tickets/{ticket}/{way}", json=body)

    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "permission_denied")
    assert stored(desk) == before


def test_watchers_come_and_go(ada: TestClient, oskar: TestClient, ticket: int) -> None:
    ada.post(f"/tickets/{ticket}/watchers", json={"who": "oskar"})
    assert oskar.get(f"/tickets/{ticket}").status_code == 200

    ada.delete(f"/tickets/{ticket}/watchers/oskar")

    assert oskar.get(f"/tickets/{ticket}").status_code == 404


def test_an_agent_opens_a_ticket_for_somebody_and_gives_it_to_somebody_else(
    ada: TestClient, carla: TestClient, oskar: TestClient
) -> None:
    asked = {"title": "No dial tone", "description": "She called.", "requester": "carla"}
    opened = ada.post("/tickets", json=asked)
    assert (opened.status_code, opened.json()["requester"]) == (201, "carla")
    number = opened.json()["number"]

    given = ada.post(f"/tickets/{number}/requester", json={"who": "oskar"})

    assert (given.json()["requester"], given.json()["watchers"]) == ("oskar", ["carla"])
    assert oskar.post(f"/tickets/{number}/close", json={}).status_code == 200
    assert carla.post(f"/tickets/{number}/reopen").status_code == 403


def test_a_newcomer_for_whom_an_agent_opens_a_ticket_has_an_account_from_then_on(ada: TestClient) -> None:
    opened = ada.post(
        "/tickets", json={"title": "A badge", "description": "She came by.", "requester": "Ida Berg <ida@example.org>"}
    )

    assert opened.json()["requester"] == "ida"
    assert ada.get("/users/ida").json()["display_name"] == "Ida Berg"


@pytest.mark.parametrize(
    ("who", "status", "code"),
    [
        ("nobody", 404, "person_not_found"),
        ("ida@", 422, "email"),
        ("", 422, "invalid_input"),
        (7, 422, "invalid_input"),
    ],
)
def test_for_whom_no_ticket_can_be_opened_is_told_and_nothing_is_kept(
    desk: Desk, ada: TestClient, who: object, status: int, code: str
) -> None:
    before = stored(desk)

    refused = ada.post("/tickets", json={"title": "A badge", "description": "She came by.", "requester": who})

    assert (refused.status_code, refused.json()["error"]["code"]) == (status, code)
    assert stored(desk) == before


def test_a_requester_opens_a_ticket_for_nobody_else(desk: Desk, carla: TestClient) -> None:
    before = stored(desk)

    refused = carla.post("/tickets", json={"title": "A badge", "description": "For him.", "requester": "oskar"})

    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "permission_denied")
    assert stored(desk) == before


def test_somebody_stops_watching_and_begins_again(carla: TestClient, ticket: int) -> None:
    assert carla.delete(f"/tickets/{ticket}/watching").status_code == 200
    assert carla.put(f"/tickets/{ticket}/watching").status_code == 200


def test_what_was_seen_is_not_unread_any_more(ada: TestClient, ticket: int) -> None:
    assert ada.get("/tickets").json()["items"][0]["unread"]

    assert ada.put(f"/tickets/{ticket}/seen", json={"messages": 1}).status_code == 204

    assert not ada.get("/tickets").json()["items"][0]["unread"]


def test_a_draft_is_kept_for_its_author_alone(carla: TestClient, ada: TestClient, ticket: int) -> None:
    kept = carla.put(f"/drafts/{ticket}/reply", json={"text": "I tried to"})

    assert kept.status_code == 204
    assert carla.get(f"/drafts/{ticket}").json()["texts"] == {"reply": "I tried to"}
    assert ada.get(f"/drafts/{ticket}").json()["texts"] == {}


def test_many_tickets_are_changed_after_a_look(ada: TestClient, carla: TestClient, ticket: int) -> None:
    carla.post("/tickets", json={"title": "Another", "description": "one"})
    change = {"q": "status:open", "numbers": [99], "set": {"priority": "high"}}

    seen = ada.post("/bulk/preview", json=change)
    assert ada.get(f"/tickets/{ticket}").json()["priority"] == "normal"
    done = ada.post("/bulk/apply", json=change)

    outcomes = done.json()["outcomes"]
    assert seen.json() == outcomes
    assert [line["is_changed"] for line in outcomes] == [False, True, True]
    assert "no ticket T-99" in outcomes[0]["refusal"]
    assert ada.get(f"/tickets/{ticket}").json()["priority"] == "high"
    assert carla.post("/bulk/apply", json=change).status_code == 403


def test_a_bulk_change_of_nothing_is_refused(ada: TestClient) -> None:
    assert ada.post("/bulk/apply", json={"numbers": [1]}).status_code == 422


def test_a_file_is_sent_hung_on_a_reply_and_fetched_by_who_may_read_it(
    carla: TestClient, ada: TestClient, oskar: TestClient, ticket: int
) -> None:
    sent = carla.post("/attachments", files={"file": ("photo.txt", b"a picture of the phone")})
    assert sent.status_code == 201
    key = sent.json()["id"]

    hung = carla.post(f"/tickets/{ticket}/replies", json={"text": "See the file.", "files": [key]})

    assert [file["name"] for file in hung.json()["messages"][-1]["attachments"]] == ["photo.txt"]
    fetched = ada.get(f"/attachments/{key}")
    assert (fetched.content, fetched.headers["content-disposition"][:10]) == (b"a picture of the phone", "attachment")
    assert ada.get(f"/attachments/{key}", headers={"range": "bytes=0-0"}).content == b"a"
    assert oskar.get(f"/attachments/{key}").status_code == 404


def test_a_file_of_a_note_is_not_there_for_a_requester(carla: TestClient, ada: TestClient, ticket: int) -> None:
    key = ada.post("/attachments", files={"file": ("plan.txt", b"our plan")}).json()["id"]
    ada.post(f"/tickets/{ticket}/notes", json={"text": "Internal.", "files": [key]})

    assert ada.get(f"/attachments/{key}").status_code == 200
    assert carla.get(f"/attachments/{key}").json()["error"]["code"] == "attachment_not_found"


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({"files": {"file": ("a.txt", b"x" * (11 << 20))}}, 422),
        ({"files": {"other": ("a.txt", b"x")}}, 422),
        ({"files": [("file", ("a.txt", b"x")), ("file", ("b.txt", b"x"))]}, 400),
        ({"data": {"file": "text"}}, 415),
        ({"content": b"x"}, 415),
        ({"content": b"--x\r\nnonsense", "headers": {"content-type": "multipart/form-data; boundary=x"}}, 422),
        ({"content": b"", "headers": {"content-type": "multipart/form-data"}}, 400),
    ],
    ids=["too large", "another field", "two files", "a plain form", "no form", "cut off", "without a boundary"],
)
def test_what_is_no_form_with_one_file_is_refused(carla: TestClient, form: dict[str, Any], status: int) -> None:
    refused = carla.post("/attachments", **form)

    assert (refused.status_code, set(refused.json())) == (status, {"error"})


def test_nobody_sends_a_file_without_saying_who_they_are(stranger: TestClient) -> None:
    assert stranger.post("/attachments", files={"file": ("a.txt", b"x")}).status_code == 401
