"""What the desk knows: the articles, to be looked through."""

from ticketing import ui

actor = ui.require_actor()

ui.article_list(actor)
