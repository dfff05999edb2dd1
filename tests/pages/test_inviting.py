"""People are invited on a page, and an invitation is looked after there."""

import re

import pytest

from tests.pages.conftest import SignIn
from tests.visiting import Visit
from ticketing.desk import Desk
from ticketing.domain.outbox import OutgoingQuery
from ticketing.domain.people import Actor
from ticketing.services.outbox import set_route

CONSOLE = Actor.console()
CHOSEN = "four dry umbrellas"


def invite(visit: Visit) -> Visit:
    """Invite Nora."""
    visit.open("agent_admin").press("invite")
    visit.open("agent_admin", new="invitation")
    return visit.fill(invited_display_name="Nora Vale", invited_email="nora@example.org").press("send_invitation")


def test_where_no_mail_goes_out_the_link_is_shown_once_to_be_handed_over(desk: Desk, ada: Visit) -> None:
    invite(ada)

    (link,) = [code.value for code in ada.at.code]
    token = re.fullmatch(r".*/accept_invitation\?t=(.+)", link)
    assert token
    assert desk.invitations.look(token[1]) == "nora"
    assert "Hand this link over to nora. It is shown once" in "".join(ada.said)
    ada.press("noted")
    assert [code.value for code in ada.open("agent_admin", new="invitation").at.code] == []


def test_where_mail_goes_out_the_page_says_that_it_is_on_its_way(desk: Desk, ada: Visit) -> None:
    set_route(desk.store, is_open=True, has_links=True)

    invite(ada)

    assert "Nora Vale is invited: the mail with the link is on its way." in ada.said
    assert [mail.username for mail in desk.outbox.ledger(CONSOLE, OutgoingQuery()).items] == ["nora"]
    assert not list(ada.at.code)


def test_an_invitation_is_sent_again_and_taken_back(desk: Desk, ada: Visit, root: Visit) -> None:
    first = desk.invitations.invite(CONSOLE, "Nora Vale", "nora@example.org").token
    ada.open("agent_admin", person="nora")
    assert "The link holds until" in "".join(ada.said)
    assert not ada.has_button("reset_password")

    ada.press("invite_again")
    (link,) = [code.value for code in ada.at.code]
    assert not link.endswith(first)

    ada.press("noted").open("agent_admin", person="nora").press("uninvite")
    assert "The invitation of Nora Vale is taken back." in ada.said
    assert root.open("agent_admin", person="nora").refused


def test_what_is_wrong_is_said_in_the_form(ada: Visit) -> None:
    ada.open("agent_admin", new="invitation").fill(invited_display_name="Nora", invited_email="nora").press(
        "send_invitation"
    )

    assert "does not look like an e-mail address" in ada.refused[0]
    assert ada.at.text_input(key="invited_email").value == "nora"


@pytest.mark.parametrize(
    ("name", "roles"), [("ada", ["agent", "requester"]), ("root", ["agent", "admin", "requester"])]
)
def test_each_is_offered_the_roles_that_they_may_give(sign_in: SignIn, name: str, roles: list[str]) -> None:
    visit = sign_in(name)

    assert visit.open("agent_admin", new="invitation").at.selectbox(key="invited_role").options == roles


def test_who_has_no_access_is_found_among_many(desk: Desk, ada: Visit) -> None:
    desk.invitations.invite(CONSOLE, "Nora Vale", "nora@example.org")
    desk.agents.deactivate(CONSOLE, "oskar")

    ada.open("agent_admin").choose("group", "without_access")

    assert {button.key for button in ada.at.button if str(button.key).startswith("manage_")} == {
        "manage_nora",
        "manage_oskar",
    }
