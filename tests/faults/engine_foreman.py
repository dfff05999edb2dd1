"""
Starts processes that write to one store, kills them at random moments, and tells what was lost.

    python -m tests.faults.engine_foreman FOLDER MODE ROUNDS SEED

Prints a JSON object. Writers are forked from here, since a fork costs milliseconds and a new interpreter a hundred
times that. A writer tells each change only after it left the `with` block, so after it was acknowledged.
"""

import json
import os
import random
import select
import signal
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.storage.recording import Recorder, put
from ticketing.domain.errors import StorageError
from ticketing.storage.journaled.engine import Engine

COMPACT_AT = 1500
"""Bytes of journal after which snapshots are written: every five to ten changes."""
SHORT, LONG = 40, 8_000_000
"""Lengths of texts: writing a long one takes the system so long that a kill can hit the midst of it."""
HOT = "hot"
AT_WORK = 0.7
"""The share of writers that are killed at work; the others may be killed while they open the store."""


@dataclass
class Worker:
    """A writer: the change that it began from, and the newest one that it was told is safe."""

    name: str
    process: int
    pipe: int
    began: int = 0
    acknowledged: int = 0
    heard: bytes = b""
    failures: list[str] = field(default_factory=list)

    def listen(self) -> None:
        """Take in what the writer has told so far."""
        while select.select([self.pipe], [], [], 0)[0] and (news := os.read(self.pipe, 65536)):
            *lines, self.heard = (self.heard + news).split(b"\n")
            for line in lines:
                if line.startswith(b"error"):
                    self.failures.append(line.decode())
                else:
                    self.acknowledged = int(line)

    def kill(self) -> None:
        """End the writer without a warning."""
        os.kill(self.process, signal.SIGKILL)
        os.waitpid(self.process, 0)
        self.listen()
        os.close(self.pipe)


def number_of(documents: Mapping[str, Mapping[str, bytes]], collection: str, key: str) -> int:
    """Read the counter that a document holds."""
    found = documents.get(collection, {}).get(key)
    return json.loads(found)["n"] if found else 0


def write_for_ever(folder: Path, name: str, pipe: int, length: int) -> None:
    """Count up in two collections at once, and count up what all writers share; tell each change that is safe."""
    engine = Engine(folder, Recorder(), compact_at=COMPACT_AT)
    number = number_of(engine.documents, "tickets", name)
    while True:
        number += 1
        with engine.writing() as writer:
            shared = number_of(engine.documents, "tickets", HOT) + 1
            writer.commit(
                [put(name, n=number, text="x" * length), put(name, "outbox", n=number), put(HOT, n=shared, by=name)]
            )
        os.write(pipe, b"%d\n" % number)


def start(folder: Path, name: str, length: int = SHORT) -> Worker:
    """Start a writer of this name, which goes on from where its forerunner was killed."""
    ours, theirs = os.pipe()
    process = os.fork()
    if process == 0:
        try:
            write_for_ever(folder, name, theirs, length)
        except BaseException as error:  # noqa: BLE001 -- told to the foreman
            os.write(theirs, f"error {type(error).__name__}: {error}\n".encode())
        os._exit(1)
    os.close(theirs)
    return Worker(name, process, ours)


def look(folder: Path) -> dict[str, dict[str, bytes]]:
    """Read what a newcomer finds, without changing anything."""
    engine = Engine(folder, Recorder(), read_only=True)
    engine.close()
    return engine.documents


@dataclass
class Report:
    """What became of the store."""

    kills: int = 0
    acknowledged: int = 0
    lost: list[str] = field(default_factory=list)
    torn_apart: list[str] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    stalls: list[float] = field(default_factory=list)
    shared: int = 0
    interrupted_compactions: int = 0
    torn_writes: int = 0

    def kill(self, folder: Path, worker: Worker) -> None:
        """Kill the only writer, count what it left undone, and see what is there."""
        worker.kill()
        names = [path.name for path in folder.iterdir()] if folder.exists() else []
        journals = [name for name in names if name.endswith(".jsonl")]
        self.interrupted_compactions += len(journals) > 1 or any(name.endswith(".tmp") for name in names)
        self.torn_writes = sum(".torn-" in name for name in names)
        self.kills += 1
        self.acknowledged += worker.acknowledged - worker.began
        self.failures += worker.failures
        self.check(folder, {"ada": worker.acknowledged}, exact=True)

    def check(self, folder: Path, workers: dict[str, int], *, exact: bool) -> None:
        """Compare what is found with what was acknowledged: *exact* if all writers were killed."""
        try:
            found = look(folder)
        except StorageError as error:
            self.unreadable.append(str(error))
            return
        for name, acknowledged in workers.items():
            number = number_of(found, "tickets", name)
            if number < acknowledged or (exact and number > acknowledged + 1):
                self.lost.append(f"{name}: {acknowledged} acknowledged, {number} found")
            if number != number_of(found, "outbox", name):
                self.torn_apart.append(name)
        self.shared = number_of(found, "tickets", HOT)
        if self.shared != sum(number_of(found, "tickets", name) for name in workers):
            self.lost.append(f"the shared counter is {self.shared}")


