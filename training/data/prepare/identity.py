"""Take persons out of rows: pseudonyms, pictures anew, and nothing of a header but codes.

What is not done: neither the words of reports nor text in the pixels are searched for names.
"""

import os
import re
from pathlib import Path
from typing import Protocol

from PIL import Image

from models.dicom_header import DicomHeader
from models.imaging import MAX_FILE_BYTES, ImageTooLarge, UnreadableImage, read_image
from models.manifest import Row
from training.data.prepare.pseudonyms import Pseudonyms

# Coded terms of PS3.3 and PS3.16 that a row may carry: what else stands there may be anything.
MODALITIES = {
    "CR", "CT", "DX", "ES", "IO", "IVUS", "MG", "MR", "NM", "OCT", "OP", "OT", "PT", "PX", "RF",
    "SC", "SM", "US", "XA", "XC",
}  # fmt: skip
VIEWS = {
    "AP", "PA", "LL", "RL", "LAT", "LATERAL", "RLD", "LLD", "RLO", "LLO", "CC", "MLO", "ML", "LM",
    "XCCL",
}  # fmt: skip
SIDES = {"L", "R", "B", "U"}
PARTS = {
    "ABDOMEN", "ANKLE", "ARM", "BREAST", "CHEST", "CSPINE", "ELBOW", "ESOPHAGUS", "FOOT", "HAND",
    "HEAD", "HEART", "HIP", "KNEE", "LEG", "LIVER", "LSPINE", "NECK", "PANCREAS", "PELVIS",
    "SHOULDER", "SKULL", "SPINE", "STOMACH", "THYROID", "TSPINE", "WRIST",
}  # fmt: skip
DATE = re.compile(r"\b(?:(?:19|20)\d\d([-./]?)[01]\d\1[0-3]\d|[0-3]?\d[./-][01]?\d[./-]\d{2,4})")


class Identities(Protocol):
    """What becomes of the identities of a row."""

    def named(self, kind: str, value: str) -> str:
        """Return the name that a patient or a study has in the manifest."""

    def picture(self, path: Path, frame: int | None) -> Row:
        """Return the columns that lead to an image's pixels."""


class Kept:
    """Leave everything as it is: paths, names and ids."""

    def named(self, kind: str, value: str) -> str:
        """Return the name as it is."""
        return value

    def picture(self, path: Path, frame: int | None) -> Row:
        """Point to the file where it lies."""
        return {"image": path} | ({} if frame is None else {"frame": frame})


class Removed:
    """Give pseudonyms, and write each picture anew as 8-bit grey without its file's metadata."""

    def __init__(self, pseudonyms: Pseudonyms, folder: Path) -> None:
        self._pseudonyms, self._folder = pseudonyms, folder
        folder.mkdir(parents=True, exist_ok=True)

    def named(self, kind: str, value: str) -> str:
        """Return a pseudonym."""
        return self._pseudonyms.of(kind, value)

    def picture(self, path: Path, frame: int | None) -> Row:
        """Write the picture under a name made of its bytes, unless it was written before.

        Raises:
            UnreadableImage: it cannot be read or decoded; the message does not name the file.
        """
        try:
            if path.stat().st_size > MAX_FILE_BYTES:
                raise ImageTooLarge(f"the file is larger than {MAX_FILE_BYTES:,} bytes")
            data = path.read_bytes()
        except OSError as error:
            raise UnreadableImage(str(error.strerror)) from None
        name = self._pseudonyms.of("image", data + str(frame or "").encode())
        written = self._folder / f"{name}.png"
        if not written.exists():
            unfinished = written.with_suffix(".unfinished")
            Image.fromarray(read_image(data, frame=frame)).save(unfinished, "PNG", compress_level=1)
            os.replace(unfinished, written)
        return {"image": written}


def coded(header: DicomHeader) -> Row:
    """Return what a header says in terms of known lists."""
    said = {
        "modality": (header.modality, MODALITIES),
        "view": (header.view_position, VIEWS),
        "laterality": (header.laterality, SIDES),
        "body_part": (header.body_part, PARTS),
    }
    known = {name: value for name, (value, terms) in said.items() if value in terms}
    return known | {"burned_in_annotation": header.burned_in_annotation}


def holds_date(text: str) -> bool:
    """Tell whether a value looks like a calendar date."""
    return DATE.search(text) is not None
