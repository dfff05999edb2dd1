"""Refusals, confirmations, and the keys of forms."""

from streamlit.testing.v1 import AppTest

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


def test_what_is_said_after_a_rerun_is_said_once() -> None:
    def page() -> None:
        import streamlit as st  # noqa: PLC0415 - the function is run as a script of its own

        from ticketing import ui  # noqa: PLC0415

        ui.flash()
        if st.button("Send"):
            ui.say_after_rerun("Sent.")
            st.rerun()
        ui.flash_is_over()

    app = AppTest.from_function(page).run()
    app.button[0].click().run()
    assert [box.value for box in app.success] == ["Sent\\."]

    app.run()

    assert not app.success


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


def test_what_is_said_in_a_run_that_is_cut_short_is_said_again() -> None:
    def page() -> None:
        import streamlit as st  # noqa: PLC0415 - the function is run as a script of its own

        from ticketing import ui  # noqa: PLC0415

        if "sent" not in st.session_state:
            st.session_state["sent"] = True
            ui.say_after_rerun("Sent.")
        ui.flash()
        if st.button("Cut short"):
            st.stop()
        ui.flash_is_over()

    app = AppTest.from_function(page).run()
    assert [box.value for box in app.success] == ["Sent\\."]

    app.session_state[MEMORY][Flash].say("Again.")
    app.button[0].click().run()
    app.run()

    assert [box.value for box in app.success] == ["Again\\."]
