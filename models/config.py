"""What a model is made of, as data: the `config.json` of a checkpoint."""

from typing import Any, Literal

from pydantic import BaseModel, Field, model_validator

FORMAT_VERSION = 3

Context = Literal["report", "sentence", "clause"]


class _Config(BaseModel, frozen=True, extra="forbid"):
    """A frozen group of settings in which unknown keys are errors."""


class PreprocessingConfig(_Config):
    """How grey pixels become the image encoder's input."""

    size: int = Field(304, ge=32, le=2048)  # 304 px at stride 16: the paper's 19 x 19 patches
    stride: Literal[8, 16] = 16  # pixels per patch; 16: the paper's third bottleneck block
    mean: float = 0.449  # of ImageNet's three channels, which a grey picture repeats
    std: float = Field(0.226, gt=0)

    @model_validator(mode="after")
    def _whole_patches(self) -> "PreprocessingConfig":
        if self.size % self.stride:
            raise ValueError(f"size must be a multiple of {self.stride}, got {self.size}")
        return self

    @property
    def patches(self) -> int:
        """Patches of a square input, the paper's 361."""
        return (self.size // self.stride) ** 2


class ImageEncoderConfig(_Config):
    """The torchvision network that is cut into patches (section 3.1)."""

    backbone: str = "resnet50"
    norm: Literal["batch", "frozen", "group"] = "frozen"
    patches: Literal["cut", "fused"] = "cut"  # one map, as in the paper, or two (decision 0021)


class TextEncoderConfig(_Config):
    """The BERT whose last layers become words (section 3.1)."""

    bert: dict[str, Any] = Field(default_factory=lambda: {"model_type": "bert"})  # as transformers
    last_layers: int = Field(4, ge=1)
    max_pieces: int = Field(97, ge=3)  # [CLS] and [SEP] included
    context: Context = "report"  # what a word may know of (decision 0022)


class GateConfig(_Config):
    """How the two grouping thresholds move (section 3.3)."""

    kind: Literal["momentum", "fixed"] = "momentum"  # fixed: 1/patches and 1/pieces (section 4.2.4)
    momentum: float = Field(0.999, ge=0, lt=1)  # 0.99 for SMTs (section 4.2.1)
    initial: float | None = Field(None, ge=0, le=1)  # None: the mean of the first batch


class ModelConfig(_Config):
    """Everything that decides what the network computes, weights and tokenizer aside."""

    dim: int = Field(128, ge=1)
    temperature: float = Field(0.3, gt=0)  # of the global loss; zero-shot probabilities use it
    preprocessing: PreprocessingConfig = PreprocessingConfig()
    image: ImageEncoderConfig = ImageEncoderConfig()
    text: TextEncoderConfig = TextEncoderConfig()
    gates: GateConfig = GateConfig()

    @property
    def smooth_maps(self) -> bool:
        """Whether a word's map is smoothed: fused patches overlap far more than their stride."""
        return self.image.patches == "fused"
