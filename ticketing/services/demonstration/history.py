"""Invented tickets with a history as a help desk of people writes it: played through the model, step by step."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from random import Random
from statistics import NormalDist
from typing import Final, TypeVar

from ticketing.domain.people import Actor
from ticketing.domain.statuses import RESOLVED_FOR, Priority, Resolution, Status, TicketCategory
from ticketing.domain.teams import Team
from ticketing.domain.tickets import Ticket, TicketEdit
from ticketing.services.demonstration import texts
from ticketing.services.demonstration.texts import GAPS, TOPICS

HISTORY: Final = timedelta(days=90)

Choice = TypeVar("Choice")

# As often as they are listed.
_PRIORITIES: Final = (
    *[Priority.LOW] * 15,
    *[Priority.NORMAL] * 55,
    *[Priority.HIGH] * 22,
    *[Priority.URGENT] * 8,
)
# Monday to Sunday, and midnight to midnight in UTC: when people write to a help desk.
_DAYS: Final = (13, 11, 10, 10, 8, 1, 1)
_HOURS: Final = (1, 1, 1, 1, 1, 2, 6, 20, 45, 60, 58, 50, 30, 42, 52, 48, 38, 24, 12, 8, 6, 5, 3, 2)
_WORK_BEGINS: Final = 7
_WORK_ENDS: Final = 19
_SATURDAY: Final = 5
_WORK_AT_NIGHT: Final = 0.1
# From the evening of each day, Monday first, to the next morning with work.
_DAYS_TO_MORNING: Final = (1, 1, 1, 1, 3, 2, 1)
# How many rate what was resolved, how many of them are content, and how many stars they give; None is none.
_RATED: Final = 0.4
_CONTENT: Final = 0.9
_SCORES: Final = (5, 5, 5, 4, 4, 3, None)
_SCORES_OF_THE_DISCONTENT: Final = (3, 2, 1, None)
# How much longer or shorter than usual things take: seldom a tenth, seldom ten times.
_FACTORS: Final = tuple(math.exp(0.8 * NormalDist().inv_cdf((rank + 0.5) / 500)) for rank in range(500))


@dataclass(frozen=True, slots=True)
class Cast:
    """Who takes part, and in which teams, if there are any."""

    requesters: list[Actor]
    agents: list[Actor]
    teams: Sequence[Team] = ()

    def team_for(self, category: TicketCategory) -> Team | None:
        """Return the team that takes new tickets of this category."""
        return next((team for team in self.teams if category in team.categories), None)

    def agents_of(self, team: Team | None) -> list[Actor]:
        """Return the team's members; without a team all agents."""
        return self.agents if team is None else [agent for agent in self.agents if agent.username in team.members]


def pick(rng: Random, choices: Sequence[Choice]) -> Choice:
    """Return one of them: what `Random.choice` does, in a third of its time, which counts a million times over."""
    return choices[int(rng.random() * len(choices))]


