"""Everybody's tickets, for agents."""

from ticketing import ui

actor = ui.require_agent()

ui.queue(actor)
