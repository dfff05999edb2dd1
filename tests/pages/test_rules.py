"""The pages on which rules are set up and rehearsed, and what a ticket tells of them."""

from collections.abc import Callable

import pytest

from tests.visiting import PANEL, Visit, unescaped
from ticketing.desk import Desk
from ticketing.domain.changes import Changes
from ticketing.domain.people import Actor
from ticketing.domain.rules import Rule, Trigger
from ticketing.domain.statuses import Priority, Status
from ticketing.domain.tickets import TicketEdit

Behind = Callable[[Visit], Actor]
CONSOLE = Actor.console()


def captions(visit: Visit) -> list[str]:
    """Return what the page says in small letters."""
    return [unescaped(caption.value) for caption in visit.at.caption]


def texts(visit: Visit) -> str:
    """Return what the page says in texts."""
    return "\n".join(unescaped(markdown.value) for markdown in visit.at.markdown)


def opened(desk: Desk, title: str = "VPN is down") -> int:
    return desk.tickets.open(CONSOLE, title, "It does not dial in.").number


def test_an_admin_sets_up_a_rule_that_is_off_until_they_say_otherwise(desk: Desk, root: Visit) -> None:
    assert root.open("desk_setup").press("open_rules").titles == ["Rules"]
    root.press("new")
    root.at.selectbox(key="rule_priority").set_value(Priority.HIGH)
    root.at.multiselect(key="rule_notify").set_value(["ada"])
    root.at.number_input(key="rule_position").set_value(3)
    root.fill(rule_name="VPN words", rule_query="vpn", rule_reply="We look at {{ ticket.label }}.", rule_note="Look!")
    root.press("save")

    (rule,) = desk.definitions.all(CONSOLE, Rule)
    assert rule.changes == Changes(priority=Priority.HIGH)
    assert (rule.enabled, rule.position, rule.notify) == (False, 3, ("ada",))
    assert root.said[0] == "“VPN words” is saved."
    assert captions(root)[0] == "3 · off · a ticket is opened · vpn · Priority: High · reply · note"

    root.open("desk_setup", kind="rules", id=rule.id)
    root.at.checkbox(key="rule_enabled").check()
    root.press("save")
    number = opened(desk)
    assert desk.tickets.get(CONSOLE, number).priority is Priority.HIGH


def test_rules_are_listed_in_their_order(desk: Desk, root: Visit) -> None:
    for position, name in ((2, "Second"), (1, "First"), (3, "A third")):
        desk.definitions.save(CONSOLE, Rule(name=name, position=position, note="Look!", stops=True))

    root.open("desk_setup", kind="rules")

    assert [caption.split(" · ")[0] for caption in captions(root)][:3] == ["1", "2", "3"]
    assert captions(root)[0] == "1 · off · a ticket is opened · all tickets · note · then no later rule"


def test_a_rule_is_rehearsed_before_it_is_saved(desk: Desk, root: Visit) -> None:
    for title in ("VPN [down](x)", "Printer", "The VPN again"):
        opened(desk, title)
    root.open("desk_setup", kind="rules", id="new")

    root.fill(rule_name="VPN", rule_query="title:vpn", rule_note="Look!").press("preview")

    assert "In the last 90 days this rule would have been followed 2 times:" in texts(root)
    lines = [line for line in texts(root).splitlines() if line.startswith("- [T-")]
    assert [line.partition(") ")[0] for line in lines] == ["- [T-3](ticket?id=3", "- [T-1](ticket?id=1"]
    assert "The VPN again · " in lines[0]
    assert "VPN [down](x) · " in lines[1]
    assert root.at.text_input(key="rule_query").value == "title:vpn"
    assert desk.definitions.all(CONSOLE, Rule) == []

    root.fill(rule_query="title:printer").press("preview")
    assert "In the last 90 days this rule would have been followed once:" in texts(root)
    root.fill(rule_query="title:fax").press("preview")
    assert "In the last 90 days this rule would not have been followed." in texts(root)


def test_what_comes_of_a_rule_after_a_time_at_once_is_told(desk: Desk, root: Visit) -> None:
    for _ in range(52):
        desk.tickets.edit(CONSOLE, opened(desk), TicketEdit(status=Status.PENDING))
    root.open("desk_setup", kind="rules", id="new")
    root.at.selectbox(key="rule_trigger").set_value(Trigger.TIME)

    root.fill(rule_name="Waiting", rule_query="status:pending", rule_note="Look!").press("preview")

    assert "In the last 90 days this rule would have been followed 52 times:" in texts(root)
    assert "These are the latest 50." in captions(root)
    assert root.said[-1:] == ["As soon as it is on, it is followed on the tickets that match now: 52."]