class Story:
    """One ticket, from its opening to what it has come to by now. Each step happens at `at`."""

    def __init__(self, rng: Random, cast: Cast, opened_at: datetime) -> None:
        self._rng = rng
        self._gaps = _Gaps(rng)
        self._topic = pick(rng, TOPICS)
        self._requester = pick(rng, cast.requesters)
        team = cast.team_for(self._topic.category)
        self._agent = pick(rng, cast.agents_of(team))
        if self._agent.username == self._requester.username:
            self._agent = cast.agents[0]
        self.at = opened_at
        title = self._say(self._topic.titles)
        self.ticket = Ticket.open(
            1, self._requester.username, title, self._description(), self._topic.category, opened_at
        )
        if team is not None:
            self.ticket.route(team.id, opened_at)

    def go_on(self, step: "Step", now: datetime) -> bool:
        """Take a step at a time that fits it; False when that is yet to come, or the ticket has closed meanwhile."""
        at = _later(self._rng, self.at, step.hours)
        self.lapse_by(min(at, now))
        if at >= now or self.ticket.status is Status.CLOSED:
            return False
        self.at = at
        step.act(self)
        return True

    def lapse_by(self, moment: datetime) -> None:
        """Close the ticket if its days as resolved are over by then."""
        resolved_at = self.ticket.resolved_at
        if self.ticket.status is Status.RESOLVED and resolved_at and resolved_at + RESOLVED_FOR <= moment:
            self.ticket.lapse()

    def triage(self) -> None:
        """Let an agent take it and say how urgent it is."""
        tags = self._topic.tags if self._rng.random() < 0.6 else ()  # noqa: PLR2004 - a matter of taste, as below
        priority = pick(self._rng, _PRIORITIES)
        edit = TicketEdit(assignee=self._agent.username, priority=priority, tags=tags)
        self.ticket.edit(self._agent, edit, self.at)

    def ask(self) -> None:
        """Let the agent ask for more."""
        self.ticket.reply(self._agent, self._say(self._topic.questions), self.at)
        self.ticket.change_status(self._agent, Status.PENDING, self.at)

    def respond(self) -> None:
        """Let the requester tell more."""
        self.ticket.reply(self._requester, self._say(texts.REPLIES), self.at)

    def nudge(self) -> None:
        """Let the requester ask how it stands."""
        self.ticket.reply(self._requester, self._say(texts.NUDGES), self.at)

    def note(self) -> None:
        """Let the agent write down what the colleagues should know."""
        self.ticket.note(self._agent, self._say(texts.NOTES), self.at)

    def answer(self) -> None:
        """Let the agent help."""
        if self.ticket.status is Status.ON_HOLD:
            self.ticket.change_status(self._agent, Status.OPEN, self.at)
        sentences = [self._say(self._topic.answers), self._say(texts.ASSURANCES)]
        self.ticket.reply(self._agent, " ".join(sentences), self.at)

    def wait(self) -> None:
        """Let it hang on somebody else."""
        self.ticket.reply(self._agent, self._say(texts.WAITING), self.at)
        self.ticket.change_status(self._agent, Status.ON_HOLD, self.at)

    def thank(self) -> None:
        """Let the requester be content."""
        self.ticket.reply(self._requester, self._say(texts.THANKS), self.at)

    def resolve(self) -> None:
        """Let the agent take it for solved."""
        self.ticket.change_status(self._agent, Status.RESOLVED, self.at)

    def rate(self) -> None:
        """Let the requester say whether it is solved, which not everybody does."""
        if self._rng.random() > _RATED:
            return
        solved = self._rng.random() < _CONTENT
        score = pick(self._rng, _SCORES) if solved else pick(self._rng, _SCORES_OF_THE_DISCONTENT)
        comment = pick(self._rng, texts.COMMENTS)
        self.ticket.rate(self._requester, self.at, solved=solved, score=score, comment=comment)

    def complain_again(self) -> None:
        """Let the requester be discontent, which opens it again."""
        self.ticket.reply(self._requester, self._say(texts.AGAIN), self.at)

    def close(self) -> None:
        """Let the agent close it."""
        self.ticket.close(self._agent, self.at)

    def withdraw(self) -> None:
        """Let the requester close it, with thanks."""
        self.thank()
        self.ticket.close(self._requester, self.at)

    def give_up(self) -> None:
        """Close it because nobody answered for long."""
        self.ticket.close(self._agent, self.at, Resolution.NO_RESPONSE)

    def call_duplicate(self) -> None:
        """Close it because it is known already."""
        self.ticket.close(self._agent, self.at, Resolution.DUPLICATE)

    def _description(self) -> str:
        body = self._say(self._topic.complaints)
        for _ in range(pick(self._rng, (0, 0, 1, 1, 2))):
            body += " " + self._say(texts.PRESSURE)
        parts = (pick(self._rng, texts.GREETINGS), body, pick(self._rng, texts.CLOSINGS))
        return "\n\n".join(filter(None, parts))

    def _say(self, templates: tuple[str, ...]) -> str:
        sentence = pick(self._rng, templates).format_map(self._gaps)
        return sentence[0].upper() + sentence[1:]


class _Gaps(dict[str, str]):
    """What is talked about, chosen when first named and then the same throughout a ticket."""

    def __init__(self, rng: Random) -> None:
        super().__init__()
        self._rng = rng

    def __missing__(self, name: str) -> str:
        chosen = self[name] = pick(self._rng, GAPS[name])
        return chosen


@dataclass(frozen=True, slots=True)
class Step:
    """What happens, and after how many hours about half of the time."""

    act: Callable[[Story], None]
    hours: float


