"""API keys through the pages: made and shown once, listed, revoked by their owner and by who looks after accounts."""

import pytest

from tests.pages.conftest import PASSWORD
from tests.visiting import Visit
from ticketing.desk import Desk
from ticketing.domain.errors import TokenRefusedError
from ticketing.domain.people import Actor
from ticketing.domain.scopes import Scope
from ticketing.ui.wording import t


def shown(visit: Visit) -> list[str]:
    """Return the keys that a page shows."""
    return [block.value for block in visit.at.code]


def described(visit: Visit) -> list[str]:
    """Return what a page says of keys."""
    return [caption.value for caption in visit.at.caption if "ends" in caption.value]


def check(visit: Visit, scope: Scope) -> Visit:
    """Tick a scope, or take it back."""
    box = next(box for box in visit.at.checkbox if box.key == f"scope_{scope}")
    box.set_value(not box.value)
    return visit


@pytest.fixture
def account(desk: Desk) -> Visit:
    """Return Carla's account page."""
    return Visit(desk, desk.accounts.sign_in("carla", PASSWORD)).open("account")


def test_a_key_is_made_for_what_was_ticked_and_shown_until_it_is_kept(account: Visit, desk: Desk) -> None:
    check(account.fill(key_name="Import"), Scope.WRITE).press("create_key")

    (key,) = shown(account)
    assert desk.tokens.actor(key).scopes == frozenset({Scope.READ, Scope.WRITE})
    account.press("key_kept")
    assert shown(account) == []
    assert [words.partition(" · ")[0] for words in described(account)] == ["read, write"]
    assert shown(account.open("account")) == []


def test_whoever_goes_on_without_a_name_is_told(account: Visit) -> None:
    account.press("create_key")

    assert account.refused == ["Name is empty. Please fill it in."]
    assert shown(account) == []


def test_requesters_are_offered_what_they_have_use_for(account: Visit, desk: Desk) -> None:
    def offered(visit: Visit) -> list[str]:
        return [box.label for box in visit.at.checkbox if box.key and box.key.startswith("scope_")]

    assert offered(account) == [t("keys.read"), t("keys.write")]
    ada = Visit(desk, desk.accounts.sign_in("ada", PASSWORD)).open("account")
    assert offered(ada) == [t(f"keys.{scope}") for scope in Scope]


def test_the_owner_revokes_a_key(account: Visit, desk: Desk) -> None:
    carla = desk.sessions.actor(account.token or "")
    key = desk.tokens.create_key(carla, "Import", {Scope.READ}, 90)
    (kept,) = desk.tokens.keys(carla)

    account.open("account").press(f"revoke_{kept.id[:12]}")

    assert described(account) == []
    with pytest.raises(TokenRefusedError):
        desk.tokens.actor(key)


def test_an_agent_sees_and_revokes_the_keys_of_a_user_on_the_page_of_the_account(account: Visit, desk: Desk) -> None:
    carla = desk.sessions.actor(account.token or "")
    key = desk.tokens.create_key(carla, "Import", {Scope.READ}, 90)
    desk.tokens.actor(key, address="203.0.113.9")
    (kept,) = desk.tokens.keys(carla)
    ada = Visit(desk, desk.accounts.sign_in("ada", PASSWORD)).open("agent_admin", person="carla")
    assert ["203" in words for words in described(ada)] == [True]

    ada.press(f"revoke_{kept.id[:12]}")

    with pytest.raises(TokenRefusedError):
        desk.tokens.actor(key)


def test_an_agent_sees_no_keys_of_another_agent(desk: Desk) -> None:
    desk.agents.create_agent(Actor.console(), "bert", "five odd umbrellas")
    bert = desk.sessions.actor(desk.accounts.sign_in("bert", "five odd umbrellas"))
    desk.tokens.create_key(bert, "Import", {Scope.READ}, 90)

    ada = Visit(desk, desk.accounts.sign_in("ada", PASSWORD)).open("agent_admin", person="bert")

    assert described(ada) == []
