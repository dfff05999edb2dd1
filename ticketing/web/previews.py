"""
Pictures painted anew, small and without what they carry besides, such as where they were taken.

How many pixels a picture has is looked at before any is decoded: a small file may hold more than fit into memory.
"""

from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Final

MEDIA_TYPE: Final = "image/webp"
MOST_PIXELS: Final = 25_000_000
EDGE: Final = 1280
_FORMATS: Final = ("PNG", "JPEG", "GIF", "WEBP")
_QUALITY: Final = 80


def preview(read: Callable[[], Iterator[bytes]]) -> bytes | None:
    """Return a picture of at most 1280 pixels a side, None if it is too large or none that can be read."""
    from PIL import Image, ImageOps  # noqa: PLC0415 - slow to import, and most requests need no picture

    try:
        with Image.open(BytesIO(b"".join(read())), formats=_FORMATS) as found:
            if found.width * found.height > MOST_PIXELS:
                return None
            found.draft("RGB", (EDGE, EDGE))
            upright = ImageOps.exif_transpose(found)
            painted = upright.convert("RGBA" if upright.has_transparency_data else "RGB")
    except (Image.DecompressionBombError, Image.DecompressionBombWarning, OSError, SyntaxError, ValueError, EOFError):
        return None
    painted.thumbnail((EDGE, EDGE))
    painted.info.clear()
    saved = BytesIO()
    painted.save(saved, "WEBP", quality=_QUALITY)
    return saved.getvalue()
