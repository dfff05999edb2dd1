"""
A call that is sent again under its key has one effect and the same answer, whichever call it is.

Each operation that changes something is tried: what is needed first is done, then the call is sent twice.
"""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import pyotp
import pytest
from starlette.testclient import TestClient

from tests.serving import PASSWORD
from tests.web.api.test_inputs import DOCUMENT, kept
from tests.web.api.test_setup import EXAMPLES
from ticketing.desk import Desk
from ticketing.domain.articles import Article
from ticketing.domain.errors import AlreadyDoneError
from ticketing.domain.openid import Identity
from ticketing.domain.outbox import Outcome, Outgoing, Result
from ticketing.domain.people import Actor, Standing
from ticketing.domain.receipts import RECEIPT_LIFETIME, receipt_of
from ticketing.services.outbox import set_route
from ticketing.services.repeating import Intention, under_way
from ticketing.web.api.examples import BODIES
from ticketing.web.api.setup import RESOURCES

TOMORROW = (datetime.now(UTC) + timedelta(days=1)).isoformat()
KEY = {"idempotency-key": "once"}
CHANGING = {"post", "put", "patch", "delete"}
CHANGE_NOTHING = {
    *("preview_bulk", "plan_import", "look_at_table", "plan_settings"),
    *("rehearse_rule", "rehearse_policy", "upcoming_tickets", "rehearse_retention"),
}
# A key is somebody's own, and of these callers nobody knows who they are.
WITHOUT_A_TOKEN = {"sign_in", "refresh_token", "revoke_token", "register", "forgot_password"}
# Whose repeat is tried below, without a key.
BY_NATURE = {"propose_second_factor"}


class Stage:
    """A desk at which each call can be sent, and who sends it."""

    def __init__(self, desk: Desk, caller: Callable[[str], TestClient]) -> None:
        self.desk = desk
        self.carla, self.ada, self.root = caller("carla"), caller("ada"), caller("root")
        self.number = self.opened("No dial tone")

    def opened(self, title: str) -> int:
        """Open a ticket of Carla's."""
        body = {"title": title, "description": "The line is dead."}
        number: int = self.carla.post("/tickets", json=body).json()["number"]
        return number

    def answered(self, by: TestClient | None = None) -> str:
        """Answer the ticket, and return the mark of the message."""
        told = (by or self.ada).post(f"/tickets/{self.number}/replies", json={"text": "Is it plugged in?"})
        mark: str = told.json()["messages"][-1]["mark"]
        return mark

    def made(self, way: str, body: Any) -> dict[str, Any]:
        """Have root make something."""
        answer = self.root.post(way, json=body)
        assert answer.is_success, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def with_phone(self, by: TestClient) -> str:
        """Turn somebody's second factor on, and return a code that was not used yet."""
        phone = pyotp.TOTP(by.post("/account/second_factor").json()["secret"])
        confirmed = {"password": PASSWORD, "code": phone.at(datetime.now(UTC) - timedelta(seconds=30))}
        assert by.put("/account/second_factor", json=confirmed).is_success
        return phone.now()


class Call(NamedTuple):
    """What is sent by whom."""

    by: TestClient
    method: str
    way: str
    more: dict[str, Any]

    def send(self, headers: Mapping[str, str] = KEY) -> Any:
        """Send it."""
        own = self.more.get("headers", {})
        return self.by.request(self.method, self.way, **self.more | {"headers": {**own, **headers}})


def of(by: TestClient, line: str, body: Any = None, **more: Any) -> Call:
    method, way = line.split()
    return Call(by, method, way, more | ({} if body is None else {"json": body}))


def of_ticket(line: str, body: Any = None) -> Callable[[Stage], Call]:
    return lambda on: of(on.ada, line.replace("N", str(on.number)), body)


def by_root(line: str, body: Any = None) -> Callable[[Stage], Call]:
    return lambda on: of(on.root, line, body)


def closed(on: Stage) -> str:
    on.ada.post(f"/tickets/{on.number}/close", json={})
    return f"/tickets/{on.number}"


