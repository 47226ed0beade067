"""What stands in a DICOM file before its pixels, read within bounds (DICOM PS3.5, PS3.10).

pydicom builds an object from as little as eight bytes of a file, follows nested sequences by
recursion, and inflates before it looks: here a file may only be read within a budget.
No message repeats a value of the header: values are names, numbers and dates of persons.
"""

import logging
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import SEEK_END, BufferedReader, BytesIO
from pathlib import Path
from typing import Any, Literal, cast

from pydicom import config, uid
from pydicom.datadict import tag_for_keyword
from pydicom.dataset import Dataset
from pydicom.filereader import data_element_generator, read_dataset

from models.imaging import ImageTooLarge, UnreadableImage

PREAMBLE = 128  # bytes before the letters DICM, free for any use
MAX_HEADER = 4_000_000  # bytes that are read before the pixels, those passed over not counted
MAX_STEPS = 200_000  # reads and items: each makes an object or two

Source = BytesIO | BufferedReader

_PIXELS = 0x7FE00010
_PIECE = 1 << 18  # bytes that are inflated at a time
_ITEMS = (b"\xfe\xff\x00\xe0", b"\xff\xfe\xe0\x00")  # how an item begins, in either byte order

# pydicom's warnings quote what they warn of.
logging.getLogger("pydicom").propagate = False
config.settings.reading_validation_mode = config.IGNORE
warnings.filterwarnings("ignore", module=r"pydicom\b")

_SHORT = (
    "PatientID", "StudyInstanceUID", "SOPInstanceUID", "Modality", "ViewPosition",
    "ImageLaterality", "Laterality", "BodyPartExamined", "BurnedInAnnotation",
    "Rows", "Columns", "NumberOfFrames",
)  # fmt: skip


@dataclass(frozen=True)
class DicomHeader:
    """What the preparation of data asks of a file; empty where the file does not say."""

    patient_id: str
    study_uid: str
    instance_uid: str
    modality: str
    view_position: str
    laterality: str
    body_part: str
    rows: int
    columns: int
    frames: int
    burned_in_annotation: Literal["yes", "no", "unknown"]


@dataclass(frozen=True)
class OpenedDicom:
    """Some elements of a file, its transfer syntax, and the source at the pixels' element."""

    header: Dataset
    syntax: uid.UID
    implicit: bool  # whether elements turned out to be written without their types
    source: Source

    def pixel_data(self) -> bytes:
        """Read the value of Pixel Data, every frame of it.

        Raises:
            UnreadableImage: there is none.
        """
        start = self.source.tell()
        bounded = _Bounded(self.source, most=self.source.seek(0, SEEK_END))
        bounded.seek(start)
        element = next(
            data_element_generator(bounded, self.implicit, self.syntax.is_little_endian), None
        )
        if element is None or element.tag != _PIXELS or not element.value:
            raise UnreadableImage("the DICOM file holds no picture")
        return cast(bytes, element.value)


def open_dicom(
    source: Source, keywords: tuple[str, ...], *, most: int | None = None
) -> OpenedDicom:
    """Read the elements of some keywords, and stop before the pixels.

    Args:
        most: bytes that a deflated file may hold; without it the header alone is inflated.

    Raises:
        UnreadableImage: it is no DICOM file, or over a bound.
    """
    source.seek(PREAMBLE)
    source.seek(PREAMBLE + 4 if source.read(4) == b"DICM" else 0)
    meta, _ = _read(source, uid.ExplicitVRLittleEndian, ("TransferSyntaxUID",), until=0x00030000)
    syntax = meta.get("TransferSyntaxUID", None)
    if syntax not in uid.AllTransferSyntaxes:
        raise UnreadableImage("the DICOM file is written in an unknown transfer syntax")
    if syntax.is_deflated:
        source = _inflated(source, most=most)
    header, implicit = _read(source, syntax, keywords, until=0x7FE00008)
    return OpenedDicom(header, syntax, implicit, source)


