"""The tickets that a person opened or watches."""

from ticketing import ui

actor = ui.require_actor()

ui.own_tickets(actor)
