"""What people see of their address and of a forgotten password, and agents of the addresses of others."""

from collections.abc import Callable

import pytest

from tests.visiting import Visit
from ticketing.desk import Desk
from ticketing.domain.people import Actor, Standing
from ticketing.services.outbox import set_route
from ticketing.ui import t

Behind = Callable[[Visit], Actor]


@pytest.fixture
def mailing(desk: Desk) -> Desk:
    """Return the desk, which mails links."""
    set_route(desk.store, is_open=True, has_links=True)
    return desk


def put(desk: Desk, standing: Standing, bounces: int = 0) -> None:
    """Put Carla's address into a state."""
    with desk.store.write() as tx:
        user = tx.users.find("carla")
        assert user is not None
        user.put_address("carla@example.org", standing)
        for _ in range(bounces):
            user.note_bounce(desk.clock())
        tx.users.save(user)


def told(visit: Visit) -> list[str]:
    boxes = [*visit.at.info, *visit.at.warning, *visit.at.caption]
    return [box.value.removeprefix(":material/verified: ") for box in boxes]


@pytest.mark.parametrize(
    ("standing", "bounces", "says", "is_offered"),
    [
        (Standing.UNCONFIRMED, 0, "account.not_confirmed", True),
        (Standing.GIVEN, 0, "account.given", True),
        (Standing.CONFIRMED, 0, "account.confirmed", False),
        (Standing.CONFIRMED, 3, "account.comes_back", True),
    ],
)
def test_a_person_reads_whether_their_address_is_confirmed_and_has_the_link_sent_again(
    mailing: Desk, carla: Visit, standing: Standing, bounces: int, says: str, *, is_offered: bool
) -> None:
    put(mailing, standing, bounces)

    carla.open("account")

    assert t(says) in told(carla)
    assert carla.has_button("send_link") is is_offered
    if is_offered:
        carla.press("send_link")
        assert t("account.link_sent") in carla.said
        with mailing.store.read() as tx:
            assert [mail.kind for mail in tx.outgoing.waiting_for("carla", 9)] == ["confirm_address"]


def test_a_desk_that_mails_no_links_says_nothing_of_confirming(desk: Desk, carla: Visit) -> None:
    put(desk, Standing.GIVEN)

    carla.open("account")

    assert not {t("account.given"), t("account.not_confirmed"), t("account.confirmed")} & set(told(carla))
    assert not carla.has_button("send_link")


def test_too_many_links_are_refused_with_how_long_to_wait(mailing: Desk, carla: Visit, actor: Behind) -> None:
    put(mailing, Standing.UNCONFIRMED)
    for _ in range(3):
        mailing.addresses.send_link(actor(carla))

    carla.open("account").press("send_link")

    assert "Too many attempts" in carla.refused[0]


def test_agents_read_that_mail_to_somebody_comes_back_or_that_an_address_is_not_confirmed(
    desk: Desk, ada: Visit
) -> None:
    put(desk, Standing.UNCONFIRMED)
    assert any(t("people.unconfirmed") in each.value for each in ada.open("agent_admin").at.markdown)

    put(desk, Standing.CONFIRMED, bounces=3)

    assert any(t("people.comes_back") in each.value for each in ada.open("agent_admin").at.markdown)


def links(visit: Visit) -> list[str]:
    return [link.proto.label for link in visit.at.get("page_link")]


def test_the_way_to_a_new_password_is_offered_where_a_link_can_be_mailed(desk: Desk) -> None:
    assert t("login.forgot") not in links(Visit(desk).open("login"))

    set_route(desk.store, is_open=True, has_links=True)

    assert t("login.forgot") in links(Visit(desk).open("login"))


@pytest.mark.parametrize("typed", ["carla", "carla@example.org", "nobody", "nobody@example.org"])
def test_a12_whoever_asks_for_a_new_password_reads_the_same(mailing: Desk, typed: str) -> None:
    put(mailing, Standing.CONFIRMED)

    visit = Visit(mailing).open("reset_password").fill(name_or_address=typed).press("submit")

    assert visit.refused == []
    assert [box.value for box in visit.at.success] == [t("reset.sent")]


def test_a_wish_of_nothing_is_refused(mailing: Desk) -> None:
    assert "is empty" in Visit(mailing).open("reset_password").press("submit").refused[0]
