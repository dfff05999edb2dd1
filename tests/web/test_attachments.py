"""`/attachments`: files in for who is signed in, and out only for who may read the message that has them."""

from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pytest
from PIL import ExifTags, Image
from starlette.testclient import TestClient

from tests.web.conftest import PASSWORD
from ticketing.desk import shared_desk
from ticketing.domain.people import Actor
from ticketing.services.pictures import EDGE, MOST_PIXELS, preview
from ticketing.web.attachments import disposition

CONSOLE = Actor.console()
OURS = {"sec-fetch-site": "same-origin", "x-ticketing": "1", "x-file-name": "screen.png"}
GPS = 0x8825


@pytest.fixture(autouse=True)
def people(browser: TestClient) -> None:
    """Let there be another requester and an agent, and a ticket of Carla's."""
    del browser  # whose desk it is
    desk = shared_desk()
    desk.accounts.register("oskar", "Oskar Ortmann", PASSWORD, PASSWORD)
    desk.agents.create_agent(CONSOLE, "ada", PASSWORD)
    desk.tickets.open(actor("carla"), "No dial tone", "The line is dead.")


def actor(name: str) -> Actor:
    desk = shared_desk()
    return desk.sessions.actor(desk.accounts.sign_in(name, PASSWORD))


def as_(browser: TestClient, name: str) -> TestClient:
    """Return the browser with a session of this person."""
    browser.cookies.set("ticketing_session", shared_desk().accounts.sign_in(name, PASSWORD))
    return browser


def attach(name: str, content: bytes, *, author: str = "carla", note: bool = False) -> str:
    """Hang a file on the ticket, and return its address."""
    desk, who = shared_desk(), actor(author)
    key = desk.attachments.put(who, name, [content]).id
    if note:
        desk.tickets.note(who, 1, "Between us.", files=[key])
    else:
        desk.tickets.reply(who, 1, "See here.", files=[key])
    return f"/attachments/{key}"


def picture(width: int = 8, height: int = 8, kind: str = "PNG", **options: Any) -> bytes:
    saved = BytesIO()
    Image.new("RGB", (width, height), "red").save(saved, kind, **options)
    return saved.getvalue()


def test_what_comes_in_is_attached_and_goes_out_as_it_was(browser: TestClient) -> None:
    headers = OURS | {"x-file-name": "..%2FR%C3%BCckgabe%20%E2%80%9Ealt%E2%80%9C.png"}
    content = picture(40, 30)
    told = as_(browser, "carla").post("/attachments", content=content, headers=headers)
    shared_desk().tickets.reply(actor("carla"), 1, "See here.", files=[told.json()["id"]])

    answer = browser.get(f"/attachments/{told.json()['id']}")

    assert told.status_code == 201
    assert told.json() == {"id": told.json()["id"], "name": "Rückgabe „alt“.png", "size": f"{len(content)} bytes"}
    assert (answer.status_code, answer.content) == (200, content)
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["content-length"] == str(len(content))


def test_u4_a_browser_saves_a_file_and_shows_nothing_of_it(browser: TestClient) -> None:
    headers = as_(browser, "carla").get(attach("page.html", b"<script>alert(1)</script>")).headers

    assert headers["content-type"] == "application/octet-stream"
    assert headers["content-disposition"] == "attachment; filename=\"page.html\"; filename*=UTF-8''page.html"
    assert headers["content-security-policy"] == "sandbox; default-src 'none'"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"
    assert headers["cross-origin-resource-policy"] == "same-origin"


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("a b.png", "attachment; filename=\"a b.png\"; filename*=UTF-8''a%20b.png"),
        ('a"; x=\r\n.png', "attachment; filename=\"a__ x=__.png\"; filename*=UTF-8''a%22%3B%20x%3D%0D%0A.png"),
        (
            "Übersicht %41.png",
            "attachment; filename=\"_bersicht _41.png\"; filename*=UTF-8''%C3%9Cbersicht%20%2541.png",
        ),
    ],
)
def test_u4_no_name_breaks_the_header(name: str, header: str) -> None:
    assert disposition(name) == header


def test_z3_foreign_and_unknown_read_the_same(browser: TestClient) -> None:
    addresses = [attach("screen.png", b"x"), attach("secret.png", b"y", author="ada", note=True), "/attachments/none"]

    answers = [as_(browser, "oskar").get(address + query) for address in addresses for query in ("", "?preview")]
    of_note = [as_(browser, "carla").get(addresses[1] + query) for query in ("", "?preview")]

    assert {(answer.status_code, answer.text) for answer in [*answers, *of_note]} == {
        (404, '{"error":"There is no such attachment."}')
    }
    assert as_(browser, "ada").get(addresses[1]).content == b"y"


@pytest.mark.parametrize("form", ["json", "csv", "xlsx"])
def test_z5_no_list_to_take_along_tells_a_requester_of_a_file_of_a_note(browser: TestClient, form: str) -> None:
    key = attach("marker.png", b"y", author="ada", note=True).rpartition("/")[2]

    answers = [
        as_(browser, "carla").get("/export", params={"format": form, "q": query})
        for query in ("", "has:attachment", "-has:attachment", "marker")
    ]

    assert [answer.status_code for answer in answers] == [200] * 4
    for answer in answers:
        assert b"marker" not in answer.content
        assert key.encode() not in answer.content
    if form == "json":
        assert [len(answer.json()) for answer in answers] == [1, 0, 1, 0]


def test_u1_without_a_session_nothing_comes_in_or_goes_out(browser: TestClient) -> None:
    address = attach("screen.png", picture())

    answers = [
        browser.get(address),
        browser.get(f"{address}?preview"),
        browser.post("/attachments", content=b"x", headers=OURS),
    ]

    assert [answer.status_code for answer in answers] == [401, 401, 401]


