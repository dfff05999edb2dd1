"""
A Streamlit client without a browser: it speaks the server's own protocol, and can say what no browser would.

    with Wire.connect("http://127.0.0.1:8501", page="ticket", query="id=12", cookies={...: token}) as wire:
        wire.run()
        wire.set("Your reply", "Thank you")
        wire.click("Send")
        assert "Thank you" in wire.text

Widgets are found by their label or their key. What a server once showed stays known, so that a click can be sent for
a widget that is no longer there.
"""

import json
import time
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Element_pb2 import Element
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.Navigation_pb2 import Navigation
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

SECONDS = 20.0
FRAGMENT_SECONDS = 0.3
# The field of a widget's state in which its value travels, by the kind of the widget.
VALUE_FIELDS = {
    "button": "trigger_value",
    "checkbox": "bool_value",
    "text_input": "string_value",
    "text_area": "string_value",
    "selectbox": "string_value",
    "radio": "string_value",
    "multiselect": "string_array_value",
    "button_group": "string_array_value",
    "number_input": "double_value",
    "date_input": "string_array_value",
    "time_input": "string_value",
    "date_time_input": "string_array_value",
    "pagination": "int_value",
    "expandable": "bool_value",
}
TRIGGERS = {"trigger_value", "json_trigger_value"}


