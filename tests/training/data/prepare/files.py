"""Write the small files of fixtures: noise as pictures, and tables."""

import csv
import gzip
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from PIL import Image

from tests.dicom_files import dicom_bytes


def write_image(path: Path, *, seed: int, size: int = 64) -> None:
    """Write synthetic noise, each seed another picture, as the ending says: PNG, JPEG or DICOM."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (size, size), dtype=np.uint8)
    if path.suffix == ".dcm":
        path.write_bytes(dicom_bytes(pixels))
    else:
        Image.fromarray(pixels).save(path)


def write_table(path: Path, rows: Iterable[dict[str, object]]) -> None:
    """Write a CSV file with the columns of the first row, gzipped where the name says so."""
    rows = list(rows)
    path.parent.mkdir(parents=True, exist_ok=True)
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "wt", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, list(rows[0]))
        table.writeheader()
        table.writerows(rows)
