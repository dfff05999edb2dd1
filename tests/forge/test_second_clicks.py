"""A second click while the first is still being dealt with: one effect, and the person learns what came of it."""

import re
import time

import pytest

from tests.serving import COOKIE, PASSWORD, Server
from tests.wire import Wire
from ticketing.domain.people import Actor, PeopleQuery

pytestmark = pytest.mark.xdist_group("forge")

ANOTHER_PASSWORD = "seven quiet lighthouses"
ONE_TIME = re.compile(r'code_text: "([^"]+)"')


def visit(server: Server, page: str, person: str = "", query: str = "", **typed: str) -> Wire:
    cookies = {COOKIE: server.sign_in(person)} if person else None
    wire = Wire.connect(server.base, page=page, query=query, cookies=cookies).run()
    for field, text in typed.items():
        wire.set(field, text)
    return wire


def click_twice(server: Server, wire: Wire, button: str) -> None:
    """Click while another writer keeps the store waiting, and again before it has done."""
    with server.desk.store.write():
        wire.click_twice(button, 0.3)
        time.sleep(0.3)
    wire.read()


def works(server: Server, username: str, password: str) -> bool:
    return bool(server.desk.accounts.sign_in(username, password, address="192.0.2.77"))


def test_whoever_registers_with_two_clicks_is_signed_in(server: Server) -> None:
    typed = {"username": "nadia", "display_name": "Nadia", "password": PASSWORD, "confirmation": PASSWORD}
    with visit(server, "register", **typed) as stranger:
        click_twice(server, stranger, "submit")

        assert "is taken" not in stranger.text
        assert "ticketing_bridge" in stranger.widgets
    assert works(server, "nadia", PASSWORD)


def test_a_password_changed_with_two_clicks_leads_back_in(server: Server) -> None:
    server.desk.accounts.register("grace", "Grace", PASSWORD, PASSWORD)
    typed = {"current": PASSWORD, "new": ANOTHER_PASSWORD, "confirmation": ANOTHER_PASSWORD}
    with visit(server, "account", "grace", **typed) as grace:
        click_twice(server, grace, "save_password")

        assert "ticketing_bridge" in grace.widgets
        assert "signed out" not in grace.text
    assert works(server, "grace", ANOTHER_PASSWORD)


def test_an_agent_registered_with_two_clicks_gets_the_password_that_is_shown(server: Server) -> None:
    with visit(server, "agent_admin", "root", "new=agent", new_username="emil", new_display_name="Emil") as root:
        click_twice(server, root, "submit_new_agent")

        shown = ONE_TIME.search(root.text)
    assert shown is not None
    assert works(server, "emil", shown[1])
    assert server.desk.agents.people(Actor.console(), PeopleQuery(text="emil")).total == 1


def test_a_password_reset_with_two_clicks_is_the_one_that_is_shown(server: Server) -> None:
    server.desk.accounts.register("henri", "Henri", PASSWORD, PASSWORD)
    with visit(server, "agent_admin", "root", "person=henri") as root:
        click_twice(server, root, "reset_password")

        shown = ONE_TIME.search(root.text)
    assert shown is not None
    assert works(server, "henri", shown[1])


def test_a_password_that_was_reset_while_one_went_elsewhere_waits_to_be_shown(server: Server) -> None:
    server.desk.accounts.register("jonas", "Jonas", PASSWORD, PASSWORD)
    with visit(server, "agent_admin", "root", "person=jonas") as root:
        with server.desk.store.write():
            root.begin("reset_password")
            root.read_until("reset_password")
            time.sleep(0.3)
            root.page, root.page_hash, root.query = "my_tickets", "", ""
            root.begin()
            time.sleep(0.3)
        root.read()
        assert ONE_TIME.search(root.text) is None
        while not server.desk.agents.person(Actor.console(), "jonas").must_change_password:
            time.sleep(0.05)

        root.page, root.page_hash, root.query = "agent_admin", "", "person=jonas"
        shown = ONE_TIME.search(root.run().text)

    assert shown is not None
    assert works(server, "jonas", shown[1])


def test_a_second_click_long_after_is_another_deed(server: Server) -> None:
    server.desk.accounts.register("ines", "Ines", PASSWORD, PASSWORD)
    with visit(server, "agent_admin", "root", "person=ines") as root:
        root.click("reset_password")
        first = ONE_TIME.search(root.text)
        root.click("noted")
    with visit(server, "agent_admin", "root", "person=ines") as root:
        root.click("reset_password")
        second = ONE_TIME.search(root.text)

    assert first is not None
    assert second is not None
    assert first[1] != second[1]
    assert works(server, "ines", second[1])
