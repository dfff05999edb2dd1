"""The settings that a desk was started with, as admins may read them."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

# Whatever stands before the last @ of an address, however it is written, and whatever after its ?.
_SECRETS: Final = ((re.compile(r"(?<=://).*@", re.DOTALL), "…@"), (re.compile(r"(?<=[^?])\?.*", re.DOTALL), "?…"))


class Origin(StrEnum):
    """Where a setting comes from."""

    ENVIRONMENT = "environment"
    SECRETS = "secrets"
    DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Configured:
    """One setting; of what is secret, `value` says no more than whether it is set."""

    name: str
    about: str
    value: str
    default: str
    source: Origin


def told(value: Any) -> str:
    """Return a setting's value in words, without what an address holds of passwords."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = ", ".join(value) if isinstance(value, tuple) else str(value)
    for secret, sign in _SECRETS if "://" in text else ():
        text = secret.sub(sign, text)
    return text
