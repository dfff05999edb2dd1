"""Start the desk: `python3 -m ticketing [COMMAND ...]`, from nothing but a Python."""

import sys

# First of all, and in words that an old Python can read: all else in this package is newer than it.
if sys.version_info < (3, 11):  # noqa: UP036 - for whoever starts this with a Python that the project doesn't support
    sys.exit(
        "Ticketing needs Python 3.11 or newer, and this is Python %d.%d: install a newer one "  # noqa: UP031
        "(Debian, Ubuntu: sudo apt install python3) and start again with it." % tuple(sys.version_info[:2])
    )

from ticketing.bootstrap import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
