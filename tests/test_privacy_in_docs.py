"""The table of what is stored about people is whole: each field is in it, or is known to be about nobody."""

import re
from pathlib import Path

import pytest

from ticketing.domain.anonymising import Anonymisation
from ticketing.domain.api_keys import ApiKey
from ticketing.domain.attachments import Attachment, Upload
from ticketing.domain.audit import AuditRecord
from ticketing.domain.definitions import Definition, Revision
from ticketing.domain.deliveries import Delivery
from ticketing.domain.drafts import Draft
from ticketing.domain.live import Presence
from ticketing.domain.mail_links import MailLink
from ticketing.domain.notifications import Notice
from ticketing.domain.openid import Identity, SignInRequest
from ticketing.domain.outbox import Outgoing
from ticketing.domain.people import User
from ticketing.domain.ratings import Rating
from ticketing.domain.receipts import Receipt
from ticketing.domain.received import Received
from ticketing.domain.sign_in import Attempts, Device, HandOff, Session
from ticketing.domain.text import Stored
from ticketing.domain.tickets import Event, Message, Ticket

DOCS = (Path(__file__).resolve().parents[1] / "docs" / "privacy.md").read_text("utf-8")
# What says nothing about anybody: ids that are random or hashes, moments at which things go, what belongs to the work.
NOBODYS: dict[type[Stored], set[str]] = {
    User: {"must_change_password", "has_known_password", "invented", "sign_in_version"},
    Session: {"id", "expires_at", "refresh_sha256"},
    Identity: {"id"},
    SignInRequest: {"id", "browser", "nonce", "verifier", "session", "expires_at"},
    ApiKey: {"id", "scopes", "expires_at"},
    Device: {"id", "expires_at", "sign_in_version"},
    HandOff: {"id", "expires_at", "sign_in_version", "code_wanted", "trusts_browser"},
    MailLink: {"id", "purpose", "handed_over", "sign_in_version", "secret_sha256", "expires_at"},
    Attempts: {"id", "blocked_until", "expires_at"},
    Draft: {"id", "ticket", "expires_at"},
    Receipt: {"id", "ticket", "expires_at", "failure", "content", "attempt"},
    Upload: {"id", "size", "media_type", "expires_at", "taken", "place"},
    Notice: {"id", "kind", "ticket", "mark", "at", "expires_at"},
    Outgoing: {
        *("id", "kind", "ticket", "mark", "at", "state", "due_at", "attempts", "message_id", "sent_at", "held"),
        *("covers", "expires_at"),
    },
    Delivery: set(Delivery.model_fields) - {"steps"},
    Received: {"id", "at", "fate", "ticket", "size", "expires_at"},
    Presence: {"id", "expires_at"},
    Ticket: {
        *("id", "status", "priority", "category", "resolution", "merged_into", "follows", "split_from", "links"),
        *("team", "version", "opened_at", "updated_at", "public_updated_at", "first_response_at", "resolved_at"),
        *("closed_at", "sla", "fired", "warned", "ratings", "messages", "events"),
    },
    Message: {"kind", "source", "at", "origin"},
    Attachment: {"id", "size", "media_type"},
    Event: {"field", "at", "source"},
    Rating: {"resolved_at", "at", "solved", "score"},
    AuditRecord: {"id", "at", "action", "kind", "previous", "hash"},
    Revision: {"field", "at"},
    Definition: {"id", "name", "removed", "version", "history"},
    Anonymisation: {*Definition.model_fields, "stage", "reached", "last", "changed"},
}


def documented(model: type[Stored]) -> set[str]:
    """Return the fields of a model that the table names."""
    return set(re.findall(rf"`{model.__name__}\.(\w+)`", DOCS))


@pytest.mark.parametrize("model", NOBODYS, ids=lambda model: model.__name__)
def test_each_field_that_is_stored_is_somebodys_and_documented_or_is_nobodys(model: type[Stored]) -> None:
    assert documented(model) & NOBODYS[model] == set()
    assert documented(model) | NOBODYS[model] == set(model.model_fields)


def test_the_table_names_no_model_that_is_not_looked_at() -> None:
    assert set(re.findall(r"`([A-Z]\w+)\.\w+`", DOCS)) == {model.__name__ for model in NOBODYS}


def test_every_document_that_goes_by_itself_or_belongs_to_somebody_is_looked_at() -> None:
    of_people = {
        model
        for model in Stored.__subclasses__()
        if {"username", "actor", "author", "sender"} & set(model.model_fields) and "id" in model.model_fields
    }

    assert of_people - set(NOBODYS) == set()
