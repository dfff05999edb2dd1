"""Refusals, confirmations, and the keys of forms."""

from collections.abc import Callable

import pytest

from tests.app_test import AppTest
from tests.ui.conftest import PASSWORD
from ticketing.desk import Desk
from ticketing.ui import form_key
from ticketing.ui.feedback import Flash
from ticketing.ui.memory import MEMORY


def test_a_refusal_is_shown_as_the_sentence_it_is_and_draws_nothing() -> None:
    def page() -> None:
        from ticketing import ui  # noqa: PLC0415 - the function is run as a script of its own
        from ticketing.domain.errors import UsernameTakenError  # noqa: PLC0415

        with ui.shown_errors():
            raise UsernameTakenError("![x](http://evil.example/x.png)")

    app = AppTest.from_function(page).run()

    assert "is taken" in app.error[0].value.replace("\\", "")
    assert "![x](" not in app.error[0].value


def sending() -> None:
    """Draw a page on which something is sent, or nothing is done; its address may change."""
    import streamlit as st  # noqa: PLC0415 - the function is run as a script of its own

    from ticketing import ui  # noqa: PLC0415
    from ticketing.ui.feedback import next_flash  # noqa: PLC0415
    from ticketing.ui.forms import button  # noqa: PLC0415

    ui.flash(f"ticket?{st.query_params}")
    if button("Send", key="send"):
        ui.say_after_rerun("Sent.")
        st.rerun()
    if button("Fail", key="fail"):
        next_flash().refuse("Not sent.")
        st.rerun()
    button("Cancel", key="cancel")
    ui.flash_is_over()


def said(app: AppTest) -> list[str]:
    return [box.value.replace("\\", "") for box in [*app.success, *app.error]]


@pytest.mark.parametrize(("button", "sentence"), [("send", "Sent."), ("fail", "Not sent.")])
def test_what_is_said_stays_for_five_seconds_however_often_the_page_is_drawn_anew(
    pass_seconds: Callable[[float], None], button: str, sentence: str
) -> None:
    pass_seconds(0)  # and from now on no others
    app = AppTest.from_function(sending).run()
    app.button(button).click().run()
    assert said(app) == [sentence]

    for _ in range(2):
        pass_seconds(2.4)
        assert said(app.run()) == [sentence]

    pass_seconds(0.3)
    assert said(app.run()) == []


@pytest.mark.usefixtures("desk")
@pytest.mark.parametrize(("button", "left"), [("fail", ["Not sent."]), ("cancel", []), ("send", ["Sent."])])
def test_what_is_said_does_not_stay_over_the_press_of_a_button(button: str, left: list[str]) -> None:
    app = AppTest.from_function(sending).run()
    app.button("send").click().run()

    app.button(button).click().run()

    assert said(app) == left


@pytest.mark.usefixtures("desk")
def test_what_is_said_does_not_follow_to_another_address() -> None:
    app = AppTest.from_function(sending).run()
    app.button("send").click().run()

    app.query_params["id"] = "2"
    assert said(app.run()) == []


@pytest.mark.usefixtures("desk")
def test_what_nobody_has_seen_yet_is_said_at_whatever_address_comes_next() -> None:
    app = AppTest.from_function(sending).run()
    app.session_state[MEMORY][Flash].say("It is open.")

    app.query_params["id"] = "2"

    assert said(app.run()) == ["It is open."]


def test_the_same_content_from_the_same_session_has_the_same_key(desk: Desk, cookies: dict[str, str]) -> None:
    cookies["ticketing_session"] = desk.accounts.sign_in("carla", PASSWORD)

    key = form_key("new_ticket", "No dial tone", "The line is dead.")

    assert key == form_key("new_ticket", "No dial tone", "The line is dead.")
    assert (
        len({key, form_key("new_ticket", "No dial", "tone The line is dead."), form_key("reply", "No dial tone")}) == 3
    )


def test_the_same_content_from_somebody_else_has_another_key(desk: Desk, cookies: dict[str, str]) -> None:
    cookies["ticketing_session"] = desk.accounts.sign_in("carla", PASSWORD)
    hers = form_key("new_ticket", "No dial tone")

    cookies["ticketing_session"] = desk.accounts.sign_in("oskar", PASSWORD)

    assert form_key("new_ticket", "No dial tone") != hers


def test_what_is_said_in_a_run_that_is_cut_short_is_said_again(pass_seconds: Callable[[float], None]) -> None:
    def page() -> None:
        import streamlit as st  # noqa: PLC0415 - the function is run as a script of its own

        from ticketing import ui  # noqa: PLC0415

        if "sent" not in st.session_state:
            st.session_state["sent"] = True
            ui.say_after_rerun("Sent.")
        ui.flash("ticket")
        if st.button("Cut short"):
            st.stop()
        ui.flash_is_over()

    app = AppTest.from_function(page).run()
    assert [box.value for box in app.success] == ["Sent\\."]

    app.session_state[MEMORY][Flash].say("Again.")
    app.button[0].click().run()
    pass_seconds(6)

    assert said(app.run()) == ["Again."]
