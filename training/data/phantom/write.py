"""Write a phantom data set: images first, the manifest last and at one stroke."""

import json
import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from training.data.phantom.canvas import SIZE, Box
from training.data.phantom.chest_case import chest_case
from training.data.phantom.chest_image import draw_chest
from training.data.phantom.chest_reports import write_chest_report
from training.data.phantom.eus_case import LAYER_NAMES, eus_case
from training.data.phantom.eus_image import draw_eus
from training.data.phantom.eus_reports import words_of_lesion, write_eus_report
from training.data.phantom.people import Person, split_of
from training.errors import ConfigError

Kind = Literal["chest", "eus"]
Row = dict[str, Any]  # Any: a manifest row is JSON of several types
Study = tuple[NDArray[np.uint8], Row]

SMALLEST, LARGEST = 32, 2048
WORTH_A_PROCESS = 250  # studies; below this a second process costs more than it saves
CHUNK = 16  # studies that a process draws at a time


def write_phantom(
    out: Path,
    *,
    kind: Kind,
    n: int,
    seed: int,
    size: int = SIZE,
    progress: Callable[[int], object] | None = None,
) -> Path:
    """Write n synthetic studies and their manifest, which appears only when all is there.

    Args:
        out: the manifest; images go to `images/` beside it.
        progress: called with the number of finished studies.
    """
    _check(kind, n, seed, size)
    images = out.parent / "images"
    images.mkdir(parents=True, exist_ok=True)
    out.unlink(missing_ok=True)  # from here on the set is being changed
    partial = out.with_name(out.name + ".tmp")
    with partial.open("w", encoding="utf-8") as manifest:
        for done, row in enumerate(_written(out.parent, kind, n, seed, size), start=1):
            manifest.write(json.dumps(row) + "\n")
            if progress is not None:
                progress(done)
        manifest.flush()
        os.fsync(manifest.fileno())
    os.replace(partial, out)
    return out


def _check(kind: str, n: int, seed: int, size: int) -> None:
    if kind not in STUDIES:
        raise ConfigError(f"kind must be one of {', '.join(STUDIES)}, got {kind!r}")
    if n < 1:
        raise ConfigError(f"n must be at least 1, got {n}")
    if seed < 0:
        raise ConfigError(f"seed must be at least 0, got {seed}")
    if not SMALLEST <= size <= LARGEST:
        raise ConfigError(f"size must be in [{SMALLEST}, {LARGEST}], got {size}")


def _written(folder: Path, kind: Kind, n: int, seed: int, size: int) -> Iterator[Row]:
    """Write the images on all cores and yield the rows in order."""
    write = partial(_write_study, folder, kind, seed, size)
    workers = min(os.cpu_count() or 1, n // WORTH_A_PROCESS)
    if workers < 2:
        yield from map(write, range(n))
        return
    with ProcessPoolExecutor(
        workers,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=signal.signal,
        initargs=(signal.SIGINT, signal.SIG_IGN),  # Ctrl-C is the parent's: it cancels the rest
    ) as pool:
        yield from pool.map(write, range(n), chunksize=CHUNK)


def _write_study(folder: Path, kind: Kind, seed: int, size: int, number: int) -> Row:
    """Write one image and return its row; both depend on the seed and the number alone."""
    pixels, row = STUDIES[kind](seed, number)
    _save(pixels, folder / row["image"], size)
    return _scaled(row, size)


def _chest_study(seed: int, number: int) -> Study:
    case = chest_case(seed, number)
    drawing, report = draw_chest(case), write_chest_report(case)
    row = _identity("chest", seed, number, case.person) | {
        "report": report.text,
        "labels": [finding.label for finding in case.findings],
        "boxes": drawing.boxes,
        "view": case.exposure.view,
        "style": report.style,
    }
    return drawing.pixels, row


def _eus_study(seed: int, number: int) -> Study:
    case = eus_case(seed, number)
    drawing, report = draw_eus(case), write_eus_report(case)
    row = _identity("eus", seed, number, case.person) | {
        "report": report.text,
        "label": case.lesion.label,
        "boxes": {word: drawing.boxes["lesion"] for word in words_of_lesion(report.text)},
        "hospital": case.hospital.name,
        "organ": case.organ,
        "size_mm": case.lesion.size_mm,
        "layer": LAYER_NAMES[case.lesion.layer],
        "kind": case.lesion.kind,
        "style": report.style,
    }
    return drawing.pixels, row


def _identity(kind: Kind, seed: int, number: int, person: Person) -> Row:
    patient = person.name(kind, seed)
    return {
        "image": f"images/{kind}-{seed}-{number:06d}.png",
        "study_id": f"{kind}-{seed}-s{number:06d}",
        "patient_id": patient,
        "split": split_of(patient),
        "synthetic": True,
        "sex": person.sex,
        "age_band": person.age_band,
    }


STUDIES: dict[str, Callable[[int, int], Study]] = {"chest": _chest_study, "eus": _eus_study}


def _save(pixels: NDArray[np.uint8], path: Path, size: int) -> None:
    image = Image.fromarray(pixels)
    if size != SIZE:
        image = image.resize((size, size), Image.Resampling.LANCZOS)
    note = PngInfo()
    note.add_text("synthetic", "true")
    note.add_text("Description", "Synthetic phantom image, not a patient. Not for clinical use.")
    image.save(path, format="PNG", pnginfo=note, compress_level=3)


def _scaled(row: Row, size: int) -> Row:
    """Express the boxes in pixels of the image as written."""
    boxes = {
        phrase: [_scaled_box(box, size) for box in places]
        for phrase, places in row["boxes"].items()
    }
    return row | {"boxes": boxes}


def _scaled_box(box: Box, size: int) -> list[int]:
    x0, y0, x1, y1 = box
    low = [x0 * size // SIZE, y0 * size // SIZE]
    return [*low, -(-x1 * size // SIZE), -(-y1 * size // SIZE)]
