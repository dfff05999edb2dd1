"""Visits the pages as a person: through the router, with a cookie, without a browser."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, cast
from unittest.mock import PropertyMock, patch

import pytest
import streamlit as st

from tests.app_test import AppTest
from ticketing.desk import Desk

ROOT = Path(__file__).resolve().parents[1]
ROUTER = ROOT / "ticketing" / "ui" / "router.py"
HEAD, PANEL, COMPOSER = "ticketing_ticket_head", "ticketing_ticket_panel", "ticketing_ticket_composer"
LIST, DRAFT, FILES = "ticketing_list_table", "ticketing_draft", "ticketing_new_files"
REPORT = "ticketing_report"
# The anti-forgery cookie of a browser, whose token a sign-in is bound to.
XSRF = "2|00000000|0123456789abcdef0123456789abcdef|1700000000"


class Visit:
    """
    One tab of one browser; `token` is the secret in its session cookie, `device` those by which it is known.

    Streamlit knows no address of a browser on the desk's own machine; then it is None.
    """

    def __init__(
        self,
        desk: Desk,
        token: str | None = None,
        user_agent: str = "Mozilla/5.0 Firefox/150",
        *,
        device: str | None = None,
        cookies: dict[str, str] | None = None,
        address: str | None = None,
        host: str = "localhost:8501",
    ) -> None:
        self.desk = desk
        self.token = token
        self.device = device
        self.cookies = cookies or {}
        self.address = address
        self.headers = {"User-Agent": user_agent, "Host": host}
        self.at = AppTest.from_file(str(ROUTER), default_timeout=30)

    def open(self, page: str, /, **query: str) -> "Visit":
        """Go to a page, as by its address."""
        self._write_address(query)
        with self._in_browser():
            if not self.at._tree.children:  # noqa: SLF001 - the first run makes the pages known
                self.at.run()
                self._write_address(query)
            self.at.switch_page(str(ROOT / "pages" / f"{page}.py")).run()
        return self

    def _write_address(self, query: dict[str, str]) -> None:
        for name in list(self.at.query_params):
            del self.at.query_params[name]
        for name, value in query.items():
            self.at.query_params[name] = value

    def fill(self, **fields: str) -> "Visit":
        """Type into fields, by their keys."""
        for key, text in fields.items():
            widget = next(w for w in [*self.at.text_input, *self.at.text_area] if w.key and w.key.startswith(key))
            widget.input(text)
        return self

    def choose(self, key: str, value: object) -> "Visit":
        """Choose in a select box, among segments or the pages of a list, which acts at once."""
        widgets = (*self.at.selectbox, *self.at.segmented_control, *self.at.pagination)
        with self._in_browser():
            next(w for w in widgets if w.key == key).set_value(value).run()
        return self

    def press(self, key: str) -> "Visit":
        """Press a button."""
        with self._in_browser():
            next(b for b in self.at.button if b.key == key).click().run()
        return self

    def act(self, action: str) -> "Visit":
        """Press one of the buttons in the head of a ticket, by its name."""
        return self._put(HEAD, action, *self.sent(HEAD)["seen"])

    def pick(self, field: str, value: object) -> "Visit":
        """Choose in a field of a ticket's panel, which saves at once."""
        panel = self.sent(PANEL)
        seen = [("tags", panel["tags"]["stored"] if panel["tags"] else [])]
        seen += [(name, shown) for name, _label, shown, _options in panel["fields"]]
        seen += [(name, shown) for name, _label, _kind, shown, _options, _hint in panel["own"]]
        was = next((shown for name, shown in seen if name == field), "")
        return self._put(PANEL, field, value, was)

    def put(self, *what: object) -> "Visit":
        """Have a ticket's panel report that something is wanted."""
        return self._put(PANEL, *what)

    def answer(self, text: str, kind: str = "reply", status: str = "") -> "Visit":
        """Send a message out of a ticket's composer."""
        return self._put(COMPOSER, kind, text, status, self.sent(COMPOSER)["seen"])

    def ask_for_canned(self, reply: object) -> "Visit":
        """Ask a ticket's composer for its canned replies with "", or by an id for one of them."""
        return self._run_with(id=self._component(COMPOSER).id, json_value=json.dumps({"canned": [reply, 1]}))

    def unfold_history(self, *, up: bool = False) -> "Visit":
        """Open the history of a ticket, or fold it *up* again."""
        return self._unfold("history", up=up)

    def unfold_why(self, *, up: bool = False) -> "Visit":
        """Open what explains the due times of a ticket, or fold it *up* again."""
        return self._unfold("why", up=up)

    def pause_at(self, text: object, name: str = "") -> "Visit":
        """Pause in typing with this text in the first field of a form, of this name or the one that is shown."""
        told = [name or self.sent(DRAFT)["name"], text]
        return self._run_with(id=self._component(DRAFT).id, json_value=json.dumps({"told": told}))

    def press_with_files(self, key: str, *files: object, name: str = "", is_waiting: bool = False) -> "Visit":
        """Press the button of a form in which these files were chosen."""
        chosen = [name or self.sent(FILES)["name"], list(files), is_waiting]
        next(button for button in self.at.button if button.key == key).click()
        return self._run_with(id=self._component(FILES).id, json_value=json.dumps({"chosen": chosen}))

    def report(self, component: str, event: str, value: object) -> "Visit":
        """Have a component of ours report something."""
        aggregator = f"$$STREAMLIT_INTERNAL_KEY_{self._component(component).id}__events"
        return self._run_with(id=aggregator, json_trigger_value=json.dumps([{"event": event, "value": value}]))

    def rerun(self) -> "Visit":
        """Interact in some way that changes nothing."""
        with self._in_browser():
            self.at.run()
        return self

    def has_button(self, key: str) -> bool:
        """Whether a button is there to be pressed."""
        return any(button.key == key for button in self.at.button)

    @property
    def actions(self) -> list[str]:
        """The names of the buttons in the head of a ticket."""
        return [name for name, _word, _icon in self.sent(HEAD)["actions"]]

    @property
    def titles(self) -> list[str]:
        """The headings on the screen."""
        found = [unescaped(title.value) for title in self.at.title]
        found += [self.sent(HEAD)["title"]] if self.shows(HEAD) else []
        found += [self.sent(REPORT)["title"]] if self.shows(REPORT) else []
        return found + ([self.sent(LIST)["head"]["title"]] if self.shows(LIST) else [])

    @property
    def said(self) -> list[str]:
        """What the page says in boxes: confirmations, notices, refusals."""
        boxes = [*self.at.success, *self.at.info, *self.at.warning, *self.at.error]
        return [unescaped(box.value) for box in boxes]

    @property
    def refused(self) -> list[str]:
        """The refusals on the screen."""
        return [unescaped(error.value) for error in self.at.error]

    @property
    def html(self) -> str:
        """All HTML that the page draws by itself."""
        return "\n".join(str(element.proto.body) for element in self.at.get("html"))

    def shows(self, component: str) -> bool:
        """Whether a component of ours is on the screen."""
        return any(found.proto.component_name == component for found in self.at.get("bidi_component"))

    def sent(self, component: str) -> dict[str, Any]:
        """Return what the browser's part of a component of ours was given to draw."""
        return cast("dict[str, Any]", json.loads(self._component(component).bytes))

    def refusal(self, component: str) -> str:
        """Return why a component of ours was told that its last report was refused, "" if it wasn't."""
        answer = self.sent(component)["answer"]
        return str(dict(answer["refusals"]).get(answer["done"], ""))

    def _unfold(self, what: str, *, up: bool) -> "Visit":
        return self._run_with(id=self._component(PANEL).id, json_value=json.dumps({what: not up}))

    def _put(self, component: str, *what: object) -> "Visit":
        return self.report(component, "outbox", [[self.sent(component)["answer"]["done"] + 1, *what]])

    def _component(self, name: str) -> Any:
        return next(c.proto for c in self.at.get("bidi_component") if c.proto.component_name == name)

    def _run_with(self, **state: str) -> "Visit":
        states = self.at._tree.get_widget_states()  # noqa: SLF001 - it has no way to drive components
        states.widgets.add(**state)
        with self._in_browser():
            self.at._run(states)  # noqa: SLF001
        return self

    @contextmanager
    def _in_browser(self) -> Iterator[None]:
        name = self.desk.settings.cookie_name
        cookies = {"_streamlit_xsrf": XSRF, name: self.token, f"{name}_device": self.device} | self.cookies
        context = type(st.context)
        with (
            patch.object(context, "cookies", new_callable=PropertyMock, return_value=_given(cookies)),
            patch.object(context, "headers", new_callable=PropertyMock, return_value=self.headers),
            patch.object(context, "ip_address", new_callable=PropertyMock, return_value=self.address),
        ):
            yield


def _given(values: dict[str, str | None]) -> dict[str, str]:
    return {name: value for name, value in values.items() if value is not None}


def unescaped(markdown: str) -> str:
    """Return escaped text as a person reads it."""
    return markdown.replace("\\", "").replace("\u2060", "")


@pytest.fixture
def pass_seconds(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Return a way to have time go by for the pages."""

    def pass_by(seconds: float) -> None:
        later = desk.clock() + timedelta(seconds=seconds)
        monkeypatch.setattr(desk, "clock", lambda: later)

    return pass_by
