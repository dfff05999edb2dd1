"""
What is typed into a form and not sent: it stays in the browser's tab, through a reload and a new sign-in.

The fields are Streamlit's own, and tell the server nothing before they are sent; so `draft.js` watches over them.
"""

from ticketing.ui.packing import component, packed

_mount = component("draft")


def keep_typed(name: str, *fields: str) -> None:
    """
    Keep what is typed into these fields, by their keys, until the form is drawn under another name.

    The name begins with whose it is: nobody is shown what another person typed in the same tab.
    """
    _mount(key="draft", data=packed({"name": name, "fields": fields}))
