"""How the desk presents itself over the API: its name, what it announces, and that it is closed for a while."""

from starlette.testclient import TestClient

NEWS = {"name": "News", "text": "We have moved."}


def test_everybody_is_told_what_the_desk_announces_to_them(stranger: TestClient, root: TestClient) -> None:
    root.post("/banners", json=NEWS)
    root.post("/banners", json={"name": "Inside", "text": "Mail is down.", "level": "warning", "signed_in_only": True})

    outside, inside = stranger.get("/front").json(), root.get("/account/front").json()

    assert (outside["name"], outside["closed"]) == ("Help desk", "")
    assert [banner["text"] for banner in outside["banners"]] == ["We have moved."]
    assert [banner["text"] for banner in inside["banners"]] == ["Mail is down.", "We have moved."]
    assert stranger.get("/account/front").status_code == 401


def test_somebody_puts_news_away_for_themselves_and_no_warning(
    carla: TestClient, root: TestClient, oskar: TestClient
) -> None:
    root.post("/banners", json=NEWS)
    root.post("/banners", json={"name": "Mail", "text": "Mail is down.", "level": "warning"})
    marks = [banner["mark"] for banner in carla.get("/account/front").json()["banners"]]

    answers = [carla.delete(f"/account/front/banners/{mark}").status_code for mark in marks]

    assert answers == [204, 204]
    assert [banner["text"] for banner in carla.get("/account/front").json()["banners"]] == ["Mail is down."]
    assert len(oskar.get("/account/front").json()["banners"]) == 2
    assert carla.delete("/account/front/banners/nothing@1").status_code == 204


def test_a_desk_that_is_maintained_is_read_and_changed_by_admins_alone(root: TestClient, carla: TestClient) -> None:
    told = {"name": "Maintenance", "is_on": True, "message": "Back by noon."}
    closed = root.put("/maintenance", json=told, headers={"if-match": '"0"'})
    assert closed.status_code == 200

    refused = carla.post("/tickets", json={"title": "No dial tone", "description": "The line is dead."})

    assert (refused.status_code, refused.json()["error"]["code"]) == (503, "maintenance")
    assert "retry-after" in refused.headers
    assert "Back by noon." in carla.get("/account/front").json()["closed"]
    assert carla.get("/tickets").status_code == 200

    root.put("/maintenance", json=told | {"is_on": False}, headers={"if-match": closed.headers["etag"]})

    assert carla.post("/tickets", json={"title": "No dial tone", "description": "Dead."}).status_code == 201
