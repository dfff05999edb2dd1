"""The option that is common to the commands."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])


def opens_store(command: Command) -> Command:
    """Give a command the option --data-dir, which stands above whatever environment and secrets say."""
    return click.option(
        "--data-dir",
        type=click.Path(file_okay=False, path_type=Path),
        callback=_use_data_dir,
        expose_value=False,
        is_eager=True,
        help="Where the data lives, instead of TICKETING_DATA_DIR.",
    )(command)


def _use_data_dir(_context: click.Context, _option: click.Parameter, folder: Path | None) -> None:
    if folder is not None:
        os.environ["TICKETING_DATA_DIR"] = str(folder.absolute())
        os.environ["TICKETING_STORAGE_URL"] = ""  # empty rather than gone, since it is to hide one among the secrets
