"""Who is told of a change: whom it concerns, never whoever did it, and of what agents know only agents."""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticketing.domain import taking_back
from ticketing.domain.errors import TicketingError
from ticketing.domain.merging import merge, split, unmerge
from ticketing.domain.notifications import FOR_AGENTS, Notice, NoticeKind
from ticketing.domain.people import Actor, Role
from ticketing.domain.rules import Mark
from ticketing.domain.sources import Source
from ticketing.domain.statuses import Status, TicketCategory
from ticketing.domain.telling import Crew, due_soon, mentions, told_since
from ticketing.domain.tickets import DESK, MessageKind, Ticket, TicketEdit

MINUTE = timedelta(minutes=1)
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
CREW = Crew(frozenset({"ada", "bert", "root"}))
BERT = Actor("bert", "Bert Brandt", Role.AGENT)

Change = Callable[[], object]
ToldOf = Callable[[Change], dict[str, NoticeKind]]


def told(notices: list[Notice]) -> dict[str, NoticeKind]:
    """Return who is told what, each one thing."""
    assert len({notice.username for notice in notices}) == len(notices)
    return {notice.username: notice.kind for notice in notices}


@pytest.fixture
def ticket(ticket: Ticket) -> Ticket:
    """Return Carla's ticket, which Wanda watches and Ada works on."""
    ticket.watchers, ticket.assignee = ["wanda"], "ada"
    return ticket


@pytest.fixture
def told_of(ticket: Ticket) -> ToldOf:
    """Return a way to change the ticket and see who is told what."""

    def change_and_tell(change: Change) -> dict[str, NoticeKind]:
        mark = Mark.of(ticket)
        change()
        return told(told_since(mark, ticket, CREW))

    return change_and_tell


# A new ticket


def opened(now: datetime, crew: Crew, **fields: object) -> dict[str, NoticeKind]:
    ticket = Ticket.open(1, "carla", "No dial tone", "The line is dead.", TicketCategory.NETWORK, now)
    return told(told_since(Mark(), ticket.model_copy(update=fields), crew))


def test_a_new_ticket_that_nobody_has_is_told_to_its_team_or_without_one_to_all_agents(now: datetime) -> None:
    team = CREW._replace(team=frozenset({"bert"}))

    assert opened(now, CREW) == dict.fromkeys(["ada", "bert", "root"], NoticeKind.OPENED)
    assert opened(now, team, team="network") == {"bert": NoticeKind.OPENED}
    assert opened(now, CREW, team="where nobody is") == dict.fromkeys(["ada", "bert", "root"], NoticeKind.OPENED)


def test_a_new_ticket_that_somebody_has_is_theirs_alone(now: datetime) -> None:
    ticket = Ticket.open(1, "carla", "No dial tone", "The line is dead.", TicketCategory.NETWORK, now)
    ticket.deal("bert", now)

    assert told(told_since(Mark(), ticket, CREW)) == {"bert": NoticeKind.ASSIGNED}


def test_whoever_had_it_and_works_here_no_more_keeps_a_ticket_from_nobody(now: datetime) -> None:
    assert opened(now, CREW, assignee="gone") == dict.fromkeys(["ada", "bert", "root"], NoticeKind.OPENED)


def test_an_agent_who_opens_a_ticket_for_somebody_tells_them(ticket: Ticket, ada: Actor, now: datetime) -> None:
    ticket.close(ada, now)
    follow_up = ticket.follow_up(2, ada, "Dead again", "It came back.", TicketCategory.NETWORK, now)

    found = told(told_since(Mark(), follow_up, CREW))

    assert found == dict.fromkeys(["bert", "carla", "root", "wanda"], NoticeKind.OPENED)


def test_what_was_imported_is_told_to_nobody(now: datetime) -> None:
    ticket = Ticket.open(1, "carla", "Old", "Old.", TicketCategory.OTHER, now, source=Source.IMPORT)

    assert told_since(Mark(), ticket, CREW) == []


# Messages


def test_a_public_reply_is_told_to_the_requester_watchers_and_assignee_but_its_author(
    ticket: Ticket, told_of: ToldOf, ada: Actor, carla: Actor, now: datetime
) -> None:
    replied = NoticeKind.REPLIED

    assert told_of(lambda: ticket.reply(ada, "We look.", now)) == {"carla": replied, "wanda": replied}
    assert told_of(lambda: ticket.reply(carla, "Thanks.", now)) == {"ada": replied, "wanda": replied}
    assert told_of(lambda: ticket.reply(BERT, "Me too.", now)) == dict.fromkeys(["ada", "carla", "wanda"], replied)


