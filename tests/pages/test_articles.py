"""The pages of articles: found, read, judged, written, brought back."""

from collections.abc import Callable

import pytest

from tests.visiting import Visit, unescaped
from ticketing.desk import Desk
from ticketing.domain.articles import Article, Visibility
from ticketing.domain.people import Actor
from ticketing.domain.statuses import TicketCategory

Behind = Callable[[Visit], Actor]
Write = Callable[..., Article]


@pytest.fixture
def write(desk: Desk, ada: Visit, actor: Behind) -> Write:
    def keep(name: str, body: str = "Dial in.", visibility: Visibility = Visibility.PUBLIC, **more: object) -> Article:
        return desk.articles.save(actor(ada), Article(name=name, body=body, visibility=visibility, **more))

    return keep


def links(visit: Visit) -> list[str]:
    """Return the articles that the page links to."""
    found = [link.proto for link in visit.at.get("page_link")]
    return [unescaped(link.label) for link in found if "id=" in link.query_string]


def captions(visit: Visit) -> str:
    return "\n".join(unescaped(caption.value) for caption in visit.at.caption)


def test_a_requester_finds_and_reads_what_is_public(carla: Visit, write: Write) -> None:
    write("Printers", "Leave the VPN.", category=TicketCategory.HARDWARE)
    article = write("The **VPN**", "Dial `in`.", category=TicketCategory.NETWORK)
    write("The VPN's master key", visibility=Visibility.INTERNAL)

    assert links(carla.open("articles")) == ["Printers", "The **VPN**"]
    assert not carla.has_button("new_article")
    carla.fill(article_search="vpn").rerun()
    assert links(carla) == ["The **VPN**", "Printers"]
    carla.choose("article_categories", TicketCategory.HARDWARE)
    assert links(carla) == ["Printers"]

    assert carla.open("article", id=article.id).titles == ["The **VPN**"]
    assert ">in</code>" in carla.html
    assert not carla.has_button("edit_article")
    assert "helped" not in captions(carla)


def test_agents_read_for_whom_an_article_is(ada: Visit, write: Write) -> None:
    for visibility in Visibility:
        write(visibility.name, visibility=visibility)

    ada.open("articles")

    assert [
        line.partition(" · updated")[0].split(": ")[1] for line in captions(ada).splitlines() if "General" in line
    ] == [
        "Draft",
        "Internal",
        "Public",
    ]


@pytest.mark.parametrize("visibility", [Visibility.DRAFT, Visibility.INTERNAL])
def test_what_a_requester_may_not_read_or_write_is_not_there(
    carla: Visit, write: Write, visibility: Visibility
) -> None:
    article = write("The master key", "zebra-marker", visibility)

    for query in ({"id": article.id}, {"id": "nobodys"}, {"edit": article.id}, {"edit": "new"}, {"from": "1"}):
        assert carla.open("article", **query).titles == ["Nothing to see here"]
        assert "zebra-marker" not in carla.html


def test_a_vote_is_taken_and_can_be_changed(desk: Desk, carla: Visit, ada: Visit, actor: Behind, write: Write) -> None:
    article = write("VPN")

    carla.open("article", id=article.id).press("helpful_yes").press("helpful_no").press("helpful_yes")

    reading = desk.articles.get(actor(ada), article.id)
    assert (reading.helpful, reading.unhelpful) == (1, 0)
    assert "helped 1, did not help 0" in captions(ada.open("article", id=article.id))


def test_an_agent_writes_an_article_and_looks_at_it_before(desk: Desk, ada: Visit, actor: Behind) -> None:
    assert ada.open("articles").said == ["No article here."]
    ada.press("new_article").open("article", edit="new")
    ada.fill(article_title="The **VPN**", article_body="Dial **in**.")
    ada.at.selectbox(key="article_visibility_new").set_value(Visibility.PUBLIC)
    ada.press("preview")
    assert "<strong>in</strong>" in ada.html
    assert desk.articles.search(actor(ada)) == []

    ada.press("save")

    (reading,) = desk.articles.search(actor(ada))
    assert (reading.article.name, reading.article.body) == ("The **VPN**", "Dial **in**.")
    assert reading.article.visibility is Visibility.PUBLIC
    assert ada.titles == ["The **VPN**"]
    assert ada.said[0] == "“The **VPN**” is saved."


