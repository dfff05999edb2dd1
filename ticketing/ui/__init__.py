"""
The part of the desk that draws with Streamlit.

What a page needs of it:

    ui.require_actor()  ui.require_agent()  ui.require_admin()                  who is here
    ui.visitor()  ui.desk()                                                    the same, or nobody; what they can do
    ui.sign_in_by()  ui.sign_out()  ui.go_to()  ui.go_to_ticket()  ui.not_found()
    ui.submit_button()  ui.form_key()  ui.once()                               forms sent and resent
    ui.shown_errors()  ui.say_after_rerun()                                    what is said
    ui.plain()  ui.to_html()                                                   what people typed
    ui.queue()  ui.own_tickets()  ui.inbox()                                    lists
    ui.is_relating()  ui.relate()                                               merging, linking, splitting
    ui.dashboard()  ui.reports()                                               figures
    ui.t()                                                                      our own words
"""

from ticketing.ui.account import (
    explain_sign_in,
    mail_form,
    offer_password_reset,
    offer_registration,
    own_data,
    password_form,
    profile_form,
)
from ticketing.ui.anonymising import anonymise_person
from ticketing.ui.api_keys import own_keys
from ticketing.ui.arrival import is_code_wanted, sign_in_by
from ticketing.ui.article_editor import edit_article
from ticketing.ui.articles import article_list, article_page
from ticketing.ui.attaching import choose_files
from ticketing.ui.audit import audit_log
from ticketing.ui.bulk import change_several
from ticketing.ui.categories import choose_category
from ticketing.ui.custom_fields import fields_asked_for, fill_in, typed_into
from ticketing.ui.deeds import form_key, once
from ticketing.ui.feedback import flash, flash_is_over, say_after_rerun, shown_errors
from ticketing.ui.forms import submit_button
from ticketing.ui.health import health_notes, health_report, warn_of_throw_away
from ticketing.ui.inviting import invite
from ticketing.ui.layout import head_below_people, narrow
from ticketing.ui.live import hold_the_line
from ticketing.ui.mail import mail_ledger
from ticketing.ui.mail_in import one_mail
from ticketing.ui.new_ticket import (
    ask_for_whom,
    draft_name,
    forget_draft,
    former_asked_for,
    keep_draft,
    newest_ticket,
    perhaps_this_helps,
    remind_of,
    tell_what_it_follows,
)
from ticketing.ui.notices import inbox
from ticketing.ui.openid import offer_sign_in_elsewhere, ways_in
from ticketing.ui.pages import page
from ticketing.ui.passwords import password_field
from ticketing.ui.people import manage_person, people_head, people_list, register_agent
from ticketing.ui.rating import ask_for_rating
from ticketing.ui.relating import is_relating, relate
from ticketing.ui.reports import dashboard, reports
from ticketing.ui.second_factor import code_form, is_showing_recovery_codes, second_factor_form
from ticketing.ui.session import (
    address,
    browser,
    desk,
    device,
    go_home,
    go_to,
    go_to_ticket,
    not_found,
    require_actor,
    require_admin,
    require_agent,
    sign_out,
    target,
    visitor,
    without_routes,
)
from ticketing.ui.setup import set_up
from ticketing.ui.signed_in import own_sessions
from ticketing.ui.text import plain, to_html
from ticketing.ui.ticket import conversation_asked_for, note_as_seen, ticket_body
from ticketing.ui.ticket_head import ticket_head
from ticketing.ui.tickets import own_tickets, queue
from ticketing.ui.webhooks import look_after_webhooks
from ticketing.ui.wording import t

__all__ = [
    "address",
    "anonymise_person",
    "article_list",
    "article_page",
    "ask_for_rating",
    "ask_for_whom",
    "audit_log",
    "browser",
    "change_several",
    "choose_category",
    "choose_files",
    "code_form",
    "conversation_asked_for",
    "dashboard",
    "desk",
    "device",
    "draft_name",
    "edit_article",
    "explain_sign_in",
    "fields_asked_for",
    "fill_in",
    "flash",
    "flash_is_over",
    "forget_draft",
    "form_key",
    "former_asked_for",
    "go_home",
    "go_to",
    "go_to_ticket",
    "head_below_people",
    "health_notes",
    "health_report",
    "hold_the_line",
    "inbox",
    "invite",
    "is_code_wanted",
    "is_relating",
    "is_showing_recovery_codes",
    "keep_draft",
    "look_after_webhooks",
    "mail_form",
    "mail_ledger",
    "manage_person",
    "narrow",
    "newest_ticket",
    "not_found",
    "note_as_seen",
    "offer_password_reset",
    "offer_registration",
    "offer_sign_in_elsewhere",
    "once",
    "one_mail",
    "own_data",
    "own_keys",
    "own_sessions",
    "own_tickets",
    "page",
    "password_field",
    "password_form",
    "people_head",
    "people_list",
    "perhaps_this_helps",
    "plain",
    "profile_form",
    "queue",
    "register_agent",
    "relate",
    "remind_of",
    "reports",
    "require_actor",
    "require_admin",
    "require_agent",
    "say_after_rerun",
    "second_factor_form",
    "set_up",
    "shown_errors",
    "sign_in_by",
    "sign_out",
    "submit_button",
    "t",
    "target",
    "tell_what_it_follows",
    "ticket_body",
    "ticket_head",
    "to_html",
    "typed_into",
    "visitor",
    "warn_of_throw_away",
    "ways_in",
    "without_routes",
]