def test_a_requesters_reply_that_nobody_works_on_is_told_to_those_who_could(
    ticket: Ticket, told_of: ToldOf, carla: Actor, ada: Actor, now: datetime
) -> None:
    ticket.assignee = None

    found = told_of(lambda: ticket.reply(carla, "Anybody?", now))

    assert found == dict.fromkeys(["ada", "bert", "root"], NoticeKind.UNASSIGNED) | {"wanda": NoticeKind.REPLIED}
    assert told_of(lambda: ticket.reply(ada, "Yes.", now)) == dict.fromkeys(["carla", "wanda"], NoticeKind.REPLIED)
    ticket.watch(BERT)
    assert told_of(lambda: ticket.reply(carla, "Hello?", now))["bert"] is NoticeKind.REPLIED


def test_a_note_is_told_to_the_assignee_and_whoever_wrote_notes_and_to_no_requester(
    ticket: Ticket, told_of: ToldOf, root: Actor, now: datetime
) -> None:
    assert told_of(lambda: ticket.note(BERT, "She is annoyed.", now)) == {"ada": NoticeKind.NOTED}
    found = told_of(lambda: ticket.note(root, "Me too.", now + MINUTE))

    assert found == {"ada": NoticeKind.NOTED, "bert": NoticeKind.NOTED}


def test_a_note_for_some_is_told_to_exactly_these(ticket: Ticket, told_of: ToldOf, now: datetime) -> None:
    to = ["bert", "gone", "carla"]

    assert told_of(lambda: ticket.note(DESK, "Look, @root", now, to)) == {"bert": NoticeKind.NOTED}


def test_an_agent_who_is_mentioned_is_told_that_and_nothing_else_of_the_message(
    ticket: Ticket, told_of: ToldOf, carla: Actor, now: datetime
) -> None:
    mentioned, replied = NoticeKind.MENTIONED, NoticeKind.REPLIED

    assert told_of(lambda: ticket.note(BERT, "@Ada, and @root. Not @bert or @carla", now)) == {
        "ada": mentioned,
        "root": mentioned,
    }
    assert told_of(lambda: ticket.reply(carla, "Is (@ada) there?", now)) == {"ada": mentioned, "wanda": replied}


def test_a_mention_stands_in_no_word_and_ends_before_the_sentence_does() -> None:
    found = list(mentions("@ada. a@bert.example @x @Root-1, (@j.doe) @@may /@nina-"))

    assert {"ada", "root-1", "j.doe", "nina"} <= set(found)
    assert not {"bert", "bert.example", "x", "may"} & set(found)


def test_what_the_desk_says_by_itself_is_told_to_the_requesters_side(
    ticket: Ticket, told_of: ToldOf, now: datetime
) -> None:
    found = told_of(lambda: ticket.reply(DESK, "We have it.", now))

    assert found == {"carla": NoticeKind.REPLIED, "wanda": NoticeKind.REPLIED}


# Fields


def test_a_new_assignee_is_told_unless_they_took_it_themselves(
    ticket: Ticket, told_of: ToldOf, ada: Actor, now: datetime
) -> None:
    assert told_of(lambda: ticket.edit(ada, TicketEdit(assignee="bert"), now)) == {"bert": NoticeKind.ASSIGNED}
    assert told_of(lambda: ticket.edit(ada, TicketEdit(assignee="ada"), now)) == {}
    assert told_of(lambda: ticket.edit(ada, TicketEdit(assignee=None), now)) == {}
    assert told_of(lambda: ticket.edit(DESK, TicketEdit(assignee="ada"), now)) == {"ada": NoticeKind.ASSIGNED}


def test_of_several_assignees_in_a_row_the_last_is_told_and_nobody_who_has_it_as_before(
    ticket: Ticket, told_of: ToldOf, root: Actor, now: datetime
) -> None:
    def hand_on(*names: str) -> None:
        for name in names:
            ticket.edit(root, TicketEdit(assignee=name), now)

    assert told_of(lambda: hand_on("root", "bert")) == {"bert": NoticeKind.ASSIGNED}
    assert told_of(lambda: hand_on("ada", "bert")) == {}


def test_another_status_is_told_to_the_requesters_side_and_the_assignee(
    ticket: Ticket, told_of: ToldOf, carla: Actor, ada: Actor, now: datetime
) -> None:
    status = NoticeKind.STATUS

    assert told_of(lambda: ticket.change_status(ada, Status.RESOLVED, now)) == {"carla": status, "wanda": status}
    assert told_of(lambda: ticket.reopen(carla, now)) == {"ada": status, "wanda": status}


