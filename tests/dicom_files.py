"""Synthetic DICOM files in every encoding that is read, written without any decoder of ours."""

from collections.abc import Callable, Sequence
from io import BytesIO

import imagecodecs
import numpy as np
from pydicom import uid
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.filewriter import dcmwrite

CHEST = "1.2.840.10008.5.1.4.1.1.1.1"  # digital X-ray, for presentation
Frames = Sequence[np.ndarray]


def _run_lengths(frame: np.ndarray) -> bytes:
    """Write PackBits of literal and repeated runs, one segment for each byte of a sample."""
    planes = np.moveaxis(frame, -1, 0) if frame.ndim == 3 else frame[None]
    segments = []
    for plane in planes:
        pairs = plane.astype(plane.dtype.newbyteorder(">")).tobytes()
        segments += [_packed(pairs[place :: plane.itemsize]) for place in range(plane.itemsize)]
    offsets = 64 + np.cumsum([0, *map(len, segments)])[:-1]
    numbers = [len(segments), *offsets, *[0] * (15 - len(segments))]
    return np.array(numbers, "<u4").tobytes() + b"".join(segments)


def _packed(data: bytes) -> bytes:
    packed = imagecodecs.packbits_encode(data)
    return bytes(packed) + b"\0" * (len(packed) % 2)


def _jpeg_2000(frame: np.ndarray) -> bytes:
    return bytes(imagecodecs.jpeg2k_encode(frame, codecformat="J2K", level=0, reversible=True))


def _jpeg(frame: np.ndarray, **options: object) -> bytes:
    return bytes(imagecodecs.jpeg8_encode(_unsigned(frame), **options))


def _lossless(frame: np.ndarray, predictor: int) -> bytes:
    return _jpeg(frame, lossless=True, predictor=predictor, bitspersample=8 * frame.itemsize)


def _unsigned(frame: np.ndarray) -> np.ndarray:
    """These formats know no sign: the reader takes it from the header."""
    return frame.view(f"u{frame.itemsize}")


COMPRESSED: dict[uid.UID, Callable[[np.ndarray], bytes]] = {
    uid.RLELossless: _run_lengths,
    uid.JPEGBaseline8Bit: lambda frame: _jpeg(frame, level=95),
    uid.JPEGExtended12Bit: lambda frame: _jpeg(frame, level=95, bitspersample=12),
    uid.JPEGLossless: lambda frame: _lossless(frame, predictor=4),
    uid.JPEGLosslessSV1: lambda frame: _lossless(frame, predictor=1),
    uid.JPEGLSLossless: lambda frame: bytes(imagecodecs.jpegls_encode(_unsigned(frame))),
    uid.JPEG2000Lossless: _jpeg_2000,
    uid.HTJ2KLossless: lambda frame: bytes(imagecodecs.htj2k_encode(frame)),
}
NATIVE = (
    uid.ImplicitVRLittleEndian,
    uid.ExplicitVRLittleEndian,
    uid.ExplicitVRBigEndian,
    uid.DeflatedExplicitVRLittleEndian,
)
LOSSLESS = (
    *NATIVE,
    *(
        syntax
        for syntax in COMPRESSED
        if syntax not in (uid.JPEGBaseline8Bit, uid.JPEGExtended12Bit)
    ),
)


def dicom_bytes(
    frames: np.ndarray | Frames,
    syntax: uid.UID = uid.ExplicitVRLittleEndian,
    /,
    *,
    parts: Sequence[bytes] | None = None,
    **elements: object,
) -> bytes:
    """Write pictures of stored values as a file; further elements by keyword win over the usual.

    Args:
        frames: one picture or several, [rows, columns] or [rows, columns, 3].
        parts: compressed frames to use as they are.
    """
    frames = [frames] if isinstance(frames, np.ndarray) else frames
    data = _described(frames[0], len(frames))
    for keyword, value in elements.items():
        setattr(data, keyword, value)
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = syntax
    if syntax.is_encapsulated:
        data.PixelData = encapsulate(list(parts or map(COMPRESSED[syntax], frames)))
        data["PixelData"].is_undefined_length = True
    else:
        order = "<" if syntax.is_little_endian else ">"
        raw = b"".join(f.astype(f.dtype.newbyteorder(order)).tobytes() for f in frames)
        data.PixelData = raw + b"\0" * (len(raw) % 2)
    data["PixelData"].VR = "OB" if syntax.is_encapsulated or frames[0].itemsize == 1 else "OW"
    out = BytesIO()
    dcmwrite(out, data, enforce_file_format=True)
    return out.getvalue()


def table_item(entries: Sequence[int], *, first: int, bits: int) -> Dataset:
    """Make the item of a modality or VOI table."""
    item = Dataset()
    item.add_new("LUTDescriptor", "SS" if first < 0 else "US", [len(entries) % 65536, first, bits])
    item.add_new("LUTData", "OW", np.array(entries, "<u2").tobytes())
    return item


def _described(frame: np.ndarray, count: int) -> Dataset:
    data = Dataset()
    data.SOPClassUID, data.SOPInstanceUID = CHEST, "1.2.826.0.1.3680043.8.498.1"
    data.PatientName, data.PatientID = "Invented^Person", "INVENTED-1"
    data.PatientBirthDate, data.StudyDate, data.Modality = "19000101", "20000101", "DX"
    data.Rows, data.Columns = frame.shape[:2]
    data.SamplesPerPixel = 3 if frame.ndim == 3 else 1
    data.PhotometricInterpretation = "RGB" if frame.ndim == 3 else "MONOCHROME2"
    if frame.ndim == 3:
        data.PlanarConfiguration = 0
    data.BitsAllocated = data.BitsStored = 8 * frame.itemsize
    data.HighBit = data.BitsStored - 1
    data.PixelRepresentation = int(frame.dtype.kind == "i")
    if count > 1:
        data.NumberOfFrames = count
    return data
