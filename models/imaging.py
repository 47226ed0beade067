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
FORMATS = ("PNG", "JPEG")  # Pillow registers dozens of decoders; two are needed

# Pillow only warns between its own two limits; ours is lower than both.
warnings.filterwarnings("error", category=Image.DecompressionBombWarning)

_DECODER_FAULTS = (OSError, SyntaxError, ValueError, EOFError, IndexError, struct.error, zlib.error)


class UnreadableImage(ValueError):
    """The bytes are no PNG or JPEG that can be decoded."""


class ImageTooLarge(UnreadableImage):
    """The picture has more pixels than the limit allows."""


def read_image(data: bytes, *, max_pixels: int = MAX_PIXELS) -> UInt8[np.ndarray, "height width"]:
    """Decode a PNG or JPEG into 8-bit grey, upright, transparency on black.

    Raises:
        UnreadableImage: no decoder could turn the bytes into pixels.
        ImageTooLarge: the header announces more than `max_pixels`.
    """
    if not data:
        raise UnreadableImage("the file is empty; send a PNG or JPEG image")
    try:
        with Image.open(BytesIO(data), formats=FORMATS) as image:
            _check_size(image, max_pixels)
            return _to_grey(ImageOps.exif_transpose(image))
    except UnreadableImage:
        raise
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise ImageTooLarge(f"the image has more than {max_pixels:,} pixels") from error
    except _DECODER_FAULTS as error:
        raise UnreadableImage("not a readable PNG or JPEG image") from error


def read_image_file(path: Path) -> UInt8[np.ndarray, "height width"]:
    """Decode an image file; errors name the path."""
    try:
        return read_image(path.read_bytes())
    except UnreadableImage as error:
        raise type(error)(f"{path}: {error}") from error
    except OSError as error:
        raise UnreadableImage(f"{path}: {error.strerror}") from error


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