def test_a_status_that_came_with_a_reply_is_not_told_a_second_time(
    ticket: Ticket, told_of: ToldOf, ada: Actor, now: datetime
) -> None:
    def resolve() -> None:
        ticket.reply(ada, "Done.", now)
        ticket.change_status(ada, Status.RESOLVED, now)

    assert told_of(resolve) == {"carla": NoticeKind.REPLIED, "wanda": NoticeKind.REPLIED}


def test_a_status_that_came_with_a_note_is_told_to_the_requester_and_the_note_is_not(
    ticket: Ticket, told_of: ToldOf, now: datetime
) -> None:
    def pause() -> None:
        ticket.note(BERT, "The supplier sleeps.", now)
        ticket.change_status(BERT, Status.ON_HOLD, now)

    assert told_of(pause) == {"ada": NoticeKind.NOTED, "carla": NoticeKind.STATUS, "wanda": NoticeKind.STATUS}


def test_a_status_that_came_by_itself_is_told_to_nobody(
    ticket: Ticket, told_of: ToldOf, ada: Actor, now: datetime
) -> None:
    ticket.change_status(ada, Status.RESOLVED, now)

    assert told_of(ticket.lapse) == {}


def test_a_merge_is_told_once_to_the_people_of_the_ticket_that_goes_on_elsewhere(
    ticket: Ticket, told_of: ToldOf, ada: Actor, now: datetime
) -> None:
    target = Ticket.open(2, "oskar", "Line dead", "Dead.", TicketCategory.NETWORK, now)
    mark = Mark.of(target)

    found = told_of(lambda: merge(ticket, target, ada, now))

    assert found == {"carla": NoticeKind.MERGED, "wanda": NoticeKind.MERGED}
    assert told_since(mark, target, CREW) == []
    assert NoticeKind.MERGED not in told_of(lambda: unmerge(ticket, target, ada, now)).values()


def test_a_notice_names_the_message_it_is_about_and_its_author(ticket: Ticket, ada: Actor, now: datetime) -> None:
    mark = Mark.of(ticket)
    ticket.reply(ada, "We look.", now + MINUTE)

    notice = told_since(mark, ticket, CREW)[0]

    assert (notice.username, notice.ticket, notice.by, notice.at) == ("carla", 1, "ada", now + MINUTE)
    assert notice.mark == ticket.messages[-1].mark
    assert not notice.read


def test_a_message_that_became_a_ticket_is_told_as_of_now(ticket: Ticket, ada: Actor, now: datetime) -> None:
    ticket.reply(Actor("carla", "Carla", Role.USER), "And my keyboard sticks.", now)
    later = now + timedelta(days=200)
    made = split(ticket, ticket.messages[-1].mark, 2, "Keyboard", ada, later)

    notices = told_since(Mark(), made, CREW)

    assert told(notices) == dict.fromkeys(["bert", "carla", "root"], NoticeKind.OPENED)
    assert {notice.at for notice in notices} == {later}


# Due times


def test_who_has_a_ticket_is_warned_or_else_who_could_take_it(ticket: Ticket, now: datetime) -> None:
    warned = due_soon(ticket, "resolution", CREW, now)
    ticket.assignee = None
    of_team = due_soon(ticket, "resolution", CREW._replace(team=frozenset({"bert"})), now)

    assert told(warned) == {"ada": NoticeKind.DUE_SOON}
    assert told(of_team) == {"bert": NoticeKind.DUE_SOON}
    assert warned[0].id == due_soon(ticket.model_copy(update={"assignee": "ada"}), "resolution", CREW, now)[0].id


# Whatever happens

PEOPLE = [Actor(name, name.title(), Role.USER) for name in ("carla", "wanda")] + [
    Actor(name, name.title(), Role.AGENT) for name in ("ada", "bert", "root")
]
NAMES = [actor.username for actor in PEOPLE]
TEXTS = st.lists(st.sampled_from(["Hello", "@ada", "@bert.", "@carla", "(@root)"]), min_size=1).map(" ".join)
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["reply", "note", "note_for", "assign", "status", "rule_reply", "take_back"]),
        st.sampled_from(PEOPLE),
        TEXTS,
        st.sampled_from(NAMES),
        st.sampled_from(Status),
        st.booleans(),
    ),
    max_size=12,
)


def _do(ticket: Ticket, step: tuple[str, Actor, str, str, Status, bool], now: datetime) -> None:
    what, actor, text, name, status, _ = step
    match what:
        case "reply":
            ticket.reply(actor, text, now)
        case "rule_reply":
            ticket.reply(DESK, text, now)
        case "note" | "note_for" if actor.is_agent:
            ticket.note(actor, text, now, to=[name] if what == "note_for" else [])
        case "assign":
            ticket.edit(actor, TicketEdit(assignee=name), now)
        case "status":
            ticket.change_status(actor, status, now)
        case "take_back":
            taking_back.take_back(ticket, taking_back.find_reply(ticket, ticket.messages[-1].mark), actor, now)


