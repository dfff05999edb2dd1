"""Admins read the audit log on a page: search it, leaf through it, take it along."""

from collections.abc import Callable

import pytest

from tests.visiting import Visit
from ticketing.desk import Desk
from ticketing.domain.audit import AuditAction, AuditQuery
from ticketing.domain.people import Actor
from ticketing.ui.wording import t

Behind = Callable[[Visit], Actor]


@pytest.mark.parametrize("person", ["carla", "ada"])
def test_the_page_is_for_admins_alone(request: pytest.FixtureRequest, person: str) -> None:
    with pytest.raises(ValueError, match="Could not find a navigation page"):
        request.getfixturevalue(person).open("audit")


def test_each_action_has_its_words() -> None:
    assert len({t(f"audit.{action}") for action in AuditAction}) == len(AuditAction)


def test_an_admin_comes_to_it_from_the_list_of_people(root: Visit) -> None:
    root.open("agent_admin").press("look_at_audit")

    assert root.titles == [t("page.audit")]


def test_an_admin_reads_what_was_done_by_whom_to_what(desk: Desk, root: Visit, carla: Visit, actor: Behind) -> None:
    ticket = desk.tickets.open(actor(carla), "<b>No dial tone</b>", "The line is dead.")

    root.open("audit")

    newest = root.html.split("</div>")[0]
    assert f"<b>{t('audit.ticket_opened')}</b> · carla · {ticket.label}" in newest
    assert "127.0.0.1" in newest
    assert "dial tone" not in root.html


def test_the_log_is_searched_by_person_by_action_and_by_what_it_was_done_to(
    desk: Desk, root: Visit, carla: Visit, actor: Behind
) -> None:
    desk.tickets.open(actor(carla), "No dial tone", "The line is dead.")

    root.open("audit").fill(audit_actor="carla").rerun()
    assert "· root" not in root.html
    assert t("audit.ticket_opened") in root.html

    root.choose("audit_action", AuditAction.SIGNED_IN)
    assert t("audit.ticket_opened") not in root.html
    assert t("audit.signed_in") in root.html

    root.fill(audit_object="T-1").rerun()
    assert t("audit.none") in [info.value for info in root.at.info]


def test_the_log_is_leafed_through_while_it_grows(desk: Desk, root: Visit, actor: Behind) -> None:
    for _ in range(60):
        desk.tickets.open(actor(root), "No dial tone", "The line is dead.")
    root.open("audit")
    assert "T-60<" in root.html
    assert not root.has_button("audit_newest")

    desk.tickets.open(actor(root), "No dial tone", "The line is dead.")
    root.press("audit_older")
    assert "T-10<" in root.html
    assert "T-11<" not in root.html

    root.press("audit_newest")
    assert "T-61<" in root.html


def test_the_log_is_offered_as_a_table_and_as_records_and_is_not_taken_along_by_being_looked_at(
    desk: Desk, root: Visit, actor: Behind
) -> None:
    root.open("audit")

    assert [button.proto.label for button in root.at.get("download_button")] == [t("audit.as_csv"), t("audit.as_jsonl")]
    newest = desk.audit.search(actor(root), AuditQuery(size=1)).records[0]
    assert newest.action is not AuditAction.EXPORTED
