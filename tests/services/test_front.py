"""What stands around every page, and for whom."""

import io
from base64 import b64decode
from datetime import timedelta

import pytest
from PIL import Image

from tests.services.conftest import Clock, SignIn
from ticketing.desk import Desk
from ticketing.domain.banners import Banner, BannerLevel
from ticketing.domain.branding import LOGO_LIMIT, Branding
from ticketing.domain.errors import InvalidInputError, PermissionDeniedError, SignedOutError
from ticketing.domain.people import Actor, Role
from ticketing.services.pictures import LOGO_SIZE, logo
from ticketing.settings import Settings
from ticketing.storage.whole import WholeStore

ON_EVERY_STORE = True
CONSOLE = Actor.console()


@pytest.fixture
def desk(store: WholeStore, clock: Clock) -> Desk:
    return Desk(Settings(storage_url="memory:"), store, clock, 4)


def texts(desk: Desk, actor: Actor | None) -> list[str]:
    """Return what is announced to somebody."""
    return [banner.text for banner in (desk.front.look(actor) if actor else desk.front.outside()).banners]


def painted(size: tuple[int, int], kind: str = "PNG", colour: str = "red") -> bytes:
    """Return a picture."""
    saved = io.BytesIO()
    Image.new("RGB", size, colour).save(saved, kind)
    return saved.getvalue()


def test_warnings_come_first_and_strangers_read_what_is_for_everybody(desk: Desk, arrives: SignIn) -> None:
    desk.definitions.save(CONSOLE, Banner(name="Anew", text="Welcome to the new desk."))
    desk.definitions.save(CONSOLE, Banner(name="Staff", text="Lunch is at noon.", signed_in_only=True))
    desk.definitions.save(CONSOLE, Banner(name="Mail", text="Mail is down.", level=BannerLevel.WARNING))

    assert texts(desk, None) == ["Mail is down.", "Welcome to the new desk."]
    assert texts(desk, arrives("carla")) == ["Mail is down.", "Welcome to the new desk.", "Lunch is at noon."]


def test_a_banner_comes_and_goes_by_itself(desk: Desk, clock: Clock) -> None:
    tomorrow = clock() + timedelta(days=1)
    desk.definitions.save(
        CONSOLE, Banner(name="Move", text="We move.", begins=tomorrow, ends=tomorrow + timedelta(hours=2))
    )

    assert texts(desk, None) == []
    clock.advance(timedelta(days=1))
    assert texts(desk, None) == ["We move."]
    clock.advance(timedelta(hours=2))
    assert texts(desk, None) == []


def test_who_has_put_a_piece_of_news_away_sees_it_no_more_and_others_do(desk: Desk, arrives: SignIn) -> None:
    carla, oskar = arrives("carla"), arrives("oskar")
    news = desk.definitions.save(CONSOLE, Banner(name="Anew", text="Welcome to the new desk."))

    desk.front.dismiss(carla, news.mark)
    desk.front.dismiss(carla, news.mark)

    assert (texts(desk, carla), texts(desk, oskar)) == ([], ["Welcome to the new desk."])
    desk.definitions.save(CONSOLE, news.model_copy(update={"text": "It has moved."}))
    assert texts(desk, carla) == ["It has moved."]


def test_a_warning_cannot_be_put_away_nor_what_is_not_there(desk: Desk, arrives: SignIn) -> None:
    carla = arrives("carla")
    warning = desk.definitions.save(CONSOLE, Banner(name="Mail", text="Mail is down.", level=BannerLevel.WARNING))

    desk.front.dismiss(carla, warning.mark)
    desk.front.dismiss(carla, "nothing@1")

    assert texts(desk, carla) == ["Mail is down."]
    with desk.store.read() as tx:
        user = tx.users.find("carla")
    assert user is not None
    assert user.dismissed == []


def test_who_has_signed_out_is_told_nothing_for_those_who_are_in(desk: Desk, arrives: SignIn) -> None:
    carla = arrives("carla")
    desk.agents.end_sessions(CONSOLE, "carla")

    with pytest.raises(SignedOutError):
        desk.front.look(carla)


@pytest.mark.parametrize("role", [Role.USER, Role.AGENT])
def test_nobody_but_admins_changes_what_every_page_shows(desk: Desk, arrives: SignIn, role: Role) -> None:
    somebody = arrives("somebody", role)

    for wanted in (Branding(id="branding", name="Mine"), Banner(name="Mine", text="Mine")):
        with pytest.raises(PermissionDeniedError):
            desk.definitions.save(somebody, wanted)

    assert desk.front.branding().name == "Help desk"


def test_an_admin_gives_the_desk_a_name_a_picture_and_a_colour(desk: Desk, arrives: SignIn) -> None:
    picture = logo(painted((900, 300)))
    wanted = Branding(id="branding", name="Acme support", logo=picture, accent="#0b6e4f")

    desk.definitions.save(arrives("root", Role.ADMIN), wanted)

    shown = desk.front.outside().branding
    assert (shown.name, shown.accent, shown.version) == ("Acme support", "#0b6e4f", 1)
    with Image.open(io.BytesIO(shown.picture)) as kept:
        assert (kept.format, kept.size) == ("WEBP", (360, 120))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_logo_is_painted_anew_whatever_it_came_as(kind: str) -> None:
    picture = b64decode(logo(painted((2000, 100), kind)))

    assert len(picture) < LOGO_LIMIT
    with Image.open(io.BytesIO(picture)) as kept:
        assert kept.width <= LOGO_SIZE[0]


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (
            b"<?xml version='1.0'?><SVG xmlns='http://www.w3.org/2000/svg'><script/></SVG>",
            "SVG files can hold programs",
        ),
        (painted((10, 10), "GIF"), "no PNG, JPEG or WebP"),
        (painted((10, 10))[:40], "no PNG, JPEG or WebP"),
        (painted((5001, 5000)), "at most 25 million pixels"),
        (b"\x89PNG" + bytes(3 << 20), "larger than 2 MB"),
        (b"", "no PNG, JPEG or WebP"),
    ],
    ids=["SVG", "GIF", "cut off", "too many pixels", "too large", "empty"],
)
def test_what_is_no_logo_is_refused_with_the_reason(raw: bytes, why: str) -> None:
    with pytest.raises(InvalidInputError, match=why):
        logo(raw)