@dataclass
class Wire:
    """
    One connection of one Streamlit session; `text`, `widgets` and `exceptions` are of its last run.

    With a `fragment` that one is to run, and no more. `fragments` are those that the server ever told of.
    """

    socket: ClientConnection
    opening: ExitStack
    base: str
    page: str = ""
    query: str = ""
    session_id: str = ""
    page_hash: str = ""
    received: bytearray = field(default_factory=bytearray)
    elements: dict[tuple[int, ...], Element] = field(default_factory=dict)
    widgets: dict[str, tuple[str, str]] = field(default_factory=dict)
    ever_seen: dict[str, tuple[str, str]] = field(default_factory=dict)
    fragments: set[str] = field(default_factory=set)
    fragment: str = ""
    navigation: Navigation | None = None
    page_was_found: bool = True
    _states: dict[str, tuple[str, Any]] = field(default_factory=dict)

    @classmethod
    def connect(
        cls,
        base: str,
        *,
        page: str = "",
        query: str = "",
        cookies: Mapping[str, str] | None = None,
        origin: str | None = "own",
        session_id: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Self:
        """
        Open a socket; *origin* "own" is the server's, None sends no such header.

        With a *session_id* the server is asked to resume that session. Raises websockets' InvalidStatus if refused.
        """
        address = urlsplit(base)
        sent = dict(headers or {})
        if cookies:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in cookies.items())
        protocols = ["streamlit", "none", session_id] if session_id else ["streamlit"]
        opening = ExitStack()
        socket = opening.enter_context(
            connect(
                f"{'wss' if address.scheme == 'https' else 'ws'}://{address.netloc}/_stcore/stream",
                origin=Origin(base) if origin == "own" else Origin(origin) if origin else None,
                subprotocols=[Subprotocol(protocol) for protocol in protocols],
                additional_headers=sent,
                max_size=None,
                compression=None,
                open_timeout=SECONDS,
                close_timeout=1,
            )
        )
        return cls(socket, opening, base, page, query)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Hang up."""
        self.opening.close()

    def run(self) -> Self:
        """Have the script run with the widgets as they are set, and read until it has finished."""
        self.send(self._request())
        if not self.fragment:
            return self.read()
        with suppress(TimeoutError):  # a fragment that does not exist is not answered
            self.read(FRAGMENT_SECONDS)
        return self

    def _request(self) -> BackMsg:
        message = BackMsg()
        request = message.rerun_script
        request.query_string = self.query
        request.page_script_hash = self.page_hash
        request.page_name = self.page
        request.fragment_id = self.fragment
        request.context_info.timezone = "UTC"
        request.context_info.locale = "en-GB"
        request.context_info.url = f"{self.base}/{self.page}"
        for widget_id, (field_name, value) in self._states.items():
            _put(request.widget_states.widgets.add(), widget_id, field_name, value)
        self._states = {key: state for key, state in self._states.items() if state[0] not in TRIGGERS}
        return message

    def set(self, name: str, value: object) -> None:
        """Give the widget with this label or key a value; it is sent with the next run."""
        widget_id, kind = self._widget(name)
        self.set_raw(widget_id, VALUE_FIELDS[kind], value)

    def set_raw(self, widget_id: str, field_name: str, value: object) -> None:
        """Claim any value, of any kind, for any widget."""
        self._states[widget_id] = (field_name, value)

    def click(self, name: str) -> Self:
        """Press the button with this label or key, shown now or ever before, and run."""
        self.set(name, value=True)
        return self.run()

    def begin(self, button: str = "") -> None:
        """Have the script run, by a button if one is named, and read nothing yet."""
        if button:
            self.set(button, value=True)
        self.send(self._request())

    def click_twice(self, name: str, seconds: float) -> None:
        """Press a button, and once more so many seconds later, before anything came back; then comes `read`."""
        self.set(name, value=True)
        request = self._request()
        self.send(request)
        time.sleep(seconds)
        self.send(request)

    def trigger(self, component: str, event: str, value: object) -> Self:
        """Have a component of this name report an event, and run."""
        widget_id, _ = self._widget(component)
        prefix = "$$STREAMLIT_INTERNAL_KEY"
        self.set_raw(f"{prefix}_{widget_id}__events", "json_trigger_value", [{"event": event, "value": value}])
        return self.run()

    def change(self, component: str, state: object) -> Self:
        """Have a component of this name say that its state is another one, and run."""
        widget_id, _ = self._widget(component)
        self.set_raw(widget_id, "json_value", state)
        return self.run()

    def send(self, message: BackMsg) -> None:
        """Send any message of the protocol."""
        self.socket.send(message.SerializeToString())

    def read(self, seconds: float = SECONDS) -> Self:
        """Read until a run has finished for good; a run that makes place for another one is no end."""
        while True:
            message = self._receive(seconds)
            is_end = message.WhichOneof("type") == "script_finished"
            if is_end and message.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN:
                return self

    def read_until(self, widget: str) -> Self:
        """Read until the run that has begun draws this widget."""
        self.widgets = {}
        while widget not in self.widgets:
            self._receive()
        return self

    def _receive(self, seconds: float = SECONDS) -> ForwardMsg:
        data = self.socket.recv(timeout=seconds)
        assert isinstance(data, bytes)
        self.received += data
        message: ForwardMsg = ForwardMsg.FromString(data)
        self._take(message)
        return message

    @property
    def text(self) -> str:
        """All that the last run shows, one element a line."""
        return "\n".join(str(getattr(element, element.WhichOneof("type") or "")) for element in self.elements.values())

    @property
    def exceptions(self) -> list[str]:
        """Exceptions that the last run shows: their type and message."""
        shown = [element.exception for element in self.elements.values() if element.HasField("exception")]
        return [f"{exception.type}: {exception.message}" for exception in shown]

    @property
    def menu(self) -> list[str]:
        """The addresses of the pages that the menu offers."""
        pages = self.navigation.app_pages if self.navigation else []
        return [page.url_pathname for page in pages if not page.is_hidden]

    def _widget(self, name: str) -> tuple[str, str]:
        return self.widgets.get(name) or self.ever_seen[name]

    def _take(self, message: ForwardMsg) -> None:
        kind = message.WhichOneof("type")
        if kind == "new_session":
            self.session_id = message.new_session.initialize.session_id
            if not self.fragment:
                self.elements, self.widgets, self.page_was_found = {}, {}, True
        elif kind == "navigation":
            self.navigation = message.navigation
            self.page_hash = message.navigation.page_script_hash
        elif kind == "page_not_found":
            self.page_was_found = False
        elif kind == "page_info_changed":
            self.query = message.page_info_changed.query_string
        elif kind == "delta":
            self.fragments |= {message.delta.fragment_id} - {""}
            if message.delta.WhichOneof("type") == "new_element":
                self._show(tuple(message.metadata.delta_path), message.delta.new_element)
            elif fold := message.delta.add_block.expandable.id:
                self._know(fold, "expandable")

    def _show(self, path: tuple[int, ...], element: Element) -> None:
        self.elements[path] = element
        kind = element.WhichOneof("type") or ""
        shown = getattr(element, kind, None)
        label = shown.component_name if kind == "bidi_component" and shown else getattr(shown, "label", "")
        if shown is not None and (kind in VALUE_FIELDS or kind == "bidi_component"):
            self._know(shown.id, kind, label)

    def _know(self, widget_id: str, kind: str, *labels: str) -> None:
        for name in (*labels, widget_id.split("-", 2)[-1]):
            self.widgets[name] = self.ever_seen[name] = (widget_id, kind)


def _put(state: Any, widget_id: str, field_name: str, value: Any) -> None:
    state.id = widget_id
    if field_name.startswith("json"):
        setattr(state, field_name, json.dumps(value))
    elif field_name.endswith("array_value"):
        getattr(state, field_name).data.extend(value)
    else:
        setattr(state, field_name, value)
