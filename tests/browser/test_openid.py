"""Signing in by a provider, as people meet it: there and back, with a code, and linked on the account page."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.acting import expect_ticket, sign_in, sign_out
from tests.browser.conftest import Windows, settle, watched
from tests.browser.test_looks import ON_DESKTOP_AND_PHONE, SKINS, findings, findings_in_both
from tests.browser.test_two_step import person_with_phone
from tests.openid_provider import CARLA, CLIENT, PERSON_BUTTON, SECRET, Behaviour, Provider
from tests.serving import PASSWORD, Server
from ticketing.domain.people import Standing

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
HERE = "Sign in with Acme"


@pytest.fixture(scope="module")
def running() -> Iterator[Provider]:
    with Provider() as provider:
        yield provider


@pytest.fixture
def provider(running: Provider) -> Provider:
    """Return the provider, at which nobody is signed in yet."""
    running.behaviour, running.person = Behaviour(asks=True), dict(CARLA)
    return running


@pytest.fixture(scope="module")
def linked_server(running: Provider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("openid"))
    server.require(
        BASE_URL=server.base,
        OIDC_ISSUER=running.issuer,
        OIDC_CLIENT_ID=CLIENT,
        OIDC_CLIENT_SECRET=SECRET,
        OIDC_NAME="Acme",
    )
    with server:
        yield server


@pytest.fixture
def windows(chromium: Browser, linked_server: Server, provider: Provider) -> Iterator[Windows]:
    """Return windows that may go to the provider as well."""
    windows = Windows(chromium, linked_server)
    windows.own.add(provider.issuer.removeprefix("http://"))
    yield from watched(windows)


def go_there_and_back(page: Page, provider: Provider, button: str = HERE, **person: Any) -> None:
    """Press the button, and say yes at the provider as this person."""
    provider.person |= person
    page.get_by_role("button", name=button).click()
    page.get_by_role("button", name=PERSON_BUTTON).click()


def test_a_link_in_a_mail_leads_to_its_ticket_by_way_of_the_provider(
    windows: Windows, linked_server: Server, provider: Provider
) -> None:
    desk = linked_server.desk
    desk.accounts.register("nora", "Nora", PASSWORD, PASSWORD)
    ticket = desk.tickets.open(linked_server.actor("nora"), "Loose cable", "It sparks.")
    with desk.store.write() as tx:
        nora = tx.users.find("nora")
        assert nora is not None
        nora.put_address("nora@example.org", Standing.CONFIRMED)
        tx.users.save(nora)
    page = windows.open(f"ticket?id={ticket.number}")

    go_there_and_back(page, provider, sub="nora-1", email="Nora@example.org", name="Nora")

    expect_ticket(page, "Loose cable")
    expect(page).to_have_url(f"{linked_server.base}/ticket?id={ticket.number}")
    sign_out(page)
    go_there_and_back(page, provider)
    expect(page.get_by_role("heading", name="My tickets")).to_be_visible()
    for secret in (SECRET, "nora-1", "code=", "state="):
        assert secret not in linked_server.log


def test_a_newcomer_has_no_password_and_is_told_how_to_get_one(
    windows: Windows, linked_server: Server, provider: Provider
) -> None:
    page = windows.open("login")
    go_there_and_back(page, provider, sub="new-1", preferred_username="mira", email=None, name="Mira Sol")
    expect(page.get_by_text("Mira Sol")).to_be_visible()

    page.goto(f"{linked_server.base}/account")
    page.get_by_role("tab", name="Password").click()

    expect(page.get_by_text("Your account has no password")).to_be_visible()
    expect(page.get_by_label("Present password", exact=True)).to_have_count(0)
    page.get_by_role("button", name="Unlink").click()
    expect(page.get_by_text("This is the only way into your account.")).to_be_visible()


def test_an_agent_links_their_account_signs_in_by_it_and_unlinks_it(
    windows: Windows, linked_server: Server, provider: Provider
) -> None:
    page = windows.open("account", person="ada")
    page.get_by_role("tab", name="Password").click()

    go_there_and_back(page, provider, "Link with Acme", sub="ada-1", name="Ada")

    expect(page.get_by_role("heading", name="Account")).to_be_visible()
    page.get_by_role("tab", name="Password").click()
    expect(page.get_by_text("127.0.0.1 · linked")).to_be_visible()
    sign_out(page)
    go_there_and_back(page, provider)
    expect(page.get_by_role("heading", name="All tickets")).to_be_visible()
    page.goto(f"{linked_server.base}/account")
    page.get_by_role("tab", name="Password").click()
    page.get_by_role("button", name="Unlink").click()
    expect(page.get_by_text("It does not open your account any more.")).to_be_visible()
    expect(page.get_by_role("button", name="Unlink")).to_have_count(0)


def test_who_declines_is_back_on_the_sign_in_page_and_goes_on_with_a_password(
    windows: Windows, provider: Provider
) -> None:
    provider.behaviour = Behaviour(error="access_denied")
    page = windows.open("login")

    page.get_by_role("button", name=HERE).click()

    expect(page.get_by_text("You were not signed in by Acme.")).to_be_visible()
    sign_in(page, "carla")
    expect(page.get_by_role("heading", name="My tickets")).to_be_visible()


@ON_DESKTOP_AND_PHONE
def test_the_code_is_asked_for_after_the_provider_and_all_of_it_is_accessible(
    windows: Windows, linked_server: Server, provider: Provider, look: dict[str, Any]
) -> None:
    name = "lea" if "is_mobile" in look else "liv"
    phone, _ = person_with_phone(linked_server, name)
    with linked_server.desk.store.write() as tx:
        person = tx.users.find(name)
        assert person is not None
        person.put_address(f"{name}@example.org", Standing.CONFIRMED)
        tx.users.save(person)
    page = windows.open("login", **look)
    objections = {"the sign-in page": findings_in_both(page)}

    go_there_and_back(page, provider, sub=f"{name}-1", email=f"{name}@example.org", name=name)
    expect(page.get_by_role("heading", name="Two-step sign-in")).to_be_visible()
    expect(page).to_have_url(f"{linked_server.base}/oidc/callback")
    for scheme in SKINS:  # a page of plain HTML, which follows at once
        page.emulate_media(color_scheme=scheme)
        objections[f"the code, {scheme}"] = findings(page)
    page.get_by_label("Code").fill("123 456")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("This code is wrong or was used already.")
    page.get_by_label("Code").fill(phone.code())
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="My tickets")).to_be_visible()

    page.goto(f"{linked_server.base}/account")
    page.get_by_role("tab", name="Password").click()
    expect(page.get_by_role("button", name="Unlink")).to_be_visible()
    expect(page.get_by_role("button", name="Link with Acme")).to_have_count(0)
    settle(page)
    objections["the account page"] = findings_in_both(page)
    assert objections == {each: [] for each in objections}
