"""Where somebody is signed in, as an admin sees it on the page of the account, and one session that is ended there."""

from collections.abc import Callable

import pytest

from tests.pages.conftest import PASSWORD
from tests.visiting import Visit, unescaped
from ticketing.desk import Desk
from ticketing.domain.people import Actor
from ticketing.ui.wording import t

SAFARI = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile/15E148 Safari/604.1"

Behind = Callable[[Visit], Actor]


@pytest.fixture
def phone(desk: Desk) -> Visit:
    """Sign Carla in on her phone."""
    hand_off = desk.accounts.sign_in_browser("carla", PASSWORD, browser="phone")
    return Visit(desk, desk.sessions.redeem(hand_off, browser="phone", address="203.0.113.9", description=SAFARI).token)


def unfold(visit: Visit, username: str) -> Visit:
    """Open what is told of somebody's sessions on the page of their account."""
    visit.open("agent_admin", person=username)
    visit.at.session_state[f"sessions_{username}"] = True
    return visit.rerun()


def places(visit: Visit) -> list[str]:
    """Return where the page says that somebody is signed in."""
    return [text.value for text in visit.at.text]


def folds(visit: Visit) -> list[str]:
    """Return the names of what can be unfolded."""
    return [fold.label for fold in visit.at.expander]


@pytest.mark.usefixtures("phone", "carla")
def test_an_admin_reads_where_somebody_is_signed_in(root: Visit) -> None:
    assert places(root.open("agent_admin", person="carla")) == []

    unfold(root, "carla")

    assert sorted(places(root)) == ["Safari, iOS · 203.0.113.9", "Unknown browser · 127.0.0.1"]
    assert [caption.value for caption in root.at.caption].count("begun just now · last used just now") == 2


def test_an_admin_ends_one_session_of_somebody_by_a_second_click(
    desk: Desk, root: Visit, carla: Visit, phone: Visit, actor: Behind
) -> None:
    unfold(root, "carla")
    (shown, _) = desk.sessions.of_person(actor(root), "carla")
    told = [unescaped(words.value) for words in root.at.markdown]
    assert "Carla has to sign in anew there: Safari, iOS · 203.0.113.9." in told

    root.press(f"end_{shown.id[:12]}")

    assert "That session of Carla has ended." in root.said
    assert places(root) == ["Unknown browser · 127.0.0.1"]
    assert phone.rerun().titles == ["Sign in"]
    assert carla.open("account").titles == ["Account"]


def test_what_the_page_carries_of_a_session_is_neither_its_secret_nor_the_hash(
    root: Visit, phone: Visit, actor: Behind
) -> None:
    carried = str(unfold(root, "carla").at)

    assert SAFARI not in carried
    for secret in (phone.token or "", actor(phone).session or ""):
        assert secret[:12] not in carried


def test_of_somebody_who_is_signed_in_nowhere_that_is_said(root: Visit) -> None:
    unfold(root, "oskar")

    assert t("people.no_session") in [caption.value for caption in root.at.caption]


@pytest.mark.usefixtures("carla")
def test_an_agent_ends_all_sessions_of_a_requester_and_sees_none(ada: Visit) -> None:
    unfold(ada, "carla")

    assert folds(ada) == []
    assert places(ada) == []
    assert ada.has_button("end_sessions")


def test_an_admin_finds_their_own_sessions_on_their_account_page(root: Visit) -> None:
    assert t("people.sessions") in folds(unfold(root, "carla"))
    assert t("people.sessions") not in folds(unfold(root, "root"))
