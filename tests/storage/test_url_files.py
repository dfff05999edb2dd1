"""Attached files at an address: in an object store that speaks S3, in a folder and in memory, beside every store."""

import hashlib
import logging
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest

from tests.browser.cable import Cable
from tests.lines import Line, hang_up
from tests.postgres import databases
from tests.s3_server import S3, SECRET
from tests.storage.conftest import make_ticket
from ticketing.domain.attachments import Attachment
from ticketing.domain.errors import FilesUnreachableError, StorageDamagedError, StorageError, StorageUnsupportedError
from ticketing.domain.findings import Level
from ticketing.domain.store import FarFiles
from ticketing.storage.archive import back_up, check_contents, read_archive, restore
from ticketing.storage.moving import move, move_files
from ticketing.storage.opening import open_source, open_store, open_target
from ticketing.storage.url_files import PIECE, UrlFiles, look, open_files
from ticketing.storage.whole import WholeStore

pytestmark = [pytest.mark.xdist_group("s3"), pytest.mark.processes]

ROOT = Path(__file__).resolve().parents[2]
NOW = datetime.now(UTC)
LONG = os.urandom(2 * PIECE + 1000)
DAY = timedelta(days=1)
KINDS = ["s3", "file", "memory"]
_numbers = count(1)


def sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def read(files: FarFiles, sha256: str, start: int = 0, end: int | None = None) -> bytes:
    return b"".join(files.read(sha256, start, end))


@pytest.fixture(scope="module")
def s3() -> Iterator[S3]:
    with closing(S3()) as server:
        yield server