@pytest.mark.parametrize(
    "headers", [{"x-ticketing": ""}, {"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"}], ids=str
)
def test_s8_no_foreign_page_sends_a_file(browser: TestClient, headers: dict[str, str]) -> None:
    answer = as_(browser, "carla").post("/attachments", content=b"x", headers=OURS | headers)

    assert answer.status_code == 403
    with shared_desk().store.read() as tx:
        assert not tx.files.any()


def test_u1_what_is_too_large_is_refused_with_a_sentence(browser: TestClient) -> None:
    def endless() -> Iterator[bytes]:  # which does not say how long it is
        for _ in range(20):
            yield bytes(1 << 20)

    as_(browser, "carla")
    answers = [
        browser.post("/attachments", content=bytes((10 << 20) + 1), headers=OURS),
        browser.post("/attachments", content=endless(), headers=OURS),
    ]

    for answer in answers:
        assert (answer.status_code, answer.json()) == (
            422,
            {"error": "The file “screen.png” is too large. It may have at most 10 MB."},
        )
    assert browser.post("/attachments", content=b"", headers=OURS).status_code == 422
    assert browser.post("/attachments", content=bytes(10 << 20), headers=OURS).status_code == 201


@pytest.mark.parametrize(
    ("asked", "status", "content", "said"),
    [
        ("bytes=0-3", 206, b"0123", "bytes 0-3/10"),
        ("bytes=7-", 206, b"789", "bytes 7-9/10"),
        ("bytes=-2", 206, b"89", "bytes 8-9/10"),
        ("bytes=5-99", 206, b"56789", "bytes 5-9/10"),
        ("bytes=0-", 200, b"0123456789", None),
        ("bytes=-99", 200, b"0123456789", None),
        ("bytes=3-1", 200, b"0123456789", None),
        ("bytes=0-1,3-4", 200, b"0123456789", None),
        ("lines=0-1", 200, b"0123456789", None),
        ("bytes=10-", 416, b"", "bytes */10"),
        ("bytes=-0", 416, b"", "bytes */10"),
    ],
)
def test_a_part_is_handed_out(browser: TestClient, asked: str, status: int, content: bytes, said: str | None) -> None:
    address = attach("digits.bin", b"0123456789")

    answer = as_(browser, "carla").get(address, headers={"range": asked})

    assert (answer.status_code, answer.content, answer.headers.get("content-range")) == (status, content, said)


def test_what_is_missing_is_told_before_anything_is_handed_out(browser: TestClient) -> None:
    address = attach("screen.png", picture())
    desk = shared_desk()
    [sha256] = [file.sha256 for file in desk.tickets.get(actor("carla"), 1).messages[-1].attachments]
    with desk.store.write() as tx:
        tx.files.remove(sha256)

    for headers in ({}, {"range": "bytes=0-3"}):
        answer = as_(browser, "carla").get(address, headers=headers)
        assert answer.status_code == 503
        assert "is missing. Restore it from a backup." in answer.json()["error"]


def test_a_download_goes_on_only_if_the_file_is_the_same(browser: TestClient) -> None:
    address = attach("digits.bin", b"0123456789")
    mark = as_(browser, "carla").get(address).headers["etag"]

    answers = [browser.get(address, headers={"range": "bytes=5-", "if-range": each}) for each in (mark, '"other"')]

    assert [(answer.status_code, answer.content) for answer in answers] == [(206, b"56789"), (200, b"0123456789")]


def test_u5_a_picture_is_painted_anew_without_what_it_carries(browser: TestClient) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    exif[ExifTags.Base.Make] = "marker of the camera"
    exif.get_ifd(GPS)[2] = (52.0, 31.0, 0.0)
    content = picture(2000, 1000, "JPEG", exif=exif, comment=b"marker of a comment")
    address = attach("photo.jpg", content)

    answer = as_(browser, "carla").get(f"{address}?preview")

    assert answer.headers["content-type"] == "image/webp"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-security-policy"] == "sandbox; default-src 'none'"
    shown = Image.open(BytesIO(answer.content))
    assert (shown.size, dict(shown.getexif())) == ((EDGE // 2, EDGE), {})
    assert b"marker" in content
    assert b"marker" not in answer.content


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP"])
def test_each_kind_of_picture_is_shown(browser: TestClient, kind: str) -> None:
    address = attach(f"picture.{kind.lower()}", picture(20, 10, kind))

    answer = as_(browser, "carla").get(f"{address}?preview")

    assert Image.open(BytesIO(answer.content)).size == (20, 10)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("page.png", b"<html>"),
        ("bill.pdf", b"%PDF-1.7"),
        ("cut.png", picture(100, 100)[:60]),
        ("more.png", b"\x89PNG\r\n\x1a\n<script>"),
        ("drawing.svg", b"<svg/>"),
    ],
    ids=str,
)
def test_u5_what_is_no_picture_is_not_shown(browser: TestClient, name: str, content: bytes) -> None:
    address = attach(name, content)

    answer = as_(browser, "carla").get(f"{address}?preview")

    assert answer.status_code == 404
    assert browser.get(address).content == content


def test_u5_a_picture_of_too_many_pixels_is_not_decoded() -> None:
    edge = int(MOST_PIXELS**0.5)

    def saved(width: int) -> bytes:
        file = BytesIO()
        Image.new("1", (width, edge)).save(file, "PNG")
        return file.getvalue()

    fits, bomb = saved(edge), saved(edge + 1)

    assert len(bomb) < 10_000
    assert preview(lambda: iter([bomb])) is None
    assert preview(lambda: iter([fits])) is not None
