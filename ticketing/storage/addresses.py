"""What the address of a store looks like, and where it is given."""

from typing import Final

SETTING: Final = "TICKETING_STORAGE_URL"
KNOWN: Final = "json:DIRECTORY, sqlite:///FILE, postgresql+psycopg://USER:PASSWORD@HOST/DATABASE and memory:"
