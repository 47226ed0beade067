"""From stored DICOM values to 8-bit grey, as one table (DICOM PS3.3 C.7.6.16, C.11.1, C.11.2).

Every stored value of 8 or 16 bits has its place in the table. So each step below is an array of
65,536 numbers at most, in float64, and the picture itself is looked up once.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float64, Int64, UInt8
from pydicom.dataset import Dataset
from pydicom.pixels.processing import apply_color_lut

from models.imaging import UnreadableImage

KEYWORDS = (
    "RescaleSlope", "RescaleIntercept", "ModalityLUTSequence", "VOILUTSequence", "WindowCenter",
    "WindowWidth", "VOILUTFunction", "PixelPaddingValue", "PixelPaddingRangeLimit",
    "SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence",
    "RedPaletteColorLookupTableDescriptor", "GreenPaletteColorLookupTableDescriptor",
    "BluePaletteColorLookupTableDescriptor", "RedPaletteColorLookupTableData",
    "GreenPaletteColorLookupTableData", "BluePaletteColorLookupTableData",
)  # fmt: skip
LUMINANCE = np.array([0.299, 0.587, 0.114])  # ITU-R BT.601, as Pillow weighs red, green and blue


def grey_table(
    header: Dataset,
    values: Int64[np.ndarray, " values"],
    present: Bool[np.ndarray, " values"],
    *,
    frame: int,
    inverted: bool,
) -> UInt8[np.ndarray, " values"]:
    """Give each stored value its grey: modality, then values of interest, then 8 bits.

    Without a window or table, grey runs from the least to the greatest value of the picture.
    Padding is black, and no part of that range.

    Args:
        values: what each pattern of bits stands for.
        present: which of them occur in the picture.
        frame: whose window counts, from 1.
        inverted: whether the least value is white (MONOCHROME1).
    """
    padding = _padding(header, values)
    real = _modality(header, values, frame=frame)
    shares = _of_interest(header, real, frame=frame)
    if shares is None:
        shares = _stretched(real, present & ~padding)
    if inverted:
        shares = 1.0 - shares
    return np.where(padding, 0, np.rint(255 * shares)).astype(np.uint8)


def palette_table(
    header: Dataset, values: Int64[np.ndarray, " values"]
) -> UInt8[np.ndarray, " values"]:
    """Give each stored value the luminance of its color in the palette."""
    colors = apply_color_lut(values.astype(np.uint16), header)
    full_scale = np.iinfo(colors.dtype).max
    return np.asarray(np.rint(colors @ LUMINANCE * (255 / full_scale)), dtype=np.uint8)


def _padding(header: Dataset, values: Int64[np.ndarray, " values"]) -> Bool[np.ndarray, " values"]:
    first = header.get("PixelPaddingValue")
    if not isinstance(first, int):
        return np.zeros(len(values), dtype=bool)
    last = header.get("PixelPaddingRangeLimit")
    ends = sorted((first, last if isinstance(last, int) else first))
    return np.asarray((values >= ends[0]) & (values <= ends[1]))


def _modality(
    header: Dataset, values: Int64[np.ndarray, " values"], *, frame: int
) -> Float64[np.ndarray, " values"]:
    """Apply the modality's table, or its slope and intercept."""
    if header.get("ModalityLUTSequence"):
        entries, _ = _looked_up(header.ModalityLUTSequence[0], values)
        return entries
    place = _where(header, "RescaleSlope", "PixelValueTransformationSequence", frame=frame)
    slope, intercept = (_number(place, f"Rescale{name}") for name in ("Slope", "Intercept"))
    return np.asarray(values * (1.0 if slope is None else slope) + (intercept or 0.0))


def _of_interest(
    header: Dataset, real: Float64[np.ndarray, " values"], *, frame: int
) -> Float64[np.ndarray, " values"] | None:
    """Apply the first table or window of the picture; None where there is none that can be used."""
    place = _where(header, "WindowCenter", "FrameVOILUTSequence", frame=frame)
    if place.get("VOILUTSequence"):
        entries, full_scale = _looked_up(place.VOILUTSequence[0], np.rint(real).astype(np.int64))
        return np.clip(entries / full_scale, 0.0, 1.0)
    center, width = _number(place, "WindowCenter"), _number(place, "WindowWidth")
    if center is None or width is None:
        return None
    return windowed(real, center, width, function=str(place.get("VOILUTFunction") or "LINEAR"))


def windowed(
    real: Float64[np.ndarray, " values"], center: float, width: float, *, function: str
) -> Float64[np.ndarray, " values"] | None:
    """Apply a window (PS3.3 C.11.2.1.2 and C.11.2.1.3); None where its width means nothing."""
    if function == "SIGMOID" and width > 0:
        return np.asarray(1.0 / (1.0 + np.exp(np.clip(-4 * (real - center) / width, -700, 700))))
    if function == "LINEAR_EXACT" and width > 0:
        return np.clip((real - center) / width + 0.5, 0.0, 1.0)
    if function == "LINEAR" and width > 1:
        return np.clip((real - (center - 0.5)) / (width - 1) + 0.5, 0.0, 1.0)
    if function == "LINEAR" and width == 1:  # a threshold
        return np.asarray(real > center - 0.5, dtype=np.float64)
    return None


def _stretched(
    real: Float64[np.ndarray, " values"], counted: Bool[np.ndarray, " values"]
) -> Float64[np.ndarray, " values"]:
    found = real[counted]
    if not found.size or found.max() == found.min():
        return np.zeros_like(real)
    shares = (real - found.min()) / (found.max() - found.min())
    return np.asarray(np.clip(shares, 0.0, 1.0))


def _looked_up(
    item: Dataset, values: Int64[np.ndarray, " values"]
) -> tuple[Float64[np.ndarray, " values"], int]:
    """Look values up in a table of the header; values beyond it take its first or last entry.

    Returns:
        The entries, and the greatest that their number of bits allows.
    """
    length, first, bits = (int(number) for number in item.LUTDescriptor)
    data = item.LUTData
    if isinstance(data, bytes):
        data = np.frombuffer(data, ">u2" if item.original_encoding[1] is False else "<u2")
    table = np.array(data, np.int64)[: length or 65536] & 0xFFFF  # 0 stands for 65,536 entries
    if not table.size or not 1 <= bits <= 16:
        raise UnreadableImage("DICOM: a lookup table cannot be used")
    if values.min() < 0 and first > 32767:
        first -= 65536  # the type of this number follows that of the values
    places = np.clip(values - first, 0, len(table) - 1)
    return table[places].astype(np.float64), 2**bits - 1


def _where(header: Dataset, keyword: str, group: str, *, frame: int) -> Dataset:
    """Find where a frame's value stands: among the frame's own, the shared, or the file's."""
    for name, number in (
        ("PerFrameFunctionalGroupsSequence", frame - 1),
        ("SharedFunctionalGroupsSequence", 0),
    ):
        groups: Sequence[Dataset] = header.get(name) or ()
        inner: Sequence[Dataset] = (
            groups[number].get(group) if number < len(groups) else None
        ) or ()
        if inner and keyword in inner[0]:
            return inner[0]
    return header


def _number(place: Dataset, keyword: str) -> float | None:
    """Return the first value of an element; None where there is none that is finite."""
    value = place.get(keyword)
    if isinstance(value, Sequence) and not isinstance(value, str):
        value = value[0] if value else None
    return float(value) if value is not None and np.isfinite(float(value)) else None
