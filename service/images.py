"""Images that callers have shown, kept for a while so that heatmaps need no second upload."""

import hashlib
from collections import OrderedDict
from dataclasses import dataclass
from io import BytesIO

import numpy as np
from jaxtyping import UInt8
from PIL import Image

from models.imaging import read_image
from models.preprocessing import Letterbox, PreparedImage, prepare
from service.engine.protocol import EmbeddedImages, Engine
from service.errors import NotFound
from service.telemetry import Hops


@dataclass(frozen=True)
class SeenImage:
    """An image as the model saw it, and its grey pixels for overlays."""

    image_id: str
    grey: UInt8[np.ndarray, "height width"]
    letterbox: Letterbox
    embedded: EmbeddedImages  # a batch of one

    @property
    def bytes(self) -> int:
        """Memory that the image takes."""
        return self.grey.nbytes + self.embedded.patches.nbytes


class ImageCache:
    """The images used last, within a number and a size in memory.

    The latest image is the one added last; to look at another does not make that one the latest.
    """

    def __init__(self, *, entries: int, max_bytes: int) -> None:
        self._entries, self._max_bytes, self._held = entries, max_bytes, 0
        self._images: OrderedDict[str, SeenImage] = OrderedDict()  # used longest ago first
        self._latest: str | None = None

    def find(self, image_id: str) -> SeenImage | None:
        """Return an image, or None; it counts as used now."""
        image = self._images.get(image_id)
        if image:
            self._images.move_to_end(image_id)
        return image

    def get(self, image_id: str | None) -> SeenImage:
        """Return an image by its id, or the latest one.

        Raises:
            NotFound: it is unknown or has made room for others.
        """
        image = self.find((self._latest or "") if image_id is None else image_id)
        if image is None:
            what = "no image has been sent yet" if image_id is None else "unknown or expired image"
            raise NotFound(f"{what}; send the image again, to /retrieve or POST /heatmap")
        return image

    def add(self, image: SeenImage) -> None:
        """Keep an image; those used longest ago make room, the new one always stays."""
        self._drop(image.image_id)
        self._images[image.image_id] = image
        self._latest = image.image_id
        self._held += image.bytes
        while len(self._images) > 1 and self._overfull():
            self._drop(next(iter(self._images)))

    def _overfull(self) -> bool:
        return len(self._images) > self._entries or self._held > self._max_bytes

    def _drop(self, image_id: str) -> None:
        if image := self._images.pop(image_id, None):
            self._held -= image.bytes


def image_id_of(data: bytes) -> str:
    """Name an image by its bytes."""
    return hashlib.sha256(data).hexdigest()[:32]


def as_png(image: SeenImage) -> bytes:
    """Write an image's grey pixels as a PNG, with nothing else of the file that was sent."""
    buffer = BytesIO()
    Image.fromarray(image.grey).save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def look(data: bytes, engine: Engine, hops: Hops) -> SeenImage:
    """Decode, fit and embed an image.

    Raises:
        UnreadableImage: the bytes are no picture.
    """
    with hops.measure("decode"):
        grey = read_image(data)
        prepared: PreparedImage = prepare(grey, engine.config.preprocessing)
    with hops.measure("encode"):
        embedded = engine.encode_images([prepared])
    return SeenImage(image_id_of(data), grey, prepared.letterbox, embedded)
