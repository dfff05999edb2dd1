"""No button and no field of the pages is left out of the tests that click twice and type anything at all."""

import re

import pytest

from tests.controls import ROOT, buttons, texts_in

# Buttons that change nothing anybody else could see, or what a second click could repeat.
LEAD_ON = {
    **dict.fromkeys(
        [
            *("articles: edit_article", "articles: new_article", "bulk: bulk_preview", "layout: way_back"),
            *("mail_in: show_{}", "openid: elsewhere", "people: anonymise", "people: invite", "people: look_at_audit"),
            *("people: look_at_health", "people: look_at_mails", "people: look_at_webhooks", "people: manage_{}"),
            *("people: register_agent", "people: set_up", "relating: choose_another", "relating: choose_{}"),
            *("setup: edit_{}", "setup: new", "setup: open_imports", "setup: open_{}", "webhooks: new"),
            "webhooks: open_{}",
        ],
        "goes to another page or step",
    ),
    **dict.fromkeys(
        [
            *("article_editor: preview", "audit: audit_newest", "audit: audit_older", "second_factor: set_up_two_step"),
            *("setup: preview", "setup.importing: import_look", "setup.importing: leave_{}"),
            *("setup.importing: undo_{}", "setup.sla: rehearse", "snoozing: snooze_cancel"),
            *("second_factor: start_over", "transferring: transfer_cancel"),
        ],
        "shows or puts away something on this page, for this visitor",
    ),
    **dict.fromkeys(
        [
            *("api_keys: key_kept", "inviting: noted", "people: noted", "second_factor: codes_kept"),
            "webhooks: secret_kept",
        ],
        "puts away what is shown once",
    ),
    "front: dismiss_{}": "waits for no slow store, and who has put a banner away twice has put it away",
    "openid: link_account": "leads to the provider; what is linked when one comes back is tested with that",
}
# Where else a button is clicked twice.
CLICKED_TWICE_IN = {
    "login: submit": "browser/test_sign_in.py: test_who_presses_the_button_twice_is_signed_in_with_one_session",
    "new_ticket: submit": "browser/test_once.py: test_a_second_click_on_open_ticket_opens_one",
    "second_factor: submit_code": (
        "browser/test_two_step.py: test_who_sends_the_code_twice_is_signed_in_with_one_session"
    ),
    "similar: merge_into_{}": "pages/test_relating.py: test_pressing_twice_merges_once",
    "setup.file: import_settings": "services/test_settings_files.py: test_the_same_file_twice_changes_nothing",
    "setup.importing: import_do": (
        "services/test_imports.py: test_a_file_that_comes_twice_at_the_same_time_is_on_record_and_undone_as_one"
    ),
}
CLICKS = ("forge/test_second_clicks.py", "forge/test_every_button.py")


def test_each_button_is_clicked_twice_or_changes_nothing() -> None:
    assert buttons() - texts_in(*CLICKS) - set(CLICKED_TWICE_IN) == set(LEAD_ON)


def test_no_button_that_is_gone_is_kept_on_a_list() -> None:
    clicked = {text for text in texts_in(*CLICKS) if re.fullmatch(r"[a-z_.]+: [a-z_{}]+", text)}

    assert clicked | set(CLICKED_TWICE_IN) | set(LEAD_ON) <= buttons()


@pytest.mark.parametrize("test", [*CLICKED_TWICE_IN.values()])
def test_a_test_that_is_named_is_there(test: str) -> None:
    module, name = test.split(": ")

    assert f"def {name}(" in (ROOT / "tests" / module).read_text("utf-8")
