"""One run as data: a YAML file, `key=value` overrides, and models that refuse unknown keys."""

from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Any, Literal

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from pydantic import Field, ValidationError, model_validator
from yaml import YAMLError

from models.config import ModelConfig
from training.errors import ConfigError as ConfigError  # as its readers look for it here
from training.objectives import METHODS, ObjectiveConfig, method_of
from training.objectives.aga import AGAConfig
from training.objectives.common import Settings

_RECIPES = Path(str(resources.files("training"))) / "configs"


class NegativesConfig(Settings):
    """Which pairs of a batch are contrasted with each other."""

    same_report: bool = False  # identical reports tell no image from another
    within: str | None = None  # a column that they agree in, as the hospital (decision 0026)


class AugmentConfig(Settings):
    """How training images are varied: grey levels a little, and crops; never a flip."""

    crop: float = Field(0.06, ge=0, lt=0.5)  # at most so much of a side is cut off each edge


class DataConfig(Settings):
    """Which pairs are learned from."""

    manifest: Path | None = None  # None: chest phantoms are made in `out`/data
    phantom_pairs: int = Field(3000, ge=8)
    phantom_seed: int = Field(0, ge=0)
    text_column: str = "report"
    where: dict[str, tuple[str, ...]] = Field({})  # column: the values whose pairs are learned from
    negatives: NegativesConfig = NegativesConfig()
    one_image_per_study: bool = True  # within a batch (decision 0013)
    max_validation_pairs: int = Field(512, ge=2)  # taken evenly over the split


class InitConfig(Settings):
    """Where the encoders' weights come from; None trains from scratch."""

    image: str | None = None  # a .pth or .safetensors file, or `imagenet`: IMAGENET1K_V1
    text: str | None = None  # a folder, or a name on the model hub
    vocabulary: int = Field(4000, ge=100)  # pieces of a tokenizer made from the training reports


class OptimizationConfig(Settings):
    """How it is minimized."""

    epochs: int = Field(50, ge=1)
    batch_size: int = Field(48, ge=2)
    learning_rate: float = Field(5e-5, gt=0)
    weight_decay: float = Field(1e-6, ge=0)
    clip_norm: float = Field(0.25, gt=0)
    schedule: Literal["plateau", "cosine"] = "plateau"
    warmup: float = Field(0.05, ge=0, lt=1)  # share of all steps; cosine only
    plateau_patience: int = Field(5, ge=0)  # epochs until the rate is halved
    stop_patience: int = Field(10, ge=1)  # epochs without a better validation loss
    max_minutes: float | None = Field(None, gt=0)  # stop after the epoch in which this passes


class RunConfig(Settings):
    """The whole truth of one pretraining run."""

    name: str = Field("run", pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    seed: int = Field(0, ge=0)
    out: Path = Path("runs")
    device: str = "auto"
    precision: Literal["fp32", "bf16"] = "fp32"
    workers: int = Field(0, ge=0)
    augment: AugmentConfig | None = AugmentConfig()
    prompt_sets: tuple[str, ...] = ()  # shipped with the checkpoint
    data: DataConfig = DataConfig()
    init: InitConfig = InitConfig()
    model: ModelConfig = ModelConfig()
    objective: ObjectiveConfig = AGAConfig()
    optimization: OptimizationConfig = OptimizationConfig()

    @model_validator(mode="after")
    def _zero_shot_at_the_trained_temperature(self) -> "RunConfig":
        trained = self.objective.temperatures.global_
        if self.model.temperature != trained:
            if "temperature" in self.model.model_fields_set:
                raise ValueError(
                    f"model.temperature is {self.model.temperature}, but "
                    f"objective.temperatures.global_ is {trained}; it follows by itself"
                )
            model = self.model.model_copy(update={"temperature": trained})
            object.__setattr__(self, "model", model)
        return self


def recipe_path(name: str) -> Path:
    """Return a recipe that ships with the package, or the path itself where it is a file.

    Raises:
        ConfigError: neither exists; the message lists the recipes.
    """
    return Path(name) if Path(name).is_file() else _shipped(name)


def recipe_names() -> list[str]:
    """Return the names of the recipes that ship with the package."""
    return sorted(path.stem for path in _RECIPES.glob("*.yaml"))


def _shipped(name: str) -> Path:
    path = _RECIPES / f"{name}.yaml"
    if not path.is_file():
        raise ConfigError(f"{name}: no such file or recipe; recipes: {', '.join(recipe_names())}")
    return path


def read_config(path: Path, overrides: Sequence[str] = ()) -> RunConfig:
    """Read a run's settings from YAML; `key=value` overrides win.

    The file may start from another's settings: `base:` is a recipe, or a path from its own folder.

    Raises:
        ConfigError: the file is no YAML, or a key or value cannot be used; names file and key.
    """
    try:
        changed = OmegaConf.from_dotlist(list(overrides))
        merged = OmegaConf.merge(_read_over_base(path, above=()), changed)
        content: Any = OmegaConf.to_container(merged, resolve=True)  # Any: YAML holds anything
        return RunConfig.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        raise ConfigError(f"{path}: {_key(first['loc'])}: {first['msg']}") from error
    except (OmegaConfBaseException, YAMLError, OSError, ValueError) as error:
        raise ConfigError(f"{path}: {str(error).splitlines()[0]}") from error


def _read_over_base(path: Path, *, above: tuple[Path, ...]) -> DictConfig:
    """Lay a file's settings over its base's; an objective of another method takes nothing over.

    Args:
        above: the files that lead here, none of which may be a base again.
    """
    if path.resolve() in above:
        raise ConfigError(f"base: {path} starts from itself")
    own = OmegaConf.load(path)
    if not isinstance(own, DictConfig):
        raise ConfigError(f"a run's settings are keys with values, not a list as in {path.name}")
    name = own.pop("base", None)
    if name is None:
        return own
    beside = path.parent / str(name)
    base = beside if beside.is_file() else _shipped(str(name))
    under = _read_over_base(base, above=(*above, path.resolve()))
    if _names_another_method(own, under):
        under.pop("objective", None)
    return DictConfig(OmegaConf.merge(under, own))


def _names_another_method(own: DictConfig, under: DictConfig) -> bool:
    mine, other = (OmegaConf.to_container(one).get("objective") for one in (own, under))
    named = isinstance(mine, dict) and mine.get("method") is not None
    return named and method_of(mine) != method_of(other)


def _key(location: Sequence[int | str]) -> str:
    """Name a setting as a file does: pydantic puts the method between an objective and its keys."""
    parts = [str(part) for part in location]
    if parts[:1] == ["objective"] and parts[1:2] and parts[1] in METHODS:
        return f"{'.'.join(['objective', *parts[2:]])} (method {parts[1]})"
    return ".".join(parts) or "settings"
