"""One small synthetic DICOM file of every kind, and ways to break one."""

import random

import numpy as np
from pydicom import uid

from tests.dicom_files import COMPRESSED, NATIVE, dicom_bytes, table_item

_CHANCE = np.random.default_rng(0)
_WIDE = (np.add.outer(np.arange(24), 2 * np.arange(32)) * 40).astype(np.uint16)
_COLOR = _CHANCE.integers(0, 256, (24, 32, 3), dtype=np.uint8)
_RAMP = np.arange(256, dtype="<u2").tobytes()
_PALETTE = {
    f"{color}PaletteColorLookupTable{part}": value
    for color in ("Red", "Green", "Blue")
    for part, value in (("Descriptor", [256, 0, 16]), ("Data", _RAMP))
}


def _stored(syntax: uid.UID) -> np.ndarray:
    return (_WIDE >> 4).astype(np.uint8) if syntax == uid.JPEGBaseline8Bit else _WIDE


CORPUS: dict[str, bytes] = {
    **{
        syntax.name: dicom_bytes(_stored(syntax), syntax, WindowCenter=100, WindowWidth=150)
        for syntax in (*NATIVE, *COMPRESSED)
    },
    "color": dicom_bytes(_COLOR),
    "color, run lengths": dicom_bytes(_COLOR, uid.RLELossless),
    "color, JPEG": dicom_bytes(_COLOR, uid.JPEGBaseline8Bit),
    "palette": dicom_bytes(
        _COLOR[..., 0].copy(), PhotometricInterpretation="PALETTE COLOR", **_PALETTE
    ),
    "tables": dicom_bytes(
        _WIDE,
        ModalityLUTSequence=[table_item(range(4096), first=0, bits=16)],
        VOILUTSequence=[table_item(range(4096), first=0, bits=12)],
    ),
    "frames": dicom_bytes([_WIDE] * 5, RepresentativeFrameNumber=2),
    "compressed frames": dicom_bytes([_WIDE] * 5, uid.JPEGLSLossless),
}


def mutated(data: bytes, dice: random.Random) -> bytes:
    """Change bytes, cut the end off, repeat a part, or put a part elsewhere."""
    broken = bytearray(data)
    for _ in range(dice.randint(1, 12)):
        broken[dice.randrange(132, len(broken))] = dice.randrange(256)
    start, end = sorted(dice.sample(range(132, len(broken)), 2))
    kinds = [broken, broken[:start], broken + broken[start:], broken[:start] + broken[end:]]
    return bytes(dice.choice(kinds))
