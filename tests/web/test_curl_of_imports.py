"""What docs/import.md does with curl is done with curl, to the letter: at our desk, and at those one comes from."""

import json
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.programs import program_or_skip
from tests.serving import ROOT, Server
from tests.web.api.test_imports import GUESSED
from ticketing.domain.imports import System
from ticketing.domain.people import Actor
from ticketing.domain.scopes import Scope

pytestmark = pytest.mark.processes

GUIDE = (ROOT / "docs" / "import.md").read_text("utf-8")
BLOCKS = {
    heading: block
    for heading, text in re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", GUIDE, re.MULTILINE | re.DOTALL)
    for block in re.findall(r"```bash\n(.+?)```", text, re.DOTALL)
}
# Stands behind what a line has said.
END = "\0"


def export(name: str) -> str:
    """Return what another desk exports, of times that are over by any clock."""
    return (ROOT / "tests" / "services" / "exports" / name).read_text("utf-8").replace("2030", "2020")


def told(script: str, folder: Path, **environment: str) -> str:
    """Run lines in a shell that ends at the first one that fails, and return what they say."""
    programs = {
        Path(program_or_skip(name, f"{name} is not here (sudo apt install {name})")).parent
        for name in ("bash", "curl", "jq", "seq")
    }
    path = ":".join(str(program) for program in sorted(programs))
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=folder,
        env={"PATH": path, "CURL_HOME": str(folder), **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


class OldDesk(BaseHTTPRequestHandler):
    """Another help desk, as far as our guide asks it; each part of its lists has one entry."""

    def do_GET(self) -> None:
        """Answer whoever shows the token."""
        address = urlsplit(self.path)
        query = {name: value for name, [value] in parse_qs(address.query).items()}
        shown = self.headers.get("Authorization"), self.headers.get("X-FreeScout-API-Key")
        is_known = shown in {("Token token=secret", None), (None, "secret")}
        answer = self.answer(address.path, query) if is_known else None
        self.send_response(403 if answer is None else 200)
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())

    def answer(self, path: str, query: dict[str, str]) -> Any:
        """Return what is at an address, None for nothing."""
        raise NotImplementedError

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name in the library
        """Say nothing."""


class Zammad(OldDesk):
    """Zammad's REST API."""

    tickets: list[Any] = json.loads(export("zammad.json"))

    def answer(self, path: str, query: dict[str, str]) -> Any:
        """Return one ticket without its articles, or the articles of one."""
        if query["expand"] != "true":
            return None
        if path == "/api/v1/tickets":
            bare = [{name: part for name, part in one.items() if name != "articles"} for one in self.tickets]
            page = int(query["page"])
            return bare[page - 1 : page]
        number = int(path.removeprefix("/api/v1/ticket_articles/by_ticket/"))
        return next(ticket["articles"] for ticket in self.tickets if ticket["id"] == number)


class FreeScout(OldDesk):
    """The API of FreeScout's module."""

    conversations: list[Any] = json.loads(export("freescout.json"))["_embedded"]["conversations"]

    def answer(self, path: str, query: dict[str, str]) -> Any:
        """Return one conversation with what is embedded."""
        if path != "/api/conversations" or query["embed"] != "threads,tags":
            return None
        page = int(query["page"])
        return {
            "_embedded": {"conversations": self.conversations[page - 1 : page]},
            "page": {"size": 1, "totalElements": len(self.conversations), "number": page},
        }


@contextmanager
def served(kind: type[OldDesk]) -> Iterator[str]:
    """Lend the address at which an old desk answers."""
    with ThreadingHTTPServer(("127.0.0.1", 0), kind) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("imports")) as running:
        yield running


def test_no_line_with_curl_is_left_out() -> None:
    assert {heading for heading, block in BLOCKS.items() if "curl" in block} == {"By a program", "Zammad", "FreeScout"}
    assert sum(block.count("curl ") for block in BLOCKS.values()) == GUIDE.count("curl ")


def test_a_program_looks_at_a_table_brings_it_in_and_takes_it_away_again(server: Server, tmp_path: Path) -> None:
    (tmp_path / "tickets.csv").write_bytes(GUESSED)
    key = server.desk.tokens.create_key(server.actor("root"), "Import", {Scope.ADMIN}, 1)
    lines = BLOCKS["By a program"].splitlines()
    script = "\n".join(f"{line}\nprintf '\\0'" for line in lines)

    said = told(script, tmp_path, URL=server.base, KEY=key).split(END)

    plan, made, undoing, undone = (json.loads(one) for one in said if one)
    assert json.loads((tmp_path / "mapping.json").read_text("utf-8"))["columns"]
    assert plan["counts"]["tickets"] == made[0]["counts"]["tickets"] == undoing["tickets"] > 0
    assert [(one["state"], one["name"]) for one in made] == [("done", "tickets.csv")]
    assert (undone["id"], undone["state"], undone["kept"]) == (made[0]["id"], "undone", [])


@pytest.mark.parametrize(
    ("kind", "environment"),
    [(Zammad, {"TOKEN": "secret"}), (FreeScout, {"KEY": "secret", "PAGES": str(len(FreeScout.conversations))})],
    ids=["Zammad", "FreeScout"],
)
def test_what_is_fetched_from_another_desk_is_what_an_import_reads(
    server: Server, tmp_path: Path, kind: type[OldDesk], environment: dict[str, str]
) -> None:
    name = kind.__name__
    with served(kind) as url:
        told(BLOCKS[name], tmp_path, URL=url, **environment)

    file = f"{name.lower()}.json"
    fetched, exported = (
        server.desk.imports.plan(Actor.console(), BytesIO(content), System(name.lower()))
        for content in ((tmp_path / file).read_bytes(), export(file).encode())
    )
    assert fetched.counts == exported.counts
    assert fetched.counts.messages > 2
