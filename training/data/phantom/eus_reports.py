"""Put an EUS study into words: one template per hospital, as section 5.1 of the paper quotes."""

from collections.abc import Sequence

import numpy as np

from training.data.phantom.chest_reports import Report
from training.data.phantom.eus_case import EusCase, Lesion
from training.data.phantom.people import stream

ECHOES = {
    "GIST": ("hypoechoic", "low-echoic", "hypoechoic"),
    "leiomyoma": ("hypoechoic", "low-echoic", "markedly hypoechoic"),
    "NET": ("slightly hyperechoic", "isoechoic", "intermediate-echoic"),
    "lipoma": ("hyperechoic", "high-echoic", "strongly hyperechoic"),
    "ectopic pancreas": ("mixed-echoic", "intermediate-echoic"),
    "cyst": ("anechoic", "echo-free"),
}
LAYERS = {
    2: ("second layer (muscularis mucosae)", "muscularis mucosae"),
    3: ("third layer (submucosa)", "submucosal layer"),
    4: ("fourth layer (muscularis propria)", "muscularis propria"),
}
GROWTHS = {
    "in": ("protruding into the cavity", "bulging into the lumen"),
    "both": ("protruding into and outside the cavity", "growing into and outside the cavity"),
    "out": ("protruding outside the cavity", "growing mainly outside the cavity"),
}
DIAGNOSES = {
    "GIST": ("GIST", "a gastrointestinal stromal tumor (GIST)", "a stromal tumor, GIST"),
    "leiomyoma": ("leiomyoma", "a leiomyoma", "leiomyoma of smooth muscle"),
    "NET": ("NET", "a neuroendocrine tumor (NET)", "a neuroendocrine tumor, NET"),
    "lipoma": ("lipoma", "a lipoma of the submucosa"),
    "ectopic pancreas": ("ectopic pancreas", "heterotopic pancreatic tissue, ectopic pancreas"),
    "cyst": ("a cyst", "a simple cyst"),
}
TEMPLATES = {
    "hospital A": "{An} {echo} {word} can be seen in the {organ}, which is {shape} in shape, "
    "{growth}, with {texture} and {margin} margins. It arises from the {layer} and measures "
    "{size}. {diagnosis}",
    "hospital B": "EUS of the {organ}: {echo} {word}, {shape}, {size}, originating from the "
    "{layer}, {growth}. Internal echo: {texture}. Margin: {margin}. {diagnosis}",
    "hospital C": "In the wall of the {organ} there is {an} {shape} {echo} {word} of {size}. "
    "The {word} originates from the {layer}, {growth}. It shows {texture}; the boundary is "
    "{margin}. {diagnosis}",
    "hospital D": "FINDINGS: {shape} {word} in the {layer} of the {organ}, {echo}, with {texture}, "
    "{margin} border, {growth}, section size {size}. IMPRESSION: {diagnosis}",
    "hospital E": "Miniprobe ultrasound shows {an} {echo} {word} in the {organ}, {size} across, "
    "{shape} with {margin} edges and {texture}, {growth}; the {layer} is its origin. {diagnosis}",
}
CONCLUSIONS = (
    "Consider {name}.",
    "Likely {name}.",
    "{name} is considered.",
    "Suggestive of {name}.",
)
SILENCE = 0.12  # share of reports without a diagnosis
WORDS = ("mass", "lesion")


def write_eus_report(case: EusCase) -> Report:
    """Report a study in its hospital's manner; the words depend on the row alone."""
    lesion = case.lesion
    rng = stream(*case.key, "report")
    echo, shape = _pick(rng, ECHOES[lesion.kind]), _shape(lesion)
    template = TEMPLATES[case.hospital.name]
    leader = shape if "{an} {shape}" in template else echo
    article = "an" if leader[0] in "aeiou" else "a"
    text = template.format(
        an=article,
        An=article.capitalize(),
        echo=echo,
        word=_pick(rng, WORDS),
        organ=case.organ,
        shape=shape,
        growth=_pick(rng, GROWTHS[_growth(lesion)]),
        texture=_texture(lesion),
        margin="smooth, well-defined" if not lesion.lobed else "clear but uneven",
        layer=_pick(rng, LAYERS[lesion.layer]),
        size=_size(rng, lesion),
        diagnosis=_diagnosis(rng, lesion),
    )
    return Report(_tidy(text), case.hospital.name)


def words_of_lesion(report: str) -> list[str]:
    """Return which words for the lesion stand in a report."""
    words = report.lower().replace(",", " ").replace(".", " ").replace(";", " ").split()
    return [word for word in WORDS if word in words]


def _pick(rng: np.random.Generator, options: Sequence[str]) -> str:
    return options[int(rng.integers(len(options)))]


def _shape(lesion: Lesion) -> str:
    if lesion.lobed:
        return "lobulated"
    return "round" if lesion.aspect < 1.2 else "oval"


def _growth(lesion: Lesion) -> str:
    if lesion.inward > 0.62:
        return "in"
    return "both" if lesion.inward > 0.36 else "out"


def _texture(lesion: Lesion) -> str:
    """Describe the inside; every word has something in the image."""
    if lesion.kind == "ectopic pancreas":
        return "heterogeneous echo and duct-like structures"
    if lesion.kind == "cyst":
        return "posterior acoustic enhancement"
    even = "heterogeneous" if lesion.uneven > 0.3 else "homogeneous"
    extras = ["cystic spaces"] * lesion.cystic + ["hyperechoic foci"] * lesion.calcified
    extras += ["posterior attenuation"] * (lesion.kind == "lipoma")
    return " and ".join([f"{even} internal echo", *extras])


def _size(rng: np.random.Generator, lesion: Lesion) -> str:
    """Give both diameters in millimeters, or the longer one in centimeters."""
    if rng.random() < 0.3:
        return f"{lesion.size_mm / 10:.1f} cm"
    return f"{lesion.size_mm:.0f} mm x {lesion.size_mm / lesion.aspect:.0f} mm"


def _diagnosis(rng: np.random.Generator, lesion: Lesion) -> str:
    if rng.random() < SILENCE:
        return "Pathology is advised."
    sentence = _pick(rng, CONCLUSIONS).format(name=_pick(rng, DIAGNOSES[lesion.kind]))
    return sentence[0].upper() + sentence[1:]


def _tidy(text: str) -> str:
    return text if text[0].isupper() else text[0].upper() + text[1:]
