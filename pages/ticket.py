"""One ticket: read it, answer it, and, for agents, work on it."""

from ticketing import ui

actor = ui.require_actor()
conversation = ui.conversation_asked_for(actor)

if ui.is_relating():
    ui.relate(actor, conversation)
else:
    ui.ticket_head(actor, conversation)
    ui.ask_for_rating(actor, conversation.ticket)
    ui.ticket_body(actor, conversation)
    ui.note_as_seen(actor, conversation)
