"""The tables come into being and up to date: by migrations, one starter at a time."""

from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine, func, inspect, select, text

from ticketing.domain.errors import StorageTooNewError, StorageUnsupportedError
from ticketing.storage.sql.connecting import IMMEDIATE, opening, told_as_ours

# The newest migration; a test holds it against the files.
CURRENT: Final = "0001"
# The number of the advisory lock under which migrations run: "tables" in ASCII.
MIGRATING: Final = 0x7461626C6573
_MIGRATIONS: Final = Path(__file__).parent / "migrations"


def make_current(engine: Engine, *, read_only: bool = False) -> None:
    """
    Bring the tables up to date; nothing is imported and nothing locked when they are.

    Raises StorageTooNewError for tables of a newer version, StorageUnsupportedError for a database in another encoding.
    """
    with told_as_ours(), opening(), engine.connect() as connection:
        _require_utf_8(connection)
        found = version(connection)
    if found == CURRENT:
        return
    if found is not None and found > CURRENT:
        raise StorageTooNewError("database schema", int(found), int(CURRENT))
    if read_only:
        raise StorageUnsupportedError("The tables are not up to date: start the desk once, and it sees to them.")
    with told_as_ours():
        _migrate(engine)


def version(connection: Connection) -> str | None:
    """Return the migration that the tables are at; None if there are none."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return found


def _require_utf_8(connection: Connection) -> None:
    question = "SHOW server_encoding" if connection.dialect.name == "postgresql" else "PRAGMA encoding"
    encoding = connection.scalar(text(question))
    if encoding not in {"UTF8", "UTF-8"}:
        raise StorageUnsupportedError(
            f"The database of TICKETING_STORAGE_URL keeps texts as {encoding}: make one with the encoding UTF8."
        )


def _migrate(engine: Engine) -> None:
    from alembic import command  # noqa: PLC0415 - slow to import, and most starts need no migration
    from alembic.config import Config  # noqa: PLC0415 - as above

    with engine.connect().execution_options(**{IMMEDIATE: True}) as connection, connection.begin():
        if connection.dialect.name == "postgresql":
            connection.execute(select(func.pg_advisory_xact_lock(MIGRATING)))
        settings = Config()
        settings.set_main_option("script_location", str(_MIGRATIONS))
        attributes: dict[str, Any] = settings.attributes
        attributes["connection"] = connection
        command.upgrade(settings, "head")
