"""What a rule may be, and what has happened to a ticket as rules see it."""

from datetime import datetime, timedelta

import pytest

from ticketing.domain.categories import Category
from ticketing.domain.changes import ME, Changes
from ticketing.domain.errors import InvalidInputError, QueryError, TemplateError, UnknownVariableError, UsernameError
from ticketing.domain.merging import merge, split, unmerge
from ticketing.domain.people import Actor
from ticketing.domain.rules import Mark, News, Rule, Trigger, in_order, news_since
from ticketing.domain.sources import Source
from ticketing.domain.statuses import Priority, Status, TicketCategory
from ticketing.domain.tickets import DESK, RULE, Ticket, TicketEdit

HIGH = Changes(priority=Priority.HIGH)
LATER = timedelta(hours=1)


def rule(**fields: object) -> Rule:
    """Return a rule that could be kept, but for these fields."""
    return Rule.model_validate({"id": "vpn", "name": "VPN", "changes": HIGH, **fields})


def triggers(ticket: Ticket, mark: Mark) -> set[str]:
    """Return what has happened to a ticket since then."""
    news = news_since(mark, ticket)
    return set(news.triggers) if news else set()


# What may be set up


def test_a_rule_is_kept_with_what_was_typed_cleaned() -> None:
    kept = rule(
        name=" VPN  words ", query="  tag:vpn ", reply=" Hello \r\n", note="Look!", notify=("Ada", "ada")
    ).checked()

    assert (kept.name, kept.query, kept.reply, kept.notify) == ("VPN words", "tag:vpn", "Hello", ("ada",))
    assert kept.content()["priority"] == "high"
    assert not kept.enabled


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"changes": Changes()}, "A rule needs something to do: a change, a reply or a note."),
        ({"changes": Changes(), "reply": " \u200b"}, "A rule needs something to do: a change, a reply or a note."),
        ({"changes": Changes(assignee=ME)}, "A rule is used by nobody. Please choose to whom the ticket is given."),
        ({"trigger": Trigger.TIME}, "Which tickets, and after how long? Please write a query such as"),
        ({"notify": ("ada",)}, "Whom the rule tells something needs a note to read. Please write one."),
    ],
)
def test_what_could_never_do_anything_is_refused_with_a_sentence(fields: dict[str, object], sentence: str) -> None:
    with pytest.raises(InvalidInputError, match=sentence.replace("?", "[?]")):
        rule(**fields).checked()


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("assignee:me", "There is nobody here for “me”"),
        ("-watcher:carla,ME", "There is nobody here for “ME”"),
        ("requester:me", "There is nobody here for “me”"),
        ("team:mine", "There is nobody here for “mine”"),
        ("tag:vpn sort:-updated", "There is no list to put in order here"),
        ("stauts:open", "There is no field “stauts”"),
        ("status:opne", "cannot be “opne”"),
        ("rule:vpn", "There is no field “rule”"),
        ('"dial', "A quotation mark is not closed"),
    ],
)
def test_a_query_that_nobody_could_ask_is_refused(query: str, sentence: str) -> None:
    with pytest.raises(QueryError, match=sentence):
        rule(query=query).require_understood(Category.all_of([]))


def test_who_is_called_me_can_be_asked_for_in_quotation_marks() -> None:
    rule(query='assignee:"me" team:"mine"').require_understood([])


