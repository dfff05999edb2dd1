"""What stands around every page: the desk's name, its banners, and that it is being maintained."""

from collections.abc import Callable

import pytest

from tests.visiting import Visit
from ticketing.desk import Desk
from ticketing.domain.banners import Banner, BannerLevel
from ticketing.domain.branding import Branding
from ticketing.domain.maintenance import Maintenance
from ticketing.domain.people import Actor

Behind = Callable[[Visit], Actor]
CONSOLE = Actor.console()
CLOSED = "The desk is being maintained, so nothing can be changed for now. Back at 18:00."


@pytest.fixture
def stranger(desk: Desk) -> Visit:
    return Visit(desk, None)


def close(desk: Desk) -> None:
    """Begin maintenance."""
    wanted = Maintenance(id=Maintenance.kind, name="Maintenance", is_on=True, message="Back at 18:00.")
    desk.definitions.save(CONSOLE, wanted)


def test_an_admin_writes_a_banner_that_the_login_page_shows_too(root: Visit, carla: Visit, stranger: Visit) -> None:
    root.open("desk_setup", kind="banners", id="new")
    root.at.selectbox(key="banner_level").set_value(BannerLevel.WARNING)
    root.at.text_area(key="banner_text").set_value("Mail is down.\n**We** are at it.")
    root.fill(banner_name="Mail").press("save")

    for visit in (root, carla.open("my_tickets"), stranger.open("login")):
        assert "Mail is down.  \nWe are at it." in "".join(visit.said).replace("*", "").replace("\\", "")


def test_a_piece_of_news_is_put_away_for_good(desk: Desk, carla: Visit, oskar: Visit) -> None:
    news = desk.definitions.save(CONSOLE, Banner(name="Anew", text="Welcome"))

    carla.open("my_tickets").press(f"dismiss_{news.id}")

    assert "Welcome" not in carla.said
    assert "Welcome" not in carla.open("new_ticket").said
    assert "Welcome" in oskar.open("my_tickets").said


def test_strangers_are_offered_no_way_to_put_it_away(desk: Desk, stranger: Visit) -> None:
    desk.definitions.save(CONSOLE, Banner(name="Anew", text="Welcome"))

    assert not [button.key for button in stranger.open("login").at.button if str(button.key).startswith("dismiss")]


def test_while_the_desk_is_maintained_every_page_says_so_and_what_was_typed_stays(
    desk: Desk, root: Visit, carla: Visit, stranger: Visit
) -> None:
    root.open("desk_setup", kind="maintenance")
    root.at.toggle(key="maintenance_is_on").set_value(True)
    root.fill(maintenance_message="Back at 18:00.").press("save")
    carla.open("new_ticket").fill(title="No dial tone").at.text_area(key="description").set_value("Dead.")

    carla.press("submit")

    assert carla.refused == [CLOSED]
    assert carla.at.text_input(key="title").value == "No dial tone"
    assert [CLOSED in visit.said for visit in (carla, stranger.open("login"))] == [True, True]
    assert "nobody but admins can change anything" in "".join(root.open("agent_admin").said)
    assert desk.front.outside().closed == CLOSED


def test_who_signs_in_meanwhile_can_read(desk: Desk, carla: Visit, actor: Behind) -> None:
    desk.tickets.open(actor(carla), "No dial tone", "The line is dead.")
    close(desk)

    assert carla.open("ticket", id="1").titles == ["No dial tone"]


def test_the_desk_has_the_name_that_an_admin_gives_it(desk: Desk, root: Visit) -> None:
    root.open("desk_setup", kind="branding").fill(branding_name="Acme support", branding_accent="#0b6e4f").press("save")

    kept = desk.front.branding()
    assert (kept.name, kept.accent, kept.history[-1].by) == ("Acme support", "#0b6e4f", "root")
    assert "#0b6e4f" in root.open("agent_admin").html


def test_a_colour_that_cannot_be_read_on_is_refused_in_the_form(desk: Desk, root: Visit) -> None:
    root.open("desk_setup", kind="branding").fill(branding_accent="#777777").press("save")

    assert "Neither white nor dark text can be read well on #777777" in root.refused[0]
    assert desk.front.branding() == Branding(id="branding", name="Help desk")


def test_settings_are_for_admins_and_permissions_for_agents(ada: Visit, root: Visit) -> None:
    assert "<th scope=row>TICKETING_BASE_URL: the public address" in root.open("desk_setup", kind="settings").html
    assert ada.open("desk_setup", kind="settings").titles == ["Nothing to see here"]
    assert ada.open("desk_setup", kind="permissions").titles == ["Permissions"]


@pytest.mark.parametrize("kind", ["branding", "maintenance", "banners"])
def test_agents_reach_no_form_of_what_every_page_shows(ada: Visit, kind: str) -> None:
    assert ada.open("desk_setup", kind=kind, id=kind).titles == ["Nothing to see here"]
    assert f"open_{kind}" not in {button.key for button in ada.open("desk_setup").at.button} or kind == "banners"
