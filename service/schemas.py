"""What the calls take and give (docs: the HTTP contract)."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

Text = Annotated[str, Field(max_length=20_000)]


class Texts(BaseModel, extra="forbid"):
    """Texts to embed."""

    texts: list[Text] = Field(min_length=1, max_length=256)


class IndexStand(BaseModel):
    """Which state of the index answered."""

    generation: str
    size: int


class MatchRow(BaseModel):
    """A report that was found."""

    rank: int
    report_id: str
    similarity: float
    group_similarity: float | None = None
    report: str
    metadata: dict[str, Any]  # Any: JSON


class Retrieved(BaseModel):
    """Reports whose embeddings lie closest to an image's."""

    image_id: str
    model: str
    index: IndexStand
    matches: list[MatchRow]
    timings_ms: dict[str, float]


class PromptScore(BaseModel):
    """The cosine of an image with a prompt."""

    text: str
    similarity: float


class ClassRow(BaseModel):
    """A class and its score."""

    label: str
    probability: float
    similarity: float
    prompts: list[PromptScore]


class Classified(BaseModel):
    """The classes of an image, the most probable first."""

    image_id: str
    model: str
    prompt_set: str
    mode: Literal["classes", "pairs"]
    temperature: float
    prediction: str
    classes: list[ClassRow]


class Place(BaseModel):
    """A rectangle in pixels of the original image."""

    x: float
    y: float
    width: float
    height: float


class PointingGame(BaseModel):
    """How often a phrase's strongest patch lay in its region, on validation images that show it."""

    phrase: str | None  # none: over all phrases
    value: float
    low: float | None  # of the 95 % interval
    high: float | None
    chance: float | None  # of a map that is the same everywhere
    center_prior: float | None  # of a map of usual positions, which never looks at the image
    n: int


class ControlWord(BaseModel):
    """What a word without a place gathers on the same image."""

    token: str
    group_size: int
    highest_similarity: float
    same_strongest_patch: bool  # true: the map may say nothing of the token


class Trust(BaseModel):
    """How far to trust a map; `localization` is null where the model's was never measured."""

    localization: PointingGame | None
    highest_similarity: float
    control: ControlWord | None  # of the control word itself there is none


class HeatmapAnswer(BaseModel):
    """Where a word is seen; weights and similarity run row by row over the grid."""

    image_id: str
    token: str
    text: str
    words: list[str]
    grid: tuple[int, int]
    weights: list[float]
    similarity: list[float]
    threshold: float
    group_size: int
    region: Place
    trust: Trust


class ImageEmbedding(BaseModel):
    """The unit embedding of an image."""

    image_id: str
    model: str
    dim: int
    embeddings: list[list[float]]


class TextEmbeddings(BaseModel):
    """Unit embeddings of texts; `truncated` says which were longer than the model reads."""

    model: str
    dim: int
    embeddings: list[list[float]]
    truncated: list[bool]
