"""The fixtures of published radiographs; every word and pixel is made up."""

from pathlib import Path

from tests.training.data.prepare.files import write_image, write_table
from training.data.prepare.observations import OBSERVATIONS

REPORT = """                                 FINAL REPORT
 EXAMINATION:  CHEST (PA AND LAT)

 INDICATION:  ___ year old with cough.

 COMPARISON:  None.

 FINDINGS:

 Lungs are clear at level {number}.
 No effusion.

 IMPRESSION:

 No acute process.
"""


def observed(**values: str) -> dict[str, object]:
    """Fill the labeler's columns: `Pleural_Effusion="1.0"`; the others are empty."""
    said = {name.replace("_", " "): value for name, value in values.items()}
    return {name: said.get(name, "") for name in OBSERVATIONS}


def mimic_cxr(root: Path, *, ending: str = ".jpg") -> list[str]:
    """Write 30 patients with a frontal and a lateral image.

    The report of 28 has an impression alone, that of 29 neither section; patient 27's lateral image
    is missing.
    """
    metadata, splits, labels = [], [], []
    for number in range(30):
        ids = {"subject_id": 10000100 + number, "study_id": 50000200 + number}
        folder = root / "files" / "p10" / f"p{ids['subject_id']}"
        text = REPORT.format(number=number)
        text = {28: text[: text.index(" FINDINGS")] + " IMPRESSION: As before.", 29: "None."}.get(
            number, text
        )
        for view in ("PA", "LATERAL"):
            dicom = f"{number:08x}-{len(view):08x}"
            if (number, view) != (27, "LATERAL"):
                image = folder / f"s{ids['study_id']}" / f"{dicom}{ending}"
                write_image(image, seed=number * 10 + len(view))
            metadata.append({"dicom_id": dicom, **ids, "ViewPosition": view, "Rows": 64})
            split = "train" if number < 20 else ("validate", "test")[number % 2]
            splits.append({"dicom_id": dicom, **ids, "split": split})
        (folder / f"s{ids['study_id']}.txt").write_text(text)
        labels.append(ids | observed(Edema="1.0", Pneumonia="-1.0", Fracture="0.0"))
    write_table(root / "mimic-cxr-2.0.0-metadata.csv", metadata)
    write_table(root / "mimic-cxr-2.0.0-split.csv.gz", splits)
    write_table(root / "mimic-cxr-2.0.0-chexpert.csv.gz", labels[1:])
    return []


def chexpert(root: Path) -> list[str]:
    """Write 26 patients for training, 4 for validation and 2 tested, and their reports.

    Patient 00025 has no report, the report of 00024 no findings.
    """
    tables: dict[str, list[dict[str, object]]] = {"train": [], "valid": [], "test": []}
    reports: list[dict[str, object]] = []
    for number in range(32):
        folder = "train" if number < 26 else "valid" if number < 30 else "test"
        for view in ("view1_frontal", "view2_lateral"):
            path = f"{folder}/patient{number:05}/study1/{view}"
            write_image(
                root / "CheXpert-v1.0-small" / f"{path}.jpg", seed=number * 10 + int(view[4])
            )
            row = {"Path": f"CheXpert-v1.0-small/{path}.jpg"}
            if folder != "test":
                projection = "AP" if "frontal" in view else ""
                row |= {"Sex": "Female", "Age": 60, "Frontal/Lateral": "", "AP/PA": projection}
            tables[folder].append(row | observed(Edema="1.0", Fracture="-1.0"))
            report = {"path_to_image": f"{path}.jpg", "report": "The whole."}
            said = {"section_findings": f"Clear\nat {number}.", "section_impression": "None."}
            reports.append(report | (said if number != 24 else said | {"section_findings": ""}))
    for name, rows in tables.items():
        write_table(root / "CheXpert-v1.0-small" / f"{name}.csv", rows)
    write_table(root / "plus.csv", [row for row in reports if "00025" not in row["path_to_image"]])
    return ["--reports", str(root / "plus.csv")]


FIVE = ("Atelectasis", "Cardiomegaly", "Consolidation", "Edema", "Pleural Effusion")


def chexpert_5x200(root: Path) -> list[str]:
    """Write six images that show each of the five findings alone, and four that do not fit."""
    rows: list[dict[str, object]] = []

    def add(labels: dict[str, str], view: str = "view1_frontal") -> None:
        path = f"train/patient{len(rows):05}/study1/{view}.jpg"
        write_image(root / path, seed=len(rows))
        rows.append({"Path": f"CheXpert-v1.0/{path}"} | observed(**labels))

    for name in FIVE:
        for _ in range(6):
            add({name.replace(" ", "_"): "1.0", "No_Finding": "", "Pneumonia": "0.0"})
    add({"Edema": "1.0", "Cardiomegaly": "1.0"})
    add({"Edema": "1.0", "Support_Devices": "-1.0"})
    add({"Edema": "-1.0"})
    add({"Edema": "1.0"}, view="view2_lateral")
    write_table(root / "train.csv", rows)
    return ["--per-class", "4"]


def rsna_pneumonia(root: Path) -> list[str]:
    """Write 24 DICOM images: every third one has two boxes."""
    rows: list[dict[str, object]] = []
    for number in range(24):
        patient = f"{number:08x}-aaaa-bbbb-cccc-000000000000"
        write_image(root / "stage_2_train_images" / f"{patient}.dcm", seed=number)
        empty = {"patientId": patient, "x": "", "y": "", "width": "", "height": "", "Target": 0}
        box = {"x": 4.0, "y": 8.0, "width": 20.0, "height": 30.0, "Target": 1}
        rows += [empty | box, empty | box | {"x": 36.5}] if number % 3 == 0 else [empty]
    write_table(root / "stage_2_train_labels.csv", rows)
    return []


def phrase_boxes(root: Path) -> list[str]:
    """Write 12 images with a phrase of two boxes, and one of them with a second phrase."""
    rows: list[dict[str, object]] = []
    for number in range(12):
        path = f"files/p10/p{10000100 + number}/s{50000200 + number}/{number:08x}.jpg"
        write_image(root / path, seed=number)
        about = {"path": path, "image_width": 64, "image_height": 64, "split": "test"}
        box = {"category_name": "Edema", "label_text": "hazy  opacities", "x": 4, "y": 8}
        rows += [about | box | {"w": 20, "h": 30}, about | box | {"x": 36, "w": 20, "h": 30}]
    other = {"category_name": "Pneumonia", "label_text": "a patch on the left"}
    rows.append(rows[0] | other)
    write_table(root / "MS_CXR_Local_Alignment_v1.1.0.csv", rows)
    return []
