"""One frame of a DICOM file as its stored values, by the decoder of its transfer syntax (PS3.5).

A decoder is told how large the picture must be, and refuses one that says otherwise before it
takes memory for it. Stored values are returned as patterns of bits; what they stand for, with a
sign or without, is read off `meaning`.
"""

from dataclasses import dataclass
from io import BytesIO
from typing import Any

import imagecodecs
import numpy as np
from jaxtyping import Int64, UInt8, UInt16
from PIL import Image
from pydicom import uid
from pydicom.dataset import Dataset
from pydicom.encaps import get_frame
from pydicom.pixels.decoders.base import get_decoder

from models.dicom_header import OpenedDicom, whole_number
from models.imaging import ImageTooLarge, UnreadableImage

KEYWORDS = (
    "Rows", "Columns", "SamplesPerPixel", "PhotometricInterpretation", "BitsAllocated",
    "BitsStored", "PixelRepresentation", "PlanarConfiguration", "NumberOfFrames",
    "RepresentativeFrameNumber", "ExtendedOffsetTable", "ExtendedOffsetTableLengths",
)  # fmt: skip
GREY = ("MONOCHROME1", "MONOCHROME2", "PALETTE COLOR")
LUMINANCE_FIRST = ("YBR_FULL", "YBR_FULL_422")  # the first of their three samples is what we want
COLORS = ("RGB", "YBR_RCT", "YBR_ICT", *LUMINANCE_FIRST)  # decoders undo RCT and ICT
JPEG_2000 = (*uid.JPEG2000TransferSyntaxes, uid.HTJ2KLossless, uid.HTJ2KLosslessRPCL, uid.HTJ2K)

Stored = UInt8[np.ndarray, "rows columns"] | UInt16[np.ndarray, "rows columns"]


@dataclass(frozen=True)
class Layout:
    """How the pixels of a file are laid out."""

    rows: int
    columns: int
    samples: int
    photometric: str
    bits_allocated: int
    bits_stored: int
    signed: bool
    planar: int
    frames: int

    @property
    def colored(self) -> bool:
        """Whether a pixel has three samples."""
        return self.samples == 3

    def meaning(self, patterns: int) -> Int64[np.ndarray, " patterns"]:
        """Say what value each pattern of bits stands for; bits beyond those stored mean nothing."""
        values: Int64[np.ndarray, " patterns"] = np.arange(patterns) & (2**self.bits_stored - 1)
        if self.signed:
            values[values >= 2 ** (self.bits_stored - 1)] -= 2**self.bits_stored
        return values


def read_layout(header: Dataset, *, max_pixels: int) -> Layout:
    """Read how the pixels are laid out.

    Raises:
        UnreadableImage: in a way that is not read.
        ImageTooLarge: a frame has more than `max_pixels`.
    """
    layout = Layout(
        rows=whole_number(header, "Rows"),
        columns=whole_number(header, "Columns"),
        samples=whole_number(header, "SamplesPerPixel", 1),
        photometric=str(header.get("PhotometricInterpretation", "")),
        bits_allocated=whole_number(header, "BitsAllocated"),
        bits_stored=whole_number(header, "BitsStored"),
        signed=whole_number(header, "PixelRepresentation", 0) == 1,
        planar=whole_number(header, "PlanarConfiguration", 0),
        frames=whole_number(header, "NumberOfFrames", 1),
    )
    _check(layout)
    if (pixels := layout.rows * layout.columns) > max_pixels:
        raise ImageTooLarge(f"the image has {pixels:,} pixels; at most {max_pixels:,} are allowed")
    return layout


def _check(layout: Layout) -> None:
    if min(layout.rows, layout.columns, layout.frames) < 1:
        raise UnreadableImage("DICOM: Rows, Columns or NumberOfFrames is below 1")
    known = {1: GREY, 3: COLORS}.get(layout.samples, ())
    if layout.photometric not in known:
        raise UnreadableImage("DICOM: this PhotometricInterpretation is not read")
    depths = (8,) if layout.colored else (1, 8, 16)
    if layout.bits_allocated not in depths or not 1 <= layout.bits_stored <= layout.bits_allocated:
        raise UnreadableImage("DICOM: pixels of these BitsAllocated and BitsStored are not read")


def choose_frame(header: Dataset, frames: int, asked: int | None) -> int:
    """Return the number of a frame, from 1: the one asked for, the representative, or the middle.

    Raises:
        UnreadableImage: there is no such frame.
    """
    if asked is not None:
        if not 1 <= asked <= frames:
            raise UnreadableImage(f"there is no frame {asked}; the image has {frames}")
        return asked
    representative = header.get("RepresentativeFrameNumber")
    if isinstance(representative, int) and 1 <= representative <= frames:
        return int(representative)
    return (frames + 1) // 2


