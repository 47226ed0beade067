"""Small folders in the layouts of published data sets; every word and pixel is made up."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from tests.dicom_files import dicom_bytes
from tests.training.data.prepare.files import write_image, write_table
from tests.training.data.prepare.published_chest import (
    chexpert,
    chexpert_5x200,
    mimic_cxr,
    phrase_boxes,
    rsna_pneumonia,
)


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


def own(root: Path) -> list[str]:
    """Write 20 studies of two DICOM files, and a table whose columns have names of its own."""
    chance, rows = np.random.default_rng(0), []
    for study in range(20):
        for view in ("PA", "LATERAL"):
            pixels = chance.integers(0, 4096, (64, 48), dtype=np.uint16)
            path = root / "scans" / f"Person{study // 2}" / f"{study}-{view}"
            path.parent.mkdir(parents=True, exist_ok=True)
            elements = {
                "PatientID": f"ID{study // 2}",
                "AccessionNumber": f"ACC{study}",
                "StudyInstanceUID": f"1.2.{study}",
                "SOPInstanceUID": f"1.2.{study}.{len(view)}",
                "ViewPosition": view,
                "BurnedInAnnotation": "YES" if study == 0 else "NO",
            }
            path.write_bytes(dicom_bytes(pixels, BitsStored=12, **elements))
        rows.append(
            {"Auftrag": f"ACC{study}", "Datum": "1.2.2020", "Befund": f"Opacity number {study}."}
        )
    write_table(root / "Befunde.csv", rows)
    key = root.parent / "fixed.key"  # under it 7 patients are for training, 2 for validation
    key.write_text("77" * 32)
    key.chmod(0o600)
    return ["--columns", "report=Befund", "study_id=Auftrag", "--key", str(key)]


OPENI = """<?xml version="1.0" encoding="utf-8"?>
<eCitation><uId id="CXR{number}"/><MedlineCitation><Article><Abstract>
<AbstractText Label="COMPARISON">None.</AbstractText>
<AbstractText Label="INDICATION">XXXX-year-old with cough</AbstractText>
<AbstractText Label="FINDINGS">{findings}</AbstractText>
<AbstractText Label="IMPRESSION">{impression}</AbstractText>
</Abstract></Article></MedlineCitation>
<MeSH><major>Cardiomegaly/mild</major><major>Opacity/lung/base/left</major></MeSH>
<parentImage id="CXR{number}_1_IM-0001-3001"><figureId>F1</figureId></parentImage>
<parentImage id="CXR{number}_1_IM-0001-4001"><figureId>F2</figureId></parentImage>
</eCitation>"""


def openi(root: Path) -> list[str]:
    """Write 30 studies of two images; the last has neither section."""
    (root / "ecgen-radiology").mkdir(parents=True)
    for number in range(1, 31):
        for view in ("3001", "4001"):
            name = f"CXR{number}_1_IM-0001-{view}.png"
            write_image(root / "NLMCXR_png" / name, seed=number * 10_000 + int(view))
        said = {"findings": f"Heart size {number}.", "impression": "No acute disease."}
        if number == 30:
            said = {"findings": "", "impression": " "}
        report = OPENI.format(number=number, **said)
        (root / "ecgen-radiology" / f"{number}.xml").write_text(report, "utf-8")
    return []


def roco(root: Path) -> list[str]:
    """Write ROCO's three splits; one image of them was withdrawn."""
    for split, count in (("train", 32), ("validation", 10), ("test", 10)):
        lines = []
        for number in range(count):
            name = f"ROCO_{len(split)}{number:04}"
            if number or split == "train":
                image = root / split / "radiology" / "images" / f"{name}.jpg"
                write_image(image, seed=len(split) * 100 + number)
            lines.append(f"{name}\t Axial CT with a lesion of {number} mm\n")
        (root / split / "radiology" / "captions.txt").write_text("".join(lines))
    return []


def smt(root: Path) -> list[str]:
    """Write three hospitals; the last is held out and has a class of its own."""
    labels = []
    for place, hospital in enumerate(("hospital A", "hospital B", "hospital E")):
        for number in range(14):
            patient = root / hospital / f"{number:03}"
            for image in ("01.png", "02.png"):
                write_image(patient / image, seed=place * 1000 + number * 10 + int(image[1]))
            (patient / "report.txt").write_text(f"Hypoechoic lesion of {number} mm.\n")
            label = ("GIST", "leiomyoma", "NET")[number % 3] if place < 2 else "lipoma"
            labels.append({"hospital": hospital, "patient": f"{number:03}", "label": label})
    (root / "hospital A" / "003" / "02.txt").write_text("The layer of origin is the fourth.")
    write_table(root / "labels.csv", labels)
    return ["--held-out", "hospital E"]


PUBLISHED: dict[str, Callable[[Path], list[str]]] = {  # each returns the options that it needs
    "chexpert": chexpert,
    "chexpert-5x200": chexpert_5x200,
    "covid": covid,
    "mimic-cxr": mimic_cxr,
    "openi": openi,
    "own": own,
    "phrase-boxes": phrase_boxes,
    "roco": roco,
    "rsna-pneumonia": rsna_pneumonia,
    "smt": smt,
}
WITHOUT_REPORTS = {  # what can be measured on them nevertheless
    "chexpert-5x200": "zero_shot_accuracy",
    "phrase-boxes": "pointing_game",
    "rsna-pneumonia": "zero_shot_macro_auroc",
}
