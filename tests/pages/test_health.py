"""How the desk is, is told to admins only: on a page of its own; damage among the people as well."""

import errno
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

import ticketing.desk
from tests.pages.conftest import PASSWORD
from tests.postgres import databases
from tests.visiting import Visit, unescaped
from ticketing.desk import Desk, open_desk
from ticketing.domain.people import Actor, Role
from ticketing.settings import Settings
from ticketing.storage.journaled import folder_lock
from ticketing.storage.sql.schema import CURRENT
from ticketing.ui.pages import BY_NAME, PAGES, Audience
from ticketing.ui.wording import t

FLEETING = "Tickets are kept inside a container without a volume (overlay): all of them are lost at the next restart."
FOR_PEOPLE = [page.name for page in PAGES if page.audience is not Audience.STRANGERS]


@pytest.fixture
def file_system() -> str:
    """Return on what the data lies, as far as the desk is told."""
    return "ext4"


@pytest.fixture
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the address of the store; files, unless a test asks for a database of some kind."""
    kind = getattr(request, "param", "json")
    if kind == "postgres":
        return databases().create("health")
    return f"sqlite:///{tmp_path / 'desk.sqlite'}" if kind == "sqlite" else ""


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file_system: str, storage: str) -> Iterator[Desk]:
    """Open a desk whose files are on disk."""
    (tmp_path / "mounts").write_text(f"device / {file_system} rw 0 0\n")
    monkeypatch.setattr(folder_lock, "MOUNTS", tmp_path / "mounts")
    opened = open_desk(Settings(data_dir=tmp_path / "data", storage_url=storage), password_rounds=4)
    monkeypatch.setattr(ticketing.desk, "_shared", opened)
    opened.agents.create_agent(Actor.console(), "ada", PASSWORD)
    opened.agents.create_agent(Actor.console(), "root", PASSWORD, role=Role.ADMIN)
    opened.accounts.register("carla", "Carla", PASSWORD, PASSWORD)
    opened.agents.deactivate(Actor.console(), "support_agent")
    yield opened
    opened.close()


@pytest.fixture
def journal(desk: Desk) -> Path:
    return max(desk.settings.data_dir.glob("journal-*.jsonl"))


def plainly(elements: Iterable[Any]) -> list[str]:
    """Return what boxes and lines say, without what helps."""
    return [unescaped(element.value).partition("  \n")[0] for element in elements]


def warnings(visit: Visit, page: str = "agent_admin") -> list[str]:
    return plainly(visit.open(page).at.warning)


def test_while_all_is_well_nothing_is_told(root: Visit) -> None:
    assert warnings(root) == []


def test_an_admin_reads_what_a_crash_has_left_and_what_to_do(
    desk: Desk, journal: Path, root: Visit, ada: Visit
) -> None:
    size = journal.stat().st_size
    with journal.open("ab") as file:
        file.write(b'{"seq":99,"ok":1,"c":"tick')
    desk.accounts.register("oskar", "Oskar", PASSWORD, PASSWORD)
    torn = f"{journal.stem}.torn-{size}"

    [told] = warnings(root)
    assert told.endswith(f"They were cut off the journal and kept: {torn}.")
    assert "delete them" in root.at.warning[0].value
    assert warnings(root, "doctor") == [told]
    assert warnings(ada) == []

    (journal.parent / torn).unlink()
    assert warnings(root) == []


def test_an_admin_reads_that_the_files_could_not_be_tidied_up(
    desk: Desk, root: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_self: Path, _target: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", full)
        desk.store.engine.compaction.compact_quietly(lambda: True)  # type: ignore[attr-defined]

    assert warnings(root) == [
        "Tidying up the desk's files has failed and will be tried again. Nothing is lost, but the journal grows."
    ]


def test_an_admin_reads_that_the_files_are_damaged_while_the_lists_go_on(journal: Path, root: Visit) -> None:
    with journal.open("ab") as file:
        file.write(b'{"seq":1}\n')

    (told,) = warnings(root)

    assert told.startswith("Something is wrong with the store. journal-")
    assert "is damaged" in told
    assert str(journal.parent) not in told
    assert root.has_button("manage_ada")


def test_an_admin_comes_from_the_people_to_all_that_was_found_and_back(root: Visit) -> None:
    root.open("agent_admin").press("look_at_health")

    assert root.titles == [t("page.doctor")]
    assert plainly(root.at.success) == [t("health.well")]
    assert "Mail is not set up: people read answers here at the desk." in plainly(root.at.info)
    lines = [line.removeprefix(":material/check: ") for line in plainly(root.at.markdown)]
    assert lines[:3] == [
        "Tickets are kept in JSON files on ext4.",
        "The store answers, and knows of no damage.",
        "A second process is kept out while the first one writes.",
    ]
    assert "You came without a proxy." in lines

    assert root.press("way_back").titles == [t("page.agent_admin")]


def test_an_admin_is_shown_what_the_process_has_counted(desk: Desk, root: Visit) -> None:
    desk.figures.sessions.add(by=3)

    [told] = [caption.value for caption in root.open("doctor").at.main.caption]

    assert told.startswith("This process since its start: 3 open tabs, ")
    assert f" {desk.figures.summary().writes.count} changes in " in told


@pytest.mark.parametrize(
    ("storage", "told"),
    [
        ("sqlite", ["Tickets are kept in a SQLite file on ext4.", "This machine's clock agrees with the store's"]),
        ("postgres", ["Tickets are kept in PostgreSQL.", "This machine's clock agrees with the database's."]),
    ],
    indirect=["storage"],
    ids=["sqlite", "postgres"],
)
def test_of_a_database_an_admin_reads_how_its_tables_are_and_how_long_its_transactions_took(
    desk: Desk, root: Visit, told: list[str]
) -> None:
    shown = "\n".join(plainly(root.open("doctor").at.markdown))

    for line in (*told, f"The tables are up to date ({CURRENT}).", "The store answers, and knows of no damage."):
        assert line in shown
    figures = desk.figures.summary()
    [caption] = [caption.value for caption in root.at.main.caption]
    assert f" {figures.writes.count} changes in " in caption
    assert 0 < figures.writes.mean < 1


def test_how_an_admin_reaches_the_desk_is_judged(root: Visit) -> None:
    root.headers |= {"Host": "192.0.2.7:8501", "X-Forwarded-For": "203.0.113.9"}
    root.address = "10.0.0.5"

    told = warnings(root, "doctor")

    assert told == [
        "You reach this desk as 192.0.2.7, but TICKETING_BASE_URL is not set.",
        "A proxy says whose request it passes on, but is not believed, so all visitors share one limit of sign-ins.",
    ]


def test_agents_are_not_shown_the_way_there(ada: Visit, root: Visit) -> None:
    assert root.open("agent_admin").has_button("look_at_health")
    assert not ada.open("agent_admin").has_button("look_at_health")


@pytest.mark.parametrize("page", FOR_PEOPLE)
@pytest.mark.parametrize("file_system", ["overlay"])
def test_every_page_tells_an_admin_and_nobody_else_that_a_restart_would_lose_everything(
    desk: Desk, root: Visit, ada: Visit, carla: Visit, page: str
) -> None:
    desk.tickets.open(desk.sessions.actor(carla.token or ""), "Smoke", "Help!")

    root.open(page, id="1")

    boxes = root.at.error if page == "doctor" else root.at.warning
    assert plainly(boxes).count(FLEETING) == 1
    assert "TICKETING_STORAGE_URL" in unescaped(boxes[0].value)
    for other in (ada, carla):
        if BY_NAME[page].is_for(desk.sessions.actor(other.token or "")):
            assert not any("restart" in said for said in other.open(page, id="1").said)


@pytest.mark.parametrize("file_system", ["tmpfs"])
def test_whether_storage_lasts_is_found_out_once_and_not_at_each_click(desk: Desk, root: Visit) -> None:
    folder_lock.MOUNTS.unlink()

    assert any("(tmpfs)" in told for told in warnings(root, "all_tickets"))
    assert desk.health.throw_away is not None


def test_where_storage_lasts_no_page_says_anything_of_it(root: Visit) -> None:
    assert warnings(root, "all_tickets") == []
