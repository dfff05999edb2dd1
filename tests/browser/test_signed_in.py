"""An admin looks at where somebody is signed in, and ends one of their sessions."""

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PHONE, Windows, settle
from tests.browser.test_looks import findings
from tests.browser.test_ticket import TOUCHABLE
from tests.serving import PASSWORD, Server
from ticketing.ui.wording import t

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:150.0) Gecko/20100101 Firefox/150.0"


@pytest.mark.parametrize(
    "options", [{"color_scheme": "light"}, {"color_scheme": "dark"} | PHONE], ids=["desktop", "phone"]
)
def test_an_admin_ends_one_session_and_its_owner_signs_in_anew(
    windows: Windows, server: Server, options: dict[str, Any]
) -> None:
    name = "nina-p" if "viewport" in options else "nina-d"
    server.desk.accounts.register(name, "Nina", PASSWORD, PASSWORD)
    nina = windows.open("my_tickets", person=name)
    hand_off = server.desk.accounts.sign_in_browser(name, PASSWORD, browser="b")
    kept = server.desk.sessions.redeem(hand_off, browser="b", address="2001:db8::7", description=FIREFOX)
    root = windows.open(f"agent_admin?person={name}", person="root", **options)

    root.get_by_text(t("people.sessions")).click()
    expect(root.get_by_text("Firefox, Linux · 2001:db8::7")).to_be_visible()
    settle(root)
    assert findings(root) == []
    row = root.get_by_test_id("stExpander").get_by_test_id("stPopover").last
    row.get_by_role("button").click()
    expect(root.get_by_text("Nina has to sign in anew there: Unknown browser")).to_be_visible()
    assert findings(root) == []
    if "viewport" in options:
        touched = root.locator(
            ".st-key-manage_account :is(button, summary):visible, [data-testid=stPopoverBody] button"
        )
        sizes = touched.evaluate_all("all => all.map(one => [one.innerText, one.getBoundingClientRect().height])")
        assert [size for size in sizes if size[0] and size[1] < TOUCHABLE] == []
        assert root.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    root.get_by_role("button", name=t("people.end_session_now")).click()

    expect(root.get_by_text("That session of Nina has ended.")).to_be_visible()
    expect(root.get_by_text("Firefox, Linux · 2001:db8::7")).to_be_visible()
    expect(root.get_by_test_id("stExpander").get_by_test_id("stPopover")).to_have_count(1)
    nina.reload()
    expect(nina.get_by_role("heading", level=1, name="Sign in")).to_be_visible()
    assert server.desk.sessions.actor(kept.token).username == name
