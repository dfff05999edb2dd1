"""The audit log, for admins: who did what to what, when and from where."""

from ticketing import ui
from ticketing.ui import t

actor = ui.require_admin()

ui.head_below_people(t("page.audit"))
ui.audit_log(actor)
