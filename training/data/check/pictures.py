"""Look at a pair's image: its size, what it shows as hashes, and a small copy for a page."""

import base64
from dataclasses import dataclass
from io import BytesIO

from PIL import Image

from models.imaging import UnreadableImage
from training.data.check.digest import digest_of
from training.data.check.near_images import picture_hash
from training.data.manifest import ImageReportPair

THUMBNAIL = 256  # pixels of its longer side


@dataclass(frozen=True)
class Look:
    """What is kept of an image; without one, all is zero."""

    width: int = 0
    height: int = 0
    pixels: int = 0  # a digest
    near: bytes = bytes(32)
    blank: bool = False
    fault: str = ""  # why there is none


def look(pair: ImageReportPair) -> Look:
    """Read an image; one that cannot be read gives a look with a fault."""
    try:
        grey = pair.read_grey()
    except UnreadableImage as error:
        return Look(fault=str(error))
    height, width = grey.shape
    pixels = digest_of(f"{width} {height} ".encode(), grey.tobytes())
    near = picture_hash(grey).tobytes()
    return Look(width, height, pixels, near, blank=bool(grey.min() == grey.max()))


def thumbnail(pair: ImageReportPair) -> str:
    """Return a small JPEG as a data URI.

    Raises:
        UnreadableImage: there is no image.
    """
    image = Image.fromarray(pair.read_grey())
    image.thumbnail((THUMBNAIL, THUMBNAIL))
    data = BytesIO()
    image.save(data, "JPEG", quality=80)
    return f"data:image/jpeg;base64,{base64.b64encode(data.getvalue()).decode()}"