def asleep(on: Stage) -> str:
    on.ada.post(f"/tickets/{on.number}/snooze", json={"until": TOMORROW})
    return f"/tickets/{on.number}"


def canned(on: Stage) -> str:
    return str(on.made("/canned_replies", {"name": "Restart", "text": "Please restart it."})["id"])


def merged(on: Stage) -> Call:
    other = on.opened("No dial tone at all")
    on.ada.post(f"/tickets/{other}/merge", json={"into": on.number})
    return of(on.ada, f"POST /tickets/{other}/unmerge")


def linked(on: Stage) -> Call:
    other = on.opened("The fax")
    on.ada.post(f"/tickets/{on.number}/links", json={"relation": "related", "ticket": other})
    return of(on.ada, f"DELETE /tickets/{on.number}/links/related/{other}")


def watched(on: Stage) -> Call:
    on.ada.post(f"/tickets/{on.number}/watchers", json={"who": "oskar"})
    return of(on.ada, f"DELETE /tickets/{on.number}/watchers/oskar")


def ending_a_key(on: Stage) -> Call:
    on.carla.post("/keys", json={"name": "Old", "scopes": ["read"], "days": 1})
    return of(on.carla, f"DELETE /keys/{on.carla.get('/keys').json()[0]['id']}")


def ending_a_session(on: Stage) -> Call:
    on.desk.tokens.issue("carla", PASSWORD)
    mine = on.carla.get("/account/sessions").json()
    return of(on.carla, f"DELETE /account/sessions/{mine[0]['id']}")


def ending_a_session_of_another(on: Stage) -> Call:
    shown = on.root.get("/users/carla/sessions").json()
    return of(on.root, f"DELETE /users/carla/sessions/{shown[0]['id']}")


def reactivating(on: Stage) -> Call:
    on.root.post("/users/carla/deactivate")
    return of(on.root, "POST /users/carla/reactivate")


def unlinking(on: Stage) -> Call:
    made = Identity(id="a" * 64, username="carla", issuer="https://login.example.org", created_at=datetime.now(UTC))
    with on.desk.store.write() as tx:
        tx.identities.save(made)
    return of(on.carla, f"DELETE /account/ways_in/{made.id}")


def confirming(on: Stage) -> Call:
    set_route(on.desk.store, is_open=True, has_links=True)
    with on.desk.store.write() as tx:
        carla = tx.users.find("carla")
        assert carla is not None
        carla.put_address("carla@example.org", Standing.UNCONFIRMED)
        tx.users.save(carla)
    return of(on.carla, "POST /account/confirmation_link")


def sending_again(on: Stage) -> Call:
    now = on.desk.clock()
    mail = Outgoing(
        id="failed", username="carla", kind="replied", at=now, due_at=now, expires_at=now + RECEIPT_LIFETIME
    )
    mail.settle(Outcome(Result.REFUSED), now)
    with on.desk.store.write() as tx:
        tx.outgoing.save(mail)
    return of(on.root, "POST /mails/out/failed/again")


def receiving_again(on: Stage) -> Call:
    mail = on.desk.receiving.take(b"From: nora@example.net\n\nHelp!")
    return of(on.root, f"POST /mails/in/{mail.id}/again")


def turning_off(on: Stage) -> Call:
    return of(on.carla, "POST /account/second_factor/off", {"password": PASSWORD, "code": on.with_phone(on.carla)})


def turning_on(on: Stage) -> Call:
    phone = pyotp.TOTP(on.carla.post("/account/second_factor").json()["secret"])
    return of(on.carla, "PUT /account/second_factor", {"password": PASSWORD, "code": phone.now()})


def turning_off_for_another(on: Stage) -> Call:
    on.with_phone(on.carla)
    return of(on.root, "DELETE /users/carla/second_factor")


def invited(line: str) -> Callable[[Stage], Call]:
    def call(on: Stage) -> Call:
        on.made("/invitations", BODIES["invite"])
        return of(on.root, line)

    return call


def of_article(method: str) -> Callable[[Stage], Call]:
    def call(on: Stage) -> Call:
        made = on.ada.post("/articles", json=BODIES["write_article"])
        body = BODIES["write_article"] | {"body": "Or buy a new one."} if method == "PUT" else None
        return of(on.ada, f"{method} /articles/{made.json()['id']}", body, headers={"if-match": made.headers["etag"]})

    return call


