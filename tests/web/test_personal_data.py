"""`/personal_data`: one's own for everybody, another's for admins, and nothing for anybody else."""

import io
import json
from zipfile import ZipFile

import pytest
from starlette.testclient import TestClient

from tests.web.conftest import PASSWORD
from ticketing.desk import shared_desk
from ticketing.domain.people import Actor, Role

CONSOLE = Actor.console()


def as_(browser: TestClient, username: str) -> TestClient:
    """Return the browser with this person's session."""
    browser.cookies.set("ticketing_session", shared_desk().accounts.sign_in(username, PASSWORD))
    return browser


@pytest.fixture(autouse=True)
def staff(browser: TestClient) -> None:
    del browser  # whose desk it is
    desk = shared_desk()
    desk.agents.create_agent(CONSOLE, "bert", PASSWORD)
    desk.agents.create_agent(CONSOLE, "root", PASSWORD, role=Role.ADMIN)


@pytest.mark.parametrize(("who", "query"), [("carla", ""), ("root", "?person=carla")])
def test_the_archive_comes_as_a_file(browser: TestClient, who: str, query: str) -> None:
    answer = as_(browser, who).get(f"/personal_data{query}")

    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/zip")
    assert answer.headers["content-disposition"].startswith('attachment; filename="my-data-')
    assert answer.headers["cache-control"] == "no-store"
    with ZipFile(io.BytesIO(answer.content)) as archive:
        assert json.loads(archive.read("account.json"))["display_name"] == "Carla Ruiz"


@pytest.mark.parametrize(("who", "whose", "status"), [("bert", "carla", 403), ("carla", "bert", 404)])
def test_another_persons_data_is_for_admins(browser: TestClient, who: str, whose: str, status: int) -> None:
    answer = as_(browser, who).get("/personal_data", params={"person": whose})

    assert answer.status_code == status
    assert b"PK" not in answer.content
