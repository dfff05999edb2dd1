"""What is about the desk as a whole: search, export, its settings as one file, and how it is."""

from collections.abc import Sequence
from typing import Annotated, Any, Final

from fastapi import APIRouter, Body, Query
from pydantic_core import to_json
from starlette.responses import Response, StreamingResponse

from ticketing import __version__
from ticketing.domain.configuration import Origin
from ticketing.domain.findings import Level
from ticketing.domain.queries import Sort, TicketQuery
from ticketing.domain.settings_files import Plan, Step
from ticketing.domain.text import SEARCH_LIMIT
from ticketing.services.moving.lists import Form
from ticketing.web.api.articles import ArticleOut
from ticketing.web.api.calling import Who
from ticketing.web.api.repeating import ONCE, Route
from ticketing.web.api.shapes import TicketLine
from ticketing.web.api.tickets import Q, Zone, asked
from ticketing.web.api.words import PLAIN, Output

router = APIRouter(route_class=Route, tags=["desk"])

_FOUND_AT_MOST: Final = 20


class FoundByText(Output):
    """Tickets and articles that hold the words, as the caller may see them."""

    tickets: list[TicketLine]
    articles: list[ArticleOut]


class HealthOut(Output):
    """That the desk is there, and which version it is."""

    status: str
    version: str


class FindingOut(Output):
    """What was found about one subject, and what helps."""

    level: Level
    subject: str
    says: str
    fix: str


class LatencyOut(Output):
    """How often, how long on average, and what 95 in 100 did not exceed, in seconds."""

    count: int
    mean: float
    p95: float


class FiguresOut(Output):
    """What this process has counted since it began."""

    sessions: int
    runs: int
    reads: LatencyOut
    writes: LatencyOut


class ConfiguredOut(Output):
    """One setting that the desk was started with; of what is secret the value says only whether it is set."""

    name: str
    about: str
    value: str
    default: str
    source: Origin


class StepOut(Output):
    """What becomes of one thing of a settings file."""

    kind: str
    id: str
    name: str
    changes: list[str]


class PlanOut(Output):
    """What an import comes to."""

    added: list[StepOut]
    changed: list[StepOut]
    unchanged: int
    warnings: list[str]

    @classmethod
    def planned(cls, plan: Plan) -> "PlanOut":
        """Return what is told of a plan."""

        def told(steps: Sequence[Step]) -> list[StepOut]:
            return [
                StepOut(
                    kind=step.wanted.kind,
                    id=step.wanted.id,
                    name=step.wanted.name,
                    changes=[field for field, _, _ in step.changes],
                )
                for step in steps
            ]

        return cls(
            added=told(plan.added),
            changed=told(plan.changed),
            unchanged=len(plan.unchanged),
            warnings=list(plan.warnings),
        )


@router.get("/health")
def get_health() -> HealthOut:
    """Tell that the desk is there; for everybody."""
    return HealthOut(status="ok", version=__version__)


@router.get("/health/findings")
def list_findings(who: Who) -> list[FindingOut]:
    """Look at the desk from all sides, which takes a moment; the gravest first."""
    return [FindingOut.of(finding) for finding in who.desk.health.findings(who.actor)]


@router.get("/health/figures")
def get_figures(who: Who) -> FiguresOut:
    """Sum up what this process has counted."""
    return FiguresOut.of(who.desk.health.figures(who.actor))


@router.get("/health/settings")
def list_configured(who: Who) -> list[ConfiguredOut]:
    """List what the desk was started with."""
    return [ConfiguredOut.of(setting) for setting in who.desk.health.settings(who.actor)]


@router.get("/search")
def search(who: Who, text: Annotated[str, Query(min_length=1, max_length=SEARCH_LIMIT, pattern=PLAIN)]) -> FoundByText:
    """Look for words in tickets and articles."""
    found = who.desk.tickets.search(who.actor, TicketQuery(needles=tuple(text.split()), size=_FOUND_AT_MOST))
    readings = who.desk.articles.search(who.actor, text)[:_FOUND_AT_MOST]
    return FoundByText(
        tickets=[TicketLine.of(line) for line in found.items],
        articles=[ArticleOut.read(reading, who) for reading in readings],
    )


@router.get("/export", response_class=StreamingResponse)
def export_tickets(
    who: Who, q: Q = "", sort: Sort = Sort.UPDATED, zone: Zone = "UTC", form: Form = Form.JSON
) -> StreamingResponse:
    """Return all tickets that a query asks for as a file, each as the caller may see it."""
    lines = who.desk.lists.export(who.actor, asked(who, q, sort, zone), form)
    return StreamingResponse(lines, media_type=form.media_type)


@router.get("/settings", response_class=Response)
def export_settings(who: Who) -> Response:
    """Return all that is set up and shared, as a settings file."""
    return Response(who.desk.settings_files.export(who.actor), media_type="application/json")


@router.post("/settings/plan")
def plan_settings(who: Who, body: Annotated[dict[str, Any], Body()]) -> PlanOut:
    """Tell what it would come to if a settings file were brought in; nothing is done."""
    return PlanOut.planned(who.desk.settings_files.plan(who.actor, to_json(body)))


@router.post("/settings", dependencies=ONCE)
def import_settings(who: Who, body: Annotated[dict[str, Any], Body()]) -> PlanOut:
    """Bring a settings file in, as a whole or not at all; it never takes anything away."""
    plan = who.desk.settings_files.plan(who.actor, to_json(body))
    who.desk.settings_files.apply(who.actor, plan)
    return PlanOut.planned(plan)
