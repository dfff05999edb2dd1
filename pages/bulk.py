"""Change several tickets at once, for agents."""

from ticketing import ui

actor = ui.require_agent()

ui.change_several(actor)
