"""Small folders in the layouts of published data sets; every word and pixel is made up."""

import csv
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
from PIL import Image


def write_image(path: Path, *, seed: int, size: int = 64) -> None:
    """Write synthetic noise: each seed another picture."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (size, size), dtype=np.uint8)
    Image.fromarray(pixels).save(path)


def write_table(path: Path, rows: Iterable[dict[str, object]]) -> None:
    """Write a CSV file with the columns of the first row."""
    rows = list(rows)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, list(rows[0]))
        table.writeheader()
        table.writerows(rows)


def covid(root: Path) -> list[str]:
    """Write 40 patients; the last two rows cannot be used."""
    rows = []
    for number in range(40):
        write_image(root / "images" / f"{number}.jpg", seed=number)
        rows.append(
            {
                "patientid": number,
                "sex": "F",
                "finding": ("Pneumonia/Viral/COVID-19", "No Finding")[number % 2],
                "view": "PA",
                "modality": "X-ray",
                "date": "2020",
                "folder": "images",
                "filename": f"{number}.jpg",
                "clinical_notes": f"Cough for {number} days,\nopacities in the left lung.",
            }
        )
    rows.append(rows[0] | {"patientid": 98, "clinical_notes": " "})
    rows.append(rows[0] | {"patientid": 99, "folder": "volumes", "filename": "a.nii.gz"})
    write_table(root / "metadata.csv", rows)
    return []


PUBLISHED: dict[str, Callable[[Path], list[str]]] = {  # each returns the options that it needs
    "covid": covid,
}
