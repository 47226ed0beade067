"""Synthetic DICOM files that are small and ask for much: memory, depth or time."""

import struct
import zlib
from collections.abc import Callable

import imagecodecs
import numpy as np
from pydicom import uid

from tests.dicom_files import dicom_bytes

SMALL = np.arange(48, dtype=np.uint8).reshape(6, 8)
UNDEFINED = b"\xff\xff\xff\xff"
SEQUENCE = b"\x08\x00\x40\x11SQ\0\0"  # Referenced Image Sequence
ITEM = b"\xfe\xff\x00\xe0"


def with_header(extra: bytes, syntax: uid.UID = uid.ExplicitVRLittleEndian) -> bytes:
    """Put elements before the others of a file."""
    data = dicom_bytes(SMALL, syntax)
    place = data.index(b"\x08\x00\x16\x00UI")  # SOP Class UID, the first behind the file meta
    return data[:place] + extra + data[place:]


def deflated(body: bytes) -> bytes:
    """Compress a body behind the file meta of a deflated file."""
    data = dicom_bytes(SMALL)
    place = data.index(b"\x08\x00\x16\x00UI")
    meta = dicom_bytes(SMALL, uid.DeflatedExplicitVRLittleEndian)
    size = struct.unpack("<L", meta[140:144])[0]
    squeezer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    packed = squeezer.compress(body + data[place:]) + squeezer.flush()
    return meta[: 144 + size] + packed


def _announcing(part: bytes, marker: bytes, offset: int, sides: str) -> bytes:
    """Let a codestream announce 60,000 by 60,000 pixels."""
    place = part.index(marker) + offset
    size = struct.calcsize(sides)
    return part[:place] + struct.pack(sides, 60_000, 60_000) + part[place + size :]


def _jpeg(marker: bytes) -> bytes:
    plain = bytes(imagecodecs.jpeg8_encode(SMALL)).replace(b"\xff\xc0", marker, 1)
    return dicom_bytes(SMALL, uid.JPEGBaseline8Bit, parts=[_announcing(plain, marker, 5, ">HH")])


def _jpeg_ls() -> bytes:
    part = _announcing(bytes(imagecodecs.jpegls_encode(SMALL)), b"\xff\xf7", 5, ">HH")
    return dicom_bytes(SMALL, uid.JPEGLSLossless, parts=[part])


def _jpeg_2000() -> bytes:
    part = bytes(imagecodecs.jpeg2k_encode(SMALL, codecformat="J2K", level=0))
    return dicom_bytes(
        SMALL, uid.JPEG2000Lossless, parts=[_announcing(part, b"\xff\x51", 6, ">LL")]
    )


def _run_lengths() -> bytes:
    segment = b"\x81\0" * 1_000_000  # 128 zeros from each two bytes
    part = struct.pack("<16L", 1, 64, *[0] * 14) + segment
    return dicom_bytes(SMALL, uid.RLELossless, parts=[part])


def _false_fragment() -> bytes:
    data = dicom_bytes(SMALL, uid.JPEGLSLossless)
    place = data.rindex(ITEM) + 4
    return data[:place] + struct.pack("<L", 0xFFFF_FFF0) + data[place + 4 :]


def _pixels_as_sequence() -> bytes:
    data = dicom_bytes(SMALL)
    place = data.rindex(b"\xe0\x7f\x10\x00")
    items = (ITEM + b"\0\0\0\0") * 2_000_000
    return data[:place] + b"\xe0\x7f\x10\x00UN\0\0" + UNDEFINED + items


def _many_elements() -> bytes:
    tags = range(0x0010_0000, 0x0010_0000 + 2_000_000)
    body = b"".join(struct.pack("<HH2sH", tag >> 16, tag & 0xFFFF, b"LO", 0) for tag in tags)
    return with_header(SEQUENCE + UNDEFINED + ITEM + UNDEFINED + body)


BOMBS: dict[str, Callable[[], bytes]] = {
    "deflated zeros": lambda: deflated(
        b"\x08\0\x05\0OB\0\0" + struct.pack("<L", 300_000_000) + bytes(300_000_000)
    ),
    "deflated nest": lambda: deflated((SEQUENCE + UNDEFINED + ITEM + UNDEFINED) * 500_000),
    "nested sequences": lambda: with_header((SEQUENCE + UNDEFINED + ITEM + UNDEFINED) * 5_000),
    "many items": lambda: with_header(SEQUENCE + UNDEFINED + (ITEM + b"\0\0\0\0") * 2_000_000),
    "many elements": _many_elements,
    "many items of a table": lambda: with_header(
        b"\x28\x00\x10\x30SQ\0\0" + struct.pack("<L", 16_000_000) + (ITEM + b"\0\0\0\0") * 2_000_000
    ),
    "false length": lambda: with_header(b"\x08\0\x05\0UT\0\0" + struct.pack("<L", 0xFFFF_FFF0)),
    "frames that are not there": lambda: dicom_bytes(SMALL, NumberOfFrames=2**31 - 1),
    "fragments that are not there": lambda: dicom_bytes(
        SMALL, uid.JPEGLSLossless, NumberOfFrames=2**31 - 1
    ),
    "side of 65,535": lambda: dicom_bytes(SMALL, Rows=65_535, Columns=65_535),
    "compressed side of 65,535": lambda: dicom_bytes(
        SMALL, uid.JPEGLSLossless, Rows=65_535, Columns=65_535
    ),
    "baseline of another size": lambda: _jpeg(b"\xff\xc0"),
    "progressive of another size": lambda: _jpeg(b"\xff\xc2"),
    "lossless of another size": lambda: _jpeg(b"\xff\xc3"),
    "JPEG-LS of another size": _jpeg_ls,
    "JPEG 2000 of another size": _jpeg_2000,
    "run lengths without end": _run_lengths,
    "fragment of false length": _false_fragment,
    "pixels as a sequence": _pixels_as_sequence,
}  # fmt: skip