def test_what_cannot_be_kept_is_refused_and_stays_in_the_form(ada: Visit) -> None:
    ada.open("article", edit="new").fill(article_title="VPN").press("save")

    assert ada.refused == ["Text is empty. Please fill it in."]
    assert ada.at.text_input(key="article_title_new").value == "VPN"


def test_who_was_shown_an_older_version_is_told_and_can_decide_anew(
    desk: Desk, ada: Visit, root: Visit, actor: Behind, write: Write
) -> None:
    article = write("VPN")
    ada.open("article", edit=article.id)
    desk.articles.save(actor(root), article.model_copy(update={"body": "Root's."}))

    ada.fill(article_body="Ada's.").press("save")
    assert ada.refused == ["The entry “VPN” was changed meanwhile. Please look, and change it again."]
    ada.press("save")

    assert desk.articles.get(actor(ada), article.id).article.body == "Ada's."


def test_an_older_version_is_looked_at_and_brought_back(desk: Desk, ada: Visit, actor: Behind, write: Write) -> None:
    article = write("VPN", "Dial in.")
    desk.articles.save(actor(ada), article.model_copy(update={"body": "Hang up."}))

    ada.open("article", id=article.id)
    assert "Hang up." in ada.html
    assert "Dial in." in ada.html
    ada.press("bring_back_version_1")

    assert desk.articles.get(actor(ada), article.id).article.body == "Dial in."
    assert ada.said[0] == "The older version is back."


def test_an_article_is_removed_and_brought_back(
    desk: Desk, ada: Visit, carla: Visit, actor: Behind, write: Write
) -> None:
    article = write("VPN")

    ada.open("article", edit=article.id).press("remove")
    assert ada.titles == ["Articles"]
    assert ada.said[0] == "“VPN” is removed. It can be brought back below."
    assert links(carla.open("articles")) == []

    ada.open("articles").press(f"bring_back_{article.id}")
    assert links(carla.open("articles")) == ["VPN"]
    assert desk.articles.get(actor(ada), article.id).article.removed is False


def test_a_solved_ticket_is_made_into_an_article(desk: Desk, ada: Visit, carla: Visit, actor: Behind) -> None:
    number = desk.tickets.open(actor(carla), "No dial tone", "Dead.").number
    desk.tickets.reply(actor(ada), number, "Plug it in.")
    assert "Make an article of this" not in offered(ada.open("ticket", id=str(number)))
    desk.tickets.close(actor(ada), number)
    assert "Make an article of this" in offered(ada.open("ticket", id=str(number)))
    assert "Make an article of this" not in offered(carla.open("ticket", id=str(number)))

    ada.open("article", **{"from": str(number)}).press("save")

    (reading,) = desk.articles.search(actor(ada))
    article = reading.article
    assert (article.name, article.body, article.visibility) == ("No dial tone", "Plug it in.", Visibility.DRAFT)
    assert article.source == number


def offered(visit: Visit) -> list[str]:
    """Return the words of all links on the page."""
    return [link.proto.label for link in visit.at.get("page_link")]


def test_long_lists_have_pages(ada: Visit, write: Write) -> None:
    for n in range(26):
        write(f"Article {n:02}")

    assert len(links(ada.open("articles"))) == 25
    ada.choose("articles_page", 2)
    assert links(ada) == ["Article 25"]
    ada.fill(article_search="07").rerun()
    assert links(ada) == ["Article 07"]


def test_everybody_is_led_to_the_articles(carla: Visit, ada: Visit) -> None:
    for visit in (carla.open("my_tickets"), ada.open("all_tickets")):
        assert "articles" in visit.sent("ticketing_sidebar")["ways"]
        assert visit.report("ticketing_sidebar", "opened", "articles").titles == ["Articles"]