def voting(on: Stage) -> Call:
    key = on.ada.post("/articles", json=BODIES["write_article"]).json()["id"]
    return of(on.carla, f"PUT /articles/{key}/vote", {"helpful": True})


def of_webhook(line: str, body: Any = None) -> Callable[[Stage], Call]:
    def call(on: Stage) -> Call:
        on.made("/webhooks", BODIES["create_webhook"])
        return of(on.root, line, body, headers={"if-match": '"1"'})

    return call


def delivering_again(on: Stage) -> Call:
    on.made("/webhooks", BODIES["create_webhook"] | {"url": "https://127.0.0.1/"})
    on.root.post("/webhooks/crm/test")
    [delivery] = on.root.get("/webhooks/crm/deliveries").json()["items"]
    return of(on.root, f"POST /deliveries/{delivery['id']}/again")


def importing(on: Stage) -> Call:
    ticket = {"number": "1", "title": "Help", "customer": "c@example.net", "created_at": "2024-01-01T00:00:00Z"}
    file = {"file": ("tickets.json", json.dumps([ticket]).encode())}
    return of(on.root, "POST /imports", files=file, data={"system": "zammad"})


def undoing(on: Stage) -> Call:
    run = importing(on).send({}).json()
    return of(on.root, f"POST /imports/{run['id']}/undo", {"touched_too": False})


def reading_a_notice(on: Stage) -> Call:
    on.answered()
    return of(on.carla, f"POST /inbox/{on.carla.get('/inbox').json()['items'][0]['id']}/read")


def importing_settings(on: Stage) -> Call:
    on.made("/teams", EXAMPLES["teams"])
    file = on.root.get("/settings").json()
    file["settings"]["teams"][0]["name"] = "Second line"
    return of(on.root, "POST /settings", file)


def undoing_a_bulk(on: Stage) -> Call:
    done = on.ada.post("/bulk/apply", json={"numbers": [on.number], "add_tags": ["vpn"]}).json()
    return of(on.ada, f"POST /bulk/{done['id']}/undo")


def rating(on: Stage) -> Call:
    return of(on.carla, f"POST {closed(on)}/rating", {"solved": True})


