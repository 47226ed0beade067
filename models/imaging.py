"""Turn the bytes of an image file into grey pixels, within limits."""

import struct
import warnings
import zlib
from io import BytesIO
from pathlib import Path

import numpy as np
from jaxtyping import UInt8
from PIL import Image, ImageOps

MAX_PIXELS = 64_000_000  # about eight times the largest radiograph in common use
MAX_FILE_BYTES = 1_000_000_000  # a file is read whole
FORMATS = ("PNG", "JPEG")  # Pillow registers dozens of decoders; two are needed
SIGNATURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")  # how PNG and JPEG files begin

# Pillow only warns between its own two limits; ours is lower than both.
warnings.filterwarnings("error", category=Image.DecompressionBombWarning)

_DECODER_FAULTS = (OSError, SyntaxError, ValueError, EOFError, IndexError, struct.error, zlib.error)


class UnreadableImage(ValueError):
    """The bytes are no PNG, JPEG or DICOM that can be decoded."""


class ImageTooLarge(UnreadableImage):
    """The picture has more pixels than the limit allows."""


def is_dicom(data: bytes) -> bool:
    """Tell a DICOM file by its letters behind the preamble, or by file meta without a preamble.

    A PNG or JPEG that carries the letters is a PNG or JPEG, as every viewer takes it.
    """
    marked = data[128:132] == b"DICM" or data.startswith(b"\x02\x00\x00\x00UL")
    return marked and not data.startswith(SIGNATURES)


def is_picture(data: bytes) -> bool:
    """Tell by its first bytes whether a file is of a kind that `read_image` takes."""
    return data.startswith(SIGNATURES) or is_dicom(data)


def read_image(
    data: bytes, *, max_pixels: int = MAX_PIXELS, frame: int | None = None
) -> UInt8[np.ndarray, "height width"]:
    """Decode a PNG, JPEG or DICOM into 8-bit grey, upright, transparency on black.

    Args:
        frame: which one of a DICOM file, from 1; without it the representative or the middle one.

    Raises:
        UnreadableImage: no decoder could turn the bytes into pixels, or there is no such frame.
        ImageTooLarge: the header announces more than `max_pixels`.
    """
    if not data:
        raise UnreadableImage("the file is empty; send a PNG, JPEG or DICOM image")
    if is_dicom(data):
        from models.dicom import read_dicom  # slow to import, and it needs the errors of this file

        return read_dicom(data, max_pixels=max_pixels, frame=frame)
    if frame not in (None, 1):
        raise UnreadableImage(f"there is no frame {frame}; the image has 1")
    return _read_picture(data, max_pixels)


def read_image_file(path: Path, *, frame: int | None = None) -> UInt8[np.ndarray, "height width"]:
    """Decode an image file, or one frame of it; errors name the path."""
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise ImageTooLarge(f"the file is larger than {MAX_FILE_BYTES:,} bytes")
        return read_image(path.read_bytes(), frame=frame)
    except UnreadableImage as error:
        raise type(error)(f"{path}: {error}") from error
    except OSError as error:
        raise UnreadableImage(f"{path}: {error.strerror}") from error


def _read_picture(data: bytes, max_pixels: int) -> UInt8[np.ndarray, "height width"]:
    try:
        with Image.open(BytesIO(data), formats=FORMATS) as image:
            _check_size(image, max_pixels)
            return _to_grey(ImageOps.exif_transpose(image))
    except UnreadableImage:
        raise
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise ImageTooLarge(f"the image has more than {max_pixels:,} pixels") from error
    except _DECODER_FAULTS as error:
        raise UnreadableImage("not a readable PNG, JPEG or DICOM image") from error


def _check_size(image: Image.Image, max_pixels: int) -> None:
    pixels = image.width * image.height
    if pixels > max_pixels:
        raise ImageTooLarge(f"the image has {pixels:,} pixels; at most {max_pixels:,} are allowed")


def _to_grey(image: Image.Image) -> UInt8[np.ndarray, "height width"]:
    if image.mode.startswith("I"):  # 16 bits a pixel, full scale 65,535
        wide = np.asarray(image, dtype=np.float32)
        return np.rint(np.clip(wide, 0, 65535) / 257).astype(np.uint8)
    if image.has_transparency_data:
        overlay = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "black"), overlay)
    return np.array(image.convert("L"), dtype=np.uint8)
