"""How our values stand in columns, so that both databases give back what they were given."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Cast, ColumnElement, DateTime, Dialect, Text, cast
from sqlalchemy.dialects.postgresql import JSON
from sqlalchemy.types import TypeDecorator, TypeEngine, UserDefinedType

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

# Compared and ordered by code points, as Python does, whatever the database's locale is.
Word = Text().with_variant(Text(collation="C"), "postgresql")


class Moment(TypeDecorator[datetime]):
    """An aware moment in UTC; SQLite, which has no such type, keeps microseconds since 1970."""

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Choose the column's type."""
        return dialect.type_descriptor(BigInteger() if dialect.name == "sqlite" else DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """Turn a moment into what the column takes."""
        return (value - _EPOCH) // _MICROSECOND if value is not None and dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Turn what the column gave into a moment in UTC."""
        if value is None:
            return None
        found: datetime = _EPOCH + value * _MICROSECOND if dialect.name == "sqlite" else value.astimezone(UTC)
        return found


class Document(UserDefinedType[str]):
    """A document that is read whole: JSON for the database, text for us, who validate it at once."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        """Name the column's type; a column of SQLite takes its text as it is."""
        return "JSON"

    def bind_expression(self, bindvalue: Any) -> Cast[Any]:
        """Hand a text over as JSON."""
        return cast(bindvalue, JSON().with_variant(Text(), "sqlite"))

    def column_expression(self, colexpr: ColumnElement[Any]) -> Cast[Any]:
        """Take JSON back as a text."""
        return cast(colexpr, Text())