CALLS: dict[str, Callable[[Stage], Call]] = {
    "create_key": lambda on: of(on.carla, "POST /keys", BODIES["create_key"]),
    "revoke_key": ending_a_key,
    "rotate_signing_key": by_root("POST /signing_key/rotation"),
    "open_ticket": lambda on: of(on.carla, "POST /tickets", {"title": "Fax", "description": "It hums."}),
    "change_ticket": of_ticket("PATCH /tickets/N", {"priority": "high"}),
    "close_ticket": of_ticket("POST /tickets/N/close", {"reply": "Done."}),
    "reopen_ticket": lambda on: of(on.ada, f"POST {closed(on)}/reopen"),
    "assign_ticket": of_ticket("POST /tickets/N/assign", {"assignee": "ada"}),
    "transfer_ticket": of_ticket("POST /tickets/N/transfer", {"team": None, "assignee": "ada", "note": "Yours."}),
    "snooze_ticket": of_ticket("POST /tickets/N/snooze", {"until": TOMORROW}),
    "wake_ticket": lambda on: of(on.ada, f"POST {asleep(on)}/wake"),
    "reply": of_ticket("POST /tickets/N/replies", {"text": "Is it plugged in?"}),
    "take_back_reply": lambda on: of(on.ada, f"DELETE /tickets/{on.number}/replies/{on.answered()}"),
    "add_note": of_ticket("POST /tickets/N/notes", {"text": "The boss is on holiday."}),
    "use_canned_reply": lambda on: of(
        on.ada,
        f"POST /tickets/{on.number}/canned_reply",
        {"canned_reply": canned(on), "text": "Please restart it."},
    ),
    "rate_ticket": rating,
    "mark_seen": of_ticket("PUT /tickets/N/seen", {"messages": 1}),
    "watch": of_ticket("PUT /tickets/N/watching"),
    "stop_watching": of_ticket("DELETE /tickets/N/watching"),
    "add_watcher": of_ticket("POST /tickets/N/watchers", {"who": "oskar"}),
    "remove_watcher": watched,
    "make_requester": of_ticket("POST /tickets/N/requester", {"who": "oskar"}),
    "keep_draft": of_ticket("PUT /drafts/N/reply", {"text": "Half"}),
    "merge_ticket": lambda on: of(on.ada, f"POST /tickets/{on.opened('Fax')}/merge", {"into": on.number}),
    "unmerge_ticket": merged,
    "link_ticket": lambda on: of(
        on.ada, f"POST /tickets/{on.number}/links", {"relation": "related", "ticket": on.opened("Fax")}
    ),
    "unlink_ticket": linked,
    "split_ticket": lambda on: of(
        on.ada, f"POST /tickets/{on.number}/split", {"message": on.answered(on.carla), "title": "The fax"}
    ),
    "apply_bulk": lambda on: of(on.ada, "POST /bulk/apply", {"numbers": [on.number], "add_tags": ["vpn"]}),
    "undo_bulk": undoing_a_bulk,
    "send_file": lambda on: of(on.carla, "POST /attachments", files={"file": ("a.txt", b"A text.")}),
    "deactivate_user": by_root("POST /users/carla/deactivate"),
    "reactivate_user": reactivating,
    "reset_password": by_root("POST /users/carla/reset_password"),
    "change_role": by_root("PUT /users/carla/role", {"role": "agent"}),
    "turn_off_factor_of": turning_off_for_another,
    "end_session_of": ending_a_session_of_another,
    "end_sessions_of": by_root("DELETE /users/carla/sessions"),
    "lift_wait": by_root("DELETE /users/carla/wait"),
    "register_agent": by_root("POST /agents", BODIES["register_agent"]),
    "invite": by_root("POST /invitations", BODIES["invite"]),
    "invite_again": invited("POST /invitations/dora/again"),
    "take_back_invitation": invited("DELETE /invitations/dora"),
    "anonymise": by_root("POST /users/carla/anonymisation", {"kept": []}),
    "change_account": lambda on: of(on.carla, "PUT /account", {"display_name": "Carla R.", "email": ""}),
    "send_confirmation_link": confirming,
    "end_session": ending_a_session,
    "end_other_sessions": lambda on: of(on.carla, "DELETE /account/sessions"),
    "turn_on_second_factor": turning_on,
    "renew_recovery_codes": lambda on: of(
        on.carla, "POST /account/second_factor/recovery_codes", {"code": on.with_phone(on.carla)}
    ),
    "turn_off_second_factor": turning_off,
    "forget_browsers": lambda on: of(on.carla, "POST /account/second_factor/forget_browsers"),
    "unlink_identity": unlinking,
    "change_queue": lambda on: of(on.ada, "PATCH /account/queue", {"view": "mine", "columns": ["status"]}),
    "change_mail": lambda on: of(on.ada, "PATCH /account/mail", {"replied": "never"}),
    "read_notice": reading_a_notice,
    "read_all_notices": lambda on: of(on.carla, "POST /inbox/read"),
    "read_notices_of_ticket": lambda on: of(on.carla, f"POST /inbox/tickets/{on.number}/read"),
    "write_article": lambda on: of(on.ada, "POST /articles", BODIES["write_article"]),
    "change_article": of_article("PUT"),
    "remove_article": of_article("DELETE"),
    "vote_on_article": voting,
    "import_tickets": importing,
    "undo_import": undoing,
    "send_again": sending_again,
    "receive_again": receiving_again,
    "create_webhook": by_root("POST /webhooks", BODIES["create_webhook"]),
    "change_webhook": of_webhook("PUT /webhooks/crm", BODIES["create_webhook"] | {"active": False}),
    "remove_webhook": of_webhook("DELETE /webhooks/crm"),
    "renew_secret": of_webhook("POST /webhooks/crm/secret"),
    "try_webhook": of_webhook("POST /webhooks/crm/test"),
    "deliver_again": delivering_again,
    "import_settings": importing_settings,
    "change_branding": lambda on: of(on.root, "PUT /branding", {"name": "Desk"}, headers={"if-match": '"0"'}),
    "change_maintenance": lambda on: of(
        on.root, "PUT /maintenance", BODIES["change_maintenance"], headers={"if-match": '"0"'}
    ),
    "dismiss_banner": lambda on: of(on.carla, "DELETE /account/front/banners/news@1"),
}


