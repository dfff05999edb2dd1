"""What stands around every page, in a browser; and how somebody who is invited comes in."""

import io

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.browser.conftest import ON_BOTH_STORES, PHONE, Windows, settle
from tests.serving import Server
from ticketing.domain.banners import Banner
from ticketing.domain.branding import Branding
from ticketing.domain.maintenance import Maintenance
from ticketing.domain.people import Actor
from ticketing.services.pictures import logo

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

CONSOLE = Actor.console()
CHOSEN = "four dry umbrellas"
GREEN, WHITE = "rgb(11, 110, 79)", "rgb(255, 255, 255)"


def brand(server: Server) -> None:
    """Give the desk a name, a picture and a colour."""
    saved = io.BytesIO()
    Image.new("RGB", (300, 80), "#0b6e4f").save(saved, "PNG")
    present = server.desk.definitions.get(CONSOLE, Branding, Branding.kind)
    wanted = {"name": "Acme support", "logo": logo(saved.getvalue()), "accent": "#0b6e4f"}
    server.desk.definitions.save(CONSOLE, present.model_copy(update=wanted))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_desk_has_its_own_name_picture_and_colour_on_every_page(
    windows: Windows, server: Server, scheme: str
) -> None:
    brand(server)

    page = windows.open("login", color_scheme=scheme)
    button = page.get_by_role("button", name="Sign in", exact=True)
    expect(button).to_have_css("background-color", GREEN)
    expect(button).to_have_css("color", WHITE)
    assert page.title() == "Sign in · Acme support"

    page = windows.open("my_tickets", person="carla", color_scheme=scheme)
    picture = page.get_by_test_id("stSidebar").get_by_test_id("stLogo").or_(page.get_by_test_id("stSidebarLogo")).first
    expect(picture).to_have_attribute("src", f"{server.base}/logo?v={server.desk.front.branding().logo_mark}")
    expect(picture).to_have_js_property("naturalWidth", 300)  # which it has as soon as it is there


def test_components_have_the_colour_too(windows: Windows, server: Server) -> None:
    brand(server)
    ticket = server.desk.tickets.open(server.actor("carla"), "A look at colours", "It is green.")

    page = windows.open(f"ticket?id={ticket.id}", person="ada")

    expect(page.locator(".primary").first).to_have_css("background-color", GREEN)


@ON_BOTH_STORES
def test_somebody_who_is_invited_chooses_a_password_and_signs_in(windows: Windows, server: Server) -> None:
    page = windows.open("agent_admin?new=invitation", person="ada", **PHONE)
    page.get_by_label("Display name").fill("Nora Vale")
    page.get_by_label("E-mail").fill("nora@example.org")
    page.get_by_role("button", name="Invite", exact=True).click()
    link = page.get_by_test_id("stCode").locator("code").inner_text()

    other = windows.open("login")
    other.goto(link)
    assert "?" not in other.evaluate("location.href")
    other.get_by_label("New password").fill(CHOSEN)
    other.get_by_label("The same once more").fill(CHOSEN)
    other.get_by_role("button", name="Begin").click()
    expect(other.get_by_role("heading")).to_have_text("Your account is open")
    other.get_by_role("link", name="To the help desk").click()
    other.get_by_label("Username").fill("nora")
    other.get_by_label("Password", exact=True).fill(CHOSEN)
    other.get_by_role("button", name="Sign in", exact=True).click()

    expect(other.get_by_role("heading", name="All tickets")).to_be_visible()
    server.desk.agents.deactivate(CONSOLE, "nora")


def test_a_draft_stays_while_the_desk_is_maintained(windows: Windows, server: Server) -> None:
    news = server.desk.definitions.save(CONSOLE, Banner(name="Anew", text="Welcome to the new desk."))
    page = windows.open("new_ticket", person="carla")
    page.get_by_label("Title").fill("No dial tone")
    closed = Maintenance(id=Maintenance.kind, name="Maintenance", is_on=True, message="Back at 18:00.")
    kept = server.desk.definitions.save(CONSOLE, closed)

    page.get_by_role("textbox", name="What happened?").fill("The line is dead.")
    page.get_by_role("button", name="Open ticket").click()

    told = page.get_by_role("alert").filter(has_text="Back at 18:00.")
    expect(told.first).to_be_visible()
    expect(page.get_by_label("Title")).to_have_value("No dial tone")
    server.desk.definitions.save(CONSOLE, kept.model_copy(update={"is_on": False}))
    page.get_by_role("button", name="Dismiss").click()
    expect(page.get_by_text("Welcome to the new desk.")).to_have_count(0)
    settle(page)
    server.desk.definitions.remove(CONSOLE, Banner, news.id, news.version)
