"""Moving in from another help desk, on the page where the desk is set up."""

from tests.visiting import Visit, unescaped
from ticketing.desk import Desk
from ticketing.domain.imports import System
from ticketing.domain.people import Actor
from ticketing.domain.statuses import Priority, Status

CONSOLE = Actor.console()
TABLE = (
    "Nr,Subject,Wer,State,Priority,Opened,Details\n"
    "1,No *dial* tone,Carla <b>Reyes</b>,Wartet,High,15.01.2024 15:04,The line is dead.\n"
    "2,A door,Oskar,Closed,Low,16.01.2024 08:30,It squeaks.\n"
    "3,Nobody,,Closed,Low,16.01.2024 08:30,?\n"
)


def give(visit: Visit, raw: str) -> Visit:
    """Choose a table of this content."""
    visit.open("desk_setup", kind="imports")
    visit.at.selectbox(key="import_system").select(System.CSV)
    visit.rerun()
    visit.at.file_uploader[0].upload("tickets.csv", raw.encode(), "text/csv")
    return visit.rerun()


def shown(visit: Visit) -> str:
    return "\n".join(unescaped(element.value) for element in visit.at.markdown)


def test_an_admin_maps_a_table_looks_at_it_brings_it_in_and_undoes_it(desk: Desk, root: Visit) -> None:
    give(root, TABLE)
    assert root.at.selectbox(key="import_column_subject_0").value == "Subject"
    assert root.at.text_input(key="import_dates").value == "%d.%m.%Y %H:%M"
    assert root.at.selectbox(key="import_status_closed").value == "closed"

    root.at.selectbox(key="import_column_name_0").select("Wer")
    root.at.selectbox(key="import_status_wartet").select(Status.PENDING)
    root.press("import_look")

    assert "1 · No *dial* tone · Carla <b>Reyes</b> · Wartet" in shown(root)
    assert "tickets: 2 · messages: 2 · new people: 2 · left out: 1" in shown(root)
    assert "Line 4: it has no requester." in shown(root)
    root.press("import_do")

    first = desk.tickets.get(CONSOLE, 1)
    assert (first.title, first.status, first.priority) == ("No *dial* tone", Status.PENDING, Priority.HIGH)
    assert root.said[0] == "Imported: tickets: 2 · messages: 2 · new people: 2 · left out: 1"
    (run,) = desk.imports.all(CONSOLE)

    desk.tickets.note(CONSOLE, 1, "On it.")
    root.press(f"undo_{run.id}")
    assert "Tickets that go: **1**" in shown(root)
    assert any("something was done in them: T-1" in sentence for sentence in root.said)
    root.press(f"undo_now_{run.id}")

    assert root.said[0] == "The import “tickets.csv” is undone."
    assert desk.tickets.get(CONSOLE, 1).external_id == "1"
    assert desk.imports.all(CONSOLE)[0].kept == (1,)


def test_a_form_of_times_of_a_megabyte_is_cut_before_anything_is_made_of_it(root: Visit) -> None:
    give(root, TABLE)

    root.at.selectbox(key="import_column_name_0").select("Wer")
    field = root.at.text_input(key="import_dates")
    field._value = "%f" * 500_000  # noqa: SLF001 - it would keep to the limit, as a browser does
    root.press("import_look")

    assert any("is no format of times" in sentence for sentence in root.said)


def test_a_file_that_is_none_is_refused_in_a_sentence(root: Visit) -> None:
    give(root, "PK\x03\x04")

    assert any("a ZIP archive" in sentence for sentence in root.said)


def test_an_agent_finds_no_such_page(ada: Visit) -> None:
    ada.open("desk_setup", kind="imports")

    assert not ada.at.file_uploader
    assert not ada.open("desk_setup").has_button("open_imports")
