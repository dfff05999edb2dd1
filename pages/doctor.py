"""How the desk is, for admins: what is wrong, and what helps."""

from ticketing import ui
from ticketing.ui import t

actor = ui.require_admin()

ui.head_below_people(t("page.doctor"))
with ui.shown_errors():
    ui.health_report(actor)
