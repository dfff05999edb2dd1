"""A body for each call that takes one, as the description of the API shows it."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

_MARK: Final = "0f3c9a4be1d27586"
_CODE: Final = {"code": "123456"}
_CONFIRMED: Final = {"password": "three wet umbrellas"} | _CODE
_BULK: Final = {"q": "status:open tag:vpn", "set": {"priority": "high"}, "add_tags": ["outage"]}
_ARTICLE: Final = {"name": "The phone is dead", "body": "Plug it in.", "category": "hardware", "visibility": "public"}
_SETTINGS: Final = {
    "format": "ticketing-settings",
    "version": 1,
    "settings": {"teams": [{"id": "first-line", "name": "First line", "members": ["ada"]}]},
}
_SETUP: Final = {
    "team": {"name": "First line", "members": ["ada"], "dealing": "round_robin", "categories": ["hardware"]},
    "category": {"name": "Garden", "position": 60},
    "field": {"name": "Room", "type": "text", "hint": "As on the door", "categories": ["hardware"]},
    "view": {"name": "Mine and urgent", "query": "assignee:me priority:urgent"},
    "canned_reply": {"name": "Restart", "text": "Please restart it.", "changes": {"status": "pending"}},
    "rule": {"name": "Outages", "query": "tag:outage", "changes": {"priority": "urgent"}, "note": "Call the line."},
    "recurring_ticket": {
        "name": "Backup",
        "title": "Check the backup",
        "description": "Is it there, and can it be read?",
        "requester": "ada",
        "schedule": {"repeats": "weeks", "weekdays": ["monday"], "first": "2026-03-02", "at": "09:00", "zone": "UTC"},
    },
    "calendar": {"name": "Office", "zone": "Europe/Berlin", "hours": [*[[[540, 1020]]] * 5, [], []]},
    "sla_policy": {"name": "Everybody", "calendar": "office", "first_response": "PT4H", "resolution": "P2D"},
    "mail_text": {"name": "Replied", "mail": "replied", "text": "There is an answer to your ticket."},
    "banner": {"name": "Mail is down", "text": "No mail goes out.", "level": "warning", "ends": "2026-03-02T18:00:00Z"},
    "retention_rule": {"name": "Old tickets", "sweep": "tickets", "days": 730, "enabled": False},
    "webhook": {"name": "CRM", "url": "https://crm.example.org/hooks/desk", "events": ["ticket.opened"]},
}

# By the name of the operation.
BODIES: Final[Mapping[str, Any]] = MappingProxyType(
    {
        "sign_in": {"username": "ada", "password": "three wet umbrellas"},
        "refresh_token": {"refresh_token": "THE-REFRESH-TOKEN"},
        "revoke_token": {"refresh_token": "THE-REFRESH-TOKEN"},
        "create_key": {"name": "Dashboard", "scopes": ["read"], "days": 90},
        "open_ticket": {"title": "No dial tone", "description": "The line is dead.", "category": "hardware"},
        "change_ticket": {"priority": "high", "assignee": "ada", "tags": ["vpn"]},
        "close_ticket": {"reply": "A new phone is on its way.", "resolution": "solved"},
        "assign_ticket": {"assignee": "ada"},
        "transfer_ticket": {"team": "first-line", "note": "They have keys to the room."},
        "snooze_ticket": {"until": "2026-12-24T09:00:00Z"},
        "reply": {"text": "Is it plugged in?", "status": "pending"},
        "add_note": {"text": "The socket was replaced last week."},
        "use_canned_reply": {"canned_reply": "restart", "text": "Please restart it."},
        "rate_ticket": {"solved": True, "score": 5, "comment": "Quick!"},
        "mark_seen": {"messages": 2},
        "add_watcher": {"who": "oskar"},
        "make_requester": {"who": "carla@example.org"},
        "keep_draft": {"text": "I have tried to"},
        "merge_ticket": {"into": 12},
        "link_ticket": {"relation": "blocked_by", "ticket": 12},
        "split_ticket": {"message": _MARK, "title": "The fax"},
        "preview_bulk": _BULK,
        "apply_bulk": _BULK,
        "rehearse_rule": _SETUP["rule"],
        "rehearse_policy": _SETUP["sla_policy"],
        "upcoming_tickets": _SETUP["recurring_ticket"],
        "rehearse_retention": _SETUP["retention_rule"],
        "change_branding": {"name": "Garden centre help desk", "accent": "#0b6e4f"},
        "change_maintenance": {"name": "Maintenance", "is_on": True, "message": "Back by noon."},
        "change_role": {"role": "agent"},
        "invite": {"display_name": "Dora Lang", "email": "dora@example.org", "role": "agent"},
        "anonymise": {"kept": [_MARK]},
        "register_agent": {"username": "dora", "display_name": "Dora Lang", "email": "dora@example.org"},
        "register": {"username": "carla", "display_name": "Carla Ruiz", "password": "three wet umbrellas"},
        "forgot_password": {"who": "carla"},
        "change_account": {"display_name": "Carla Ruiz", "email": "carla@example.org"},
        "change_password": {"current": "four wet umbrellas", "new": "seven dry blankets"},
        "turn_on_second_factor": _CONFIRMED,
        "turn_off_second_factor": _CONFIRMED,
        "renew_recovery_codes": _CODE,
        "change_queue": {"view": "mine", "columns": ["status", "priority", "due"]},
        "change_mail": {"replied": "at_once", "noted": "daily"},
        "write_article": _ARTICLE,
        "change_article": _ARTICLE,
        "vote_on_article": {"helpful": True},
        "undo_import": {"touched_too": False},
        "plan_settings": _SETTINGS,
        "import_settings": _SETTINGS,
        **{f"create_{name}": body for name, body in _SETUP.items()},
        **{f"change_{name}": body for name, body in _SETUP.items()},
    }
)


def with_examples(document: dict[str, Any]) -> dict[str, Any]:
    """Put the examples into a description of the API."""
    for operations in document["paths"].values():
        for operation in operations.values():
            body = operation.get("requestBody", {}).get("content", {}).get("application/json")
            if body is not None:
                body["example"] = BODIES[operation["operationId"]]
    return document