@given(STEPS)
def test_whatever_happens_nobody_is_told_what_they_did_nor_two_things_of_a_message_nor_but_agents_of_a_note(
    steps: list[tuple[str, Actor, str, str, Status, bool]],
) -> None:
    ticket = Ticket.open(1, "carla", "No dial tone", "Dead, @bert", TicketCategory.NETWORK, START)
    ticket.watchers = ["wanda"]
    notices, mark = told_since(Mark(), ticket, CREW), Mark.of(ticket)
    messages = {message.mark: message for message in ticket.messages}

    for place, step in enumerate(steps):
        with suppress(TicketingError):
            _do(ticket, step, START + place * MINUTE)
        messages |= {message.mark: message for message in ticket.messages}
        if step[-1]:  # else it comes together with the next
            notices += told_since(mark, ticket, CREW)
            mark = Mark.of(ticket)

    assert all(notice.username != notice.by for notice in notices)
    about_messages = [(notice.username, notice.mark) for notice in notices if notice.mark]
    assert len(about_messages) == len(set(about_messages))
    of_requesters = [notice for notice in notices if notice.username not in CREW.agents]
    assert not [notice for notice in of_requesters if notice.kind in FOR_AGENTS]
    about = [messages[notice.mark] for notice in of_requesters if notice.mark]
    assert not [message for message in about if message.kind is MessageKind.NOTE]


# Who follows, and who has stopped watching


def test_an_agent_who_watches_is_told_of_replies_notes_status_and_merges(
    ticket: Ticket, told_of: ToldOf, ada: Actor, carla: Actor, now: datetime
) -> None:
    ticket.watch(BERT)
    other = Ticket.open(2, "oskar", "The same", "Dead too.", TicketCategory.NETWORK, now)

    assert told_of(lambda: ticket.reply(carla, "Thanks.", now))["bert"] is NoticeKind.REPLIED
    assert told_of(lambda: ticket.note(ada, "Hm.", now)) == {"bert": NoticeKind.NOTED}
    assert told_of(lambda: ticket.change_status(ada, Status.PENDING, now))["bert"] is NoticeKind.STATUS
    assert told_of(lambda: merge(ticket, other, ada, now))["bert"] is NoticeKind.MERGED


def test_whoever_has_stopped_watching_is_told_nothing_more_and_sees_as_much_as_before(
    ticket: Ticket, told_of: ToldOf, ada: Actor, now: datetime
) -> None:
    ticket.stop_watching("carla")
    ticket.stop_watching("wanda")

    assert told_of(lambda: ticket.reply(ada, "We look.", now)) == {}
    assert told_of(lambda: ticket.change_status(ada, Status.RESOLVED, now)) == {}
    assert (ticket.requester, ticket.watchers) == ("carla", ["wanda"])


def test_whoever_writes_is_told_of_the_answer_again(
    ticket: Ticket, told_of: ToldOf, ada: Actor, carla: Actor, now: datetime
) -> None:
    ticket.stop_watching("carla")
    ticket.reply(carla, "Anybody?", now)

    assert told_of(lambda: ticket.reply(ada, "Yes.", now))["carla"] is NoticeKind.REPLIED


def test_what_is_for_them_alone_reaches_an_agent_who_has_stopped_watching(
    ticket: Ticket, told_of: ToldOf, ada: Actor, carla: Actor, now: datetime
) -> None:
    ticket.note(BERT, "I have seen this before.", now)
    ticket.stop_watching("bert")

    assert told_of(lambda: ticket.note(ada, "Me too.", now)) == {}
    assert told_of(lambda: ticket.note(ada, "@bert?", now)) == {"bert": NoticeKind.MENTIONED}
    assert told_of(lambda: ticket.note(ada, "Yours.", now, to=["bert"])) == {"bert": NoticeKind.NOTED}
    assert told_of(lambda: ticket.edit(ada, TicketEdit(assignee="bert"), now)) == {"bert": NoticeKind.ASSIGNED}
    assert told_of(lambda: ticket.reply(carla, "Thanks.", now))["bert"] is NoticeKind.REPLIED


def test_of_what_nobody_has_those_are_not_told_who_have_stopped_watching(
    ticket: Ticket, told_of: ToldOf, carla: Actor, now: datetime
) -> None:
    ticket.assignee = None
    ticket.stop_watching("bert")

    assert "bert" not in told_of(lambda: ticket.reply(carla, "Anybody?", now))
    assert "bert" not in told(due_soon(ticket, "first_response", CREW, now))
