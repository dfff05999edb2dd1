"""The people of the desk: register agents, and look after accounts."""

from ticketing import ui

actor = ui.require_agent()

ui.people_head(actor)
ui.people_list(actor)
