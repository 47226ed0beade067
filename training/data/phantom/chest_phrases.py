"""The words of the chest reports: patterns per finding, as data.

{side}, {zone}, {lobe}, {size}, {grade}, {cm} and {ribs} are filled from the finding itself.
"""

ZONES = {
    "upper": ("upper zone", "upper lobe", "upper lung"),
    "mid": ("mid zone", "mid lung"),
    "lower": ("lower zone", "lower lobe", "lung base"),
}
LOBES = {
    ("right", "upper"): "right upper lobe",
    ("right", "mid"): "right middle lobe",
    ("right", "lower"): "right lower lobe",
    ("left", "upper"): "left upper lobe",
    ("left", "mid"): "lingula",
    ("left", "lower"): "left lower lobe",
    ("bilateral", "mid"): "both lungs",
    ("midline", "mid"): "mediastinum",
}
SIZES = {
    "small": ("small", "tiny", "trace"),
    "moderate": ("moderate", "moderate-sized", "medium-sized"),
    "large": ("large", "extensive", "sizeable"),
}
GRADES = {
    "small": ("mild", "mild", "slight"),
    "moderate": ("moderate", "moderate", "moderately severe"),
    "large": ("severe", "marked", "pronounced"),
}
ORDINALS = (
    "",
    "first",
    "second",
    "third",
    "fourth",
    "fifth",
    "sixth",
    "seventh",
    "eighth",
    "ninth",
)

