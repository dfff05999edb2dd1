"""What a person was told of the tickets that concern them."""

from ticketing import ui

actor = ui.require_actor()

ui.inbox(actor)
