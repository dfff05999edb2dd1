"""
What is set up for the desk: a list and single things of each kind, all in the same way.

What is told of a thing is what can be set of it, with its id and its version, so it can be sent back as it came. Of
some kinds each desk has one from the beginning, which is changed and never made or taken away.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Response
from pydantic import ConfigDict, Field, create_model
from pydantic.fields import FieldInfo

from ticketing.domain.banners import Banner
from ticketing.domain.branding import LOGO_LIMIT, Branding
from ticketing.domain.calendars import BusinessCalendar
from ticketing.domain.canned_replies import CannedReply
from ticketing.domain.categories import Category
from ticketing.domain.changes import Changes
from ticketing.domain.custom_fields import CustomField
from ticketing.domain.definitions import NO_SETTINGS, Definition, Kind
from ticketing.domain.mail_texts import MailText
from ticketing.domain.maintenance import Maintenance
from ticketing.domain.recurring import RecurringTicket
from ticketing.domain.retention import RetentionRule
from ticketing.domain.rules import Rule
from ticketing.domain.saved_views import SavedView
from ticketing.domain.schedules import Schedule
from ticketing.domain.sla import SlaPolicy
from ticketing.domain.teams import Team
from ticketing.domain.text import NAME_LIMIT, TEXT_LIMIT
from ticketing.web.api.calling import Caller, VersionRequired, Who, etag
from ticketing.web.api.repeating import ONCE, Route
from ticketing.web.api.words import PLAIN, At, Duration, Input, Output, Tags, Whole, Word, YesOrNo

router = APIRouter(route_class=Route, tags=["setup"])

_MOST: Final = 1_000
# In base64.
_LONGEST_LOGO: Final = (LOGO_LIMIT + 2) // 3 * 4
# By the names in their addresses.
RESOURCES: Final[Mapping[str, type[Definition]]] = MappingProxyType(
    {
        "teams": Team,
        "categories": Category,
        "fields": CustomField,
        "views": SavedView,
        "canned_replies": CannedReply,
        "rules": Rule,
        "recurring_tickets": RecurringTicket,
        "calendars": BusinessCalendar,
        "sla_policies": SlaPolicy,
        "mail_texts": MailText,
        "banners": Banner,
        "retention_rules": RetentionRule,
    }
)
# Those of which each desk has one.
ONLY_ONES: Final[tuple[type[Definition], ...]] = (Branding, Maintenance)

ShortText = Annotated[str, Field(max_length=NAME_LIMIT, pattern=PLAIN)]
LongText = Annotated[str, Field(max_length=TEXT_LIMIT, pattern=PLAIN)]


class ChangesIn(Changes):
    """Fields to set; those that are left out, or null, stay as they are."""

    model_config = ConfigDict(extra="forbid")

    category: ShortText | None = None
    team: ShortText | None = None
    assignee: ShortText | None = None
    add_tags: Tags = ()
    remove_tags: Tags = ()


class ScheduleIn(Schedule):
    """On which days something comes round."""

    model_config = ConfigDict(extra="forbid")

    every: Whole = 1
    day: Whole = 1
    zone: ShortText
    calendar: ShortText = ""


# As what a field comes in that is kept as the type before it.
_TYPED: Final[Mapping[Any, Any]] = MappingProxyType(
    {
        Changes: ChangesIn,
        Schedule: ScheduleIn,
        int: Whole,
        bool: YesOrNo,
        timedelta: Duration,
        timedelta | None: Duration | None,
        datetime | None: At | None,
        str: LongText,
        str | None: LongText | None,
        tuple[str, ...]: Annotated[tuple[ShortText, ...], Field(max_length=_MOST)],
    }
)
# As what a field of this name comes in, of whatever kind.
_NAMED: Final[Mapping[str, Any]] = MappingProxyType({"logo": Annotated[str, Field(max_length=_LONGEST_LOGO)] | None})


def set_fields(kind: type[Definition]) -> dict[str, FieldInfo]:
    """Return what people set of such a thing: all but what the desk keeps about it."""
    left_out = {"id", "removed", *NO_SETTINGS, *kind.apart}
    return {name: field for name, field in kind.model_fields.items() if name not in left_out}


def input_of(kind: type[Definition]) -> type[Input]:
    """Return the form in which a thing of this kind comes in; what agents keep may be their own."""
    fields: dict[str, Any] = {
        name: (_NAMED.get(name) or _TYPED.get(field.annotation, field.annotation), _default(field))
        for name, field in set_fields(kind).items()
    }
    fields |= {"own": (YesOrNo, False)} if kind.is_agents else {}
    return create_model(f"{kind.__name__}In", __base__=Input, __doc__=_about(kind), **fields)


def output_of(kind: type[Definition]) -> type[Output]:
    """Return the form in which a thing of this kind goes out."""
    kept = {"id": (str, ...), "version": (int, ...), "removed": (bool, ...), "own": (bool, ...)}
    fields: dict[str, Any] = {name: (field.annotation, field) for name, field in set_fields(kind).items()} | kept
    return create_model(f"{kind.__name__}Out", __base__=Output, __doc__=_about(kind), **fields)


def read_input(kind: type[Kind], body: Input) -> Kind:
    """Return what came in as a new thing of its kind."""
    return kind.model_validate(body.model_dump(exclude={"own"}))


def _default(field: FieldInfo) -> Any:
    return ... if field.is_required() else field.get_default(call_default_factory=True)


def _about(kind: type[Definition]) -> str:
    return (kind.__doc__ or "").strip().split("\n\n")[0]


def _tell(told: type[Output], found: Definition, response: Response | None = None) -> Output:
    """Return a thing in the form in which it goes out; to a response its version is an ETag."""
    if response is not None:
        response.headers.update(etag(found.version))
    return told.model_validate(found.model_dump() | {"own": found.owner is not None})


def _changed(who: Caller, kind: type[Definition], key: str, version: int, body: Input) -> Definition:
    """Keep what came in for a thing in the place of what was set of it before."""
    before = who.desk.definitions.get(who.actor, kind, key)
    typed_in = read_input(kind, body)
    changes = {field: getattr(typed_in, field) for field in set_fields(kind)}
    wanted = before.model_copy(update=changes | {"version": version, "removed": False})
    return who.desk.definitions.save(who.actor, wanted)


def _add(name: str, kind: type[Definition]) -> None:
    """Give a kind its addresses."""
    one = f"{name.removesuffix('ies')}y" if name.endswith("ies") else name.removesuffix("s")
    typed, told = input_of(kind), output_of(kind)

    def list_all(
        who: Who,
        removed: Annotated[bool, Query(description="Those that were taken away.")] = False,  # noqa: FBT002
    ) -> list[Any]:
        return [_tell(told, found) for found in who.desk.definitions.all(who.actor, kind, removed=removed)]

    def get(who: Who, key: Word, response: Response) -> Any:
        return _tell(told, who.desk.definitions.get(who.actor, kind, key), response)

    def create(who: Who, body: Any, response: Response) -> Any:
        owner = who.actor.username if getattr(body, "own", False) else None
        made = read_input(kind, body).model_copy(update={"owner": owner})
        return _tell(told, who.desk.definitions.save(who.actor, made), response)

    def change(who: Who, key: Word, version: VersionRequired, body: Any, response: Response) -> Any:
        return _tell(told, _changed(who, kind, key, version, body), response)

    def remove(who: Who, key: Word, version: VersionRequired) -> None:
        who.desk.definitions.remove(who.actor, kind, key, version)

    for handler in (create, change):
        handler.__annotations__["body"] = typed
    words = name.replace("_", " "), one.replace("_", " ")
    _route("GET", f"/{name}", list_all, f"list_{name}", f"List the {words[0]}.", list[told])  # type: ignore[valid-type]
    _route("POST", f"/{name}", create, f"create_{one}", f"Make a {words[1]}.", told, 201)
    _route("GET", f"/{name}/{{key}}", get, f"get_{one}", f"Return one {words[1]}.", told)
    _route("PUT", f"/{name}/{{key}}", change, f"change_{one}", f"Change a {words[1]}, or bring one back.", told)
    _route("DELETE", f"/{name}/{{key}}", remove, f"remove_{one}", f"Take a {words[1]} away.", None, 204)


def _add_only(kind: type[Definition]) -> None:
    """Give the only thing of its kind an address, which is the kind's name."""
    name, typed, told = kind.kind, input_of(kind), output_of(kind)

    def get(who: Who, response: Response) -> Any:
        return _tell(told, who.desk.definitions.get(who.actor, kind, name), response)

    def change(who: Who, version: VersionRequired, body: Any, response: Response) -> Any:
        return _tell(told, _changed(who, kind, name, version, body), response)

    change.__annotations__["body"] = typed
    _route("GET", f"/{name}", get, f"get_{name}", f"Return the desk's {name}.", told)
    _route("PUT", f"/{name}", change, f"change_{name}", f"Change the desk's {name}.", told)


def _route(
    method: str, path: str, handler: Callable[..., Any], name: str, about: str, answer: Any, status: int = 200
) -> None:
    router.add_api_route(
        path,
        handler,
        methods=[method],
        name=name,
        description=about,
        response_model=answer,
        status_code=status,
        dependencies=() if method == "GET" else ONCE,
    )


for _name, _kind in RESOURCES.items():
    _add(_name, _kind)
for _kind in ONLY_ONES:
    _add_only(_kind)
