"""From an upload to an image that the model has seen."""

from fastapi import Request, UploadFile
from fastapi.concurrency import run_in_threadpool

from models.imaging import ImageTooLarge, UnreadableImage, is_picture
from service.errors import BadInput, TooLarge, UnreadableUpload, UnsupportedFile
from service.images import SeenImage, image_id_of, look
from service.resources import Resources
from service.telemetry import Hops


async def known_fields_only(request: Request) -> None:
    """Refuse form fields that the call does not take, so that a misspelt one is noticed.

    Raises:
        BadInput: there is one; the message names those that the call takes.
    """
    known = [field.alias for field in request.scope["route"].dependant.body_params]
    if set(await request.form()) - set(known):
        raise BadInput(f"unknown form field; this call takes {', '.join(known)}")


async def see(upload: UploadFile, room: Resources, hops: Hops) -> SeenImage:
    """Read, decode and embed an uploaded image, and remember it as the latest.

    Raises:
        TooLarge: the file or the picture is over a limit.
        UnsupportedFile: it is no PNG, JPEG or DICOM.
        UnreadableUpload: it is empty, or cannot be decoded.
    """
    with hops.measure("read"):
        data = await _read(upload, limit=room.settings.max_upload_bytes)
        known = room.images.find(await run_in_threadpool(image_id_of, data))
    image = known if known else await room.compute(lambda: _look(data, room, hops), hops)
    room.images.add(image)
    return image


async def _read(upload: UploadFile, *, limit: int) -> bytes:
    data = await upload.read(limit + 1)
    if len(data) > limit:
        raise TooLarge(f"the file is larger than {limit:,} bytes; send a smaller one")
    if not data:
        raise UnreadableUpload("the file is empty; send a PNG, JPEG or DICOM image")
    if not is_picture(data):
        raise UnsupportedFile("the file is no PNG, JPEG or DICOM; convert it to one of them")
    return data


def _look(data: bytes, room: Resources, hops: Hops) -> SeenImage:
    try:
        return look(data, room.engine, hops)
    except ImageTooLarge as error:
        raise TooLarge(str(error)) from error
    except UnreadableImage as error:
        raise UnreadableUpload(str(error)) from error
