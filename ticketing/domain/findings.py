"""Findings: what somebody who looks after the desk should know, and what helps."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How grave a finding is, the gravest first: data may be lost, or it should be seen to, or it is merely so."""

    PROBLEM = "problem"
    WARNING = "warning"
    NOTE = "note"
    OK = "ok"

    @property
    def is_bad(self) -> bool:
        """Whether something should be done about it."""
        return self in {Level.PROBLEM, Level.WARNING}


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found about one subject: a sentence, and another one that says what helps unless all is well."""

    level: Level
    subject: str
    says: str
    fix: str = ""


def by_gravity(findings: Iterable[Finding]) -> list[Finding]:
    """Return the gravest first, and else in the order given."""
    return sorted(findings, key=lambda finding: list(Level).index(finding.level))
