"""Programs of the machine that some tests need."""

import shutil
from collections.abc import Iterable
from pathlib import Path

import pytest


def program_or_skip(name: str, how_to: str, folders: Iterable[str | Path] = ()) -> str:
    """
    Return where a program is: on the path, or in one of these folders.

    Where it isn't the test is skipped, with the sentence how to come by it.
    """
    found = shutil.which(name) or next(filter(None, (shutil.which(name, path=str(one)) for one in folders)), None)
    if not found:
        pytest.skip(how_to)
    return found