@pytest.mark.parametrize("field", ["reply", "note"])
@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("Dear {{ requester.__class__ }}", UnknownVariableError),
        ("{{ ticket.messages }}", UnknownVariableError),
        ("{{ requester.name.__init__.__globals__ }}", UnknownVariableError),
        ("{% if ticket %}", TemplateError),
        ("{{ 7 * 7 }}", TemplateError),
    ],
)
def test_a_text_with_anything_but_variables_is_refused(field: str, text: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        rule(**{field: text}).checked()


def test_nobody_is_told_by_a_name_that_cannot_be() -> None:
    with pytest.raises(UsernameError):
        rule(note="Look!", notify=("a b",)).checked()


def test_rules_that_are_on_go_by_position_and_then_by_name() -> None:
    rules = [
        rule(name="Zebra", enabled=True),
        rule(name="off", position=0),
        rule(name="Last", position=2, enabled=True),
        rule(name="apple", enabled=True),
        rule(name="Gone", enabled=True, removed=True),
    ]

    assert [one.name for one in in_order(rules)] == ["apple", "Zebra", "Last"]


# What has happened


def test_a_new_ticket_was_opened_and_nothing_else(ticket: Ticket, now: datetime) -> None:
    ticket.route("first-line", now)

    assert news_since(Mark(), ticket) == News(frozenset({Trigger.OPENED}), now, by_person=True)


def test_what_was_said_and_done_is_told_apart(ticket: Ticket, carla: Actor, ada: Actor, now: datetime) -> None:
    ticket.watchers = ["oskar"]
    oskar = Actor("oskar", "Oskar", carla.role)
    mark = Mark.of(ticket)
    assert news_since(mark, ticket) is None

    for actor, trigger in ((carla, "requester_replied"), (oskar, "requester_replied"), (ada, "agent_replied")):
        mark = Mark.of(ticket)
        ticket.reply(actor, "Hm.", now)
        assert triggers(ticket, mark) == {trigger}

    mark = Mark.of(ticket)
    ticket.note(ada, "Hm.", now)
    assert triggers(ticket, mark) == {"note_written"}
    ticket.edit(ada, TicketEdit(priority=Priority.HIGH), now + LATER)
    assert triggers(ticket, mark) == {"note_written", "changed"}
    news = news_since(mark, ticket)
    assert news is not None
    assert (news.at, news.by_person) == (now + LATER, True)


def test_a_rating_is_no_change(ticket: Ticket, carla: Actor, ada: Actor, now: datetime) -> None:
    ticket.change_status(ada, Status.RESOLVED, now)
    mark = Mark.of(ticket)

    ticket.rate(carla, now, solved=True, score=None, comment="")

    assert triggers(ticket, mark) == {"rated"}


def test_what_the_desk_says_triggers_nothing_and_what_it_changes_does(ticket: Ticket, now: datetime) -> None:
    mark = Mark.of(ticket)
    ticket.record_by_desk(RULE, "VPN", now)
    ticket.reply(DESK, "Hello", now)
    ticket.note(DESK, "Hello", now)
    ticket.pass_over("VPN", "Why not.", now)
    assert news_since(mark, ticket) == News(frozenset(), now, by_person=False)

    ticket.edit(DESK, TicketEdit(priority=Priority.HIGH), now)
    assert news_since(mark, ticket) == News(frozenset({Trigger.CHANGED}), now, by_person=False)


def test_what_a_merge_brings_and_takes_away_was_said_elsewhere(ticket: Ticket, ada: Actor, now: datetime) -> None:
    other = Ticket.open(2, "oskar", "Dead line", "Nothing.", TicketCategory.NETWORK, now - LATER)
    for deed in (merge, unmerge):
        mark = Mark.of(ticket)
        deed(other, ticket, ada, now)
        assert triggers(ticket, mark) == set()


def test_what_is_split_off_was_opened_now(ticket: Ticket, carla: Actor, ada: Actor, now: datetime) -> None:
    ticket.reply(carla, "And the fax?", now)

    made = split(ticket, ticket.messages[-1].mark, 2, "Fax", ada, now + LATER)

    assert news_since(Mark(), made) == News(frozenset({Trigger.OPENED}), now + LATER, by_person=True)


def test_what_was_imported_triggers_nothing(now: datetime) -> None:
    ticket = Ticket.open(1, "carla", "Old", "Old.", TicketCategory.GENERAL, now, Source.IMPORT)

    assert news_since(Mark(), ticket) is None


# What the desk says


def test_what_a_rule_says_is_nobodys_answer(ticket: Ticket, ada: Actor, now: datetime) -> None:
    ticket.change_status(ada, Status.PENDING, now)

    ticket.reply(DESK, "We have got it.", now)

    assert ticket.first_response_at is None
    assert ticket.status is Status.PENDING


def test_a_requester_learns_of_no_rule(ticket: Ticket, now: datetime) -> None:
    ticket.fired = ["vpn"]
    ticket.record_by_desk(RULE, "Secret name", now + LATER)
    ticket.pass_over("Secret name", "Secret reason.", now + LATER)
    ticket.note(DESK, "Secret note", now + LATER)
    ticket.edit(DESK, TicketEdit(tags=("secret",)), now + LATER)

    told = ticket.for_requester()

    assert "ecret" not in told.model_dump_json()
    assert told.fired == []
    assert told.updated_at == now