def _of_setup(name: str) -> None:
    """Add the calls of a kind of thing that is set up."""
    one = f"{name.removesuffix('ies')}y" if name.endswith("ies") else name.removesuffix("s")
    body = EXAMPLES[name]

    def arranged(on: Stage) -> None:
        if name == "sla_policies":
            on.made("/calendars", EXAMPLES["calendars"])

    def create(on: Stage) -> Call:
        arranged(on)
        return of(on.root, f"POST /{name}", body)

    def there(on: Stage, method: str, body: Any = None) -> Call:
        arranged(on)
        return of(
            on.root, f"{method} /{name}/{on.made(f'/{name}', EXAMPLES[name])['id']}", body, headers={"if-match": '"1"'}
        )

    CALLS[f"create_{one}"] = create
    CALLS[f"change_{one}"] = lambda on: there(on, "PUT", body | {"name": "Another name"})
    CALLS[f"remove_{one}"] = lambda on: there(on, "DELETE")


for _name in RESOURCES:
    _of_setup(_name)

SHOWN_ONCE = {
    *("create_key", "reset_password", "register_agent", "invite", "invite_again", "create_webhook", "renew_secret"),
    *("turn_on_second_factor", "renew_recovery_codes"),
}


@pytest.fixture
def stage(desk: Desk, caller: Callable[[str], TestClient]) -> Stage:
    return Stage(desk, caller)


def changing() -> dict[str, dict[str, Any]]:
    """Return all operations that may change something, by name."""
    return {
        operation["operationId"]: operation
        for operations in DOCUMENT["paths"].values()
        for method, operation in operations.items()
        if method in CHANGING
    }


def test_every_call_that_changes_something_takes_a_key_or_has_a_reason_and_is_tried() -> None:
    keyed = {
        name
        for name, operation in changing().items()
        if "Idempotency-Key" in [parameter["name"] for parameter in operation.get("parameters", ())]
    }

    assert changing().keys() - keyed == CHANGE_NOTHING | WITHOUT_A_TOKEN | BY_NATURE
    assert keyed == CALLS.keys() | {"change_password"}


@pytest.mark.parametrize("name", CALLS)
def test_a_repeat_has_no_effect_and_the_same_answer(stage: Stage, desk: Desk, name: str) -> None:
    call = CALLS[name](stage)

    first = call.send()
    before = kept(desk)
    again = call.send()

    assert first.is_success, first.text
    assert kept(desk) == before
    if name in SHOWN_ONCE:
        assert (again.status_code, again.json()["error"]["code"]) == (409, "already_done")
        assert "shown once" in again.json()["error"]["message"]
    else:
        assert (again.status_code, again.content, again.headers.get("etag")) == (
            first.status_code,
            first.content,
            first.headers.get("etag"),
        )


@pytest.mark.parametrize("name", [name for name in CALLS if "requestBody" in changing()[name]])
def test_another_body_under_the_same_key_is_refused_and_has_no_effect(stage: Stage, desk: Desk, name: str) -> None:
    call = CALLS[name](stage)
    call.send()
    before = kept(desk)

    written_otherwise = {"content": json.dumps(call.more["json"], indent=1)} if "json" in call.more else {}
    another_file = {"files": {"file": ("other.json", b"[]")}, "data": call.more.get("data")}
    headers = call.more.get("headers", {}) | ({"content-type": "application/json"} if written_otherwise else {})
    refused = call._replace(more={"headers": headers} | (written_otherwise or another_file)).send()

    assert (refused.status_code, refused.json()["error"]["code"]) == (422, "key_reused"), refused.text
    assert kept(desk) == before


