"""How far something long is."""

from collections.abc import Callable

# Told how many steps are done, and of how many.
Progress = Callable[[int, int], None]


def silent(_done: int, _whole: int) -> None:
    """Tell nobody how far it is."""
