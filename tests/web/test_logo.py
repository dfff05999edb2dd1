"""The desk's picture is there for everybody, as the picture that it is and nothing else."""

import io

from PIL import Image
from starlette.testclient import TestClient

import ticketing.desk
from ticketing.domain.branding import Branding
from ticketing.domain.people import Actor
from ticketing.services.pictures import logo


def test_a_desk_without_a_picture_of_its_own_has_none_there(browser: TestClient) -> None:
    assert browser.get("/logo").status_code == 404


def test_a_picture_is_kept_by_browsers_for_good_under_its_mark_alone(browser: TestClient) -> None:
    saved = io.BytesIO()
    Image.new("RGB", (300, 100), "teal").save(saved, "PNG")
    wanted = Branding(id="branding", name="Acme", logo=logo(saved.getvalue()))
    kept = ticketing.desk.shared_desk().definitions.save(Actor.console(), wanted)

    marked, other = browser.get(f"/logo?v={kept.logo_mark}"), browser.get("/logo?v=older")

    assert marked.content == other.content == kept.picture
    assert marked.headers["content-type"] == "image/webp"
    assert marked.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert other.headers["cache-control"] == "no-store"
    assert marked.headers["x-content-type-options"] == "nosniff"
    assert marked.headers["content-security-policy"] == "sandbox; default-src 'none'"
