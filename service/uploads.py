"""From an upload to an image that the model has seen."""

import hashlib
import time
from typing import Annotated

from fastapi import Depends, Request, UploadFile

from models.imaging import ImageTooLarge, UnreadableImage, read_image
from models.preprocessing import prepare
from service.errors import TooLarge, UnreadableUpload
from service.resources import Resources, SeenImage


def resources(request: Request) -> Resources:
    """Return what the application opened at its start."""
    opened: Resources = request.app.state.resources
    return opened


ResourcesDep = Annotated[Resources, Depends(resources)]


async def see(upload: UploadFile, room: Resources, timings: dict[str, float]) -> SeenImage:
    """Read, decode and encode an uploaded image, and remember it.

    Raises:
        TooLarge, UnreadableUpload: the bytes are too many, or no PNG or JPEG.
    """
    started = time.perf_counter()
    data = await upload.read(room.settings.max_upload_bytes + 1)
    if len(data) > room.settings.max_upload_bytes:
        raise TooLarge(f"the file is larger than {room.settings.max_upload_bytes:,} bytes")
    timings["read"] = _since(started)
    started = time.perf_counter()
    try:
        image = await room.compute(lambda: _encode(data, room))
    except ImageTooLarge as error:
        raise TooLarge(str(error)) from error
    except UnreadableImage as error:
        raise UnreadableUpload(str(error)) from error
    timings["encode"] = _since(started)
    room.images.put(image)
    return image


def _encode(data: bytes, room: Resources) -> SeenImage:
    grey = read_image(data)
    prepared = prepare(grey, room.engine.config.preprocessing)
    return SeenImage(
        image_id=hashlib.sha256(data).hexdigest()[:32],
        embedded=room.engine.encode_images([prepared]),
        letterbox=prepared.letterbox,
        grey=grey,
    )


def _since(started: float) -> float:
    return round(1000 * (time.perf_counter() - started), 2)
