"""Several processes that do the same at the same moment."""

import subprocess
import sys


def started_at_once(program: str, *arguments: str, processes: int) -> list[subprocess.Popen[str]]:
    """
    Start a program of Python several times, and let all of them go at the same moment.

    Each prints `ready` when it is, and then waits for a line of input.
    """
    pipe, command = subprocess.PIPE, [sys.executable, "-c", program, *arguments]
    started = [subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) for _ in range(processes)]
    for process in started:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
    for process in started:
        assert process.stdin
        process.stdin.write("go\n")
        process.stdin.flush()
    return started


def said_at_once(program: str, *arguments: str, processes: int) -> list[str]:
    """Do so, wait for all of them, and return what each has printed since."""
    return [one.communicate(timeout=60)[0] for one in started_at_once(program, *arguments, processes=processes)]
