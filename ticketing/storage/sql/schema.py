"""The tables come into being and up to date: by migrations, one starter at a time."""

from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine, func, inspect, select, text

from ticketing.domain.errors import StorageTooNewError, StorageUnsupportedError
from ticketing.storage.addresses import SETTING
from ticketing.storage.sql.connecting import BEGINNING, CHANGING, WHAT_TO_GRANT, connect, opening, told_as_ours
from ticketing.storage.sql.tables import metadata

# The newest migration; a test holds it against the files.
CURRENT: Final = "0021"
# The number of the advisory lock under which migrations run: "tables" in ASCII.
MIGRATING: Final = 0x7461626C6573
_PRIVILEGES: Final = text(
    "SELECT bool_and(has_table_privilege(to_regclass(name), privilege)) "
    "FROM unnest(CAST(:tables AS text[])) name, unnest(CAST(:wanted AS text[])) privilege"
)
_NAMES: Final = {"tables": [table.name for table in metadata.sorted_tables]}
_MIGRATIONS: Final = Path(__file__).parent / "migrations"


def make_current(engine: Engine, *, read_only: bool = False) -> None:
    """
    Bring the tables up to date; nothing is imported and nothing locked when they are.

    Raises StorageTooNewError for tables of a newer version, StorageUnsupportedError for a database in another encoding.
    """
    if _found(engine) != CURRENT:
        if read_only:
            raise StorageUnsupportedError(
                f"The tables of {SETTING} are not up to date: start the desk once, or run: "
                "python3 -m ticketing migrate --schema"
            )
        with told_as_ours(), opening():
            _migrate(engine)
    with told_as_ours(), engine.connect() as connection:
        _require_privileges(connection, ["SELECT"] if read_only else ["SELECT", "INSERT", "UPDATE", "DELETE"])


def versions(address: str, *, update: bool) -> tuple[str | None, str]:
    """Return which migration the tables are at and which is the newest; with *update* they are brought there then."""
    engine = connect(address, read_only=not update)
    try:
        found = _found(engine)
        if update and found != CURRENT:
            with told_as_ours(), opening():
                _migrate(engine)
    finally:
        engine.dispose()
    return found, CURRENT


def _found(engine: Engine) -> str | None:
    with told_as_ours(), opening(), engine.connect() as connection:
        _require_utf_8(connection)
        found = version(connection)
    if found is not None and found > CURRENT:
        raise StorageTooNewError(f"The database schema of {SETTING}", int(found), int(CURRENT))
    return found


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
            f"The database of {SETTING} keeps texts as {encoding}: make one with the encoding UTF8."
        )


def _require_privileges(connection: Connection, wanted: list[str]) -> None:
    """Find out at once what would else be refused in the middle of somebody's work; a file asks nobody who they are."""
    if connection.dialect.name == "postgresql" and connection.scalar(_PRIVILEGES, _NAMES | {"wanted": wanted}) is False:
        raise StorageUnsupportedError(f"The database of {SETTING} {WHAT_TO_GRANT}")


def _migrate(engine: Engine) -> None:
    from alembic import command  # noqa: PLC0415 - slow to import, and most starts need no migration
    from alembic.config import Config  # noqa: PLC0415 - as above

    from ticketing.storage.sql import facts  # noqa: PLC0415 - as above

    beginning = CHANGING[engine.dialect.name]
    with engine.connect().execution_options(**{BEGINNING: beginning}) as connection, connection.begin():
        if connection.dialect.name == "postgresql":
            connection.execute(select(func.pg_advisory_xact_lock(MIGRATING)))
        settings = Config()
        settings.set_main_option("script_location", str(_MIGRATIONS))
        attributes: dict[str, Any] = settings.attributes
        attributes["connection"] = connection
        command.upgrade(settings, "head")
        facts.fill(connection)
