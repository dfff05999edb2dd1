"""A stranger asks a server that has just started for one page, before anybody else has asked it for anything."""

from pathlib import Path

import pytest
from streamlit.util import calc_hash

from tests.forge.conftest import fill, pages_on_disk, told, told_of_ours
from tests.serving import ROOT, Server
from tests.wire import Wire
from ticketing.domain.tickets import Ticket
from ticketing.ui.pages import PAGES, Audience
from ticketing.ui.wording import t

pytestmark = [pytest.mark.processes, pytest.mark.xdist_group("forge")]

FOR_STRANGERS = {page.name for page in PAGES if page.audience is Audience.STRANGERS}


def test_s9_every_page_script_is_known_to_the_router() -> None:
    assert pages_on_disk() == sorted(page.name for page in PAGES)


@pytest.mark.parametrize("page", pages_on_disk())
def test_s9_the_first_request_of_all_tells_a_stranger_nothing(tmp_path: Path, page: str) -> None:
    server = Server(tmp_path)
    number = fill(server).number
    try:
        server.start()
        with Wire.connect(server.base, page=page, query=f"id={number}") as stranger:
            stranger.run()
            by_name, shown, menu = bytes(stranger.received), stranger.text, stranger.menu
        with Wire.connect(server.base, query=f"id={number}") as stranger:
            stranger.page_hash = calc_hash(str(ROOT / "pages" / f"{page}.py"))
            by_file = bytes(stranger.run().received)
    finally:
        server.kill()
        server.desk.close()

    assert told(by_name) == told(by_file) == []
    assert told_of_ours(by_name) == told_of_ours(by_file) == []
    assert menu == []
    assert t(f"page.{page}" if page in FOR_STRANGERS else "page.login") in shown


@pytest.mark.parametrize("page", pages_on_disk())
def test_s9_a_page_asked_for_by_its_hash_tells_a_stranger_nothing(server: Server, ticket: Ticket, page: str) -> None:
    with Wire.connect(server.base, query=f"id={ticket.number}") as stranger:
        stranger.page_hash = calc_hash(page)
        stranger.run()

        assert told(stranger.received) == []
        assert stranger.menu == []
        assert stranger.exceptions == []
