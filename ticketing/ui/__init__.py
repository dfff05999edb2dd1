"""
The part of the desk that draws with Streamlit. What a page needs of it:

    ui.require_actor()  ui.require_agent()  ui.visitor()  ui.desk()            who is here, and what they can do
    ui.sign_in_with()  ui.sign_out()  ui.go_to()  ui.go_to_ticket()  ui.not_found()
    ui.shown_errors()  ui.say_after_rerun()  ui.form_key()                      refusals, confirmations, resent forms
    ui.plain()  ui.show_text()                                                  what people typed
    ui.ticket_table()  ui.TicketRow                                             lists
    ui.t()                                                                      our own words
"""

from ticketing.ui.feedback import flash, form_key, say_after_rerun, shown_errors
from ticketing.ui.list_table import TableAnswer, TicketRow, ticket_table
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
    require_agent,
    sign_in_with,
    sign_out,
    target,
    visitor,
    without_routes,
)
from ticketing.ui.text import plain, show_text, to_html
from ticketing.ui.wording import t

__all__ = [
    "TableAnswer",
    "TicketRow",
    "address",
    "browser",
    "desk",
    "device",
    "flash",
    "form_key",
    "go_home",
    "go_to",
    "go_to_ticket",
    "not_found",
    "plain",
    "require_actor",
    "require_agent",
    "say_after_rerun",
    "show_text",
    "shown_errors",
    "sign_in_with",
    "sign_out",
    "t",
    "target",
    "ticket_table",
    "to_html",
    "visitor",
    "without_routes",
]
