"""Files under the hands of people: chosen, dropped, pasted, sent, seen and saved; never public by the way."""

import re
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from PIL import Image
from playwright.sync_api import FilePayload, Locator, Page, Route, expect

from tests.browser.acting import answer, conversation, expect_ticket, fill_in_ticket, wait_until
from tests.browser.conftest import DESKTOP, ON_BOTH_STORES, PHONE, Windows, settle
from tests.serving import Server

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

# Gives files to an element as the clipboard or a drag does.
GIVE = """(element, [kind, name, type, bytes]) => {
  const transfer = new DataTransfer()
  transfer.items.add(new File([new Uint8Array(bytes)], name, { type }))
  const event = kind === "paste"
    ? new ClipboardEvent(kind, { clipboardData: transfer, bubbles: true, cancelable: true, composed: true })
    : new DragEvent(kind, { dataTransfer: transfer, bubbles: true, cancelable: true, composed: true })
  element.dispatchEvent(event)
}"""


def picture() -> bytes:
    saved = BytesIO()
    Image.new("RGB", (300, 200), "teal").save(saved, "PNG")
    return saved.getvalue()


def text(name: str, content: str = "started") -> FilePayload:
    return {"name": name, "mimeType": "text/plain", "buffer": content.encode()}


@pytest.fixture
def number(server: Server) -> int:
    """Return a ticket of Carla's."""
    return server.desk.tickets.open(server.actor("carla"), "No dial tone", "The line is dead.").number


def chosen(page: Page) -> Locator:
    """Return what is to be attached."""
    return page.get_by_role("list", name="Files to attach").get_by_role("listitem")


def choose(page: Page, *files: FilePayload) -> None:
    """Choose files in the dialog of the browser."""
    page.get_by_label("Attach files").set_input_files(list(files))


def give(field: Locator, kind: str, name: str, content: bytes) -> None:
    """Paste or drop a picture into a field."""
    field.evaluate(GIVE, [kind, name, "image/png", list(content)])


def attached(page: Page) -> Locator:
    """Return what is attached in the conversation."""
    return conversation(page).get_by_role("list", name="Attached files").get_by_role("listitem")


@ON_BOTH_STORES
def test_a_new_ticket_comes_with_files_that_are_shown_and_saved(
    windows: Windows, server: Server, tmp_path: Path
) -> None:
    carla = windows.open("new_ticket", person="carla")
    choose(carla, text("server.log"), text("not wanted.txt"))
    expect(chosen(carla)).to_have_count(2)
    carla.get_by_role("button", name="Remove not wanted.txt").press("Enter")
    expect(carla.get_by_label("Attach files")).to_be_focused()
    expect(chosen(carla)).to_have_text([re.compile("server.log.*7 bytes")])
    give(carla.get_by_role("textbox", name="What happened?"), "paste", "image.png", picture())
    expect(chosen(carla)).to_have_count(2)
    expect(chosen(carla).last).to_contain_text(re.compile(r"screenshot .*\.png.*bytes"))

    fill_in_ticket(carla, "With files", "See the log.")

    expect_ticket(carla, "With files")
    expect(attached(carla)).to_have_count(2)
    shown = attached(carla).last.locator("img")
    expect(shown).to_have_js_property("naturalWidth", 300)
    assert "/media/" not in conversation(carla).inner_html()  # what stands there, Streamlit gives to everybody
    with carla.expect_download() as saving:
        attached(carla).first.get_by_role("link").click()
    saving.value.save_as(tmp_path / "saved")
    assert saving.value.suggested_filename == "server.log"
    assert (tmp_path / "saved").read_bytes() == b"started"
    carla.goto(f"{server.base}/new_ticket")
    settle(carla)
    expect(carla.get_by_label("Attach files")).to_be_attached()
    expect(chosen(carla)).to_have_count(0)


@ON_BOTH_STORES
def test_a_reply_and_a_note_each_have_files_of_their_own(windows: Windows, number: int) -> None:
    ada = windows.open(f"ticket?id={number}", person="ada")
    choose(ada, text("public.txt"))
    expect(chosen(ada)).to_have_count(1)

    ada.get_by_role("radio", name="Internal note").click()
    expect(chosen(ada)).to_have_count(0)
    give(ada.get_by_role("textbox", name="Internal note"), "drop", "secret.png", picture())
    expect(chosen(ada)).to_have_text([re.compile("secret.png.*bytes")])
    ada.get_by_role("textbox", name="Internal note").fill("Between us.")
    ada.get_by_role("button", name="Add note").click()

    expect(attached(ada)).to_have_text([re.compile("secret.png")])
    expect(chosen(ada)).to_have_count(0)
    ada.get_by_role("radio", name="Public reply").click()
    expect(chosen(ada)).to_have_text([re.compile("public.txt")])
    answer(ada, "See here.")
    expect(attached(ada)).to_have_text([re.compile("secret.png"), re.compile("public.txt")])
    expect(chosen(ada)).to_have_count(0)

    carla = windows.open(f"ticket?id={number}", person="carla")
    expect(attached(carla)).to_have_text([re.compile("public.txt")])
    assert "secret" not in carla.content()


