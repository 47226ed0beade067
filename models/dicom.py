"""Turn a DICOM file into grey pixels: the same for training and for serving.

Stored values → modality → values of interest → MONOCHROME1 inverted → 8 bits
(docs/decisions/0029-dicom.md).
"""

from io import BytesIO

import numpy as np
from jaxtyping import Bool, UInt8

from models import dicom_grey, dicom_pixels
from models.dicom_header import MAX_HEADER, faults_named, open_dicom
from models.dicom_pixels import Stored

_BLOCK = 1 << 20  # pixels that are looked up at a time: NumPy makes eight bytes of each


def read_dicom(
    data: bytes, *, max_pixels: int, frame: int | None = None
) -> UInt8[np.ndarray, "height width"]:
    """Decode one frame into 8-bit grey, of the size that the file stores.

    Args:
        frame: its number from 1; without it the representative frame, else the middle one.

    Raises:
        UnreadableImage: it is damaged, or of a kind that is not read.
        ImageTooLarge: a frame has more than `max_pixels`, or a deflated file grows too large.
    """
    with faults_named():
        keywords = dicom_pixels.KEYWORDS + dicom_grey.KEYWORDS
        file = open_dicom(BytesIO(data), keywords, most=3 * max_pixels + MAX_HEADER)
        layout = dicom_pixels.read_layout(file.header, max_pixels=max_pixels)
        number = dicom_pixels.choose_frame(file.header, layout.frames, frame)
        stored = dicom_pixels.decode_frame(file, layout, number)
        if layout.colored:
            return stored
        values = layout.meaning(2 ** (8 * stored.dtype.itemsize))
        if layout.photometric == "PALETTE COLOR":
            return _looked_up(stored, dicom_grey.palette_table(file.header, values))
        table = dicom_grey.grey_table(
            file.header,
            values,
            _present(stored, len(values)),
            frame=number,
            inverted=layout.photometric == "MONOCHROME1",
        )
        return _looked_up(stored, table)


def _present(stored: Stored, patterns: int) -> Bool[np.ndarray, " patterns"]:
    present = np.zeros(patterns, dtype=bool)
    for part in _blocks(stored):
        present[part] = True
    return present


def _looked_up(
    stored: Stored, table: UInt8[np.ndarray, " patterns"]
) -> UInt8[np.ndarray, "height width"]:
    grey = np.empty(stored.shape, dtype=np.uint8)
    for part, place in zip(_blocks(stored), _blocks(grey), strict=True):
        place[:] = table[part]
    return grey


def _blocks(picture: Stored) -> list[np.ndarray]:
    return np.split(flat := picture.reshape(-1), range(_BLOCK, len(flat), _BLOCK))
