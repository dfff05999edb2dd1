"""
What our components are made of in the browser: markup, style and code.

Streamlit sends a component's code anew at each run. So where the desk has HTTP routes, what is sent is a line that
fetches it from `/components/NAME.js`, which the browser keeps. Until the code is there, what one could type into or
press is hidden: nothing would hear it.
"""

import hashlib
import json
import threading
from functools import lru_cache
from pathlib import Path

_HERE = Path(__file__).parent
# The files that a component's code is put together from, in order. A style among them is its STYLE: it is for what few
# ask for, and is not sent with each run.
_CODE = {
    "bridge": ["bridge.js"],
    "draft": ["keeping.js", "draft.js"],
    "list_table": ["keeping.js", "line.js", "goals.js", "list_table.js"],
    "live": ["keeping.js", "line.js", "live.js"],
    "new_files": ["files.js", "new_files.js"],
    "notices": ["browser_notices.js", "notices.js"],
    "recovery_codes": ["recovery_codes.js"],
    "report": ["report.js"],
    "sidebar": ["keeping.js", "line.js", "browser_notices.js", "goals.js", "keyboard.css", "keyboard.js", "sidebar.js"],
    "ticket_composer": [
        "ticket_outbox.js",
        "keeping.js",
        "goals.js",
        "files.js",
        "ticket_canned.js",
        "ticket_onward.js",
        "ticket_composer.js",
    ],
    "ticket_head": ["ticket_outbox.js", "ticket_head.js"],
    "ticket_panel": [
        "ticket_outbox.js",
        "ticket_related.js",
        "ticket_watchers.js",
        "ticket_fields.js",
        "ticket_panel.js",
    ],
    # Draws nothing: a list fetches it when somebody takes it along.
    "taking_along": ["taking_along.js"],
}
# And those of a component's style.
_STYLES = {
    "bridge": ["bridge.css"],
    "draft": ["draft.css"],
    "list_table": ["icons.css", "headings.css", "forms.css", "list_table.css"],
    "live": ["live.css"],
    "new_files": ["icons.css", "files.css", "new_files.css"],
    "notices": ["icons.css", "headings.css", "notices.css"],
    "recovery_codes": ["recovery_codes.css"],
    "report": ["headings.css", "forms.css", "report.css"],
    "sidebar": ["icons.css", "sidebar.css"],
    "ticket_composer": ["icons.css", "forms.css", "files.css", "ticket_canned.css", "ticket_composer.css"],
    "ticket_head": ["icons.css", "headings.css", "ticket_head.css"],
    "ticket_panel": [
        "icons.css",
        "forms.css",
        "headings.css",
        "ticket_related.css",
        "ticket_watchers.css",
        "ticket_panel.css",
    ],
}
# The address is relative to the page, which stands one level deep, so that it works below a path prefix as well.
# What did not arrive is asked for once more, under another address, since a browser may remember the failure.
_FETCHED = """\
const address = new URL("{address}", document.location.href).href
const {{ default: draw }} = await import(address).catch(() => import(`${{address}}&again`))
export default draw
"""
_has_address = threading.Event()


@lru_cache
def markup(name: str) -> str:
    """Return a component's HTML."""
    return (_HERE / f"{name}.html").read_text(encoding="utf-8")


@lru_cache
def style(name: str) -> str:
    """Return a component's CSS, "" for one without."""
    return "".join((_HERE / file).read_text(encoding="utf-8") for file in _STYLES.get(name, []))


@lru_cache
def code(name: str) -> str:
    """Return a component's JavaScript; raises KeyError for a name that no component has."""
    return "".join(_as_code(_HERE / file) for file in _CODE[name])


def _as_code(file: Path) -> str:
    text = file.read_text(encoding="utf-8")
    return f"const STYLE = {json.dumps(text)}\n" if file.suffix == ".css" else text


@lru_cache
def version(name: str) -> str:
    """Return the mark of a component's present code; raises KeyError for a name that no component has."""
    return hashlib.sha256(code(name).encode()).hexdigest()[:16]


def have_address() -> None:
    """
    Note that the components' code is to be had at its address in this process.

    What draws them asks for `code_to_send` once, when it is imported, so this has to come before.
    """
    _has_address.set()


def has_address() -> bool:
    """Whether this process has addresses of its own beside Streamlit's, for code and for files."""
    return _has_address.is_set()


def address_of(name: str) -> str:
    """Return where the component's code is to be had, seen from any page."""
    return f"components/{name}.js?v={version(name)}"


def code_to_send(name: str) -> str:
    """Return what fetches the component's code from its address, or where it has none the code itself."""
    return _FETCHED.format(address=address_of(name)) if _has_address.is_set() else code(name)
