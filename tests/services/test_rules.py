"""Rules at work: what they do by themselves, and what becomes of what they cannot do."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from tests.services.conftest import Clock
from ticketing.desk import Desk
from ticketing.domain.bulk import BulkEdit
from ticketing.domain.categories import Category
from ticketing.domain.changes import NOBODY, Changes
from ticketing.domain.errors import PermissionDeniedError, QueryError, TooLongError, TooManyTagsError
from ticketing.domain.people import Actor
from ticketing.domain.queries import TicketQuery
from ticketing.domain.rules import Rule, Trigger
from ticketing.domain.sources import Source
from ticketing.domain.statuses import Priority, Resolution, Status
from ticketing.domain.teams import Dealing, Team
from ticketing.domain.tickets import RULE, RULE_PASSED_OVER, SYSTEM, MessageKind, Ticket, TicketEdit
from ticketing.services.following import MOST_FOLLOWED
from ticketing.settings import Settings
from ticketing.storage.memory import MemoryStore

CONSOLE = Actor.console()
URGENT = Changes(priority=Priority.URGENT)

SetUp = Callable[..., Rule]


ON_EVERY_STORE = True


@pytest.fixture
def desk(store: MemoryStore, clock: Clock) -> Desk:
    return Desk(Settings(storage_url="memory:"), store, clock, password_rounds=4)


@pytest.fixture
def set_up(desk: Desk) -> SetUp:
    """Return a way to set up a rule that is on, unless these fields say otherwise."""

    def save(name: str = "A rule", **fields: object) -> Rule:
        rule = Rule.model_validate({"name": name, "enabled": True, "changes": URGENT, **fields})
        return desk.definitions.save(CONSOLE, rule)

    return save


def opened(desk: Desk, actor: Actor, title: str = "VPN is down") -> Ticket:
    return desk.tickets.open(actor, title, "It does not dial in.")


def as_agent(desk: Desk, number: int) -> Ticket:
    """Return the ticket with all that is in it."""
    return desk.tickets.get(CONSOLE, number)


def followed(ticket: Ticket) -> list[str | None]:
    """Return the names of the rules that were followed on a ticket, in order."""
    return [event.new for event in ticket.events if event.field == RULE]


def passed_over(ticket: Ticket) -> list[tuple[str | None, str | None]]:
    """Return what of which rules was passed over, and why."""
    return [(event.old, event.new) for event in ticket.events if event.field == RULE_PASSED_OVER]


# What rules do


@pytest.mark.usefixtures("ada")
def test_a_new_ticket_is_acknowledged_and_goes_to_its_team(
    desk: Desk, set_up: SetUp, carla: Actor, clock: Clock
) -> None:
    team = desk.definitions.save(CONSOLE, Team(name="Network", members=("ada",), dealing=Dealing.ROUND_ROBIN))
    changes = Changes(priority=Priority.HIGH, team=team.id, add_tags=("vpn",))
    set_up(
        "VPN", query="vpn", changes=changes, reply="Dear {{ requester.name }}, {{ agent.name }} has {{ ticket.label }}."
    )

    seen = opened(desk, carla)

    ticket = as_agent(desk, seen.number)
    assert (ticket.priority, ticket.team, ticket.assignee, ticket.tags) == (Priority.HIGH, "network", "ada", ["vpn"])
    answer = ticket.messages[-1]
    assert (answer.kind, answer.author, answer.source) == (MessageKind.REPLY, SYSTEM, Source.RULE)
    assert answer.text == "Dear Carla, Help desk has T-1."
    assert [(event.field, event.new, event.by, event.source) for event in ticket.events[1:]] == [
        ("rule", "VPN", SYSTEM, Source.RULE),
        ("priority", "high", SYSTEM, Source.RULE),
        ("team", "network", SYSTEM, Source.RULE),
        ("tags", "vpn", SYSTEM, Source.RULE),
        ("assignee", "ada", SYSTEM, Source.RULE),
    ]
    assert {event.at for event in ticket.events} == {clock()}
    assert ticket.is_new
    assert ticket.first_response_at is None


@pytest.mark.usefixtures("ada")
def test_the_requester_sees_what_a_rule_says_and_sets_and_learns_of_no_rule(
    desk: Desk, set_up: SetUp, carla: Actor
) -> None:
    changes = Changes(status=Status.PENDING, add_tags=("secret",))
    set_up("Secret rule", changes=changes, reply="Please wait.", note="A secret note", notify=("ada", "ghost"))

    seen = opened(desk, carla)

    assert seen == desk.tickets.get(carla, seen.number)
    assert [message.text for message in seen.messages] == ["It does not dial in.", "Please wait."]
    assert seen.status is Status.PENDING
    assert "ecret" not in seen.model_dump_json()
    assert "For Ada:\n\nA secret note" in [message.text for message in as_agent(desk, seen.number).messages]


def test_whom_a_note_is_for_has_it_unread(desk: Desk, set_up: SetUp, carla: Actor, ada: Actor) -> None:
    set_up(trigger=Trigger.REQUESTER_REPLIED, query="tag:vip", changes=Changes(), note="Look!", notify=("ada",))
    number = opened(desk, carla).number
    desk.tickets.edit(CONSOLE, number, TicketEdit(tags=("vip",)))
    desk.tickets.mark_seen(ada, number, 2)

    desk.tickets.reply(carla, number, "Hello?")
    desk.tickets.mark_seen(ada, number, 2)

    (line,) = desk.tickets.search(ada, TicketQuery()).items
    assert line.unread
    assert as_agent(desk, number).messages[-1].text == "For Ada:\n\nLook!"


@pytest.mark.parametrize("trigger", Trigger)
def test_a_rule_is_followed_when_its_trigger_comes_and_at_no_other_time(
    desk: Desk, set_up: SetUp, carla: Actor, ada: Actor, trigger: Trigger
) -> None:
    set_up(trigger=trigger, query="is:open,done", changes=Changes(), note="Noted.")
    deeds: dict[Trigger, Callable[[], object]] = {
        Trigger.OPENED: lambda: opened(desk, carla),
        Trigger.REQUESTER_REPLIED: lambda: desk.tickets.reply(carla, 1, "Hello?"),
        Trigger.AGENT_REPLIED: lambda: desk.tickets.reply(ada, 1, "Hello."),
        Trigger.NOTE_WRITTEN: lambda: desk.tickets.note(ada, 1, "Hm."),
        Trigger.CHANGED: lambda: desk.tickets.edit(ada, 1, TicketEdit(status=Status.RESOLVED)),
        Trigger.RATED: lambda: desk.tickets.rate(carla, 1, solved=True),
    }

    counts = {}
    for name, deed in deeds.items():
        before = len(followed(as_agent(desk, 1))) if name is not Trigger.OPENED else 0
        deed()
        counts[name] = len(followed(as_agent(desk, 1))) - before

    assert counts == {name: int(name is trigger) for name in deeds}


@pytest.mark.parametrize("fields", [{"enabled": False}, {"removed": True}, {"query": "tag:vpn"}])
def test_what_is_off_or_removed_or_does_not_fit_is_not_followed(
    desk: Desk, set_up: SetUp, carla: Actor, fields: dict[str, object]
) -> None:
    rule = set_up(**{key: value for key, value in fields.items() if key != "removed"})
    if "removed" in fields:
        desk.definitions.remove(CONSOLE, Rule, rule.id, rule.version)

    assert opened(desk, carla).priority is Priority.NORMAL


def test_rules_are_followed_in_order_and_one_that_stops_is_the_last(desk: Desk, set_up: SetUp, carla: Actor) -> None:
    set_up("Third", position=3, query="tag:b", changes=Changes(add_tags=("c",)), stops=True)
    set_up("First", position=1, changes=Changes(add_tags=("a",)))
    set_up("Fourth", position=4, changes=Changes(add_tags=("d",)))
    set_up("Second", position=2, query="tag:a", changes=Changes(add_tags=("b",)))

    ticket = as_agent(desk, opened(desk, carla).number)

    assert ticket.tags == ["a", "b", "c"]
    assert followed(ticket) == ["First", "Second", "Third"]


def test_what_a_rule_does_triggers_others(desk: Desk, set_up: SetUp, carla: Actor) -> None:
    set_up("Raise", query="vpn")
    set_up("Tell", trigger=Trigger.CHANGED, query="priority:urgent", changes=Changes(add_tags=("told",)))

    ticket = as_agent(desk, opened(desk, carla).number)

    assert followed(ticket) == ["Raise", "Tell"]
    assert ticket.tags == ["told"]
    assert passed_over(ticket) == []


def test_rules_see_to_many_tickets_at_once_and_to_what_the_desk_closes_by_itself(
    desk: Desk, set_up: SetUp, carla: Actor, clock: Clock
) -> None:
    set_up("Thank", trigger=Trigger.CHANGED, query="status:resolved", changes=Changes(), reply="Thank you.")
    judged = Changes(status=Status.CLOSED, resolution=Resolution.NO_RESPONSE)
    set_up("Judge", trigger=Trigger.CHANGED, query="status:closed", changes=judged)
    numbers = [opened(desk, carla).number for _ in range(2)]

    desk.bulk.apply(CONSOLE, numbers, BulkEdit(edit=TicketEdit(status=Status.RESOLVED)))
    clock.advance(timedelta(days=30))
    desk.tickets.search(CONSOLE, TicketQuery())

    for number in numbers:
        ticket = as_agent(desk, number)
        assert followed(ticket) == ["Thank", "Judge"]
        assert ticket.resolution is Resolution.NO_RESPONSE
        lapsed_at = ticket.closed_at
        assert [event.at for event in ticket.events if event.new == "Judge"] == [lapsed_at]


def test_a_change_sent_twice_is_followed_once(desk: Desk, set_up: SetUp, carla: Actor) -> None:
    set_up(changes=Changes(), reply="We have got it.")

    first, second = (desk.tickets.open(carla, "VPN", "Dead.", key="form") for _ in range(2))

    assert first == second
    assert len(as_agent(desk, first.number).messages) == 2


def test_a_reopened_ticket_is_answered_after_it_is_open(desk: Desk, set_up: SetUp, carla: Actor) -> None:
    changes = Changes(status=Status.OPEN, assignee=NOBODY, priority=Priority.HIGH)
    set_up(trigger=Trigger.RATED, query="status:closed", changes=changes, reply="We look again.")
    number = opened(desk, carla).number
    desk.tickets.close(CONSOLE, number)

    desk.tickets.rate(carla, number, solved=False)

    ticket = as_agent(desk, number)
    assert (ticket.status, ticket.priority) == (Status.OPEN, Priority.HIGH)
    assert ticket.messages[-1].text == "We look again."
    assert passed_over(ticket) == []


def test_who_has_no_account_any_more_is_called_by_their_username(desk: Desk, set_up: SetUp) -> None:
    set_up(trigger=Trigger.CHANGED, changes=Changes(), reply="Dear {{ requester.name }}")
    number = opened(desk, CONSOLE).number

    desk.tickets.edit(CONSOLE, number, TicketEdit(priority=Priority.HIGH))

    assert as_agent(desk, number).messages[-1].text == "Dear console"


# What they cannot do


@pytest.mark.usefixtures("ada")
def test_who_is_gone_gets_nothing_the_rest_is_done_and_the_ticket_says_why(
    desk: Desk, set_up: SetUp, carla: Actor
) -> None:
    team = desk.definitions.save(CONSOLE, Team(name="Network"))
    changes = Changes(assignee="ada", team=team.id, priority=Priority.HIGH)
    set_up("Route", changes=changes, note="Look!", notify=("ada", "nobody"))
    desk.agents.deactivate(CONSOLE, "ada")
    desk.definitions.remove(CONSOLE, Team, team.id, team.version)

    ticket = as_agent(desk, opened(desk, carla).number)

    assert (ticket.assignee, ticket.team, ticket.priority) == (None, None, Priority.HIGH)
    assert ticket.messages[-1].text == "Look!"
    assert passed_over(ticket) == [
        ("Route", "ada does not work on tickets any more, so the assignee stays as it is."),
        ("Route", "Network takes no tickets any more, so the team stays as it is."),
        ("Route", "ada does not work on tickets any more, so the note is not for them."),
        ("Route", "nobody does not work on tickets any more, so the note is not for them."),
    ]


def test_what_the_state_of_a_ticket_forbids_is_passed_over_and_fails_nobodys_change(
    desk: Desk, set_up: SetUp, carla: Actor
) -> None:
    changes = Changes(priority=Priority.HIGH, add_tags=("late",), resolution=Resolution.SPAM, status=Status.CLOSED)
    set_up("Late", trigger=Trigger.CHANGED, query="status:closed", changes=changes, reply="Too late.")
    number = opened(desk, carla).number

    desk.tickets.close(carla, number)

    ticket = as_agent(desk, number)
    assert (ticket.status, ticket.priority, ticket.resolution) == (Status.CLOSED, Priority.NORMAL, Resolution.SPAM)
    assert passed_over(ticket) == [("Late", "Ticket T-1 is closed. Reopen it to go on.")]


def test_too_many_tags_and_too_long_a_text_are_passed_over(desk: Desk, set_up: SetUp, carla: Actor) -> None:
    changes = Changes(add_tags=tuple(f"tag {n}" for n in range(15)), priority=Priority.HIGH)
    set_up("Much", trigger=Trigger.CHANGED, query="priority:low", changes=changes, reply="{{ ticket.title }}" * 1000)
    number = opened(desk, carla, "V" * 200).number

    desk.tickets.edit(CONSOLE, number, TicketEdit(tags=tuple("abcdefgh"), priority=Priority.LOW))

    ticket = as_agent(desk, number)
    assert ticket.priority is Priority.HIGH
    assert len(ticket.messages) == 1
    assert passed_over(ticket) == [
        ("Much", str(TooLongError("Reply", 200_000, 20_000))),
        ("Much", str(TooManyTagsError(20))),
    ]


def test_a_merged_ticket_is_left_alone(desk: Desk, set_up: SetUp, carla: Actor, ada: Actor) -> None:
    one, other = opened(desk, carla).number, opened(desk, carla).number
    set_up(trigger=Trigger.CHANGED)

    desk.relations.merge(ada, one, other)

    assert followed(as_agent(desk, one)) == followed(as_agent(desk, other)) == []


def test_a_rule_with_a_word_that_is_no_more_is_not_followed(
    desk: Desk, set_up: SetUp, store: MemoryStore, carla: Actor
) -> None:
    rule = set_up()
    with store.write() as tx:
        tx.definitions(Rule).save(rule.model_copy(update={"query": "colour:red"}))

    assert opened(desk, carla).priority is Priority.NORMAL


# Rules that trigger each other


def test_two_rules_that_undo_each_other_are_followed_once_each_and_the_ticket_says_why(
    desk: Desk, set_up: SetUp, carla: Actor
) -> None:
    set_up("Up", trigger=Trigger.CHANGED, query="priority:normal", changes=Changes(priority=Priority.HIGH))
    set_up("Down", trigger=Trigger.CHANGED, query="priority:high", changes=Changes(priority=Priority.NORMAL))
    number = opened(desk, carla).number

    desk.tickets.edit(CONSOLE, number, TicketEdit(tags=("vpn",)))

    ticket = as_agent(desk, number)
    assert followed(ticket) == ["Up", "Down"]
    assert passed_over(ticket) == [("Up", "It was followed already, and would trigger itself again and again.")]


def test_a_rule_that_triggers_itself_without_any_more_to_do_says_nothing(
    desk: Desk, set_up: SetUp, carla: Actor
) -> None:
    set_up(trigger=Trigger.CHANGED, changes=Changes(add_tags=("vpn",)))
    number = opened(desk, carla).number

    desk.tickets.edit(CONSOLE, number, TicketEdit(priority=Priority.LOW))

    ticket = as_agent(desk, number)
    assert (followed(ticket), passed_over(ticket), ticket.tags) == (["A rule"], [], ["vpn"])


def test_a_rule_that_would_answer_itself_for_ever_answers_once(desk: Desk, set_up: SetUp, carla: Actor) -> None:
    set_up("Echo", trigger=Trigger.CHANGED, changes=Changes(add_tags=("echo",)), reply="Echo!")
    number = opened(desk, carla).number

    desk.tickets.edit(CONSOLE, number, TicketEdit(priority=Priority.LOW))
    desk.tickets.edit(CONSOLE, number, TicketEdit(priority=Priority.HIGH))

    ticket = as_agent(desk, number)
    assert [message.text for message in ticket.messages[1:]] == ["Echo!", "Echo!"]
    assert len(passed_over(ticket)) == 1


def test_no_more_than_so_many_rules_are_followed_for_one_change(desk: Desk, set_up: SetUp, carla: Actor) -> None:
    for number in range(MOST_FOLLOWED + 2):
        set_up(f"Rule {number:02}", position=number, changes=Changes(), note=f"Note {number}")

    ticket = as_agent(desk, opened(desk, carla).number)

    assert len(followed(ticket)) == MOST_FOLLOWED
    reason = "20 rules were followed already for one and the same change."
    assert passed_over(ticket) == [("Rule 20", reason), ("Rule 21", reason)]


# Who may


@pytest.mark.parametrize("who", ["carla", "ada"])
def test_nobody_but_an_admin_sets_rules_up(
    desk: Desk, set_up: SetUp, root: Actor, who: str, request: pytest.FixtureRequest
) -> None:
    actor, rule = request.getfixturevalue(who), set_up()

    deeds: list[Callable[[], object]] = [
        lambda: desk.definitions.save(actor, Rule(name="Mine", changes=URGENT)),
        lambda: desk.definitions.save(actor, rule.model_copy(update={"enabled": False})),
        lambda: desk.definitions.remove(actor, Rule, rule.id, rule.version),
    ]
    for deed in deeds:
        with pytest.raises(PermissionDeniedError):
            deed()
    assert desk.definitions.all(root, Rule) == [rule]
    assert desk.definitions.save(root, Rule(name="Mine", changes=URGENT)).name == "Mine"


# Categories of the desk's own


def test_a_rule_asks_by_a_category_of_the_desk_and_puts_nothing_into_one_that_is_retired(
    desk: Desk, set_up: SetUp, carla: Actor
) -> None:
    plants = desk.definitions.save(CONSOLE, Category(name="Office plants", position=15))
    lights = desk.definitions.save(CONSOLE, Category(name="Lights", position=16))
    set_up(query='category:"office plants"', changes=Changes(category=lights.id, add_tags=("moved",)))
    desk.definitions.save(CONSOLE, lights.model_copy(update={"removed": True}))

    number = desk.tickets.open(carla, "Dry", "Water, please.", plants.id).number

    ticket = as_agent(desk, number)
    assert (ticket.category, ticket.tags) == (plants.id, ["moved"])
    assert passed_over(ticket) == [("A rule", "Category cannot be “Lights”. Please choose one of the list.")]


def test_a_rule_that_asks_by_no_category_of_the_desk_is_refused(set_up: SetUp) -> None:
    with pytest.raises(QueryError, match="“category” cannot be “weather”"):
        set_up(query="category:weather")


def test_a_rule_says_what_the_category_is_called(desk: Desk, set_up: SetUp, carla: Actor) -> None:
    plants = desk.definitions.save(CONSOLE, Category(name="Office plants", position=15))
    set_up(reply="It is about {{ ticket.category }}.")

    number = desk.tickets.open(carla, "Dry", "Water, please.", plants.id).number

    assert as_agent(desk, number).messages[-1].text == "It is about Office plants."
