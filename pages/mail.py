"""Mails and what became of them, for admins."""

from ticketing import ui
from ticketing.ui import t

actor = ui.require_admin()

ui.head_below_people(t("page.mail"))
ui.mail_ledger(actor)
