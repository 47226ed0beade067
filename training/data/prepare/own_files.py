"""The images below a folder, found by what a table may call them."""

import sys
from collections import defaultdict
from collections.abc import Callable
from functools import cached_property
from pathlib import Path

from tqdm import tqdm

from models.dicom_header import DicomHeader, read_dicom_header
from models.imaging import UnreadableImage, is_dicom, is_picture

BEGINNING = 132  # bytes that tell a picture from other files


class OwnFiles:
    """A folder's images by path, name, or what their DICOM headers say.

    Headers are read where names do not lead to a file, and then once.
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    def of_image(self, name: str) -> list[Path]:
        """Return the images of a path, folder, file name with or without ending, or SOP UID."""
        path = self._root / name
        if path.is_file():
            return [path]
        if path.is_dir():
            return [image for image in self._images if image.is_relative_to(path)]
        return self._by_name.get(name) or self._by_instance.get(name) or []

    def of_study(self, name: str) -> list[Path]:
        """Return the images of a Study Instance UID or an accession number."""
        return self._by_study.get(name, [])

    def with_report(self) -> list[tuple[Path, Path]]:
        """Return the images beside which a text file of the same name lies, each with that file."""
        beside = [(path, path.with_suffix(".txt")) for path in self._images]
        return [(path, report) for path, report in beside if report.is_file()]

    @cached_property
    def _images(self) -> list[Path]:
        visible = (path for path in self._root.rglob("*") if not path.name.startswith("."))
        return sorted(path for path in visible if path.is_file() and is_picture(beginning(path)))

    @cached_property
    def _by_name(self) -> dict[str, list[Path]]:
        found: dict[str, list[Path]] = defaultdict(list)
        for path in self._images:
            for name in {path.name, path.stem}:
                found[name].append(path)
        return found

    @cached_property
    def _headers(self) -> list[tuple[Path, DicomHeader]]:
        headers = []
        for path in tqdm(self._images, desc="headers", unit="file", file=sys.stderr):
            if header := header_of(path):
                headers.append((path, header))
        return headers

    @cached_property
    def _by_instance(self) -> dict[str, list[Path]]:
        return self._grouped(lambda header: {header.instance_uid})

    @cached_property
    def _by_study(self) -> dict[str, list[Path]]:
        return self._grouped(lambda header: {header.study_uid, header.accession_number})

    def _grouped(self, names: Callable[[DicomHeader], set[str]]) -> dict[str, list[Path]]:
        found: dict[str, list[Path]] = defaultdict(list)
        for path, header in self._headers:
            for name in names(header) - {""}:
                found[name].append(path)
        return found


def beginning(path: Path) -> bytes:
    """Return a file's first bytes; none where it cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(BEGINNING)
    except OSError:
        return b""


def header_of(path: Path) -> DicomHeader | None:
    """Return a DICOM file's header; None for other files, and for one that cannot be read."""
    try:
        return read_dicom_header(path) if is_dicom(beginning(path)) else None
    except UnreadableImage:
        return None
