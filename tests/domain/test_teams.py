"""Whose turn it is in a team, what a change of it notes, and which teams stand side by side."""

from datetime import datetime

import pytest

from ticketing.domain.errors import CategoryTakenError, NameTakenError
from ticketing.domain.statuses import TicketCategory
from ticketing.domain.teams import Team, least_loaded

HARDWARE, NETWORK = TicketCategory.HARDWARE, TicketCategory.NETWORK
ALL = ("ada", "bert", "root")


def dealt(team: Team, *rounds: tuple[str, ...]) -> tuple[list[str], Team]:
    """Deal a ticket to the members who are present, round by round; return who got them, and the team after it."""
    chosen = []
    for present in rounds:
        chosen.append(team.next_in_turn(present))
        team = team.after_turn(chosen[-1])
    return chosen, team


def test_turns_go_round_in_the_order_of_the_members() -> None:
    chosen, _ = dealt(Team(name="First line", members=ALL), *[ALL] * 7)

    assert chosen == ["ada", "bert", "root", "ada", "bert", "root", "ada"]


def test_who_was_away_is_next_once_and_then_waits_for_their_turn() -> None:
    without_bert = ("ada", "root")

    chosen, _ = dealt(Team(name="First line", members=ALL), *[without_bert] * 3, *[ALL] * 4)

    assert chosen == ["ada", "root", "ada", "bert", "root", "ada", "bert"]


def test_who_joins_is_next_and_who_left_is_forgotten() -> None:
    _, team = dealt(Team(name="First line", members=("ada", "bert")), *[("ada", "bert")] * 2)
    changed = team.model_copy(update={"members": ("ada", "root")})

    chosen, after = dealt(changed, *[("ada", "root")] * 3)

    assert chosen == ["root", "ada", "root"]
    assert after.turns == ("ada", "root")


def test_the_fewest_tickets_win_and_of_several_the_first_member() -> None:
    assert least_loaded({"ada": 2, "bert": 1, "root": 1}) == "bert"
    assert least_loaded({"ada": 0}) == "ada"


def test_turns_are_no_part_of_what_is_set_up_and_go_on_whatever_is_changed(now: datetime) -> None:
    made = Team(name="First line", members=ALL).revised(None, "root", now)
    _, gone_on = dealt(made, ALL)

    changed = made.model_copy(update={"members": ("ada",)}).revised(gone_on, "root", now)

    assert (changed.turns, changed.version) == (("ada",), 2)
    assert [revision.field for revision in changed.history] == ["created", "members"]
    assert made.revised(gone_on, "root", now) is gone_on


def test_a_category_belongs_to_one_team() -> None:
    team = Team(name="First line", categories=(HARDWARE, NETWORK, HARDWARE)).checked()
    assert team.categories == (HARDWARE, NETWORK)

    with pytest.raises(CategoryTakenError, match="The category “network” belongs to the team “First line”"):
        Team(name="Second line", categories=(NETWORK,)).require_room([team])
    with pytest.raises(NameTakenError):
        Team(name="First LINE").require_room([team])
    Team(name="Second line").require_room([team])
