"""How commands say how far they are, and what came of it."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import click


@contextmanager
def shown_progress(label: str) -> Iterator[Callable[[int, int], None]]:
    """Show how far it is, on a terminal only; there is nothing to show when there is nothing to do."""
    with click.progressbar(length=1, label=label, file=sys.stderr, hidden=not sys.stderr.isatty()) as bar:

        def advance(done: int, whole: int) -> None:
            bar.length = whole
            bar.update(done - bar.pos)

        yield advance


def told(counts: dict[str, int]) -> str:
    """Say how many there are of each."""
    return ", ".join(f"{number:,} {_NAMES.get(name, name)}" for name, number in counts.items()) or "nothing"


_NAMES: Final = {"audit": "audit records"}
