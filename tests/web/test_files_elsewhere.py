"""Files in a bucket, as they are served: by two processes, while it answers and while it does not."""

import http.client
import json
import os
import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.postgres import databases
from tests.s3_server import S3, SECRET
from tests.serving import COOKIE, Server
from ticketing.desk import Desk, open_desk
from ticketing.settings import Settings

pytestmark = [pytest.mark.xdist_group("s3"), pytest.mark.processes]

MEGABYTE = 1 << 20
MOST_MEMORY = 30 * MEGABYTE
CONTENT = os.urandom(10 * MEGABYTE)
BUCKET = "desk-files"
URL = f"s3://{BUCKET}/attachments"
OURS = {"sec-fetch-site": "same-origin", "x-ticketing": "1", "x-file-name": "screen.bin"}


@pytest.fixture(scope="module")
def s3() -> Iterator[S3]:
    with closing(S3()) as server:
        server.make_bucket(BUCKET)
        yield server


@pytest.fixture
def bucket(s3: S3, monkeypatch: pytest.MonkeyPatch) -> S3:
    """Return the server, which the environment names."""
    for name, value in s3.environment.items():
        monkeypatch.setenv(name, value)
    return s3


@pytest.fixture(params=["json", "postgres"])
def servers(request: pytest.FixtureRequest, tmp_path: Path, bucket: S3) -> Iterator[tuple[Server, Server]]:
    """Return two servers over one store and one bucket."""
    del bucket  # which they are to find
    storage = ""
    if request.param == "postgres":
        storage = databases().create("files_elsewhere")
    with Server(tmp_path, storage=storage, TICKETING_FILES_URL=URL) as one:
        other = Server(tmp_path, with_people=False, storage=storage, TICKETING_FILES_URL=URL)
        other.log_file = tmp_path / "other.log"
        with other:
            yield one, other


def ask(
    server: Server, method: str, path: str, body: bytes | None = None, person: str = "carla", **headers: str
) -> tuple[int, bytes]:
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)) as connection:
        cookie = {"cookie": f"{COOKIE}={server.sign_in(person)}"}
        connection.request(method, path, body, {**OURS, **cookie, **headers} if body else {**cookie, **headers})
        answer = connection.getresponse()
        return answer.status, answer.read()


def send(server: Server, content: bytes) -> str:
    status, body = ask(server, "POST", "/attachments", content)
    assert status == 201, body
    key: str = json.loads(body)["id"]
    return key


def desk_of(server: Server) -> Desk:
    settings = Settings(data_dir=server.data, storage_url=server.storage, files_url=URL)
    return open_desk(settings, password_rounds=4)


def test_what_one_process_takes_the_other_hands_out_and_a_break_loses_nothing(
    servers: tuple[Server, Server], bucket: S3
) -> None:
    one, other = servers
    key = send(one, CONTENT)
    with closing(desk_of(one)) as desk:
        carla = one.actor("carla")
        number = desk.tickets.open(carla, "No dial tone", "See here.", files=[key]).number

        assert ask(other, "GET", f"/attachments/{key}") == (200, CONTENT)
        assert ask(other, "GET", f"/attachments/{key}", range="bytes=5-9") == (206, CONTENT[5:10])
        assert ask(other, "GET", f"/attachments/{key}", person="oskar")[0] == 404
        assert len(bucket.keys(BUCKET)) >= 1
        assert not list((one.data / "attachments").rglob("*"))

        bucket.refuse_all()
        try:
            refusals = [
                ask(one, "POST", "/attachments", b"another"),
                ask(other, "GET", f"/attachments/{key}"),
                ask(other, "GET", f"/attachments/{key}", range="bytes=5-9"),
            ]
            assert desk.tickets.get(carla, number).messages[0].attachments[0].id == key
            assert ask(one, "GET", "/readyz")[0] == 200
        finally:
            bucket.take_all()

    for status, body in refusals:
        assert (status, "refuses the credentials of this desk" in body.decode()) == (503, True)
    assert ask(other, "GET", f"/attachments/{key}") == (200, CONTENT)
    for secret in (SECRET, bucket.environment["AWS_ACCESS_KEY_ID"]):
        assert secret not in one.log + other.log


@pytest.mark.parametrize("kind", ["json", "sqlite", "postgres", "bucket"])
def test_u1_a_file_of_ten_megabytes_takes_thirty_of_memory_at_most(tmp_path: Path, bucket: S3, kind: str) -> None:
    del bucket  # which one of them is to find
    storage = f"sqlite:///{tmp_path}/desk.sqlite" if kind == "sqlite" else ""
    if kind == "postgres":
        storage = databases().create("large_files")
    server = Server(tmp_path, storage=storage)
    server.require(FILES_URL=URL if kind == "bucket" else "")
    with server:
        send(server, os.urandom(1000))  # what it takes once, such as to load what speaks to a bucket
        (Path("/proc") / str(server.pid) / "clear_refs").write_text("5")  # from now on the peak is measured anew
        before = memory(server, "VmRSS")

        send(server, CONTENT)

        assert memory(server, "VmHWM") - before < MOST_MEMORY


def memory(server: Server, which: str) -> int:
    """Return how many bytes the server's process has in memory now (VmRSS), or had at most (VmHWM)."""
    said = (Path("/proc") / str(server.pid) / "status").read_text("utf-8")
    [kilobytes] = re.findall(rf"^{which}:\s+(\d+) kB$", said, re.MULTILINE)
    return int(kilobytes) << 10