def decode_frame(file: OpenedDicom, layout: Layout, frame: int) -> Stored:
    """Decode one frame to stored values, or a colored one to its luminance."""
    data = file.pixel_data()
    if not file.syntax.is_encapsulated:
        return _grey(_native(data, file, layout, frame), layout)
    tables = [file.header.get(f"ExtendedOffsetTable{end}") for end in ("", "Lengths")]
    part = get_frame(
        data,
        frame - 1,
        number_of_frames=layout.frames,
        extended_offsets=tuple(tables) if all(tables) else None,
    )
    return _grey(_decompressed(part, file.syntax, layout), layout)


def _grey(samples: np.ndarray, layout: Layout) -> Stored:
    if samples.ndim == 2:
        signed = samples.dtype.kind == "i"
        return samples.astype(np.int16).view(np.uint16) if signed else samples
    if layout.photometric in LUMINANCE_FIRST:
        return samples[..., 0]
    return np.array(Image.fromarray(samples).convert("L"))


def _native(data: bytes, file: OpenedDicom, layout: Layout, frame: int) -> np.ndarray:
    little = file.syntax.is_little_endian
    decoder = get_decoder(uid.ExplicitVRLittleEndian if little else uid.ExplicitVRBigEndian)
    options: dict[str, Any] = {  # Any: strings and numbers, which pydicom's types do not say
        "rows": layout.rows,
        "columns": layout.columns,
        "samples_per_pixel": layout.samples,
        "photometric_interpretation": layout.photometric,
        "bits_allocated": layout.bits_allocated,
        "bits_stored": layout.bits_stored,
        "pixel_representation": 0,  # patterns of bits: `meaning` knows the sign
        "planar_configuration": layout.planar,
        "number_of_frames": layout.frames,
        "pixel_keyword": "PixelData",
        "pixel_vr": "OB" if layout.bits_allocated <= 8 else "OW",
        "correct_unused_bits": False,
    }
    samples, _ = decoder.as_array(data, index=frame - 1, raw=True, **options)
    return samples


def _decompressed(part: bytes, syntax: uid.UID, layout: Layout) -> np.ndarray:
    if syntax == uid.RLELossless:
        return _run_lengths(part, layout)
    shape = (layout.rows, layout.columns, 3) if layout.colored else (layout.rows, layout.columns)
    if syntax in uid.JPEGTransferSyntaxes:
        return _jpeg(part, syntax, layout, shape)
    if syntax in uid.JPEGLSTransferSyntaxes:
        # Where its bits run out, the decoder reads zeros for seconds: the end marker stops it.
        return imagecodecs.jpegls_decode(part + b"\xff\xd9", out=np.empty(shape, _kind(layout)))
    if syntax in JPEG_2000:
        return _jpeg_2000(part, shape)
    raise UnreadableImage("the DICOM file is compressed in a way that is not read (as a video?)")


def _run_lengths(part: bytes, layout: Layout) -> np.ndarray:
    kind = np.dtype("<u2") if layout.bits_allocated == 16 else np.dtype("u1")
    size = layout.rows * layout.columns * layout.samples * kind.itemsize
    planes = np.frombuffer(imagecodecs.dicomrle_decode(part, kind, out=size), kind)
    if layout.colored:
        return np.moveaxis(planes.reshape(3, layout.rows, layout.columns), 0, -1).copy()
    return planes.reshape(layout.rows, layout.columns)


def _jpeg(part: bytes, syntax: uid.UID, layout: Layout, shape: tuple[int, ...]) -> np.ndarray:
    lossless = syntax in (uid.JPEGLossless, uid.JPEGLosslessSV1)
    if not layout.colored or lossless:
        return imagecodecs.jpeg8_decode(part, out=np.empty(shape, _kind(layout)))
    plain = layout.photometric == "RGB" and b"JFIF" not in part[:64] and b"Adobe" not in part[:64]
    return imagecodecs.jpeg8_decode(
        part,
        colorspace="RGB" if plain else None,
        outcolorspace="GRAYSCALE",
        out=np.empty(shape[:2], np.uint8),
    )


def _jpeg_2000(part: bytes, shape: tuple[int, ...]) -> np.ndarray:
    with Image.open(BytesIO(part), formats=("JPEG2000",)) as announced:
        if announced.size != (shape[1], shape[0]):
            raise UnreadableImage(
                "DICOM: the compressed picture is of another size than its header"
            )
    samples = imagecodecs.jpeg2k_decode(part, numthreads=1)
    if samples.shape != shape or samples.dtype.itemsize > 2:
        raise UnreadableImage("DICOM: the compressed picture is of another kind than its header")
    return samples


def _kind(layout: Layout) -> type[np.uint8 | np.uint16]:
    return np.uint8 if layout.bits_stored <= 8 else np.uint16