@pytest.fixture
def bucket(s3: S3, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return an empty bucket of a server that the environment names."""
    for name, value in s3.environment.items():
        monkeypatch.setenv(name, value)
    name = f"bucket-{next(_numbers)}"
    s3.make_bucket(name)
    return name


@pytest.fixture
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return an address of the kind that a test asks for, where there is nothing."""
    if request.param == "s3":
        return f"s3://{request.getfixturevalue('bucket')}/desk/files"
    return f"file://{tmp_path / 'elsewhere'}" if request.param == "file" else f"memory://files-{next(_numbers)}"


@pytest.fixture
def files(address: str) -> FarFiles:
    opened = open_files(address)
    assert opened is not None
    return opened


everywhere = pytest.mark.parametrize("address", KINDS, indirect=True)


@everywhere
def test_a_content_is_read_as_it_came(files: FarFiles) -> None:
    kept = files.put([LONG[:10], LONG[10:]], NOW)

    assert (kept.sha256, kept.size) == (sha(LONG), len(LONG))
    assert files.holds(kept.sha256)
    assert read(files, kept.sha256) == LONG


@everywhere
@pytest.mark.parametrize(
    ("start", "end"), [(0, 1), (5, 10), (PIECE - 1, PIECE + 1), (PIECE, 2 * PIECE), (2 * PIECE + 999, None)]
)
def test_a_part_of_a_content_is_read(files: FarFiles, start: int, end: int | None) -> None:
    kept = files.put([LONG], NOW)

    assert read(files, kept.sha256, start, end) == LONG[start:end]


@everywhere
def test_what_breaks_off_leaves_nothing(files: FarFiles) -> None:
    def breaking() -> Iterator[bytes]:
        yield LONG
        raise EOFError

    with pytest.raises(EOFError):
        files.put(breaking(), NOW)

    assert list(files.hashes()) == []
    assert not files.holds(sha(LONG))


@everywhere
def test_what_is_not_there_is_missing_and_to_remove_it_is_no_error(files: FarFiles) -> None:
    assert not files.holds(sha(b"nothing"))
    files.remove(sha(b"nothing"))
    for end in (None, 3):
        with pytest.raises(StorageDamagedError, match="is missing"):
            read(files, sha(b"nothing"), 0, end)


@everywhere
def test_what_is_here_is_listed_with_its_age_until_it_is_removed(files: FarFiles) -> None:
    contents = [b"one", b"two"]
    for content in contents:
        files.put([content], NOW)

    assert sorted(files.hashes()) == sorted(map(sha, contents))
    assert files.used() == len(b"onetwo")
    assert files.is_older(sha(b"one"), datetime.now(UTC) + DAY)
    assert not files.is_older(sha(b"one"), NOW - DAY)
    assert not files.is_older(sha(b"nothing"), NOW + DAY)
    files.remove(sha(b"one"))
    assert list(files.hashes()) == [sha(b"two")]


@everywhere
def test_the_doctor_tries_the_place_and_leaves_nothing(files: FarFiles) -> None:
    assert look(files, NOW).level is Level.OK
    assert list(files.hashes()) == []


def test_objects_are_called_by_their_hashes_in_the_layout_of_the_folder(s3: S3, bucket: str) -> None:
    UrlFiles(f"s3://{bucket}/desk").put([b"a"], NOW)

    assert s3.keys(bucket) == [f"desk/{sha(b'a')[:2]}/{sha(b'a')}"]


class Meter(Line):
    """Counts what comes back from the server's port; with *limit*, hangs up once so much has gone there."""

    def __init__(self, server_port: int, limit: int | None = None) -> None:
        super().__init__()
        self.came = self.went = 0
        self._server_port = server_port
        self._limit = limit

    def _connect(self, near: socket.socket) -> None:
        far = socket.create_connection(("127.0.0.1", self._server_port))
        threading.Thread(target=self._pump, args=(near, far, "went"), daemon=True).start()
        threading.Thread(target=self._pump, args=(far, near, "came"), daemon=True).start()

    def _pump(self, one: socket.socket, other: socket.socket, way: str) -> None:
        try:
            while data := one.recv(65536):
                setattr(self, way, getattr(self, way) + len(data))
                if self._limit is not None and self.went > self._limit:
                    break
                other.sendall(data)
        except OSError:
            pass
        finally:
            hang_up(one)
            hang_up(other)


def test_of_a_part_nothing_else_is_fetched(s3: S3, bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    UrlFiles(f"s3://{bucket}").put([LONG], NOW)
    with Meter(s3.port) as meter:
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{meter.port}")

        assert read(UrlFiles(f"s3://{bucket}"), sha(LONG), PIECE, PIECE + 100) == LONG[PIECE : PIECE + 100]

        assert 100 <= meter.came < 5_000


def test_an_upload_that_is_cut_off_on_its_way_leaves_nothing(
    s3: S3, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = os.urandom(12 << 20)
    with Meter(s3.port, limit=8 << 20) as meter:
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{meter.port}")

        with pytest.raises(FilesUnreachableError, match="does not answer"):
            UrlFiles(f"s3://{bucket}", timeout=5).put([whole], NOW)

    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{s3.port}")
    assert s3.keys(bucket) == []
    kept = UrlFiles(f"s3://{bucket}").put([whole], NOW)
    assert read(UrlFiles(f"s3://{bucket}"), kept.sha256) == whole


class Silent(Line):
    """Takes every connection and never says anything."""

    def __init__(self) -> None:
        super().__init__()
        self._near: list[socket.socket] = []

    def __exit__(self, *raised: object) -> None:
        super().__exit__(None, None, None)
        for near in self._near:
            near.close()

    def _connect(self, near: socket.socket) -> None:
        self._near.append(near)


def deeds(files: UrlFiles) -> Iterator[object]:
    """Yield one attempt at each thing that can be done with files."""
    yield lambda: files.put([b"a"], NOW)
    yield lambda: files.holds(sha(b"a"))
    yield lambda: read(files, sha(b"a"))
    yield lambda: read(files, sha(b"a"), 0, 1)
    yield lambda: list(files.hashes())
    yield lambda: files.is_older(sha(b"a"), NOW)
    yield lambda: files.remove(sha(b"a"))


def reasons(files: UrlFiles) -> set[str]:
    told = set()
    for deed in deeds(files):
        assert callable(deed)
        with pytest.raises(FilesUnreachableError) as refusal:
            deed()
        told.add(str(refusal.value))
        assert refusal.value.__cause__ is None
    return told


def test_refused_keys_are_told_in_a_sentence_without_them(
    s3: S3, bucket: str, caplog: pytest.LogCaptureFixture
) -> None:
    s3.refuse_all()
    try:
        with caplog.at_level(logging.DEBUG):
            told = reasons(UrlFiles(f"s3://{bucket}"))
            finding = look(UrlFiles(f"s3://{bucket}"), NOW)
    finally:
        s3.take_all()

    assert told == {"The place where files are kept refuses the credentials of this desk. Please try again in a while."}
    assert finding.level is Level.PROBLEM
    assert "refuses the credentials" in finding.says
    assert SECRET not in f"{told}{finding}{caplog.text}"
    assert s3.environment["AWS_ACCESS_KEY_ID"] not in f"{told}{finding.says}"


def test_nobody_who_listens_and_nobody_who_answers_are_told_within_the_limit(
    bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sentence = "The place where files are kept does not answer. Please try again in a while."
    with Silent() as silent:
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{silent.port}")
        files = UrlFiles(f"s3://{bucket}", timeout=0.3)
        assert reasons(files) == {sentence}
        assert look(files, NOW).level is Level.PROBLEM
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")
    assert reasons(UrlFiles(f"s3://{bucket}", timeout=0.3)) == {sentence}


def test_a_bucket_that_is_not_there_is_told(bucket: str) -> None:
    files = UrlFiles(f"s3://{bucket}-gone/desk")

    for deed in (lambda: files.put([b"a"], NOW), lambda: list(files.hashes())):
        with pytest.raises(FilesUnreachableError, match="does not know the bucket"):
            deed()
    assert "does not know the bucket" in look(files, NOW).says


def test_after_a_break_it_goes_on_by_itself(s3: S3, bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with Cable(s3.port) as cable:
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{cable.port}")
        files = UrlFiles(f"s3://{bucket}", timeout=5)
        files.put([b"before"], NOW)
        cable.cut()
        with pytest.raises(FilesUnreachableError):
            files.put([b"after"], NOW)
        cable.mend()

        files.put([b"after"], NOW)

        assert [read(files, sha(one)) for one in (b"before", b"after")] == [b"before", b"after"]


@pytest.mark.parametrize("url", ["nowhere://there", "sftp://user:umbrella@host/files"])
def test_an_address_of_no_known_kind_is_refused_without_it(url: str) -> None:
    with pytest.raises(StorageUnsupportedError, match="TICKETING_FILES_URL is no address") as refusal:
        UrlFiles(url)

    assert "umbrella" not in str(refusal.value)


STORES = ["json", "sqlite", "postgres"]


def store_address(kind: str, folder: Path) -> str:
    folder.mkdir(exist_ok=True)
    if kind == "postgres":
        return databases().create(f"far_files_{folder.name}")
    return f"json:{folder / 'data'}" if kind == "json" else f"sqlite:///{folder / 'desk.sqlite'}"


def attach(store: WholeStore, *contents: bytes, number: int = 1) -> None:
    """Put contents where the store has them, and a ticket that names them."""
    ticket = make_ticket(number)
    kept = [store.files.put([content], NOW) for content in contents]
    ticket.attach(
        [
            Attachment(id=f"{number}-{place}", name="a.bin", size=each.size, sha256=each.sha256, media_type="x/y")
            for place, each in enumerate(kept)
        ]
    )
    with store.write() as tx:
        tx.tickets.save(ticket)


@pytest.mark.parametrize("kind", STORES)
def test_each_store_keeps_its_files_there_through_backup_and_restore(bucket: str, tmp_path: Path, kind: str) -> None:
    far = UrlFiles(f"s3://{bucket}/here")
    with closing(open_store(store_address(kind, tmp_path / "here"), files=far)) as store:
        attach(store, LONG, b"small")
        counts = back_up(store, tmp_path / "b.zip", NOW)
        with store.documents() as documents:
            assert check_contents(documents, store.files) == 2
        with store.read() as tx:
            assert not tx.files.any()
            assert tx.files.unnamed([sha(LONG), sha(b"nobody's")]) == [sha(b"nobody's")]
    assert sorted(far.hashes()) == sorted([sha(LONG), sha(b"small")])

    there = UrlFiles(f"s3://{bucket}/there")
    with closing(open_store(store_address(kind, tmp_path / "there"), files=there)) as store:
        assert restore(store, read_archive(tmp_path / "b.zip")) == counts
        assert restore(store, read_archive(tmp_path / "b.zip"), replace=True) == counts
    assert [read(there, sha(one)) for one in (LONG, b"small")] == [LONG, b"small"]


def test_a_backup_of_files_that_cannot_be_reached_fails_rather_than_leave_them_out(
    s3: S3, bucket: str, tmp_path: Path
) -> None:
    far = UrlFiles(f"s3://{bucket}")
    with closing(open_store(f"json:{tmp_path / 'data'}", files=far)) as store:
        attach(store, b"small")
        s3.refuse_all()
        try:
            with pytest.raises(FilesUnreachableError):
                back_up(store, tmp_path / "b.zip", NOW)
        finally:
            s3.take_all()
    assert not (tmp_path / "b.zip").exists()


@pytest.mark.parametrize(("here", "there"), [("json", "postgres"), ("postgres", "sqlite"), ("sqlite", "json")])
def test_a_migration_leaves_files_that_are_elsewhere_where_they_are(
    s3: S3, bucket: str, tmp_path: Path, here: str, there: str
) -> None:
    far = UrlFiles(f"s3://{bucket}")
    source, target = store_address(here, tmp_path / "from"), store_address(there, tmp_path / "to")
    with closing(open_store(source, files=far)) as store:
        attach(store, LONG)
    keys = s3.keys(bucket)

    with closing(open_source(source, far)) as old, closing(open_target(target, far)) as new:
        move(old, new, lambda _done, _whole: None)

    assert s3.keys(bucket) == keys
    with closing(open_store(target, files=far)) as store:
        assert b"".join(store.files.read(sha(LONG))) == LONG


@pytest.mark.parametrize("kind", STORES)
def test_files_are_moved_away_from_beside_a_store_and_back(bucket: str, tmp_path: Path, kind: str) -> None:
    url, far = store_address(kind, tmp_path / "here"), UrlFiles(f"s3://{bucket}")
    with closing(open_store(url)) as store:
        attach(store, LONG, b"small")
        store.files.put([b"nobody's"], NOW)
    with closing(open_source(url)) as source:
        assert move_files(source, far, NOW, lambda _done, _whole: None) == 2
    assert sorted(far.hashes()) == sorted([sha(LONG), sha(b"small")])

    with closing(open_store(url, files=far)) as store:
        attach(store, b"new", number=2)
    with closing(open_source(url, far)) as source, closing(open_store(url)) as store:
        assert move_files(source, store.files, NOW, lambda _done, _whole: None) == 3
        assert b"".join(store.files.read(sha(b"new"))) == b"new"


def test_a_file_that_is_not_what_it_was_is_not_moved(bucket: str, tmp_path: Path) -> None:
    url, far = store_address("json", tmp_path / "here"), UrlFiles(f"s3://{bucket}")
    with closing(open_store(url)) as store:
        attach(store, b"as it was")
    (tmp_path / "here/data/attachments" / sha(b"as it was")[:2] / sha(b"as it was")).write_bytes(b"As it was")

    with closing(open_source(url)) as source, pytest.raises(StorageError, match="is not what it was"):
        move_files(source, far, NOW, lambda _done, _whole: None)

    assert list(far.hashes()) == []


# Processes that send a file, read it and end at once; tells how each has ended.
ENDING = """
import os, sys
from datetime import UTC, datetime
import fsspec.core, obstore.fsspec
from ticketing.storage.url_files import UrlFiles

for _ in range(25):
    if not (child := os.fork()):
        files = UrlFiles(sys.argv[1])
        b"".join(files.read(files.put([b"a"], datetime.now(UTC)).sha256))
        sys.exit()
    print(os.waitpid(child, 0)[1], flush=True)  # or the next one has it as well, and says it again
"""


def test_a_process_that_ends_at_once_ends_well(bucket: str) -> None:
    command = [sys.executable, "-c", ENDING, f"s3://{bucket}"]

    told = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)

    assert told.stdout.split() == ["0"] * 25, told.stderr


def test_a_desk_without_such_an_address_loads_nothing_of_it() -> None:
    code = "import sys, ticketing.desk; print({'fsspec', 'obstore'} & set(sys.modules))"

    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert loaded.stdout == "set()\n"
