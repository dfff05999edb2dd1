"""A second click or a reload while the first click is dealt with: one effect, and the person learns of it."""

import re
import time
from collections.abc import Callable
from contextlib import suppress

import pytest

from tests.controls import key_of
from tests.serving import COOKIE, PASSWORD, Server
from tests.visiting import HEAD, unescaped
from tests.wire import Wire
from ticketing.domain.errors import SignedOutError, ThrottledError, WrongCredentialsError
from ticketing.domain.people import Actor, PeopleQuery, Role
from ticketing.services.throttle import FREE_FAILURES
from ticketing.ui.wording import t

pytestmark = [pytest.mark.processes, pytest.mark.xdist_group("forge")]

ANOTHER_PASSWORD = "seven quiet lighthouses"
ONE_TIME = re.compile(r'code_text: "([^"]+)"')


def visit(server: Server, page: str, person: str = "", query: str = "", **typed: str) -> Wire:
    cookies = {COOKIE: server.sign_in(person)} if person else None
    wire = Wire.connect(server.base, page=page, query=query, cookies=cookies).run()
    for field, text in typed.items():
        wire.set(field, text)
    return wire


def click_twice(server: Server, wire: Wire, control: str, *parts: str) -> None:
    """Click while another writer keeps the store waiting, and again before it has done."""
    with server.slow_disk():
        wire.click_twice(key_of(control, *parts), 0.3)
        time.sleep(0.2)
    wire.read()


def works(server: Server, username: str, password: str) -> bool:
    return bool(server.desk.accounts.sign_in(username, password, address="192.0.2.77"))


def is_signed_in(server: Server, token: str) -> bool:
    try:
        return bool(server.desk.sessions.actor(token))
    except SignedOutError:
        return False


def test_whoever_registers_with_two_clicks_is_signed_in(server: Server) -> None:
    typed = {"username": "nadia", "display_name": "Nadia", "password": PASSWORD, "confirmation": PASSWORD}
    with visit(server, "register", **typed) as stranger:
        click_twice(server, stranger, "register: submit")

        assert "is taken" not in stranger.text
        assert "ticketing_bridge" in stranger.widgets
    assert works(server, "nadia", PASSWORD)


def test_a_password_changed_with_two_clicks_leads_back_in(server: Server) -> None:
    server.desk.accounts.register("grace", "Grace", PASSWORD, PASSWORD)
    typed = {"current": PASSWORD, "new": ANOTHER_PASSWORD, "confirmation": ANOTHER_PASSWORD}
    with visit(server, "account", "grace", **typed) as grace:
        click_twice(server, grace, "account: save_password")

        assert "ticketing_bridge" in grace.widgets
        assert "signed out" not in grace.text
    assert works(server, "grace", ANOTHER_PASSWORD)


def test_an_agent_registered_with_two_clicks_gets_the_password_that_is_shown(server: Server) -> None:
    with visit(server, "agent_admin", "root", "new=agent", new_username="emil", new_display_name="Emil") as root:
        click_twice(server, root, "people: submit_new_agent")

        shown = ONE_TIME.search(root.text)
    assert shown is not None
    assert works(server, "emil", shown[1])
    assert server.desk.agents.people(Actor.console(), PeopleQuery(text="emil")).total == 1


def test_a_password_reset_with_two_clicks_is_the_one_that_is_shown(server: Server) -> None:
    server.desk.accounts.register("henri", "Henri", PASSWORD, PASSWORD)
    with visit(server, "agent_admin", "root", "person=henri") as root:
        click_twice(server, root, "people: reset_password")

        shown = ONE_TIME.search(root.text)
    assert shown is not None
    assert works(server, "henri", shown[1])


def test_a_password_that_was_reset_while_one_went_elsewhere_waits_to_be_shown(server: Server) -> None:
    server.desk.accounts.register("jonas", "Jonas", PASSWORD, PASSWORD)
    with visit(server, "agent_admin", "root", "person=jonas") as root:
        with server.slow_disk():
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


