"""What the address of a store looks like."""

from typing import Final

KNOWN: Final = "json:DIRECTORY, sqlite:///FILE, postgresql+psycopg://USER:PASSWORD@HOST/DATABASE and memory:"
