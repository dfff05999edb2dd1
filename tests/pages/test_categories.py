"""Categories on the pages: set up by admins, chosen by requesters, and read by everybody as they were typed."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from tests.visiting import LIST, PANEL, REPORT, Visit, unescaped
from ticketing.desk import Desk
from ticketing.domain.articles import Article
from ticketing.domain.calendars import BusinessCalendar
from ticketing.domain.canned_replies import CannedReply
from ticketing.domain.categories import Category
from ticketing.domain.changes import Changes
from ticketing.domain.opening_hours import ALWAYS_OPEN
from ticketing.domain.people import Actor
from ticketing.domain.sla import SlaPolicy
from ticketing.domain.statuses import TicketCategory
from ticketing.domain.tickets import TicketEdit

Behind = Callable[[Visit], Actor]

NUMBER, CATEGORY = 0, 13  # in a row of a list
NAMES = ["General", "Account", "Billing", "Hardware", "Network", "Software", "Other"]


@pytest.fixture
def plants(desk: Desk, root: Visit, actor: Behind) -> Category:
    """Return a category that an admin has made, the third of all."""
    return desk.definitions.save(actor(root), Category(name="Office *plants*", position=25))


def retire(desk: Desk, root: Actor, key: str) -> None:
    """Take a category away."""
    desk.definitions.remove(root, Category, key, desk.definitions.get(root, Category, key).version)


def lines(visit: Visit) -> list[str]:
    """Return the texts of the page."""
    return [unescaped(line.value) for line in visit.at.markdown]


def captions(visit: Visit) -> str:
    """Return what the page says in small letters."""
    return "\n".join(unescaped(caption.value) for caption in visit.at.caption)


def column(visit: Visit, place: int) -> list[object]:
    """Return what a list says of its tickets in one place of their rows."""
    return [row[place] for row in visit.sent(LIST)["rows"]]


def chips(visit: Visit) -> dict[str, str]:
    """Return the categories to which a list can be narrowed, with their names."""
    [options] = [options for field, _, _, options in visit.sent(LIST)["head"]["choices"] if field == "category"]
    return dict(options)


def category(visit: Visit) -> list[tuple[str, str]]:
    """Return the categories into which an agent can bring the ticket."""
    [options] = [options for field, _, _, options in visit.sent(PANEL)["fields"] if field == "category"]
    return [(key, name) for key, name in options]


def listed(visit: Visit) -> list[str]:
    """Return the names in the list of categories, in its order."""
    return [line[2:-2] for line in lines(visit) if line.startswith("**")]


def test_an_admin_finds_the_categories_in_order_and_makes_one(root: Visit, carla: Visit) -> None:
    assert root.open("desk_setup").press("open_categories").titles == ["Categories"]
    assert listed(root.open("desk_setup", kind="categories")) == NAMES

    root.open("desk_setup", kind="categories", id="new")
    assert root.at.number_input(key="category_position").value == 80
    root.at.number_input(key="category_position").set_value(15)
    root.fill(category_name="Office *plants*").press("save")

    assert root.said[0] == "“Office *plants*” is saved."
    assert listed(root)[:3] == ["General", "Office *plants*", "Account"]
    offered = carla.open("new_ticket").at.selectbox(key="category")
    assert (offered.options[:3], offered.value) == (["General", "Office *plants*", "Account"], "general")


def test_an_admin_renames_and_moves_a_category_and_its_history_tells_it(
    desk: Desk, root: Visit, ada: Visit, carla: Visit, actor: Behind
) -> None:
    number = desk.tickets.open(actor(carla), "A wrong sum", "Twice.", "billing").number
    desk.tickets.edit(actor(ada), number, TicketEdit(category="other"))
    desk.tickets.edit(actor(ada), number, TicketEdit(category="billing"))
    root.open("desk_setup", kind="categories", id="billing")
    root.at.number_input(key="category_position").set_value(1)

    root.fill(category_name="In`voi`ces").press("save")

    assert listed(root)[0] == "In`voi`ces"
    assert {"Name: Billing → In`voi`ces", "Position: 30 → 1"} <= set(
        lines(root.open("desk_setup", kind="categories", id="billing"))
    )
    assert column(carla.open("my_tickets"), CATEGORY) == ["In`voi`ces"]
    assert ["Category", "In`voi`ces"] in carla.open("ticket", id=str(number)).sent(PANEL)["facts"]
    history = ada.open("ticket", id=str(number)).unfold_history().sent(PANEL)["history"]
    assert "changed category: Other → In`voi`ces" in [line[1] for line in history]


def test_a_name_that_is_taken_is_refused_and_stays_in_the_form(root: Visit) -> None:
    root.open("desk_setup", kind="categories", id="new").fill(category_name="BILLING").press("save")

    assert root.refused == ["The name “BILLING” is taken. Please choose another one."]
    assert root.at.text_input(key="category_name").value == "BILLING"


def test_an_agent_sees_the_categories_and_changes_none(ada: Visit) -> None:
    assert listed(ada.open("desk_setup", kind="categories")) == NAMES
    assert not ada.has_button("new")
    assert not ada.has_button("edit_billing")
    assert ada.open("desk_setup", kind="categories", id="billing").titles == ["Nothing to see here"]


def test_a_retired_category_is_offered_no_more_and_stays_on_its_tickets(
    desk: Desk, root: Visit, ada: Visit, carla: Visit, actor: Behind, plants: Category
) -> None:
    number = desk.tickets.open(actor(carla), "The ferns are dry", "Water!", plants.id).number
    other = desk.tickets.open(actor(carla), "No dial tone", "Dead.").number

    root.open("desk_setup", kind="categories", id=plants.id).press("remove")

    assert "Office *plants*" not in carla.open("new_ticket").at.selectbox(key="category").options
    assert column(carla.open("my_tickets"), CATEGORY) == ["General", "Office *plants*"]
    assert (plants.id, "Office *plants*") in category(ada.open("ticket", id=str(number)))
    assert plants.id not in dict(category(ada.open("ticket", id=str(other))))
    assert plants.id not in chips(ada.open("all_tickets", view="all"))
    assert column(ada.open("all_tickets", view="all", q="category:office-plants"), NUMBER) == [number]
    ada.open("all_tickets", view="all", category=plants.id)
    assert (column(ada, NUMBER), chips(ada)[plants.id]) == ([number], "Office *plants*")

    root.open("desk_setup", kind="categories").press(f"bring_back_{plants.id}")
    assert "Office *plants*" in carla.open("new_ticket").at.selectbox(key="category").options


def test_the_last_category_cannot_be_removed(desk: Desk, root: Visit, actor: Behind) -> None:
    for key in [*TicketCategory][1:]:
        retire(desk, actor(root), key)

    root.open("desk_setup", kind="categories", id="general").press("remove")

    assert root.refused == ["This is the last category. Make another one first."]
    assert listed(root.open("desk_setup", kind="categories")) == ["General"]


def test_a_ticket_in_a_category_that_was_retired_meanwhile_is_refused_with_its_name(
    desk: Desk, root: Visit, ada: Visit, carla: Visit, actor: Behind
) -> None:
    number = desk.tickets.open(actor(carla), "No dial tone", "Dead.").number
    ada.open("ticket", id=str(number))
    retire(desk, actor(root), "network")

    ada.report(PANEL, "outbox", [[1, "category", "network", "general"]])

    assert ada.refusal(PANEL) == "Category cannot be “Network”. Please choose one of the list."
    assert desk.tickets.get(actor(ada), number).category == "general"


def test_what_is_set_up_for_a_retired_category_says_so_and_can_leave_it(
    desk: Desk, root: Visit, actor: Behind, plants: Category
) -> None:
    ours = (plants.id,)
    hours = desk.definitions.save(actor(root), BusinessCalendar(name="Office", zone="UTC", hours=ALWAYS_OPEN))
    made = [
        desk.definitions.save(
            actor(root), CannedReply(name="Dry", text="Water!", categories=ours, changes=Changes(category=plants.id))
        ),
        desk.definitions.save(
            actor(root), SlaPolicy(name="Green", categories=ours, calendar=hours.id, resolution=timedelta(hours=4))
        ),
    ]
    retire(desk, actor(root), plants.id)

    root.open("desk_setup", kind="canned_replies", id=made[0].id)
    assert root.at.multiselect(key="canned_categories").value == [plants.id]
    assert root.at.selectbox(key="canned_category").value == plants.id
    assert "Office *plants*" in root.at.selectbox(key="canned_category").options
    assert "Category: Office *plants*" in captions(root.open("desk_setup", kind="canned_replies"))
    root.open("desk_setup", kind="canned_replies", id="new")
    assert "Office *plants*" not in root.at.selectbox(key="canned_category").options
    assert "Office *plants*" in captions(root.open("desk_setup", kind="sla"))


def test_reports_name_categories_in_their_order(
    desk: Desk, root: Visit, ada: Visit, carla: Visit, actor: Behind, plants: Category
) -> None:
    for key in ("account", "other", plants.id, "billing"):
        desk.tickets.open(actor(carla), "No dial tone", "Dead.", key)
    retire(desk, actor(root), "account")

    ada.open("reports", by="category")

    *_, table = [block for block in ada.sent(REPORT)["blocks"] if block["kind"] == "table"]
    assert [line[0][0] for line in table["lines"]] == ["Account", "Office *plants*", "Billing", "Other"]
    [choices] = [options for name, *_, options in ada.sent(REPORT)["form"]["choices"] if name == "category"]
    assert [name for _, name in choices][:3] == ["Any", "General", "Office *plants*"]


def test_articles_name_their_category(desk: Desk, root: Visit, ada: Visit, actor: Behind, plants: Category) -> None:
    article = desk.articles.save(actor(ada), Article(name="Ferns", body="Water.", category=plants.id))
    retire(desk, actor(root), plants.id)

    assert "Office *plants* · " in captions(ada.open("articles"))
    assert ada.at.selectbox(key="article_categories").options[2] == "Office *plants*"
    assert "Office *plants* · " in captions(ada.open("article", id=article.id))
    ada.open("article", edit=article.id)
    assert ada.at.selectbox(key=f"article_category_{article.id}").value == plants.id
