"""The page of webhooks: an admin makes one, sees its secret once, tries it and sees what became of each message."""

from collections.abc import Callable, Iterator

import pytest

from tests.pages.conftest import SignIn
from tests.visiting import Visit, unescaped
from tests.web_server import WebServer
from ticketing.desk import Desk
from ticketing.domain.deliveries import DeliveryState
from ticketing.domain.people import Actor
from ticketing.domain.webhooks import Webhook, WebhookEvent
from ticketing.ui.pages import BY_NAME
from ticketing.ui.wording import t

Behind = Callable[[Visit], Actor]
CONSOLE = Actor.console()
BROKEN = b"HTTP/1.1 500 Internal Server Error\r\n\r\n"


@pytest.fixture
def settings() -> dict[str, object]:
    """Return what is set beside the store: this machine is where the other side is."""
    return {"private_webhooks": True}


@pytest.fixture
def server() -> Iterator[WebServer]:
    with WebServer() as running:
        yield running


@pytest.fixture
def crm(desk: Desk, server: WebServer) -> Webhook:
    events = (WebhookEvent.OPENED,)
    return desk.webhooks.create(CONSOLE, Webhook(name="CRM <b>", url=server.url, events=events)).webhook


def said(visit: Visit) -> str:
    boxes = (*visit.at.main.markdown, *visit.at.main.caption, *visit.at.success, *visit.at.error, *visit.at.info)
    return unescaped(visit.html) + "\n".join(unescaped(one.value) for one in boxes)


def test_an_admin_makes_a_webhook_and_sees_its_secret_once(desk: Desk, root: Visit, server: WebServer) -> None:
    root.open("webhooks", id="new")
    root.at.multiselect[0].set_value([WebhookEvent.OPENED, WebhookEvent.REPLIED])
    root.fill(webhook_name="CRM", webhook_url=server.url).press("save")

    [made] = desk.webhooks.all(CONSOLE)
    assert (made.name, made.url) == ("CRM", server.url)
    root.open("webhooks", id=made.id)
    assert root.at.code[0].value.startswith("whsec_")

    root.press("secret_kept")
    assert not root.at.code


def test_what_cannot_be_kept_is_refused_with_a_sentence(desk: Desk, root: Visit) -> None:
    root.open("webhooks", id="new").fill(webhook_name="CRM", webhook_url="crm.example.org").press("save")

    assert "at least one event" in said(root)
    assert desk.webhooks.all(CONSOLE) == []


def test_the_list_says_how_each_fares(desk: Desk, root: Visit, crm: Webhook, server: WebServer) -> None:
    assert t("webhook.unused") in said(root.open("webhooks"))
    server.answer = BROKEN
    desk.tickets.open(CONSOLE, "No dial tone", "The line is dead.")
    dispatcher = desk.webhook_dispatcher()
    assert dispatcher is not None
    dispatcher.drain()

    root.open("webhooks")

    assert t("webhook.state_failing") in said(root)
    assert "500 Internal Server Error" in said(root)
    assert root.press(f"open_{crm.id}").titles == ["CRM <b>"]


def test_a_test_says_the_status_and_the_time_and_is_in_the_ledger(
    root: Visit, sign_in: SignIn, crm: Webhook, server: WebServer
) -> None:
    root.open("webhooks", id=crm.id).press("test")

    assert "200 OK (" in unescaped(root.at.success[0].value)
    assert len(server.taken) == 1
    assert "webhook.test" in said(root)

    server.answer = BROKEN
    other_tab = sign_in("root").open("webhooks", id=crm.id).press("test")
    assert "500 Internal Server Error" in other_tab.at.error[0].value


def test_what_failed_is_sent_again(desk: Desk, root: Visit, crm: Webhook, server: WebServer) -> None:
    server.answer = BROKEN
    root.open("webhooks", id=crm.id).press("test")
    [again] = [button.key for button in root.at.button if button.key and button.key.startswith("again_")]

    root.press(again)

    assert t("delivery.goes_again") in said(root)
    assert desk.webhooks.waiting(CONSOLE, crm.id) == 1
    root.choose("delivery_state", DeliveryState.FAILED)
    assert t("delivery.none") in said(root)


def test_an_admin_changes_renews_and_removes_one(desk: Desk, root: Visit, crm: Webhook) -> None:
    root.open("webhooks", id=crm.id).fill(webhook_query="vpn").press("save")
    assert desk.webhooks.get(CONSOLE, crm.id).query == "vpn"

    root.open("webhooks", id=crm.id).press("renew")
    assert root.at.code[0].value.startswith("whsec_")

    root.open("webhooks", id=crm.id).press("remove")
    assert desk.webhooks.all(CONSOLE) == []
    assert t("webhook.removed") in said(root)


@pytest.mark.parametrize("who", ["ada", "carla"])
def test_for_others_there_is_no_such_page(request: pytest.FixtureRequest, actor: Behind, who: str) -> None:
    assert not BY_NAME["webhooks"].is_for(actor(request.getfixturevalue(who)))


def test_one_that_is_not_there_is_not_found(root: Visit) -> None:
    assert root.open("webhooks", id="nothing").titles != [t("page.webhooks")]


def test_the_way_to_the_webhooks_is_among_the_people(root: Visit, ada: Visit) -> None:
    assert root.open("agent_admin").press("look_at_webhooks").titles == ["Webhooks"]
    assert not ada.open("agent_admin").has_button("look_at_webhooks")
