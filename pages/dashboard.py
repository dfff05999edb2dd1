"""How the desk is doing, for agents."""

from ticketing import ui

actor = ui.require_agent()

with ui.shown_errors():
    ui.dashboard(actor)
