"""The README's table of permissions says what the desk goes by."""

import re
from pathlib import Path

import pytest

from ticketing.domain.people import Role
from ticketing.domain.policy import TABLE, Action, Relation

README = (Path(__file__).resolve().parents[2] / "README.md").read_text(encoding="utf-8")
# A line of the table, and the actions that it is about.
LINES = {
    "open tickets": [Action.OPEN_TICKET],
    "open tickets for others": [Action.OPEN_FOR_OTHERS],
    "see, answer, watch tickets": [Action.VIEW_TICKET, Action.REPLY, Action.WATCH_TICKET],
    "close, reopen tickets": [Action.CLOSE, Action.REOPEN],
    "rate a resolution, agents none of their own": [Action.RATE_TICKET],
    "internal notes, fields, assignment, own replies back": [
        Action.WRITE_NOTE,
        Action.EDIT_TICKET,
        Action.TAKE_BACK_REPLY,
    ],
    "merge, link, split tickets, add watchers": [
        Action.MERGE_TICKETS,
        Action.LINK_TICKETS,
        Action.SPLIT_TICKET,
        Action.CHANGE_WATCHERS,
    ],
    "see reports, accounts, how the desk is set up, write articles": [
        Action.SEE_REPORTS,
        Action.SEE_PEOPLE,
        Action.SEE_SETUP,
        Action.WRITE_ARTICLE,
    ],
    "register agents": [Action.REGISTER_AGENT],
    "register admins, change roles": [Action.REGISTER_ADMIN, Action.CHANGE_ROLE],
    "deactivate, reset password, end sessions, lift waits": [
        Action.DEACTIVATE,
        Action.RESET_PASSWORD,
        Action.END_SESSIONS,
        Action.LIFT_WAIT,
    ],
    "view the desk as somebody else sees it, changing nothing": [Action.VIEW_AS],
    "look after health, audit, mails, webhooks, change how the desk is set up, see another's sessions, "
    "turn off their two-step sign-in": [
        Action.SEE_HEALTH,
        Action.READ_AUDIT,
        Action.LOOK_AFTER_MAILS,
        Action.LOOK_AFTER_WEBHOOKS,
        Action.CHANGE_SETUP,
        Action.END_ONE_SESSION,
        Action.TURN_OFF_SECOND_FACTOR,
    ],
    "views, canned replies": [Action.KEEP_SHORTCUTS],
    "read articles": [Action.READ_ARTICLE],
}
# Words in the table, and to whose tickets and accounts they extend; one's own account is no matter of this table.
MEANINGS = {
    "yes": None,
    "yes, unless switched off": None,
    "no": set[Relation](),
    "own": {Relation.OWN},
    "own and shared": {Relation.OWN, Relation.DESK},
    "own and watched": {Relation.OWN, Relation.WATCHED},
    "all": {Relation.OWN, Relation.WATCHED, Relation.FOREIGN},
    "public ones": {Relation.PUBLIC},
    "every one": {Relation.PUBLIC, Relation.INTERNAL},
    "own sessions": set[Relation](),
    "of users": {Relation.OF_USER},
    "of users and agents": {Relation.OF_USER, Relation.OF_AGENT},
    "of everybody": {Relation.OF_USER, Relation.OF_AGENT, Relation.OF_ADMIN},
}


def lines() -> dict[str, list[str]]:
    """Return the README's table: each of its lines with a cell for each role."""
    table = README.partition("| | user | agent | admin |")[2].partition("\n\n")[0]
    rows = [[cell.strip() for cell in row.strip("|").split("|")] for row in re.findall(r"\|.+\|", table)[1:]]
    return {row[0]: row[1:] for row in rows}


def test_each_line_of_the_table_is_looked_at() -> None:
    assert list(lines()) == list(LINES)


@pytest.mark.parametrize("line", LINES)
def test_a_line_promises_exactly_what_the_desk_allows(line: str) -> None:
    for role, cell in zip((Role.USER, Role.AGENT, Role.ADMIN), lines()[line], strict=True):
        for action in LINES[line]:
            allowed = set(TABLE[action][role]) - {Relation.SELF}
            meant = MEANINGS[cell]
            assert bool(allowed) if meant is None else allowed == meant, (line, role, action)
