"""No button and no field of the pages is left out of the tests that click twice and type anything at all."""

import re

import pytest

from tests.controls import ROOT, buttons, fields, reports, texts_in
from tests.forge.test_every_button import PRESSES
from tests.forge.test_every_form import FORMS, MEASURES

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
    "setup.file: import_settings": (
        "browser/test_settings_file.py: test_who_imports_settings_with_two_clicks_is_told_of_it"
    ),
    "setup.importing: import_do": "browser/test_imports.py: test_who_imports_with_two_clicks_is_told_that_it_came_in",
}


# Where else anything is typed into a field.
OTHERS_ARE_WRONG = (
    "forge/test_every_field.py: test_v1_a_form_whose_other_fields_are_wrong_changes_nothing_whatever_is_typed"
)
SEARCHED_FOR = "forge/test_every_field.py: test_any_text_can_be_searched_for_among_tickets_that_may_belong_together"
TYPED_IN = {
    **dict.fromkeys(
        [
            *("account: confirmation", "account: current", "account: display_name", "account: email", "account: new"),
            *("account: profile_password", "people: new_display_name", "people: new_email", "people: new_username"),
            *("register: confirmation", "register: display_name", "register: email", "register: password"),
            "register: username",
        ],
        OTHERS_ARE_WRONG,
    ),
    **dict.fromkeys(
        ["login: password", "login: username"],
        "forge/test_every_field.py: test_whatever_is_typed_as_name_or_password_is_simply_wrong",
    ),
    **dict.fromkeys(
        ["new_ticket: description", "new_ticket: title"],
        "forge/test_values.py: test_v1_a_text_that_its_field_cannot_take_is_refused_in_words",
    ),
    "new_ticket: requester": (
        "forge/test_every_field.py: test_for_whom_a_ticket_is_opened_is_an_account_or_refused_in_a_sentence"
    ),
    "people: people_search": "forge/test_every_field.py: test_v3_any_text_can_be_searched_for_among_people",
    "relating: relate_search_{}": SEARCHED_FOR,
    "relating: split_title": (
        "forge/test_every_field.py: test_whatever_is_typed_as_the_title_of_a_split_is_kept_as_typed_or_refused"
    ),
    **dict.fromkeys(
        ["setup.importing: import_dates", "setup.importing: import_zone"],
        "services/test_import_files.py: test_a_mapping_that_does_not_fit_the_file_is_refused",
    ),
}
# What our components report, and what looks after that it has one effect; further widgets that act at once.
NUMBERED = "browser/test_once.py: test_the_same_button_pressed_twice_while_the_disk_is_slow_acts_once"
REPORTS = {
    "inbox: on_outbox_change": NUMBERED,
    **dict.fromkeys(
        [
            *("composer: on_canned_change", "panel: on_{}_change", "list_table: on_filters_change"),
            *("notices: on_page_change", "similar: on_change", "anonymising: on_change", "audit: on_change"),
            "signed_in: on_change",
        ],
        "shows something else to this visitor",
    ),
    **dict.fromkeys(
        [
            *("list_table: on_chosen_change", "list_table: on_new_ticket_change", "list_table: on_opened_change"),
            *("list_table: on_save_view_change", "notices: on_opened_change", "panel: on_asked_change"),
            *("reports: on_asked_change", "sidebar: on_opened_change", "ticket_head: on_back_change"),
            *("ticket_head: on_related_change", "composer: on_onward_change"),
        ],
        "goes to another page",
    ),
    **dict.fromkeys(
        ["live: on_changed_change", "list_table: on_changed_change"], "tells that the page is to be drawn anew"
    ),
    **dict.fromkeys(
        [
            *("draft: on_told_change", "attaching: on_chosen_change", "list_table: on_columns_change"),
            *("list_table: on_prefer_change", "notices: on_read_change", "notices: on_all_read_change"),
        ],
        "says how something is to be, which it is as well when it is said twice",
    ),
}


TYPED = {control for form in FORMS.values() for control in form.fields} | set(MEASURES) | set(TYPED_IN)
CLICKED = texts_in("forge/test_second_clicks.py") | set(PRESSES) | set(CLICKED_TWICE_IN)


def test_each_button_is_clicked_twice_or_changes_nothing() -> None:
    assert buttons() - CLICKED == set(LEAD_ON)


def test_into_each_field_anything_is_typed() -> None:
    assert fields() == TYPED


def test_of_each_report_it_is_known_why_it_has_one_effect() -> None:
    assert reports() == set(REPORTS)


def test_no_button_that_is_gone_is_kept_on_a_list() -> None:
    named = {text for text in CLICKED if re.fullmatch(r"[a-z_.]+: [a-z_{}]+", text)}

    assert named | set(LEAD_ON) <= buttons()


@pytest.mark.parametrize("test", sorted({*CLICKED_TWICE_IN.values(), *TYPED_IN.values(), NUMBERED}))
def test_a_test_that_is_named_is_there(test: str) -> None:
    module, name = test.split(": ")

    assert f"def {name}(" in (ROOT / "tests" / module).read_text("utf-8")
