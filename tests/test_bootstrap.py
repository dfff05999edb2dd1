"""The first start: `python3 -m ticketing` on a machine that has nothing but a Python."""

import ast
import base64
import hashlib
import json
import os
import pty
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator, Sequence
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

import ticketing
from tests.wire import Wire
from ticketing.ui.wording import t

pytestmark = pytest.mark.processes

ROOT = Path(__file__).resolve().parent.parent
UV_FOLDER = Path(sys.executable).parent
SYSTEM_FOLDERS = "/usr/bin:/bin"
BASE_PYTHON: str = getattr(sys, "_base_executable", sys.executable)
WITH_AND_WITHOUT_UV = pytest.mark.parametrize(
    "path", [f"{UV_FOLDER}:{SYSTEM_FOLDERS}", SYSTEM_FOLDERS], ids=["uv", "pip"]
)

# `python3 -m ticketing` as in a working copy, but with the package that is under test, whose coverage is measured.
START = """
import sys
from pathlib import Path
from ticketing.bootstrap import main

sys.exit(main(sys.argv[1:], Path.cwd()))
"""
# A command line that only tells how it was called; the working copy of these tests has it in place of the desk's.
CLI = """
import json, sys
import little

def main(args, prog_name):
    print(json.dumps({"arguments": args, "name": prog_name, "python": sys.executable, "little": little.VERSION}))
"""


