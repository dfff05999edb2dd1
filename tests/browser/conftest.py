"""
A real Chromium, looking at a real server, and the people before it.

Whatever a test does, two things hold at its end for every window it opened: nothing was fetched from anywhere but the
desk, and the content security policy had nothing to refuse.
"""

import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Playwright,
    WebSocket,
    expect,
    sync_playwright,
)

from tests.postgres import databases
from tests.serving import COOKIE, Server

# It has no window to draw on, and loads a page with half the work of the others; it also has no notifications.
SHELL = "chromium-headless-shell"
NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome", "msedge")
ELSEWHERE = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    "C:/Program Files/Google/Chrome/Application/chrome.exe",
    "C:/Program Files (x86)/Microsoft/Edge/Application/msedge.exe",
)
TO_INSTALL = (
    "Chromium is not here (Debian, Ubuntu: sudo apt install chromium; Fedora: sudo dnf install chromium; macOS: brew "
    "install --cask chromium; anywhere: python -m playwright install chromium, or name one in TICKETING_TEST_BROWSER)"
)
QUIET = ("--disable-gpu", "--disable-background-networking", "--disable-component-update", "--no-first-run")
DESKTOP: dict[str, Any] = {"viewport": {"width": 1440, "height": 900}}
PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "is_mobile": True,
    "has_touch": True,
    "user_agent": "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 "
    "Mobile Safari/537.36",
}
# Not all that the policy refuses is told by the console in the same words.
REPORT = """addEventListener("securitypolicyviolation", event =>
  console.error(`Content Security Policy: ${event.violatedDirective} refused ${event.blockedURI}`))"""
PATIENCE = 30_000  # milliseconds
ON_BOTH_STORES = pytest.mark.parametrize("server", ["json", "postgres"], indirect=True)


@dataclass
class Windows:
    """Opens windows: each a browser profile of its own, with one tab to begin with."""

    browser: Browser
    server: Server
    contexts: list[BrowserContext] = field(default_factory=list)
    addresses: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    received: dict[BrowserContext, bytearray] = field(default_factory=dict)
    own: set[str] = field(default_factory=set)

    def open(self, path: str = "", *, person: str | None = None, base: str | None = None, **options: Any) -> Page:
        """Open a window at a page of the desk, for somebody who is signed in already, or for a stranger."""
        base = base or self.server.base
        self.own.add(urlsplit(base).netloc)
        context = self.browser.new_context(**(DESKTOP | options))
        context.set_default_timeout(PATIENCE)
        self.contexts.append(context)
        self.received[context] = bytearray()
        context.add_init_script(REPORT)
        context.on("request", lambda request: self.addresses.append(request.url))
        context.on("console", self._listen)
        context.on("weberror", lambda error: self.complaints.append(str(error.error)))
        context.on("page", lambda tab: self._follow(tab, self.received[context]))
        if person is not None:
            context.add_cookies([{"name": COOKIE, "value": self.server.sign_in(person), "url": base, "httpOnly": True}])
        page = context.new_page()
        page.goto(f"{base}/{path}")
        # Before its first run a page looks settled; what is pressed just as a run ends, Streamlit may drop.
        page.get_by_test_id("stElementContainer").first.wait_for(state="attached")
        settle(page)
        return page

    def check(self) -> None:
        """See that no window looked beyond the desk, and that none was refused anything by its policy."""
        asked = {urlsplit(address).netloc for address in self.addresses if address.startswith(("http", "ws"))}
        assert asked <= self.own
        assert self.complaints == []

    def _listen(self, message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text:
            self.complaints.append(message.text)

    def _follow(self, tab: Page, received: bytearray) -> None:
        def take(frame: str | bytes) -> None:
            received.extend(frame if isinstance(frame, bytes) else frame.encode())

        def listen(socket: WebSocket) -> None:
            self.addresses.append(socket.url)
            socket.on("framereceived", take)

        tab.on("websocket", listen)


def settle(page: Page) -> None:
    """Wait until the page is connected and its script has run."""
    page.locator(
        '[data-testid="stApp"][data-test-connection-state="CONNECTED"][data-test-script-state="notRunning"]'
    ).wait_for(timeout=PATIENCE)


def find_browser(default: str, *preferred: str) -> str:
    """Return the path of a Chromium of this machine; *default* is where Playwright keeps its own."""
    chosen = os.environ.get("TICKETING_TEST_BROWSER")
    if chosen:
        assert Path(chosen).exists(), f"TICKETING_TEST_BROWSER names {chosen}, which is not there."
        return chosen
    on_path = (shutil.which(name) for name in (*preferred, *NAMES))
    fixed = (path for path in (*ELSEWHERE, default) if Path(path).exists())
    found = next((path for path in (*on_path, *fixed) if path), None)
    if found is None:
        pytest.skip(TO_INSTALL)
    return found


@pytest.fixture(scope="session")
def driver() -> Iterator[Playwright]:
    """Return what drives the browsers."""
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="session")
def chromium(driver: Playwright) -> Iterator[Browser]:
    """Return the one browser of nearly all browser tests."""
    yield from launched(driver, SHELL)


@pytest.fixture(scope="session")
def whole_chromium(driver: Playwright) -> Iterator[Browser]:
    """Return a browser that has all that one with windows has."""
    yield from launched(driver)


def launched(driver: Playwright, *preferred: str) -> Iterator[Browser]:
    """Lend a browser, then close it."""
    as_root = sys.platform != "win32" and os.geteuid() == 0
    path = find_browser(driver.chromium.executable_path, *preferred)
    browser = driver.chromium.launch(executable_path=path, args=[*QUIET, *(["--no-sandbox"] if as_root else [])])
    yield browser
    browser.close()


@pytest.fixture(scope="session")
def json_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Return the server that most tests share; each leaves its own tickets behind."""
    with Server(tmp_path_factory.mktemp("desk")) as running:
        yield running


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Return the server that tests share which run on both stores, on the other one."""
    with Server(tmp_path_factory.mktemp("desk"), storage=databases().create("browser")) as running:
        yield running


@pytest.fixture
def server(request: pytest.FixtureRequest) -> Server:
    """Return the shared server, on files unless the test is for both stores."""
    found: Server = request.getfixturevalue(f"{getattr(request, 'param', 'json')}_server")
    return found


@pytest.fixture
def windows(chromium: Browser, server: Server) -> Iterator[Windows]:
    """Return the way to open windows at the shared server."""
    yield from watched(Windows(chromium, server))


@pytest.fixture
def whole_windows(whole_chromium: Browser, server: Server) -> Iterator[Windows]:
    """Return the way to open windows of a browser that has all that one with windows has."""
    yield from watched(Windows(whole_chromium, server))


def watched(opened: Windows) -> Iterator[Windows]:
    """Lend a set of windows, then check and close them."""
    yield opened
    for context in opened.contexts:
        context.close()
    opened.check()
