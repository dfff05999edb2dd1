"""Figures of a period, for agents: each number opens the tickets behind it."""

from ticketing import ui

actor = ui.require_agent()

ui.reports(actor)
