"""Nobody takes a demonstration for a real desk: each of its pages says what it is."""

from collections.abc import Iterator
from pathlib import Path

import pytest

import ticketing.desk
from tests.visiting import Visit
from ticketing.desk import Desk, open_desk
from ticketing.settings import Settings
from ticketing.ui.pages import PAGES, Audience
from ticketing.ui.wording import t

FOR_STRANGERS = [page.name for page in PAGES if page.audience is Audience.STRANGERS]
FOR_AGENTS = [page.name for page in PAGES if page.audience is not Audience.STRANGERS]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder that holds a demo already."""
    place = tmp_path_factory.mktemp("demo")
    open_desk(Settings(data_dir=place, demo=True), password_rounds=4).close()
    return place


@pytest.fixture
def demo(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    desk = open_desk(Settings(data_dir=folder, demo=True), password_rounds=4)
    monkeypatch.setattr(ticketing.desk, "_shared", desk)
    yield desk
    desk.close()


@pytest.mark.parametrize("page", FOR_STRANGERS)
def test_a_stranger_is_told_that_this_is_a_demonstration(demo: Desk, page: str) -> None:
    assert t("demo.banner") in Visit(demo).open(page).said


@pytest.mark.parametrize("page", FOR_AGENTS)
def test_whoever_is_signed_in_is_told_on_each_page(demo: Desk, page: str) -> None:
    agent = Visit(demo, demo.accounts.sign_in("support_agent", "supportpass"))

    assert t("demo.banner") in agent.open(page, id="1").said


@pytest.mark.parametrize(
    ("address", "host", "served"),
    [
        (None, "localhost:8501", True),
        (None, "127.0.0.1:8501", True),
        (None, "[::1]:8501", True),
        ("203.0.113.9", "localhost:8501", False),
        (None, "demo.example.org", False),
        (None, "192.168.1.5:8501", False),
    ],
)
@pytest.mark.parametrize("anywhere", [False, True], ids=["", "anywhere"])
def test_a_demo_without_a_guard_in_front_stays_on_its_own_machine(
    folder: Path, monkeypatch: pytest.MonkeyPatch, address: str | None, host: str, *, served: bool, anywhere: bool
) -> None:
    desk = open_desk(Settings(data_dir=folder, demo=True, demo_anywhere=anywhere), password_rounds=4)
    monkeypatch.setattr(ticketing.desk, "_shared", desk)
    token = desk.accounts.sign_in("support_agent", "supportpass")

    for visit in (Visit(desk, address=address, host=host), Visit(desk, token, address=address, host=host)):
        visit.rerun()

        assert (visit.said == [t("demo.elsewhere")]) is not (served or anywhere)
        assert bool(visit.titles) is (served or anywhere)
    desk.close()


@pytest.mark.parametrize("page", FOR_STRANGERS)
def test_a_real_desk_says_nothing_of_the_kind(desk: Desk, page: str) -> None:
    assert t("demo.banner") not in Visit(desk).open(page).said
