"""
The bare facts of a ticket by which reports count, read off its conversation, its history and its ratings alone.

So whatever happens to a ticket later, what has happened stays when it was. Moments are whole microseconds since 1970
in UTC, since a report compares some hundred thousand of them. Facts are kept as JSON, in the order of their fields, and
are made anew out of the ticket at each of its changes.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from operator import itemgetter
from typing import Any, Final, NamedTuple

from pydantic_core import from_json, to_json

from ticketing.domain.deadlines import SlaState
from ticketing.domain.queries import statuses_of
from ticketing.domain.statuses import StatusCategory

Moment = int

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND: Final = timedelta(microseconds=1)
BATCH: Final = 200
# When all that is done is decided.
_IN_THE_END: Final = datetime.max.replace(tzinfo=UTC)
DONE: Final = frozenset(status.value for status in statuses_of(StatusCategory.DONE))
# What happened in a ticket, as far as somebody waits for an answer or doesn't any more.
_SAID, _DONE, _REOPENED = range(3)


class Facts(NamedTuple):
    """
    What reports know of a ticket.

    `statuses` are the stretches of its life: a status, and the moment since which it held; the first is the opening.
    `replies` are the public replies of agents: who, when, and since when the requester's side had waited for it, or
    None if nobody had. `waiting` is the moment since which it waits for one now. Assignee, priority, category and team
    are the present ones. `ratings` tell when its requester said of a solution whether it is one, and the score, if any.
    `kept` says of a ticket that is done whether every promise was met, None where none was made.
    """

    number: int
    requester: str
    assignee: str | None
    status: str
    priority: str
    category: str
    team: str | None
    statuses: Sequence[tuple[str, Moment]]
    replies: Sequence[tuple[str, Moment, Moment | None]]
    waiting: Moment | None
    ratings: Sequence[tuple[Moment, bool, int | None]]
    kept: bool | None = None

    @property
    def opened(self) -> Moment:
        """When it was opened."""
        return self.statuses[0][1]


def facts_of(document: Mapping[str, Any]) -> Facts:
    """
    Return the facts of a ticket, given as its stored document.

    Whoever is neither its requester nor a watcher answers as an agent. A reply that a rule has written is nobody's
    answer, and what a merge has copied is said in another ticket. A clock that went backwards makes nothing last less
    than no time.
    """
    opened = moment(document["opened_at"])
    changes = [event for event in document.get("events") or () if event["field"] == "status"]
    statuses = [(changes[0]["old"] if changes else document["status"], opened)]
    for change in changes:
        statuses.append((change["new"], max(statuses[-1][1], moment(change["at"]))))
    replies, waiting = _answers(document, statuses, changes)
    return Facts(
        int(document["id"]),
        document["requester"],
        document.get("assignee"),
        statuses[-1][0],
        document["priority"],
        document["category"],
        document.get("team"),
        statuses,
        replies,
        waiting,
        [(moment(said["at"]), said["solved"], said.get("score")) for said in document.get("ratings") or ()],
        _kept(document) if statuses[-1][0] in DONE else None,
    )


def _kept(document: Mapping[str, Any]) -> bool | None:
    sla = document.get("sla")
    attained = SlaState.model_validate(sla).attainment(_IN_THE_END).values() if sla else ()
    return all(attained) if attained else None


def _answers(
    document: Mapping[str, Any], statuses: Sequence[tuple[str, Moment]], changes: Sequence[Mapping[str, Any]]
) -> tuple[list[tuple[str, Moment, Moment | None]], Moment | None]:
    """
    Return the replies of agents, and since when the next one is waited for.

    The description is what the first one answers. Nobody waits any more once the ticket is done; who of the requester's
    side opens it again waits anew.
    """
    opened = statuses[0][1]
    askers = {document["requester"], *(document.get("watchers") or ())}
    own = [said for said in document["messages"] if said.get("origin") is None]
    steps = [
        (max(opened, moment(said["at"])), _SAID, said["author"])
        for said in own[1:]
        if said.get("kind", "reply") == "reply" and said.get("source") != "rule"
    ]
    steps += _turns(statuses, changes)
    steps.sort(key=itemgetter(0))
    replies: list[tuple[str, Moment, Moment | None]] = []
    waiting: Moment | None = None if statuses[0][0] in DONE else opened
    for at, kind, who in steps:
        if kind == _DONE:
            waiting = None
        elif who in askers:
            waiting = at if waiting is None else waiting
        elif kind == _SAID:
            replies.append((who, at, waiting))
            waiting = None
    return replies, waiting


def _turns(
    statuses: Sequence[tuple[str, Moment]], changes: Sequence[Mapping[str, Any]]
) -> Iterable[tuple[Moment, int, str]]:
    """Yield when and by whom the ticket was done with, and opened again."""
    was_done = statuses[0][0] in DONE
    for (status, at), change in zip(statuses[1:], changes, strict=True):
        is_done = status in DONE
        if is_done is not was_done:
            yield at, _DONE if is_done else _REOPENED, change["by"]
        was_done = is_done


def microseconds(at: datetime) -> Moment:
    """Return a moment as a number."""
    passed = at - EPOCH
    return (passed.days * 86_400 + passed.seconds) * 1_000_000 + passed.microseconds  # a third of the time of dividing


@lru_cache(maxsize=16)
def moment(at: str) -> Moment:
    """Return a moment of a document as a number; often several things happen to a ticket at the same one."""
    return microseconds(datetime.fromisoformat(at))


def packed(document: str | bytes) -> str:
    """Return the facts of a ticket as they are kept, given its stored document."""
    return to_json(facts_of(from_json(document))).decode()


def unpacked(kept: Sequence[str]) -> Iterator[list[Facts]]:
    """Yield the facts of many tickets by the batch: read together, and few of them in memory at a time."""
    for first in range(0, len(kept), BATCH):
        together = from_json(f"[{','.join(kept[first : first + BATCH])}]", cache_strings="all")
        yield list(map(Facts._make, together))
