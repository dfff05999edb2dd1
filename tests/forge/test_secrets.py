"""What nobody may read later: no password and no token stands in a file or in the log of a desk that was used."""

import json
import re
from http.client import HTTPConnection
from http.cookies import SimpleCookie

import pytest
from streamlit.web.server.starlette.starlette_app_utils import generate_xsrf_token_string

from tests.forge.conftest import stored
from tests.serving import COOKIE, Server
from tests.wire import Wire
from ticketing.domain.browsers import XSRF_COOKIE

pytestmark = [pytest.mark.processes, pytest.mark.xdist_group("forge")]

FIRST, SECOND, MISTYPED = "nine brass buttons", "seven quiet lighthouses", "nine brass button"
HAND_OFF = re.compile(r'hand_off\\?"\s*:\s*\\?"([A-Za-z0-9_-]{43})')
ONE_TIME = re.compile(r'code_text: "([^"]+)"')
# An address of its own, from which nobody else mistypes passwords.
ELSEWHERE = {"X-Forwarded-For": "198.18.0.7"}


class Browser:
    """One browser: it keeps its cookies, and every secret that it was given."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.cookies = {XSRF_COOKIE: generate_xsrf_token_string()}
        self.secrets: set[str] = set()

    def send(self, page: str, button: str, **typed: str) -> str:
        """Fill in a form and send it; return what the page shows then, with a hand-off exchanged for a session."""
        with Wire.connect(self.server.base, page=page, cookies=self.cookies, headers=ELSEWHERE) as wire:
            wire.run()
            for field, text in typed.items():
                wire.set(field, text)
            shown = wire.click(button).text
        if found := HAND_OFF.search(shown):
            self._redeem(found[1])
        return shown

    def _redeem(self, hand_off: str) -> None:
        connection = HTTPConnection("127.0.0.1", self.server.port, timeout=20)
        headers = {"Content-Type": "application/json", "X-Ticketing": "1", "Sec-Fetch-Site": "same-origin"}
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        connection.request("POST", "/session", json.dumps({"hand_off": hand_off}), {**headers, "Cookie": cookie})
        answer = connection.getresponse()
        answer.read()
        connection.close()
        assert answer.status == 204
        given = SimpleCookie("; ".join(value.partition(";")[0] for value in answer.headers.get_all("Set-Cookie") or ()))
        self.cookies |= {name: morsel.value for name, morsel in given.items()}
        self.secrets |= {hand_off, *(morsel.value for morsel in given.values())}


def test_l2_no_password_and_no_token_is_in_a_file_or_in_the_log(server: Server) -> None:
    judith = Browser(server)
    judith.send("register", "submit", username="judith", display_name="Judith", password=FIRST, confirmation=FIRST)
    judith.send("account", "save_password", current=FIRST, new=SECOND, confirmation=SECOND)
    again = Browser(server)
    again.send("login", "submit", username="judith", password=MISTYPED)
    again.send("login", "submit", username=SECOND, password="judith")
    again.send("login", "submit", username="judith", password=SECOND)
    cookies = {COOKIE: server.sign_in("root")}
    with Wire.connect(server.base, page="agent_admin", query="person=judith", cookies=cookies) as root:
        one_time = ONE_TIME.search(root.run().click("reset_password").text)

    assert one_time
    assert len(judith.secrets) == 5
    assert len(again.secrets) == 3
    kept = b"\n".join(stored(server).values()) + server.log.encode()
    assert b"judith" in kept
    secrets = {FIRST, SECOND, MISTYPED, one_time[1], *judith.secrets, *again.secrets}
    assert [secret for secret in secrets if secret.encode() in kept] == []