def read_dicom_header(path: Path) -> DicomHeader:
    """Read what describes a DICOM file, and none of its pixels.

    Raises:
        UnreadableImage: it is no DICOM file, or its header is over a bound; names the path.
    """
    try:
        with path.open("rb") as file, faults_named():
            return _described(open_dicom(file, _SHORT).header)
    except UnreadableImage as error:
        raise type(error)(f"{path}: {error}") from None
    except OSError as error:
        raise UnreadableImage(f"{path}: {error.strerror}") from error


@contextmanager
def faults_named() -> Iterator[None]:
    """Turn whatever pydicom and the decoders raise into one message, without their values."""
    try:
        yield
    except UnreadableImage:
        raise
    except Exception:  # no library says what it raises on damage; nests end in RecursionError
        raise UnreadableImage("not a readable DICOM file") from None


def whole_number(header: Dataset, keyword: str, default: int | None = None) -> int:
    """Return an element's value as an integer.

    Raises:
        UnreadableImage: it is missing where there is no default, or no integer.
    """
    value = header.get(keyword)
    if value is None and default is not None:
        return default
    if not isinstance(value, int):
        raise UnreadableImage(f"DICOM: {keyword} is missing or no whole number")
    return int(value)


class _Bounded(BufferedReader):
    """A source that gives so many bytes, in so many steps, and no more."""

    def __init__(self, source: Source, *, most: int) -> None:
        super().__init__(cast(Any, source))  # Any: BytesIO has all that a raw file needs
        self._left, self._steps = most, MAX_STEPS

    def read(self, size: int | None = -1) -> bytes:
        """Read within the budget."""
        asked = self._left + 1 if size is None or size < 0 else size
        if asked <= self._left:
            chunk = super().read(asked)
            self._left -= len(chunk)
            self._steps -= 1 + sum(chunk.count(item) for item in _ITEMS)
            if self._steps >= 0:
                return chunk
        raise UnreadableImage(
            f"the DICOM file is cut off, or too large before its pixels (over {MAX_HEADER:,} bytes "
            f"or {MAX_STEPS:,} steps of reading)"
        )


def _read(
    source: Source, syntax: uid.UID, keywords: tuple[str, ...], *, until: int
) -> tuple[Dataset, bool]:
    """Read elements up to a tag; also say whether they turned out to have implicit types."""
    start = source.tell()
    bounded = _Bounded(source, most=MAX_HEADER)
    bounded.seek(start)
    header = read_dataset(
        bounded,
        syntax.is_implicit_VR,
        syntax.is_little_endian,
        stop_when=lambda tag, _vr, _length: tag >= until,
        specific_tags=[cast(int, tag_for_keyword(keyword)) for keyword in keywords],
    )
    end = bounded.tell()
    bounded.detach()  # else it closes the source with itself
    source.seek(end)
    return header, bool(header.original_encoding[0])


def _inflated(source: Source, *, most: int | None) -> BytesIO:
    """Inflate what is left of a source, and no further than needed to see that it is too much."""
    inflater, data = zlib.decompressobj(-zlib.MAX_WBITS), BytesIO()
    while packed := source.read(_PIECE):
        while packed and data.tell() <= (most or MAX_HEADER):
            data.write(inflater.decompress(packed, _PIECE))
            packed = inflater.unconsumed_tail
    if most is not None and data.tell() > most:
        raise ImageTooLarge(f"the deflated DICOM file holds more than {most:,} bytes")
    data.seek(0)
    return data


def _described(header: Dataset) -> DicomHeader:
    def text(keyword: str) -> str:
        value = header.get(keyword)
        return "" if value is None else str(value).strip()

    flag = text("BurnedInAnnotation").lower()
    return DicomHeader(
        patient_id=text("PatientID"),
        study_uid=text("StudyInstanceUID"),
        instance_uid=text("SOPInstanceUID"),
        modality=text("Modality"),
        view_position=text("ViewPosition"),
        laterality=text("ImageLaterality") or text("Laterality"),
        body_part=text("BodyPartExamined"),
        rows=whole_number(header, "Rows", 0),
        columns=whole_number(header, "Columns", 0),
        frames=whole_number(header, "NumberOfFrames", 1),
        burned_in_annotation=cast(
            Literal["yes", "no", "unknown"], flag if flag in ("yes", "no") else "unknown"
        ),
    )