class WorkingCopy:
    """A working copy whose only requirement is a package called little, made for the test, on no index."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.requirements = root / "requirements.txt"
        self.stamp = root / ".venv" / "ticketing-stamp"
        (root / "ticketing").mkdir()
        for module in ("__init__", "__main__", "bootstrap", "installer", "pins"):
            shutil.copy(ROOT / "ticketing" / f"{module}.py", root / "ticketing")
        (root / "ticketing" / "cli.py").write_text(CLI, "utf-8")
        self.require("1.0")

    def require(self, version: str) -> None:
        """Pin the package to this version, with its hash."""
        digest = hashlib.sha256(wheel(self.root, version).read_bytes()).hexdigest()
        self.pin(version, digest)

    def pin(self, version: str, digest: str | None, places: str = "--no-index\n--find-links wheels") -> None:
        """Write the requirements."""
        checked = f" \\\n    --hash=sha256:{digest}" if digest else ""
        self.requirements.write_text(f"{places}\nlittle=={version}{checked}\n", "utf-8")

    def start(
        self, *arguments: str, python: Sequence[str] = (sys.executable, "-P", "-c", START), path: str | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Start it as a person does, but with nobody at the keyboard; uv is there unless *path* lacks it."""
        return subprocess.run(
            [*python, *arguments],
            cwd=self.root,
            env={**os.environ, "PATH": path or f"{UV_FOLDER}:{SYSTEM_FOLDERS}", "PYTHONPATH": str(ROOT)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )


def wheel(folder: Path, version: str, needs: str = "") -> Path:
    """Build the package; a wheel is a zip file with three notes in it, of which one says what else it needs."""
    place = folder / "wheels" / f"little-{version}-py3-none-any.whl"
    notes = f"little-{version}.dist-info"
    files = {
        # Another length for each version: Python takes a compiled file for current by the source's time and size.
        "little.py": f'VERSION = "{version}"\n{"#" * round(10 * float(version))}\n',
        f"{notes}/METADATA": f"Metadata-Version: 2.1\nName: little\nVersion: {version}\n{needs}",
        f"{notes}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = [f"{name},sha256={digest(text)},{len(text)}" for name, text in files.items()]
    place.parent.mkdir(exist_ok=True)
    with zipfile.ZipFile(place, "w") as archive:
        for name, text in {**files, f"{notes}/RECORD": "\n".join([*record, f"{notes}/RECORD,,\n"])}.items():
            archive.writestr(name, text)
    return place


def digest(text: str) -> str:
    """Write a file's SHA-256 as a wheel's record does."""
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()


def answer(finished: subprocess.CompletedProcess[str]) -> dict[str, object]:
    """Read what the command line said of its call, in the last line."""
    assert finished.returncode == 0, finished.stdout + finished.stderr
    call: dict[str, object] = json.loads(finished.stdout.splitlines()[-1])
    return call


@pytest.fixture
def copy(tmp_path: Path) -> WorkingCopy:
    return WorkingCopy(tmp_path)


@pytest.fixture
def set_up_copy(copy: WorkingCopy) -> WorkingCopy:
    assert copy.start().returncode == 0
    return copy


@pytest.fixture
def a_strangers_python() -> str:
    """Give the system's own Python, into which Debian lets nobody install; failing that, the one under this."""
    own = "/usr/bin/python3"
    probe = "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))"
    usable = Path(own).exists() and subprocess.run([own, "-c", probe], capture_output=True, check=False).returncode == 0
    if not usable:
        return BASE_PYTHON
    if Path("/etc/debian_version").exists():
        library = subprocess.run(
            [own, "-c", "import sysconfig; print(sysconfig.get_path('stdlib'))"],
            capture_output=True,
            text=True,
            check=True,
        )
        assert Path(library.stdout.strip(), "EXTERNALLY-MANAGED").exists()
    return own


def changed_python(change: str) -> list[str]:
    """Start the package with a Python that differs from this one by a statement."""
    return [sys.executable, "-c", f"import runpy, sys; {change}; runpy.run_module('ticketing', run_name='__main__')"]


def test_the_package_has_a_version() -> None:
    assert all(part.isdigit() for part in ticketing.__version__.split("."))


def test_an_old_python_is_refused_in_one_sentence(copy: WorkingCopy) -> None:
    refused = copy.start(python=changed_python("sys.version_info = (3, 9, 2, 'final', 0)"))

    assert refused.returncode == 1
    assert refused.stdout == ""
    assert refused.stderr == (
        "Ticketing needs Python 3.11 or newer, and this is Python 3.9: install a newer one "
        "(Debian, Ubuntu: sudo apt install python3) and start again with it.\n"
    )


@pytest.mark.parametrize("module", ["__init__", "__main__"])
def test_an_old_python_can_read_as_far_as_the_refusal(module: str) -> None:
    text = (ROOT / "ticketing" / f"{module}.py").read_text("utf-8")

    ast.parse(text, feature_version=(3, 7))

    assert "__future__" not in text


@pytest.mark.parametrize("module", ["venv", "ensurepip"])
def test_a_python_without_venv_is_refused_in_one_sentence(copy: WorkingCopy, module: str) -> None:
    refused = copy.start(python=changed_python(f"sys.modules['{module}'] = None"), path=SYSTEM_FOLDERS)

    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    assert refused.returncode == 1
    assert refused.stdout == ""
    assert refused.stderr == (
        "Ticketing sets up a virtual environment, and this Python lacks the venv module for it: install that "
        f"(Debian, Ubuntu: sudo apt install python{version}-venv) and start again.\n"
    )
    assert not (copy.root / ".venv").exists()


def test_uv_does_without_the_venv_module(copy: WorkingCopy) -> None:
    started = copy.start(python=changed_python("sys.modules['ensurepip'] = None"))

    assert answer(started)["little"] == "1.0"


@WITH_AND_WITHOUT_UV
def test_a_first_start_needs_nothing_but_a_python(copy: WorkingCopy, a_strangers_python: str, path: str) -> None:
    started = copy.start(python=[a_strangers_python, "-m", "ticketing"], path=path)

    assert answer(started)["python"] == str(copy.root / ".venv/bin/python")
    assert "Making the virtual environment" in started.stdout
    assert "Installing the packages of requirements.txt" in started.stdout


def test_a_newer_release_of_what_a_pinned_package_needs_is_no_matter(copy: WorkingCopy) -> None:
    # Some releases of pip look for the newest release of a package with an extra, find its hash nowhere, and give up.
    wheel(copy.root, "2.0")
    digest = hashlib.sha256(wheel(copy.root, "1.0", "Requires-Dist: little[extra] >= 1.0\n").read_bytes()).hexdigest()
    copy.pin("1.0", digest)

    assert answer(copy.start(path=SYSTEM_FOLDERS))["little"] == "1.0"


def test_without_a_command_it_serves(copy: WorkingCopy) -> None:
    assert answer(copy.start())["arguments"] == ["serve"]


def test_a_command_gets_its_arguments_as_they_were_typed(set_up_copy: WorkingCopy) -> None:
    call = answer(set_up_copy.start("create-agent", "ada", "--email", "ada @example.org", ""))

    assert call["arguments"] == ["create-agent", "ada", "--email", "ada @example.org", ""]
    assert call["name"] == "python3 -m ticketing"


def test_a_second_start_installs_nothing(set_up_copy: WorkingCopy) -> None:
    stamped = set_up_copy.stamp.stat().st_mtime_ns

    again = set_up_copy.start("--help")

    assert again.stdout.count("\n") == 1
    assert answer(again)["arguments"] == ["--help"]
    assert set_up_copy.stamp.stat().st_mtime_ns == stamped


def test_finding_that_all_is_there_loads_next_to_nothing() -> None:
    loaded = subprocess.run(
        [BASE_PYTHON, "-S", "-c", "import sys, ticketing.bootstrap; print(*sys.modules)"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()

    assert "hashlib" in loaded
    assert {"pathlib", "re", "subprocess", "typing"}.isdisjoint(loaded)


def test_new_requirements_are_installed_into_the_environment_that_is_there(set_up_copy: WorkingCopy) -> None:
    left_there = set_up_copy.root / ".venv" / "note"
    left_there.touch()
    set_up_copy.require("2.0")

    again = set_up_copy.start()

    assert answer(again)["little"] == "2.0"
    assert left_there.exists()


def test_an_environment_that_was_never_finished_is_made_anew(set_up_copy: WorkingCopy) -> None:
    (set_up_copy.root / ".venv" / "half").mkdir()
    (set_up_copy.root / ".venv" / "bin" / "python").unlink()
    set_up_copy.stamp.write_text("unfinished", "utf-8")

    again = set_up_copy.start()

    assert answer(again)["little"] == "1.0"
    assert not (set_up_copy.root / ".venv" / "half").exists()


def test_an_environment_whose_python_has_gone_is_made_anew(set_up_copy: WorkingCopy) -> None:
    python = set_up_copy.root / ".venv" / "bin" / "python"
    python.unlink()
    python.symlink_to("/nowhere/python3")

    again = set_up_copy.start()

    assert answer(again)["little"] == "1.0"


def test_an_environment_that_is_anothers_behind_a_link_is_never_emptied(
    set_up_copy: WorkingCopy, tmp_path: Path
) -> None:
    others = tmp_path / "others"
    (set_up_copy.root / ".venv").rename(others)
    before = sorted(others.rglob("*"))
    (set_up_copy.root / ".venv").symlink_to(others)
    (others / "ticketing-stamp").write_text("place /somewhere/else/.venv", "utf-8")

    refused = set_up_copy.start()

    assert (refused.returncode, refused.stdout) == (1, "")
    assert "is a link to an environment that was made elsewhere: remove the link" in refused.stderr
    assert sorted(others.rglob("*")) == before


def test_an_environment_made_by_hand_is_taken_as_it_is(copy: WorkingCopy) -> None:
    subprocess.run([UV_FOLDER / "uv", "venv", "--quiet", copy.root / ".venv"], check=True)
    left_there = copy.root / ".venv" / "note"
    left_there.touch()

    started = copy.start()

    assert answer(started)["little"] == "1.0"
    assert left_there.exists()


def test_the_environments_own_python_brings_it_up_to_date(set_up_copy: WorkingCopy) -> None:
    inside = [str(set_up_copy.root / ".venv/bin/python"), "-m", "ticketing"]
    set_up_copy.require("2.0")

    assert answer(set_up_copy.start(python=inside))["little"] == "2.0"
    assert set_up_copy.start(python=inside).stdout.count("\n") == 1


def test_a_virtual_environment_that_has_the_packages_is_used_in_place(copy: WorkingCopy) -> None:
    elsewhere = copy.root / "elsewhere"
    python = elsewhere / "bin/python"
    subprocess.run([UV_FOLDER / "uv", "venv", "--quiet", elsewhere], check=True)
    little = str(wheel(copy.root, "1.0"))
    subprocess.run([UV_FOLDER / "uv", "pip", "install", "--quiet", "--python", python, little], check=True)

    started = copy.start(python=[str(python), "-m", "ticketing"])

    assert answer(started)["python"] == str(python)
    assert not (copy.root / ".venv").exists()


def test_tests_run_in_place_where_their_packages_are_too(copy: WorkingCopy) -> None:
    (copy.root / "tests").mkdir()
    (copy.root / "tests/test_small.py").write_text("def test_small():\n    pass\n", "utf-8")
    for requirements in ("requirements.txt", "tests/requirements.txt"):
        (copy.root / requirements).write_text(
            f"pytest=={pytest.__version__} \\\n    --hash=sha256:{'0' * 64}\n", "utf-8"
        )

    started = copy.start("test", "tests/test_small.py", "-p", "no:hypothesispytest")

    assert started.returncode == 0, started.stdout + started.stderr
    assert "1 passed" in started.stdout.splitlines()[-1]
    assert not (copy.root / ".venv").exists()


@WITH_AND_WITHOUT_UV
@pytest.mark.parametrize("digest", ["0" * 64, None], ids=["another hash", "no hash"])
def test_a_package_that_no_hash_vouches_for_is_refused(copy: WorkingCopy, digest: str | None, path: str) -> None:
    copy.pin("1.0", digest)

    refused = copy.start(path=path)

    assert refused.returncode == 1
    assert "hash" in refused.stdout.lower()
    assert refused.stderr == "Setting up failed at the step above; the next start tries it again.\n"


@WITH_AND_WITHOUT_UV
def test_without_a_network_one_sentence_says_so(copy: WorkingCopy, path: str) -> None:
    with socket.socket() as nobody_listens:
        nobody_listens.bind(("127.0.0.1", 0))
        port = nobody_listens.getsockname()[1]
        copy.pin("1.0", digest="0" * 64, places=f"--index-url http://127.0.0.1:{port}/simple")

        refused = copy.start(path=path)

    assert refused.returncode == 1
    assert refused.stderr == (
        "The packages cannot be downloaded: check the network connection (or proxy) and start again.\n"
    )


def test_a_mail_that_comes_in_while_nothing_can_be_set_up_is_to_be_handed_on_again(copy: WorkingCopy) -> None:
    copy.pin("2.0", None)

    refused = copy.start("receive-mail")

    assert refused.returncode == 75
    assert "the next start tries it again" in refused.stderr


def test_a_folder_that_cannot_hold_the_environment_is_named(copy: WorkingCopy) -> None:
    (copy.root / ".venv").touch()

    refused = copy.start()

    assert refused.returncode == 1
    assert refused.stderr.startswith(f"The virtual environment {copy.root / '.venv'} cannot be made: ")
    assert "Traceback" not in refused.stderr


def begin(copy: WorkingCopy) -> subprocess.Popen[str]:
    """Start it, without uv since that would be done too soon, and go on."""
    return subprocess.Popen(
        [sys.executable, "-P", "-c", START],
        cwd=copy.root,
        env={**os.environ, "PATH": SYSTEM_FOLDERS, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": ""},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


class ReluctantIndex(ThreadingHTTPServer):
    """An index on this machine that hands out no package before it may, or before its patience ends."""

    def __init__(self, folder: Path) -> None:
        self.may = threading.Event()
        self.was_let = False
        super().__init__(("127.0.0.1", 0), partial(ReluctantAnswer, directory=str(folder)))


class ReluctantAnswer(SimpleHTTPRequestHandler):
    """An answer of this index: a folder's list at once, a package in its time."""

    server: ReluctantIndex

    def do_GET(self) -> None:
        """Send what is asked for."""
        if self.path.endswith(".whl"):
            self.server.was_let = self.server.may.wait(timeout=10)
        super().do_GET()


@pytest.fixture
def index(copy: WorkingCopy) -> Iterator[ReluctantIndex]:
    package = wheel(copy.root, "1.0")
    shelf = copy.root / "index" / "little"
    shelf.mkdir(parents=True)
    package.rename(shelf / package.name)
    with ReluctantIndex(copy.root / "index") as server:
        threading.Thread(target=server.serve_forever).start()
        yield server
        server.shutdown()


def test_what_a_step_says_is_shown_while_it_works(copy: WorkingCopy, index: ReluctantIndex) -> None:
    digest = hashlib.sha256(next(copy.root.glob("index/little/*")).read_bytes()).hexdigest()
    copy.pin("1.0", digest, places=f"--index-url http://127.0.0.1:{index.server_port}")
    start = begin(copy)
    assert start.stdout is not None

    shown = next((line for line in start.stdout if "Collecting little" in line), "nothing")
    index.may.set()
    rest, _ = start.communicate(timeout=120)

    assert "Collecting little==1.0" in shown
    assert index.was_let
    assert start.returncode == 0, rest


def test_two_starts_at_once_set_up_once(copy: WorkingCopy) -> None:
    starts = [begin(copy), begin(copy)]

    said = [start.communicate(timeout=120)[0] for start in starts]

    assert [start.returncode for start in starts] == [0, 0], said
    assert sum("Making the virtual environment" in text for text in said) == 1
    assert sum("Another start is setting up; waiting for it." in text for text in said) == 1


@pytest.fixture
def ctrl_c() -> Iterator[None]:
    """Let a start hear Ctrl+C: a shell hands on to what it runs in the background that it is not listened to."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("ctrl_c")
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_a_start_that_was_ended_in_the_middle_is_made_good_by_the_next(copy: WorkingCopy, how: signal.Signals) -> None:
    ended = begin(copy)
    assert ended.stdout is not None
    assert "Making the virtual environment" in ended.stdout.readline()
    time.sleep(0.5)
    ended.send_signal(how)
    ended.communicate(timeout=60)

    again = copy.start()

    assert ended.returncode != 0
    assert answer(again)["little"] == "1.0"
    assert "Making the virtual environment" in again.stdout


@pytest.fixture
def clean_copy(tmp_path: Path) -> Path:
    """Copy what git would hand to a stranger, and nothing that was installed or made here since."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    place = tmp_path / "desk"
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, place / name)
    return place


@pytest.fixture
def strangers_shell(tmp_path: Path) -> dict[str, str]:
    """Give the environment of someone with an empty home, who has set nothing."""
    home = tmp_path / "home"
    home.mkdir()
    own = ("TICKETING_", "COVERAGE_", "PYTEST_", "STREAMLIT_", "VIRTUAL_ENV", "CI", "PYTHONPATH")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(own)}
    return {**kept, "HOME": str(home), "PATH": SYSTEM_FOLDERS}


@pytest.fixture
def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def fetch(url: str, server: subprocess.Popen[str], *, patience: float) -> str:
    """Ask until the server answers, for as many seconds; a server that has ended answers no more."""
    deadline = time.monotonic() + patience
    while True:
        try:
            with urllib.request.urlopen(url, timeout=10) as response:  # noqa: S310 - our own server
                text: str = response.read().decode()
                return text
        except (urllib.error.URLError, ConnectionError):
            assert server.poll() is None, server.communicate()[0]
            assert time.monotonic() < deadline, "the server never answered"
            time.sleep(0.1)


@pytest.fixture
def serving(
    clean_copy: Path, strangers_shell: dict[str, str], a_strangers_python: str, free_port: int
) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [a_strangers_python, "-m", "ticketing", "serve", "--port", str(free_port)],
        cwd=clean_copy,
        env=strangers_shell,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as server:
        yield server
        server.terminate()


@pytest.mark.parametrize(
    "command",
    [
        ("ticketing", "serve", "--port"),
        ("streamlit", "run", "streamlit_app.py", "--server.port"),
    ],
    ids=["our command", "Streamlit's"],
)
def test_at_a_terminal_the_first_start_asks_nobody_anything(
    clean_copy: Path, strangers_shell: dict[str, str], free_port: int, command: tuple[str, ...]
) -> None:
    screen, terminal = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", *command, str(free_port)],
        cwd=clean_copy,
        env=strangers_shell,
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        text=True,
        start_new_session=True,
    ) as server:
        try:
            health = fetch(f"http://localhost:{free_port}/healthz", server, patience=60)
        finally:
            server.terminate()
    said = os.read(screen, 1 << 16).decode()
    os.close(screen)
    os.close(terminal)

    assert health
    assert "Email" not in said


@pytest.mark.setup
def test_both_documented_commands_work_in_a_fresh_clone_with_an_empty_home(
    clean_copy: Path,
    strangers_shell: dict[str, str],
    a_strangers_python: str,
    free_port: int,
    serving: subprocess.Popen[str],
) -> None:
    address = f"http://localhost:{free_port}"
    health = fetch(f"{address}/healthz", serving, patience=400)
    with Wire.connect(address, page="login") as stranger:
        stranger.run()
    serving.terminate()
    told, _ = serving.communicate(timeout=60)
    tests, again = (
        subprocess.run(
            [a_strangers_python, "-m", "ticketing", "test", "tests/test_bootstrap.py", "-k", "has_a_version"],
            cwd=clean_copy,
            env=strangers_shell,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        for _ in range(2)
    )

    assert health
    assert f"The desk opens at {address} (Ctrl+C ends it).\n" in told
    assert {t("field.username"), t("field.password")} <= set(stranger.widgets)
    assert t("login.first_launch") in stranger.text
    assert stranger.exceptions == []
    for run in (tests, again):
        assert run.returncode == 0, run.stdout + run.stderr
        assert "1 passed" in run.stdout.splitlines()[-1]
    assert ["Installing the packages" in run.stdout for run in (tests, again)] == [True, False]
