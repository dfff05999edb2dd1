"""
What is typed into a form and not sent: it stays in the browser's tab, through a reload and a new sign-in.

The fields are Streamlit's own, and tell the server nothing before they are sent; so `draft.js` watches over them.
"""

from ticketing.ui.packing import component, packed

_LONGEST = 400
_mount = component("draft")


def keep_typed(name: str, *fields: str, is_told: bool = False) -> str:
    """
    Keep what is typed into these fields, by their keys, until the form is drawn under another name.

    The name begins with whose it is: nobody is shown what another person typed in the same tab. Returns, if *is_told*,
    what stood in the first of the fields when somebody last paused in typing; to be told takes a run of the page.
    """
    data = packed({"name": name, "fields": fields, "isTold": is_told})
    result = _mount(key="draft", data=data, on_told_change=_noted)
    match getattr(result, "told", None):
        case [told_name, str(text)] if told_name == name:
            return text[:_LONGEST]
    return ""


def _noted() -> None:
    """Declare that a text may come back; what to do about it is decided when the page runs."""