def test_what_was_chosen_outlives_a_reload(windows: Windows, number: int) -> None:
    carla = windows.open(f"ticket?id={number}", person="carla")
    choose(carla, text("server.log"))
    expect(chosen(carla)).to_contain_text(["7 bytes"])

    carla.reload()
    settle(carla)
    expect(chosen(carla)).to_have_text([re.compile("server.log")])
    answer(carla, "See the log.")

    expect(attached(carla)).to_have_text([re.compile("server.log")])

    carla.goto(carla.url.replace(f"ticket?id={number}", "new_ticket"))
    settle(carla)
    choose(carla, text("other.log"))
    expect(chosen(carla)).to_contain_text(["7 bytes"])
    carla.reload()
    settle(carla)
    expect(chosen(carla)).to_have_text([re.compile("other.log")])
    fill_in_ticket(carla, "Another", "See the log.")
    expect_ticket(carla, "Another")
    expect(attached(carla)).to_have_text([re.compile("other.log")])


def test_a_refused_file_takes_nothing_of_what_is_typed(windows: Windows, server: Server, number: int) -> None:
    carla = windows.open(f"ticket?id={number}", person="carla")
    field = carla.get_by_role("textbox", name="Public reply")
    field.fill("It takes long to write this.")

    choose(carla, {"name": "video.mov", "mimeType": "video/quicktime", "buffer": bytes((10 << 20) + 1)})
    expect(carla.get_by_text("The file “video.mov” is too large. It may have at most 10 MB.")).to_be_visible()
    choose(carla, text("empty.txt", ""))
    expect(carla.get_by_text("The file “empty.txt” is empty. Please choose it again.")).to_be_visible()
    choose(carla, *(text(f"{place}.txt") for place in range(11)))
    expect(carla.get_by_text("A message can have at most 10 files.")).to_be_visible()
    expect(chosen(carla)).to_have_count(10)

    carla.route("**/attachments", lambda route: route.abort())
    carla.get_by_role("button", name="Remove 0.txt").click()
    choose(carla, text("lost.txt"))
    expect(carla.get_by_text("The file “lost.txt” could not be sent. Please choose it again.")).to_be_visible()

    expect(field).to_have_value("It takes long to write this.")
    carla.get_by_role("button", name="Send reply").click()
    expect(attached(carla)).to_have_count(9)
    assert len(server.desk.tickets.get(server.actor("carla"), number).messages[-1].attachments) == 9


def test_nothing_is_sent_while_a_file_is_on_its_way(windows: Windows, number: int) -> None:
    carla = windows.open(f"ticket?id={number}", person="carla")
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    carla.route("**/attachments", hold)
    carla.get_by_role("textbox", name="Public reply").fill("See the log.")

    choose(carla, text("server.log"))
    expect(chosen(carla)).to_contain_text(["sending…"])
    expect(carla.get_by_role("button", name="Send reply")).to_be_disabled()
    carla.get_by_role("textbox", name="Public reply").press("Control+Enter")
    held[0].continue_()
    expect(carla.get_by_role("button", name="Send reply")).to_be_enabled()
    expect(attached(carla)).to_have_count(0)
    carla.get_by_role("button", name="Send reply").click()

    expect(attached(carla)).to_have_text([re.compile("server.log")])


@pytest.mark.parametrize("page", ["ticket", "new_ticket"])
def test_the_keyboard_stays_where_it_is_when_a_file_has_arrived(windows: Windows, number: int, page: str) -> None:
    carla = windows.open(f"ticket?id={number}" if page == "ticket" else page, person="carla")
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    carla.route("**/attachments", hold)
    choose(carla, text("server.log"), text("other.log"))
    remove = carla.get_by_role("button", name="Remove other.log")
    remove.focus()

    wait_until(carla, lambda: len(held) > 1)
    for route in held:
        route.continue_()
    expect(chosen(carla)).to_contain_text(["7 bytes", "7 bytes"])
    expect(remove).to_be_focused()

    remove.press("Enter")
    expect(chosen(carla)).to_contain_text(["server.log"])
    settle(carla)
    expect(carla.get_by_label("Attach files")).to_be_focused()


@pytest.mark.parametrize("look", [DESKTOP, PHONE, DESKTOP | {"color_scheme": "dark"}], ids=["desktop", "phone", "dark"])
def test_files_fit_the_screen_and_everybody(
    windows: Windows, server: Server, number: int, look: dict[str, Any]
) -> None:
    carla = server.actor("carla")
    files = [
        server.desk.attachments.put(carla, name, [picture()]).id for name in ("screen.png", "x" * 140 + ".txt", "b.pdf")
    ]
    server.desk.tickets.reply(carla, number, "See here.", files=files)

    for path in (f"ticket?id={number}", "new_ticket"):
        page = windows.open(path, person="carla", **look)
        choose(page, text("y" * 140 + ".log"))
        expect(chosen(page)).to_contain_text(["7 bytes"])
        if path != "new_ticket":
            expect(attached(page).first.locator("img")).to_have_js_property("naturalWidth", 300)

        found = Axe().run(page)

        assert [violation["id"] for violation in found.response["violations"]] == []
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
