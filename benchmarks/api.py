"""
`bench api`: what a call of the API takes, beside a FastAPI application that says hello.

Both are served in the same way and take turns: one caller for the time of a call, several for how many calls a process
answers. Callers keep their connections.
"""

import http.client
import json
import os
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

from benchmarks.measuring import MILLISECONDS, Contestant, Figure, Report, Times, require_linux, take_turns
from benchmarks.pages import ADMIN, PASSWORD, fill
from benchmarks.serving import Program, Running, an_empty_page, running, the_desk
from ticketing.settings import PREFIX

TICKETS = 10_000
ROUNDS = 200
CALLERS = 8
SLICES = 4
SLICE_SECONDS = 3.0
# In milliseconds, of a call beside hello.
OVER_HELLO = 5.0
CALLS_A_SECOND = 300
OF_HELLO = 0.35
HELLO = """
import streamlit as st
from fastapi import FastAPI
from starlette.routing import Mount

hello = FastAPI()


@hello.get("/hello")
def say_hello() -> dict[str, str]:
    return {"hello": "world"}


app = st.App("empty.py", routes=[Mount("/api", app=hello)])
"""


def main(tickets: int | None, json_path: Path | None, _postgres: str | None) -> None:
    """Measure with so many tickets, or with ten thousand, and print what comes out."""
    require_linux()
    report = Report("API")
    measure(report, tickets or TICKETS, ROUNDS, SLICE_SECONDS)
    report.write(json_path)


def measure(report: Report, tickets: int, rounds: int, slice_seconds: float) -> None:
    """Call the desk and hello in turns."""
    place = os.environ.get("TMPDIR", "/var/tmp")  # noqa: S108 - a directory of our own is made in it
    with TemporaryDirectory(prefix="ticketing-bench-", dir=place) as name, ExitStack() as stack:
        folder = Path(name)
        _, ticket = fill(folder / "desk", tickets)
        patient = {f"{PREFIX}API_REQUESTS_PER_MINUTE": "1000000"}
        desk = stack.enter_context(running(replace(the_desk(folder / "desk"), settings=patient)))
        hello = stack.enter_context(running(an_app_that_says_hello(folder / "hello")))
        token = sign_in(desk)
        for server in (desk, hello):
            server.settle()
        greeting = Caller(hello, "/api/hello")
        listing = Caller(desk, "/api/v1/tickets?limit=25", token)
        calls = {"hello": greeting, "get": Caller(desk, f"/api/v1/tickets/{ticket}", token), "list": listing}
        for caller in calls.values():
            stack.callback(caller.close)
        times = take_turns({each: Contestant(caller.call) for each, caller in calls.items()}, rounds)
        report.add(f"{tickets:,} tickets, one caller", _latencies(times))
        rates = take_turns_of_crowds([greeting, listing], slice_seconds)
        report.add(f"{tickets:,} tickets, {CALLERS} callers, one process", _rates(*rates))


def an_app_that_says_hello(folder: Path) -> Program:
    """Return an app with one call beside Streamlit's routes, served in the way of `serve`."""
    program = an_empty_page(folder)
    (folder / "app.py").write_text(HELLO, encoding="utf-8")
    return program


def sign_in(desk: Running) -> str:
    """Return an access token of somebody who sees every ticket."""
    with closing(Caller(desk, "/api/v1/token")) as caller:
        body = json.dumps({"username": ADMIN, "password": PASSWORD})
        token: str = json.loads(caller.send("POST", body))["access_token"]
    return token


class Caller:
    """Somebody who calls one address over a connection of their own."""

    def __init__(self, server: Running, path: str, token: str = "") -> None:
        self._address = urlsplit(server.base).netloc
        self._path = path
        self._headers = {"content-type": "application/json"} | ({"authorization": f"Bearer {token}"} if token else {})
        self._connection = http.client.HTTPConnection(self._address)

    def call(self) -> None:
        """Call once, and read the answer."""
        self.send("GET")

    def send(self, method: str, body: str | None = None) -> bytes:
        """Send a request, and return what the answer says."""
        self._connection.request(method, self._path, body, self._headers)
        answer = self._connection.getresponse()
        said = answer.read()
        if answer.status >= http.client.BAD_REQUEST:
            raise SystemExit(f"{self._path} answers {answer.status}: {said.decode(errors='replace')}")
        return said

    def close(self) -> None:
        """Hang up."""
        self._connection.close()

    def another(self) -> "Caller":
        """Return somebody else who calls the same."""
        other = object.__new__(Caller)
        other.__dict__.update(self.__dict__, _connection=http.client.HTTPConnection(self._address))
        return other


def take_turns_of_crowds(callers: Sequence[Caller], seconds: float) -> list[float]:
    """Return how many calls a second each is answered that several make at once, measured in turns."""
    answered = [0] * len(callers)
    for _ in range(SLICES):
        for place, caller in enumerate(callers):
            answered[place] += crowd([caller.another() for _ in range(CALLERS)], seconds)
    return [count / (SLICES * seconds) for count in answered]


def crowd(callers: Sequence[Caller], seconds: float) -> int:
    """Let all call for so long, and return how many calls were answered."""
    until, counts = time.perf_counter() + seconds, [0] * len(callers)

    def go_on(place: int) -> None:
        with closing(callers[place]) as caller:
            while time.perf_counter() < until:
                caller.call()
                counts[place] += 1

    threads = [threading.Thread(target=go_on, args=[place]) for place in range(len(callers))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts)


def _latencies(times: dict[str, Times]) -> list[Figure]:
    hello, get, list_ = (MILLISECONDS * times[name].median for name in ("hello", "get", "list"))
    return [
        Figure("half of the calls within, hello", hello, "ms"),
        Figure("one ticket, over hello", get - hello, "ms", limit=OVER_HELLO),
        Figure("a list of 25, over hello", list_ - hello, "ms", limit=OVER_HELLO),
    ]


def _rates(hello: float, lists: float) -> list[Figure]:
    return [
        Figure("calls a second, hello", hello, "", lists, "a list of 25", limit=1 / OF_HELLO),
        Figure("time of one list of 25 at full load", MILLISECONDS / lists, "ms", limit=MILLISECONDS / CALLS_A_SECOND),
    ]
