"""What tells who somebody is is found in texts, and the pseudonym stands wherever they stood."""

from datetime import UTC, datetime, timedelta

import pytest

from ticketing.domain.anonymising import (
    Anonymisation,
    Marks,
    definition_without,
    former_user,
    hash_of_name,
    make_anonymous,
    phones_in,
    places_in,
)
from ticketing.domain.articles import Article
from ticketing.domain.canned_replies import CannedReply
from ticketing.domain.changes import Changes
from ticketing.domain.definitions import Definition, Revision
from ticketing.domain.links import MergedIn, Standing
from ticketing.domain.people import Actor, Role, User
from ticketing.domain.ratings import Rating
from ticketing.domain.rules import Rule
from ticketing.domain.saved_views import SavedView
from ticketing.domain.snoozes import Snooze
from ticketing.domain.statuses import GENERAL, Status
from ticketing.domain.teams import Team
from ticketing.domain.tickets import Message, MessageKind, Ticket

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ADA = Actor("ada", "Ada", Role.AGENT)
CARLA = User(
    id="carla",
    display_name="Carla Ruiz",
    email="carla.ruiz@example.org",
    password="hash",
    created_at=NOW,
    password_changed_at=NOW,
)


def anonymous(kept: frozenset[str] = frozenset()) -> Anonymisation:
    return Anonymisation(
        id="former-1",
        name="Former user 1",
        was=hash_of_name("carla"),
        by="root",
        username="carla",
        marks=Marks.of(CARLA, ["+49 30 1234567"]),
        kept=kept,
    )


def ticket(text: str = "Help!", requester: str = "carla") -> Ticket:
    return Ticket.open(1, requester, "No dial tone", text, GENERAL, NOW)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Call +49 30 123-4567.", ["+49 30 123-4567"]),
        ("(030) 1234567 or 0171/2345678", ["(030) 1234567", "0171/2345678"]),
        ("Order 4711123456, on 01.02.2026, at 09:30", []),
        ("0.5 and 03.14", []),
        ("+49 30 1234567" + "\nno signature" * 8, []),
    ],
)
def test_phone_numbers_are_found_in_signatures(text: str, found: list[str]) -> None:
    assert phones_in([text]) == found


@pytest.mark.parametrize(
    ("text", "theirs", "others"),
    [
        ("Hello Carla, hello carla!", "Hello [removed], hello [removed]!", "Hello Carla, hello carla!"),
        ("CARLA\nRUIZ", "[removed]", "[removed]"),
        ("ask @carla", "ask [removed]", "ask [removed]"),
        ("Carla.Ruiz@Example.org", "[removed]", "[removed]"),
        ("0049, +49(30)1234567", "0049, [removed]", "0049, [removed]"),
        ("Carlas Ruizs, scarla, a ruiz", "Carlas Ruizs, scarla, a ruiz", "Carlas Ruizs, scarla, a ruiz"),
        ("Ruiz_invoice", "[removed]_invoice", "Ruiz_invoice"),
    ],
)
def test_texts_are_cleared_of_who_it_was(text: str, theirs: str, others: str) -> None:
    own, foreign = ticket(text), ticket(text, "oskar")

    make_anonymous(own, anonymous())
    make_anonymous(foreign, anonymous())

    assert (own.description, foreign.description) == (theirs, others)


def test_what_is_shown_first_is_what_is_removed_and_each_place_can_be_kept() -> None:
    before = ticket("Carla Ruiz, Carla Ruiz")
    places = places_in(before, "carla", anonymous().marks)

    changed = before.model_copy(deep=True)
    make_anonymous(changed, anonymous(frozenset({places[0].key})))

    assert before == ticket("Carla Ruiz, Carla Ruiz")
    assert [place.found for place in places] == ["Carla Ruiz", "Carla Ruiz"]
    assert changed.description == "Carla Ruiz, [removed]"


def test_a_pseudonym_stands_wherever_somebody_can_stand_in_a_ticket() -> None:
    full = ticket()
    full.assignee, full.watchers, full.followers, full.muted = "carla", ["carla"], ["carla"], ["carla"]
    full.messages.append(Message(kind=MessageKind.NOTE, author="carla", text="!", at=NOW, to=["carla"]))
    full.ratings = [Rating(resolved_at=NOW, by="carla", at=NOW, solved=True)]
    full.snoozed = Snooze(until=NOW + timedelta(days=1), by="carla")
    full.before_merge = Standing(status=Status.ON_HOLD, snoozed=full.snoozed)
    full.merged = [MergedIn(number=2, at=NOW, watchers=["carla"])]
    full.original = '["carla", {}]'
    for field in ("assignee", "watcher", "follower", "passed_over"):
        full.record(field, "carla", "carla", Actor("carla", "Carla", Role.USER), NOW)
    before = full.model_copy(deep=True)

    assert make_anonymous(full, anonymous())

    assert "carla" not in full.model_dump_json()
    assert [message.mark for message in full.messages] == [message.mark for message in before.messages]
    assert full.updated_at == before.updated_at


def test_a_ticket_without_them_is_not_changed() -> None:
    assert not make_anonymous(ticket("Nothing.", "oskar"), anonymous())


@pytest.mark.parametrize(
    "definition",
    [
        Team(id="t", name="Phones", members=("carla", "ada"), turns=("carla",)),
        Rule(id="r", name="Give", changes=Changes(assignee="carla"), note="Look.", notify=("carla",)),
        CannedReply(id="c", name="Take", changes=Changes(assignee="carla")),
        Article(id="a", name="Lines", helpful=("carla",), unhelpful=("carla",)),
        SavedView(id="v", name="Hers", query='requester:carla assignee:"ada" -watcher:"carla"'),
        SavedView(id="o", name="Carla's own", query="is:open", owner="carla"),
    ],
    ids=lambda definition: definition.name,
)
def test_what_is_set_up_names_the_pseudonym(definition: Definition) -> None:
    history = [Revision(field="members", old=["carla"], new=["ada"], by="carla", at=NOW)]
    history.append(Revision(field="query", old="requester:carla", by="ada", at=NOW))

    found = definition_without(definition.model_copy(update={"history": tuple(history)}), anonymous())

    assert "carla" not in found.model_dump_json().casefold()
    assert type(found) is type(definition)


def test_a_category_that_is_called_like_somebody_is_left_alone() -> None:
    reply = CannedReply(id="c", name="Take", text="!", categories=("carla",))

    assert definition_without(reply, anonymous()) is reply


def test_nobody_signs_in_as_a_former_user() -> None:
    former = former_user(CARLA, "former-1", "Former user 1")

    assert (former.active, former.email, former.last_sign_in_at) == (False, None, None)
    assert "hash" not in former.model_dump_json()


def test_what_was_typed_into_fields_of_ones_own_is_a_text_as_well() -> None:
    found = ticket()
    found.fields = {"owner": "Carla Ruiz", "people": ["Ada", "Carla Ruiz"], "urgent": True}

    assert make_anonymous(found, anonymous())

    assert found.fields == {"owner": "[removed]", "people": ["Ada", "[removed]"], "urgent": True}


def test_where_nothing_is_known_of_somebody_no_text_is_looked_through() -> None:
    unknown = anonymous().model_copy(update={"marks": Marks()})
    found = ticket("Carla Ruiz called.")

    assert places_in(found, "carla", Marks()) == []
    assert make_anonymous(found, unknown)
    assert (found.requester, found.messages[0].text) == ("former-1", "Carla Ruiz called.")