@pytest.mark.parametrize("button", ["save", "preview"])
@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"rule_query": "assignee:me"}, "There is nobody here for “me” (at character 10). Write a username."),
        ({"rule_reply": "{{ ticket.__class__ }}"}, "there is no variable “ticket.__class__”"),
        ({"rule_note": " "}, "A rule needs something to do: a change, a reply or a note."),
    ],
)
def test_what_cannot_be_kept_is_refused_and_stays_in_the_form(
    desk: Desk, root: Visit, button: str, typed: dict[str, str], sentence: str
) -> None:
    root.open("desk_setup", kind="rules", id="new")

    root.fill(**{"rule_name": "Mine", "rule_note": "Look!"} | typed).press(button)

    (refusal,) = root.refused
    assert sentence in refusal
    assert root.at.text_input(key="rule_name").value == "Mine"
    assert desk.definitions.all(CONSOLE, Rule) == []


def test_a_rule_that_cannot_be_read_any_more_says_so_in_the_list(desk: Desk, root: Visit) -> None:
    rule = desk.definitions.save(CONSOLE, Rule(name="Old", note="Look!", enabled=True))
    with desk.store.write() as tx:
        tx.definitions(Rule).save(rule.model_copy(update={"query": "colour:red"}))

    root.open("desk_setup", kind="rules")

    assert "There is no field “colour”" in captions(root)[0]


def test_who_does_not_work_any_more_can_be_left_in_a_rule(desk: Desk, root: Visit) -> None:
    rule = Rule(name="Tell", note="Look!", notify=("ada",), changes=Changes(assignee="ada"))
    rule = desk.definitions.save(CONSOLE, rule)
    desk.agents.deactivate(CONSOLE, "ada")

    root.open("desk_setup", kind="rules", id=rule.id).fill(rule_note="Look there!").press("save")

    kept = desk.definitions.get(CONSOLE, Rule, rule.id)
    assert (kept.note, kept.notify, kept.changes.assignee) == ("Look there!", ("ada",), "ada")


def test_agents_see_which_rules_there_are_and_rehearse_none(desk: Desk, ada: Visit) -> None:
    rule = desk.definitions.save(CONSOLE, Rule(name="Tell", note="Look!"))

    assert ada.open("desk_setup", kind="rules").titles == ["Rules"]
    assert not ada.has_button("new")
    assert ada.open("desk_setup", kind="rules", id=rule.id).titles == ["Nothing to see here"]
    assert ada.open("desk_setup", kind="rules", id="new").titles == ["Nothing to see here"]


def test_the_history_names_the_rule_and_what_was_left_out_and_no_requester_reads_it(
    desk: Desk, ada: Visit, carla: Visit, actor: Behind
) -> None:
    changes = Changes(assignee="root", add_tags=("vpn",))
    rule = Rule(
        name="Route VPN", enabled=True, changes=changes, reply="We have got it.", note="Quick!", notify=("ada",)
    )
    desk.definitions.save(CONSOLE, rule)
    desk.agents.deactivate(CONSOLE, "root")
    number = desk.tickets.open(actor(carla), "VPN", "It does not dial in.").number

    gone = "root does not work on tickets any more, so the assignee stays as it is."
    ada.open("ticket", id=f"{number}").unfold_history()
    history = ada.sent(PANEL)["history"]
    assert {line[0] for line in history[:3]} == {"The desk"}
    assert [line[1] for line in history[:3]] == [
        f"left out a part of the rule “Route VPN”: {gone}",
        "changed tags: none → vpn",
        "followed the rule “Route VPN”",
    ]
    assert "The desk</strong> <span>automatic" in ada.html
    assert "The desk</strong> <span>internal note" in ada.html
    assert "For ada:" in ada.html

    carla.open("ticket", id=f"{number}").unfold_history()
    assert "The desk</strong> <span>automatic" in carla.html
    assert "We have got it." in carla.html
    assert "Quick!" not in carla.html
    assert "Route VPN" not in carla.html + str(carla.sent(PANEL))
