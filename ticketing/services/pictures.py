"""
Pictures painted anew, small and without what they carry besides, such as where they were taken.

How many pixels a picture has is looked at before any is decoded: a small file may hold more than fit into memory.
"""

from base64 import b64encode
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Final

from ticketing.domain.errors import InvalidInputError

MEDIA_TYPE: Final = "image/webp"
MOST_PIXELS: Final = 25_000_000
EDGE: Final = 1280
LARGEST_LOGO: Final = 2 << 20  # bytes, as it comes
LOGO_SIZE: Final = (480, 120)
_FORMATS: Final = ("PNG", "JPEG", "GIF", "WEBP")
_LOGO_FORMATS: Final = ("PNG", "JPEG", "WEBP")
_QUALITY: Final = 80
_BEGINNING: Final = 1000


def preview(read: Callable[[], Iterator[bytes]]) -> bytes | None:
    """Return a picture of at most 1280 pixels a side, None if it is too large or none that can be read."""
    return _painted(b"".join(read()), _FORMATS, (EDGE, EDGE))


def logo(raw: bytes) -> str:
    """Return a picture as a logo is kept, at most 480 by 120 pixels; raises InvalidInputError, which says why not."""
    if len(raw) > LARGEST_LOGO:
        raise InvalidInputError("Logo", f"The picture is larger than {LARGEST_LOGO >> 20} MB. Please take another.")
    if b"<svg" in raw[:_BEGINNING].lower():
        raise InvalidInputError("Logo", "SVG files can hold programs, so none is taken. Please export it as PNG.")
    painted = _painted(raw, _LOGO_FORMATS, LOGO_SIZE)
    if painted is None:
        raise InvalidInputError("Logo", "This is no PNG, JPEG or WebP picture of at most 25 million pixels.")
    return b64encode(painted).decode()


def _painted(raw: bytes, formats: tuple[str, ...], size: tuple[int, int]) -> bytes | None:
    """Return the picture as WebP, None if it is too large or none that can be read."""
    from PIL import Image, ImageOps  # noqa: PLC0415 - slow to import, and most requests need no picture

    try:
        with Image.open(BytesIO(raw), formats=formats) as found:
            if found.width * found.height > MOST_PIXELS:
                return None
            found.draft("RGB", size)
            upright = ImageOps.exif_transpose(found)
            painted = upright.convert("RGBA" if upright.has_transparency_data else "RGB")
    except (Image.DecompressionBombError, Image.DecompressionBombWarning, OSError, SyntaxError, ValueError, EOFError):
        return None
    painted.thumbnail(size)
    painted.info.clear()
    saved = BytesIO()
    painted.save(saved, "WEBP", quality=_QUALITY)
    return saved.getvalue()