@pytest.mark.parametrize(
    ("control", "sentence"),
    [
        ("people: lift_wait", "people.wait_lifted"),
        ("people: end_sessions", "people.sessions_ended"),
        ("people: deactivate", "people.deactivated"),
        ("people: reactivate", "people.reactivated"),
    ],
)
def test_what_is_done_about_an_account_with_two_clicks_is_done_and_told(
    server: Server, control: str, sentence: str
) -> None:
    button = key_of(control)
    accounts, agents = server.desk.accounts, server.desk.agents
    accounts.register(f"of-{button}", "Lena", PASSWORD, PASSWORD)
    if button == "reactivate":
        agents.deactivate(Actor.console(), f"of-{button}")
    for number in range(FREE_FAILURES + 1 if button == "lift_wait" else 0):
        with suppress(WrongCredentialsError, ThrottledError):
            accounts.sign_in(f"of-{button}", "not her password", address=f"192.0.2.{number}")

    with visit(server, "agent_admin", "root", f"person=of-{button}") as root:
        click_twice(server, root, control)

        assert t(sentence, name="Lena") in unescaped(root.text)
        assert button == "end_sessions" or button not in root.widgets


def test_one_session_of_another_ended_with_two_clicks_has_ended_and_one_is_told(server: Server) -> None:
    server.desk.accounts.register("rita", "Rita", PASSWORD, PASSWORD)
    ended, kept = server.sign_in("rita"), server.sign_in("rita")
    shown = server.desk.sessions.of_person(server.actor("root"), "rita")[-1]
    with visit(server, "agent_admin", "root", "person=rita") as root:
        root.set("sessions_rita", value=True)
        root.run()
        click_twice(server, root, "signed_in: end_{}", shown.id[:12])

        assert t("people.session_ended", name="Rita") in unescaped(root.text)
    assert (is_signed_in(server, ended), is_signed_in(server, kept)) == (False, True)


def test_a_role_saved_with_two_clicks_is_saved_and_told(server: Server) -> None:
    server.desk.accounts.register("milan", "Milan", PASSWORD, PASSWORD)
    with visit(server, "agent_admin", "root", "person=milan", role_milan="agent") as root:
        root.run()
        click_twice(server, root, "people: save_role")

        assert t("people.joined_staff", name="Milan") in unescaped(root.text)
    assert server.desk.agents.person(Actor.console(), "milan").role is Role.AGENT


def test_a_profile_saved_with_two_clicks_is_saved_and_told(server: Server) -> None:
    server.desk.accounts.register("olga", "Olga", PASSWORD, PASSWORD)
    with visit(server, "account", "olga", display_name="Olga Berg") as olga:
        click_twice(server, olga, "account: save_profile")

        assert t("account.profile_saved") in unescaped(olga.text)
    assert server.desk.agents.person(Actor.console(), "olga").display_name == "Olga Berg"


@pytest.mark.parametrize(
    ("control", "sentence"),
    [("signed_in: end_{}", "account.session_ended"), ("signed_in: end_others", "account.others_ended")],
)
def test_a_session_ended_with_two_clicks_has_ended_and_one_is_told(server: Server, control: str, sentence: str) -> None:
    name = f"of-{key_of(control, 'one')}"
    server.desk.accounts.register(name, "Petra", PASSWORD, PASSWORD)
    other = server.actor(name).session or ""
    with visit(server, "account", name) as petra:
        click_twice(server, petra, control, other[:12])

        assert t(sentence) in unescaped(petra.text)
    assert other not in [session.id for session in server.desk.sessions.own(server.actor(name))]


def test_a_ticket_handed_on_with_two_clicks_is_handed_on_once(server: Server) -> None:
    server.desk.accounts.register("ulla", "Ulla", PASSWORD, PASSWORD)
    number = server.desk.tickets.open(server.actor("ulla"), "No dial tone", "The line is dead.").number
    with visit(server, "ticket", "root", f"id={number}") as root:
        root.trigger(HEAD, "outbox", [[1, "transfer", "open", ""]])
        root.set("transfer_note", "For you.")
        click_twice(server, root, "transferring: transfer_submit")

        assert t("transfer.nobody_has_it") in unescaped(root.text)
        assert "transfer_submit" not in root.widgets
    assert [message.text for message in server.ticket(number).messages] == ["The line is dead.", "For you."]


