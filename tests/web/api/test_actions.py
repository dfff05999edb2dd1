"""What the pages can do, programs can do: whatever a service offers is called by the API, or there is a reason."""

import re
from pathlib import Path

from tests.services.conftest import public
from ticketing.desk import Desk

CALLS = Path(__file__).resolve().parents[3] / "ticketing/web/api"
OF_BROWSERS = "is how a browser signs in, and keeps its cookie"
BY_LINK = "is what a link in a mail leads to, which has an address of its own"
AT_THE_CONSOLE = "is done at the command line, or by the desk itself"
LIVE = "keeps open pages up to date, over the socket at /live"
WITHOUT_A_CALL = {
    "accounts.finish_sign_in": OF_BROWSERS,
    "accounts.finish_sign_in_browser": OF_BROWSERS,
    "accounts.register_browser": OF_BROWSERS,
    "accounts.sign_in": OF_BROWSERS,
    "accounts.sign_in_browser": OF_BROWSERS,
    "addresses.can_be_confirmed": "decides whether a page shows a button",
    "addresses.confirm": BY_LINK,
    "addresses.look": BY_LINK,
    "agents.create_agent": AT_THE_CONSOLE,
    "agents.may_register": "decides whether a page shows a button",
    "agents.set_password": AT_THE_CONSOLE,
    "agents.teams_of": "is what `me` means in a query, which calls have",
    "anonymising.require": "is what a page asks before it shows anything of the person",
    "demo.ensure": AT_THE_CONSOLE,
    "demo.fill": AT_THE_CONSOLE,
    "exports.json_lines": AT_THE_CONSOLE,
    "exports.seed": AT_THE_CONSOLE,
    "exports.table": AT_THE_CONSOLE,
    "first_launch.ensure": AT_THE_CONSOLE,
    "first_launch.is_of_a_demo": "is what the sign-in page says",
    "first_launch.is_waiting": "is what the sign-in page says",
    "front.branding": "is part of what `/front` tells, beside the picture, which has an address of its own",
    "health.of_store": "is the part of the findings that pages show at their top",
    "health.throw_away": "is the part of the findings that pages show at their top",
    "invitations.accept": BY_LINK,
    "invitations.look": BY_LINK,
    "invitations.may_invite": "decides whether a page shows a button",
    "live.is_told_who_is_there": LIVE,
    "live.meet": LIVE,
    "live.pulse": LIVE,
    "live.stamp": LIVE,
    "live.standing": LIVE,
    "openid.begin": OF_BROWSERS,
    "openid.begin_linking": OF_BROWSERS,
    "openid.finish": OF_BROWSERS,
    "openid.provider_name": "decides whether a page shows a button",
    "password_resets.are_offered": "decides whether a page shows a link",
    "password_resets.choose": BY_LINK,
    "password_resets.look": BY_LINK,
    "preferences.columns": "is what a page offers to choose from; the fields have a call of their own",
    "rating_links.look": BY_LINK,
    "rating_links.rate": BY_LINK,
    "receiving.note_fetch": AT_THE_CONSOLE,
    "receiving.take": AT_THE_CONSOLE,
    "seeds.apply": AT_THE_CONSOLE,
    "seeds.plan": AT_THE_CONSOLE,
    "sessions.actor": OF_BROWSERS,
    "sessions.redeem": OF_BROWSERS,
    "sessions.sign_out": OF_BROWSERS,
    "viewing.begin": OF_BROWSERS,
    "viewing.end": OF_BROWSERS,
    "tickets.counts_of_late": "is what a page tells of many views at a time; a program has them counted",
    "tickets.former": "is what a page asks before it shows the form of a follow-up",
    "tickets.get": "is the conversation without the names",
    "watch_links.look": BY_LINK,
    "watch_links.stop": BY_LINK,
    "watch_links.watch": BY_LINK,
}


def called() -> set[str]:
    """Return what the API calls of the services."""
    code = "".join(path.read_text("utf-8") for path in CALLS.glob("*.py"))
    direct = {f"{service}.{method}" for service, method in re.findall(r"\.desk\.(\w+)\.(\w+)", code)}
    kept = re.findall(r"(\w+) = who\.desk\.(\w+)$", code, re.MULTILINE)
    return direct | {
        f"{service}.{method}" for name, service in kept for method in re.findall(rf"\b{name}\.(\w+)\(", code)
    }


def test_whatever_a_service_offers_is_called_or_has_a_reason(desk: Desk) -> None:
    offered = {name for name, _ in public(desk)}

    assert offered - called() == set(WITHOUT_A_CALL)
