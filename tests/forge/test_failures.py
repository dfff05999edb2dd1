"""The disk fails under a running desk: people are told in a sentence, the log knows more, and nothing pretends."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.forge.conftest import fill, told_of_ours
from tests.serving import COOKIE, Server
from tests.visiting import COMPOSER
from tests.wire import Wire
from ticketing.ui.wording import t

pytestmark = [pytest.mark.processes, pytest.mark.xdist_group("forge")]


def _scribble(journal: Path) -> None:
    with journal.open("ab") as file:
        file.write(b'{"what": \x00\xff\n{"seq": 1}\n')


def _remove(journal: Path) -> None:
    shutil.rmtree(journal.parent)


DISASTERS: dict[str, Callable[[Path], None]] = {"somebody wrote into the journal": _scribble, "it is gone": _remove}


@pytest.mark.parametrize("disaster", DISASTERS)
def test_what_cannot_be_saved_is_said_to_be_lost_and_stays_in_the_form(tmp_path: Path, disaster: str) -> None:
    with Server(tmp_path) as server:
        number = fill(server).number
        cookies = {COOKIE: server.sign_in("ada")}
        with Wire.connect(server.base, page="ticket", query=f"id={number}", cookies=cookies) as ada:
            ada.run()
            DISASTERS[disaster](max(server.data.glob("journal-*")))

            ada.trigger(COMPOSER, "outbox", [[1, "reply", "Into the void", "", "open"]])
            refused = ada.text
            ada.run()

            assert '\\"refusals\\":[[1,\\"' in refused
            assert t("composer.saved_reply") not in refused
            assert "Into the void" not in ada.text
            assert ada.exceptions == []
            assert told_of_ours(ada.received) == []
            assert str(server.data).encode() not in ada.received
            assert "The store refused" in server.log
            assert "zqdescription" in ada.text