def kill_the_only_writer(folder: Path, rounds: int, dice: random.Random) -> Report:
    """Start a writer, kill it, look, and so on; each has to recover what the one before it left."""
    report = Report()
    for _ in range(rounds):
        worker = start_again(folder)
        if dice.random() < AT_WORK:
            wait_for_a_change(worker)
        time.sleep(dice.uniform(0.002, 0.06))
        report.kill(folder, worker)
    return report


def kill_in_the_midst_of_writing(folder: Path, rounds: int, _dice: random.Random) -> Report:
    """Do the same to writers of long texts, when a part of one has reached the journal; three halves are enough."""
    report = Report()
    while report.kills < rounds and report.torn_writes < 3:
        worker = start_again(folder, LONG)
        wait_for_a_change(worker)
        wait_for_a_part(folder)
        report.kill(folder, worker)
    return report


def start_again(folder: Path, length: int = SHORT) -> Worker:
    """Start the only writer, which was told of all that is there."""
    known = number_of(look(folder), "tickets", "ada") if folder.exists() else 0
    worker = start(folder, "ada", length)
    worker.began = worker.acknowledged = known
    return worker


def kill_one_of_several(folder: Path, rounds: int, dice: random.Random) -> Report:
    """Keep three writers at work, kill one of them at a time, and see that the others go on."""
    report = Report()
    names = ["ada", "carla", "oskar"]
    workers = {name: start(folder, name) for name in names}
    known = dict.fromkeys(names, 0)
    for _ in range(rounds):
        time.sleep(dice.uniform(0.005, 0.06))
        victim = dice.choice(names)
        workers[victim].kill()
        report.kills += 1
        report.failures += workers[victim].failures
        known[victim] = max(known[victim], workers[victim].acknowledged)
        survivor = workers[dice.choice([name for name in names if name != victim])]
        report.stalls.append(wait_for_a_change(survivor))
        workers[victim] = start(folder, victim)
        report.check(folder, known, exact=False)
    for name, worker in workers.items():
        worker.kill()
        report.failures += worker.failures
        known[name] = max(known[name], worker.acknowledged)
    report.acknowledged = sum(known.values())
    report.check(folder, known, exact=False)
    return report


def wait_for_a_change(worker: Worker) -> float:
    """Count the seconds until a writer tells of another change; at most ten."""
    worker.listen()
    seen, began = worker.acknowledged, time.monotonic()
    while worker.acknowledged == seen and not worker.failures and time.monotonic() - began < 10:
        select.select([worker.pipe], [], [], 0.1)
        worker.listen()
    return time.monotonic() - began


def wait_for_a_part(folder: Path) -> None:
    """Return as soon as a journal grows; after ten seconds in any case."""
    sizes: dict[str, int] = {}
    began = time.monotonic()
    while time.monotonic() - began < 10:
        for path in folder.glob("journal-*.jsonl"):
            with suppress(FileNotFoundError):
                size = path.stat().st_size
                if sizes.setdefault(path.name, size) < size and size > SHORT * 100:
                    return


def main(folder: str, mode: str, rounds: str, seed: str) -> None:
    """Do it and print the report."""
    work = {"one": kill_the_only_writer, "midst": kill_in_the_midst_of_writing, "several": kill_one_of_several}[mode]
    report = work(Path(folder), int(rounds), random.Random(int(seed)))  # noqa: S311 -- not for security
    answer: dict[str, Any] = {**vars(report), "stalls": max(report.stalls, default=0.0)}
    sys.stdout.write(json.dumps(answer) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
