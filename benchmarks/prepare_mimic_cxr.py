"""How long a set of MIMIC-CXR's size takes to become a manifest, and how much memory.

`python -m benchmarks.prepare_mimic_cxr FOLDER` writes a tree of invented reports, tables and empty
images there, unless it is there, and prepares it in a process of its own.
"""

import csv
import gzip
import multiprocessing
import random
import resource
import sys
import time
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from pathlib import Path

from tqdm import tqdm

from training.data.prepare import SOURCES
from training.data.prepare.mimic_cxr import COMPLETE
from training.data.prepare.observations import OBSERVATIONS
from training.data.prepare.writing import write_manifest

STUDIES = 227_835
REPORT = "FINAL REPORT\n INDICATION: Cough.\n\n FINDINGS:\n\n{}\n\n IMPRESSION:\n\n {}\n"
SENTENCES = (
    "The lungs are clear without focal consolidation.",
    "There is a small left pleural effusion with adjacent atelectasis.",
    "The cardiomediastinal silhouette is mildly enlarged, unchanged from before.",
    "No pneumothorax is seen; the osseous structures are intact.",
)


def write_tree(root: Path) -> None:
    """Write as many patients, studies and images as MIMIC-CXR has."""
    chance = random.Random(0)
    images = list(_images())
    studies = {study: subject for subject, study, _ in images}
    for study, subject in tqdm(studies.items(), desc="reports"):
        folder = _patient(root, subject) / f"s{study}"
        folder.mkdir(parents=True)
        findings = "\n ".join(chance.choices(SENTENCES, k=5))
        folder.with_suffix(".txt").write_text(REPORT.format(findings, chance.choice(SENTENCES)))
    for subject, study, dicom in tqdm(images, desc="images"):
        (_patient(root, subject) / f"s{study}" / f"{dicom}.jpg").touch()
    ids = ("dicom_id", "subject_id", "study_id")
    listed = [(dicom, subject, study) for subject, study, dicom in images]
    _write(root, "metadata", (*ids, "ViewPosition"), ((*one, "PA") for one in listed))
    _write(root, "split", (*ids, "split"), ((*one, "train") for one in listed))
    columns = (*ids[1:], *OBSERVATIONS)
    labels = (
        (subject, study, *chance.choices(("", "1.0", "0.0", "-1.0"), k=14))
        for study, subject in studies.items()
    )
    _write(root, "chexpert", columns, labels)


def _images() -> Iterator[tuple[int, int, str]]:
    """Yield subject, study and image: every third study has one image, the others two."""
    left = COMPLETE - STUDIES
    for number in range(STUDIES):
        subject, study = 10_000_000 + number * 2 // 7 * 100, 50_000_000 + number
        for view in range(1 + (number % 3 > 0 and left > 0)):
            left -= view
            yield subject, study, f"{study:08x}-{view:08x}-{0:08x}-{0:08x}-{0:08x}"


def _patient(root: Path, subject: int) -> Path:
    return root / "files" / f"p{str(subject)[:2]}" / f"p{subject}"


def _write(root: Path, name: str, columns: tuple[str, ...], rows: Iterator[tuple]) -> None:
    path = root / f"mimic-cxr-2.0.0-{name}.csv.gz"
    with gzip.open(path, "wt", newline="", compresslevel=1) as file:
        csv.writer(file).writerows([columns, *rows])


def prepare(root: Path) -> None:
    """Prepare the findings of the whole tree."""
    source, parser = SOURCES["mimic-cxr"], ArgumentParser()
    source.add_options(parser)
    options = parser.parse_args(["--section", "findings"])
    write_manifest(source.rows(root, options, tqdm.write), root / "pairs.jsonl")


def peak_of(work: Callable[..., None], *arguments: Path) -> float:
    """Run something in a process of its own and return the largest memory of any so far, in MiB."""
    process = multiprocessing.get_context("spawn").Process(target=work, args=arguments)
    process.start()
    process.join()
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024


def main() -> None:
    """Write the tree, prepare it, and say what that took."""
    root = Path(sys.argv[1])
    if not (root / "mimic-cxr-2.0.0-chexpert.csv.gz").exists():
        write_tree(root)
    imports = peak_of(time.time)
    begin = time.perf_counter()
    peak = peak_of(prepare, root)
    seconds = time.perf_counter() - begin
    sys.stdout.write(
        f"{seconds:.0f} s, at most {peak:.0f} MiB, of which imports are {imports:.0f} MiB\n"
    )


if __name__ == "__main__":
    main()