def test_a_key_is_good_for_ten_minutes(stage: Stage, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    call = of(stage.ada, "POST /articles", BODIES["write_article"])
    first = call.send().json()["id"]
    monkeypatch.setattr(desk.repeats, "_clock", lambda: datetime.now(UTC) + RECEIPT_LIFETIME)

    assert call.send().json()["id"] != first


def test_a_key_is_somebodys_own(stage: Stage) -> None:
    made = [of(by, "POST /articles", BODIES["write_article"]).send().json()["id"] for by in (stage.ada, stage.root)]

    assert made[0] != made[1]


def test_what_was_refused_can_be_sent_again_under_its_key(stage: Stage) -> None:
    phone = pyotp.TOTP(stage.carla.post("/account/second_factor").json()["secret"])
    wrong, right = ({"password": word, "code": phone.now()} for word in ("not hers", PASSWORD))

    refused = [of(stage.carla, "PUT /account/second_factor", wrong).send() for _ in range(2)]
    taken = of(stage.carla, "PUT /account/second_factor", right).send()

    assert [answer.json()["error"]["code"] for answer in refused] == ["invalid_input"] * 2
    assert taken.is_success


def test_a_call_that_ends_its_own_session_is_done_once(stage: Stage, desk: Desk) -> None:
    call = of(stage.carla, "POST /account/password", {"current": PASSWORD, "new": "seven dry blankets"})

    assert call.send().status_code == 204
    before = kept(desk)
    assert call.send().status_code == 401
    assert kept(desk) == before


def test_of_two_at_the_same_moment_one_is_done_and_the_other_refused(stage: Stage, desk: Desk) -> None:
    key = "POST here k"
    first, second = (desk.repeats.look_up(actor_of(stage, desk), key) for _ in range(2))
    assert isinstance(first, Intention)
    assert isinstance(second, Intention)

    with under_way(first):
        desk.articles.save(actor_of(stage, desk), Article(name="VPN", body="Dial in."))
    with under_way(second), pytest.raises(AlreadyDoneError):
        desk.articles.save(actor_of(stage, desk), Article(name="VPN", body="Dial in."))

    assert len(stage.ada.get("/articles").json()) == 1


def test_what_was_done_and_not_answered_is_not_done_again(stage: Stage, desk: Desk) -> None:
    """The desk ends between what is done and the note of what was answered."""
    intention = desk.repeats.look_up(actor_of(stage, desk), "POST here k")
    assert isinstance(intention, Intention)
    with under_way(intention):
        desk.articles.save(actor_of(stage, desk), Article(name="VPN", body="Dial in."))

    with pytest.raises(AlreadyDoneError, match="not known any more; please look"):
        desk.repeats.look_up(actor_of(stage, desk), "POST here k")


def test_no_secret_is_kept_with_its_receipt(stage: Stage, desk: Desk) -> None:
    secrets = [CALLS[name](stage).send().text for name in ("create_key", "reset_password", "create_webhook")]

    with desk.store.read() as tx:
        found = [tx.receipts.find(receipt) for receipt in receipts()]
    assert len(secrets) == len([one for one in found if one is not None]) == 3
    assert [one.answer for one in found if one is not None] == [None] * 3


def test_an_app_is_proposed_the_same_secret_again_by_nature(stage: Stage) -> None:
    first, again = (stage.carla.post("/account/second_factor").json() for _ in range(2))

    assert first == again


def test_to_sign_out_twice_is_no_error_by_nature(desk: Desk, stranger: TestClient) -> None:
    body = {"refresh_token": desk.tokens.issue("carla", PASSWORD).refresh}

    assert [stranger.post("/token/revoke", json=body).status_code for _ in range(2)] == [204, 204]


def actor_of(stage: Stage, desk: Desk) -> Actor:
    """Return Ada as whom her token makes her."""
    return desk.tokens.actor(stage.ada.headers["authorization"].removeprefix("Bearer "))


def receipts() -> list[str]:
    """Return the ids of the receipts of what was sent."""
    return [
        receipt_of(username, f"POST /api/v1{way} once")[0]
        for username, way in (("carla", "/keys"), ("root", "/users/carla/reset_password"), ("root", "/webhooks"))
    ]