def test_a_ticket_put_to_sleep_with_two_clicks_is_so_once(server: Server) -> None:
    server.desk.accounts.register("sven", "Sven", PASSWORD, PASSWORD)
    number = server.desk.tickets.open(server.actor("sven"), "No dial tone", "The line is dead.").number
    with visit(server, "ticket", "root", f"id={number}") as root:
        root.trigger(HEAD, "outbox", [[1, "snooze", "open", ""]])
        click_twice(server, root, "snoozing: snooze_submit")

        assert "The ticket sleeps until" in unescaped(root.text)
        assert "snooze_submit" not in root.widgets
    assert [event.field for event in server.ticket(number).events] == ["opened", "status", "snoozed"]


# A reload


def leave_in_the_middle(server: Server, wire: Wire, button: str) -> None:
    """Click while another writer keeps the store waiting, and be gone before it has done."""
    with server.slow_disk():
        wire.begin(button)
        time.sleep(0.5)
        wire.close()


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not is_so() and time.monotonic() < deadline:
        time.sleep(0.05)


def test_who_reloads_while_registering_is_told_to_sign_in_when_they_try_again(server: Server) -> None:
    typed = {"username": "quentin", "display_name": "Quentin", "password": PASSWORD, "confirmation": PASSWORD}
    leave_in_the_middle(server, visit(server, "register", **typed), "submit")
    wait_until(lambda: bool(server.desk.agents.people(Actor.console(), PeopleQuery(text="quentin")).total))

    with visit(server, "register", **typed) as quentin:
        quentin.click("submit")

        assert "sign in if you have just made this account" in quentin.text
    assert works(server, "quentin", PASSWORD)


def test_who_reloads_while_their_password_is_changed_is_told_to_sign_in_with_the_new_one(server: Server) -> None:
    server.desk.accounts.register("rosa", "Rosa", PASSWORD, PASSWORD)
    cookies = {COOKIE: server.sign_in("rosa")}
    rosa = Wire.connect(server.base, page="account", cookies=cookies).run()
    for field, text in (("current", PASSWORD), ("new", ANOTHER_PASSWORD), ("confirmation", ANOTHER_PASSWORD)):
        rosa.set(field, text)
    leave_in_the_middle(server, rosa, "save_password")
    wait_until(lambda: not is_signed_in(server, cookies[COOKIE]))

    with Wire.connect(server.base, page="account", cookies=cookies) as rosa:
        assert t("login.session_ended") in unescaped(rosa.run().text)
    assert works(server, "rosa", ANOTHER_PASSWORD)
    with pytest.raises(WrongCredentialsError):
        works(server, "rosa", PASSWORD)


def test_an_agent_who_was_registered_while_one_reloaded_gets_a_password_by_a_reset(server: Server) -> None:
    typed = {"new_username": "wilma", "new_display_name": "Wilma"}
    leave_in_the_middle(server, visit(server, "agent_admin", "root", "new=agent", **typed), "submit_new_agent")
    wait_until(lambda: bool(server.desk.agents.people(Actor.console(), PeopleQuery(text="wilma")).total))

    with visit(server, "agent_admin", "root", "new=agent", **typed) as root:
        assert t("people.just_registered", name="Wilma") in unescaped(root.text)
        assert "is taken" in root.click("submit_new_agent").text
    with visit(server, "agent_admin", "root", "person=wilma") as root:
        shown = ONE_TIME.search(root.click("reset_password").text)

    assert shown is not None
    assert works(server, "wilma", shown[1])


def test_a_password_that_was_reset_while_one_reloaded_is_reset_again(server: Server) -> None:
    server.desk.accounts.register("tilda", "Tilda", PASSWORD, PASSWORD)
    leave_in_the_middle(server, visit(server, "agent_admin", "root", "person=tilda"), "reset_password")
    wait_until(lambda: server.desk.agents.person(Actor.console(), "tilda").must_change_password)

    with visit(server, "agent_admin", "root", "person=tilda") as root:
        assert ONE_TIME.search(root.text) is None
        shown = ONE_TIME.search(root.click("reset_password").text)

    assert shown is not None
    assert works(server, "tilda", shown[1])