_TRIAGE = Step(Story.triage, 0.8)
_ASK = Step(Story.ask, 1.5)
_RESPOND = Step(Story.respond, 4)
_NUDGE = Step(Story.nudge, 20)
_NOTE = Step(Story.note, 1)
_ANSWER = Step(Story.answer, 2)
_WAIT = Step(Story.wait, 2)
_DELIVER = Step(Story.answer, 70)
_THANK = Step(Story.thank, 5)
_RESOLVE = Step(Story.resolve, 0.6)
_RATE = Step(Story.rate, 6)
_COMPLAIN = Step(Story.complain_again, 30)
_CLOSE = Step(Story.close, 3)
_WITHDRAW = Step(Story.withdraw, 3)
_GIVE_UP = Step(Story.give_up, 190)
_DUPLICATE = Step(Story.call_duplicate, 1)

_PLOTS: Final[dict[tuple[Step, ...], int]] = {
    (_TRIAGE, _ANSWER, _RESOLVE, _RATE): 26,
    (_TRIAGE, _ANSWER, _THANK, _CLOSE): 14,
    (_TRIAGE, _ASK, _RESPOND, _ANSWER, _RESOLVE, _RATE): 15,
    (_TRIAGE, _ASK, _RESPOND, _NOTE, _ASK, _RESPOND, _ANSWER, _THANK, _RESOLVE): 8,
    (_TRIAGE, _NOTE, _WAIT, _NOTE, _NUDGE, _DELIVER, _RESOLVE, _RATE): 7,
    (_TRIAGE, _WAIT, _DELIVER, _THANK, _CLOSE): 5,
    (_TRIAGE, _ANSWER, _RESOLVE, _COMPLAIN, _NOTE, _ANSWER, _RESOLVE): 6,
    (_TRIAGE, _ANSWER, _WITHDRAW): 6,
    (_TRIAGE, _ASK, _GIVE_UP): 4,
    (_TRIAGE, _NOTE, _DUPLICATE): 3,
    (_NUDGE, _TRIAGE, _ANSWER, _RESOLVE, _RATE): 3,
    # Those that nobody ever finished.
    (): 3,
    (_TRIAGE, _NOTE): 4,
    (_TRIAGE, _ASK): 4,
    (_TRIAGE, _NOTE, _WAIT): 3,
}


def invent(rng: Random, count: int, cast: Cast, now: datetime) -> Iterator[Ticket]:
    """Yield tickets in the order of their opening, all numbered 1: whoever keeps them gives them their numbers."""
    plots = [plot for plot, weight in _PLOTS.items() for _ in range(weight)]
    for opened_at in _openings(rng, count, now):
        story = Story(rng, cast, opened_at)
        for step in pick(rng, plots):
            if not story.go_on(step, now):
                break
        story.lapse_by(now)
        yield story.ticket


def _openings(rng: Random, count: int, now: datetime) -> list[datetime]:
    """Choose moments of the last 90 days, most of them in working hours."""
    first = (now - HISTORY).astimezone(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    hours = [first + timedelta(hours=hour) for hour in range(int(HISTORY / timedelta(hours=1)) - 1)]
    weights = list(accumulate(_DAYS[hour.weekday()] * _HOURS[hour.hour] for hour in hours))
    return sorted(
        hour + timedelta(seconds=rng.randrange(3600)) for hour in rng.choices(hours, cum_weights=weights, k=count)
    )


def _later(rng: Random, moment: datetime, hours: float) -> datetime:
    """Return a moment so many hours later, more or less, and seldom at night or on a weekend."""
    later = moment + timedelta(seconds=int(3600 * hours * pick(rng, _FACTORS)) + 30)
    weekday, hour = later.weekday(), later.hour
    is_work = _WORK_BEGINS <= hour < _WORK_ENDS and weekday < _SATURDAY
    if is_work or rng.random() < _WORK_AT_NIGHT:
        return later
    morning = later.replace(hour=_WORK_BEGINS, minute=0, second=0)
    if hour >= _WORK_ENDS or weekday >= _SATURDAY:
        morning += timedelta(days=_DAYS_TO_MORNING[weekday])
    return morning + timedelta(seconds=int(3 * 3600 * rng.random()) + 60)