SHORT = {
    "cardiomegaly": ("{grade} cardiomegaly.", "Cardiomegaly, {grade}.", "Cardiomegaly."),
    "pleural effusion": (
        "{size} {side} effusion.",
        "{size} {side} pleural effusion.",
        "{side} pleural effusion, {size}.",
    ),
    "consolidation": (
        "{lobe} consolidation.",
        "Consolidation {side} {zone}.",
        "{size} consolidation in the {lobe}.",
    ),
    "plate": (
        "Plate-like atelectasis {side} {zone}.",
        "Linear atelectasis at the {side} {zone}.",
        "{side} discoid atelectasis.",
    ),
    "lobar": (
        "{lobe} atelectasis with volume loss.",
        "{side} lobar atelectasis.",
        "Atelectasis of the {lobe}, volume loss.",
    ),
    "edema": ("{grade} pulmonary edema.", "{grade} edema.", "Bilateral perihilar edema."),
    "pneumothorax": (
        "{size} {side} pneumothorax.",
        "{side} apical pneumothorax, {size}.",
        "{side} pneumothorax.",
    ),
    "nodule": ("{cm} nodule {side} {zone}.", "{side} lung nodule.", "{lobe} nodule, {cm}."),
    "mass": ("{cm} mass {side} {zone}.", "{side} lung mass.", "{lobe} mass, {cm}."),
    "fracture": (
        "{side} rib fracture{plural}.",
        "Fracture{plural} of the {side} {ribs}.",
        "Displaced {side} {ribs} fracture{plural}.",
    ),
    "central line": (
        "Support device: central venous catheter.",
        "Central line tip in SVC, support device in place.",
        "Central venous line, a support device.",
    ),
    "pacemaker": (
        "Left pacemaker with leads, support device.",
        "Support device: pacemaker.",
        "Support device: left chest wall pacemaker.",
    ),
    "endotracheal tube": (
        "Support device: endotracheal tube.",
        "ET tube above the carina, support device in place.",
        "Endotracheal tube, a support device.",
    ),
    "feeding tube": (
        "Support device: nasogastric tube.",
        "Feeding tube in the stomach, support device in place.",
        "Nasogastric tube below the diaphragm.",
    ),
}
LONG = {
    "cardiomegaly": (
        "There is {grade} cardiomegaly.",
        "The heart is enlarged, consistent with {grade} cardiomegaly.",
        "{grade} cardiomegaly with a widened cardiac silhouette.",
        "The cardiac silhouette is enlarged.",
    ),
    "pleural effusion": (
        "There is a {size} {side} pleural effusion.",
        "{size} {side}-sided pleural effusion with blunting of the costophrenic angle.",
        "Pleural fluid at the {side} base is in keeping with a {size} effusion.",
        "The {side} costophrenic angle is blunted by a {size} pleural effusion.",
    ),
    "consolidation": (
        "There is consolidation in the {lobe} with air bronchograms.",
        "A {size} area of airspace consolidation is seen in the {side} {zone}.",
        "{side} {zone} opacity, in keeping with consolidation. This may represent pneumonia.",
        "There is a {lobe} airspace opacity.",
    ),
    "plate": (
        "Linear opacities at the {side} {zone} are in keeping with atelectasis.",
        "There is plate-like atelectasis in the {side} {zone}.",
        "Bands of discoid atelectasis are seen in the {side} lung.",
    ),
    "lobar": (
        "There is atelectasis of the {lobe} with volume loss.",
        "A dense wedge beside the {side} mediastinum reflects lobar atelectasis.",
        "Collapse of the {lobe} with a raised hemidiaphragm, consistent with atelectasis.",
    ),
    "edema": (
        "There is {grade} pulmonary edema with perihilar haze.",
        "Bilateral perihilar opacities and vascular congestion suggest {grade} edema.",
        "Vascular congestion with septal lines, consistent with {grade} interstitial edema.",
        "{grade} vascular congestion in both lungs.",
    ),
    "pneumothorax": (
        "There is a {size} {side} pneumothorax.",
        "A pleural line is seen on the {side}, consistent with a {size} pneumothorax.",
        "{size} {side} apical pneumothorax with absent lung markings at the rim.",
    ),
    "nodule": (
        "There is a {cm} nodule in the {side} {zone}.",
        "A rounded {cm} nodule projects over the {side} {zone}.",
        "A well-defined pulmonary nodule is seen in the {lobe}.",
    ),
    "mass": (
        "There is a {cm} mass in the {side} {zone}.",
        "A lobulated mass of {cm} is seen in the {lobe}.",
        "A {size} rounded mass projects over the {side} {zone}.",
    ),
    "fracture": (
        "There {are} displaced fracture{plural} of the {side} {ribs}.",
        "Fracture{plural} of the {side} {ribs} with adjacent soft tissue swelling.",
        "Cortical discontinuity of the {side} {ribs} indicates acute fracture{plural}.",
    ),
    "central line": (
        "A central venous catheter ends in the superior vena cava.",
        "Support device: central line with its tip over the superior vena cava.",
        "A central line is the only support device.",
    ),
    "pacemaker": (
        "A left-sided pacemaker is a support device with leads in the right heart.",
        "Support device: left chest wall pacemaker with its leads in place.",
        "There is a left pectoral pacemaker, a support device in standard position.",
    ),
    "endotracheal tube": (
        "Support device: endotracheal tube with its tip above the carina.",
        "The endotracheal tube, the support device seen, ends above the carina.",
        "An endotracheal tube is in standard position.",
    ),
    "feeding tube": (
        "Support device: nasogastric tube coursing below the diaphragm.",
        "A feeding tube, the support device seen, ends in the stomach.",
        "A nasogastric tube reaches the stomach.",
    ),
}
DOUBTFUL = {
    "pleural effusion": (
        "A {size} {side} pleural effusion cannot be excluded.",
        "Possible {size} {side} effusion.",
    ),
    "consolidation": (
        "Possible consolidation in the {lobe}.",
        "{side} {zone} opacity, consolidation cannot be excluded.",
    ),
    "atelectasis": (
        "{side} {zone} opacity, likely atelectasis.",
        "Probable atelectasis in the {side} lung.",
    ),
    "edema": ("Possible {grade} pulmonary edema.", "{grade} edema cannot be excluded."),
    "pneumothorax": (
        "A {size} {side} pneumothorax is suspected.",
        "Possible {side} apical pneumothorax.",
    ),
    "nodule": (
        "Possible {cm} nodule in the {side} {zone}.",
        "A nodule in the {lobe} cannot be excluded.",
    ),
    "mass": (
        "{side} {zone} opacity, suspicious for a mass of {cm}.",
        "A mass in the {lobe} cannot be excluded.",
    ),
    "fracture": (
        "Probable fracture{plural} of the {side} {ribs}.",
        "Suspected {side} rib fracture{plural}.",
    ),
}
NAMES = {
    "plate": "atelectasis",
    "lobar": "lobar atelectasis",
    "central line": "support device in place",
    "pacemaker": "support device in place",
    "endotracheal tube": "support device in place",
    "feeding tube": "support device in place",
}
ABSENT = {
    "cardiomegaly": ("cardiomegaly", "cardiac enlargement"),
    "pleural effusion": ("pleural effusion", "effusion", "pleural fluid"),
    "consolidation": ("focal consolidation", "consolidation", "airspace opacity"),
    "atelectasis": ("atelectasis", "lobar collapse"),
    "edema": ("pulmonary edema", "edema", "vascular congestion"),
    "pneumothorax": ("pneumothorax", "pneumothorax"),
    "nodule": ("nodule", "pulmonary nodule"),
    "mass": ("mass", "lung mass"),
    "fracture": ("acute fracture", "rib fracture", "displaced fracture"),
    "support device": ("support device", "indwelling device"),
}
NEGATIONS = (
    "No {names}.",
    "No {names}.",
    "There is no {names}.",
    "No evidence of {names}.",
    "Negative for {names}.",
    "Without {names}.",
)
NORMAL = {
    "The heart is normal in size.": {"cardiomegaly"},
    "Heart size is within normal limits.": {"cardiomegaly"},
    "The cardiomediastinal silhouette is unremarkable.": {"cardiomegaly", "mass", "atelectasis"},
    "Lungs are clear.": {"consolidation", "atelectasis", "edema", "nodule", "mass", "pneumothorax"},
    "The costophrenic angles are sharp.": {"pleural effusion"},
    "The lungs are well expanded.": {"atelectasis", "pneumothorax", "pleural effusion"},
    "Pulmonary vascularity is normal.": {"edema"},
    "The bony thorax is intact.": {"fracture"},
    "Osseous structures are unremarkable.": {"fracture"},
    "The mediastinal contours are normal.": {"cardiomegaly", "mass", "atelectasis"},
}
NOTHING = (
    "No acute cardiopulmonary abnormality.",
    "Normal chest radiograph.",
    "No acute findings in the chest.",
    "Unremarkable frontal chest radiograph.",
)
CLOSINGS = ("No other acute abnormality is seen.", "The remainder is without acute change.")
OPENINGS = (
    "Single {view} view of the chest.",
    "Frontal {view} radiograph of the chest.",
    "Chest radiograph, {view} projection.",
    "Frontal view obtained in {view} projection.",
)
