"""A comparison as data: which recipes and seeds, on which pairs, measured on which sets."""

import os
import re
from importlib import resources
from pathlib import Path
from typing import Annotated, Literal, TypeVar

import yaml
from pydantic import Field, StringConstraints, ValidationError, field_validator, model_validator

from training.config import ConfigError
from training.objectives.common import Settings

_SHIPPED = Path(str(resources.files("training"))) / "comparisons"

Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
Source = TypeVar("Source", bound="PairSource")
SAID_BY = {  # settings that a comparison says elsewhere, and where
    "data.manifest": "train",
    "data.where": "train.where",
    "name": "recipes",
    "out": "--out",
    "seed": "seeds",
}
Share = Annotated[float, Field(gt=0, le=1)]


class PhantomSource(Settings):
    """Synthetic pairs, made where they are missing."""

    kind: Literal["chest", "eus"]
    n: int = Field(ge=8)
    seed: int = Field(ge=0)


class PairSource(Settings):
    """A manifest, of the user's or made of phantoms, and which of its rows count."""

    manifest: Path | None = None
    phantom: PhantomSource | None = None
    where: dict[str, tuple[str, ...]] = Field({})  # column: the values that are kept

    @model_validator(mode="after")
    def _one_source(self) -> "PairSource":
        if (self.manifest is None) == (self.phantom is None):
            raise ValueError("takes either manifest or phantom")
        return self


class TestSet(PairSource):
    """Pairs that no run learns from, and what is measured on them."""

    splits: tuple[Literal["train", "validation", "test"], ...] = ("test",)
    classes: tuple[str, ...] = ()  # one of these labels and no other; without them, all pairs
    per_class: int | None = Field(None, ge=2)  # so many of each class, by a fixed draw
    like: str = ""  # the set of the paper that it stands for
    retrieval: bool = False
    prompts: str = ""  # a prompt set: zero-shot classification
    probe: tuple[Share, ...] = ()  # shares of the labels that a linear probe learns from
    fine_tune: tuple[Share, ...] = ()  # the same, from which whole image encoders learn
    texts: bool = False  # probes of negation, laterality and word order

    @property
    def needs_labels(self) -> bool:
        """Whether something is measured that every pair's labels decide."""
        return bool(self.probe or self.fine_tune or self.texts)

    @model_validator(mode="after")
    def _something_to_measure(self) -> "TestSet":
        if not (self.retrieval or self.prompts or self.needs_labels):
            raise ValueError("asks for none of retrieval, prompts, probe, fine_tune and texts")
        if self.per_class is not None and not self.classes:
            raise ValueError("per_class needs classes")
        return self


class Comparison(Settings):
    """Several recipes and seeds under the same settings, and the sets that they are measured on."""

    name: Name
    recipes: dict[str, str] = Field(min_length=1)  # what the tables call it: a name or path
    ablations: dict[str, str] = Field({})  # the same, for tables of their own
    reference: str  # the recipe that the others are tested against
    seeds: tuple[int, ...] = Field((0, 1, 2), min_length=1)
    settings: tuple[str, ...] = ()  # key=value of every run; they win over the recipes
    train: PairSource
    sets: dict[Name, TestSet] = Field(min_length=1)

    @field_validator("settings")
    @classmethod
    def _said_once(cls, settings: tuple[str, ...]) -> tuple[str, ...]:
        for setting in settings:
            if place := SAID_BY.get(setting.partition("=")[0].strip()):
                raise ValueError(f"{setting!r} is said by {place}")
        return settings

    @model_validator(mode="after")
    def _one_folder_a_run(self) -> "Comparison":
        if self.reference not in self.every_recipe:
            raise ValueError(
                f"reference {self.reference!r} is none of the recipes: "
                f"{', '.join(self.every_recipe)}"
            )
        stems = [Path(recipe).stem for recipe in self.every_recipe]
        for many in (stems, self.seeds):
            if twice := [one for one in many if list(many).count(one) > 1]:
                raise ValueError(f"{twice[0]!r} stands there twice; each run needs its own folder")
        return self

    @property
    def every_recipe(self) -> tuple[str, ...]:
        """The recipes and ablations, each once, in order."""
        return tuple(dict.fromkeys((*self.recipes.values(), *self.ablations.values())))


def read_comparison(name: str) -> Comparison:
    """Read a comparison that ships with the package, or a YAML file.

    Environment variables are filled in, as in `manifest: $AGA_DATA/medpix/pairs.jsonl`.

    Raises:
        ConfigError: there is none, a key or value cannot be used, or a variable is not set; names
            the file, and the key or variable.
    """
    path = Path(name) if Path(name).is_file() else _SHIPPED / f"{name}.yaml"
    if not path.is_file():
        known = ", ".join(comparison_names())
        raise ConfigError(f"{name}: no such file or comparison; comparisons: {known}")
    try:
        read = Comparison.model_validate(yaml.safe_load(_filled_in(path)))
        return _from(path.parent, read)
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not UTF-8 text") from error
    except yaml.YAMLError as error:
        raise ConfigError(f"{path}: {str(error).splitlines()[0]}") from error
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"]) or "settings"
        raise ConfigError(f"{path}: {key}: {first['msg']}") from error


def _filled_in(path: Path) -> str:
    text = os.path.expandvars(path.read_text("utf-8"))
    if unset := re.search(r"\$\{?(\w+)", text):
        raise ConfigError(f"{path}: the environment variable {unset[1]} is not set")
    return text


def _from(folder: Path, comparison: Comparison) -> Comparison:
    """Take manifests and recipes that are files relative to the comparison's own file."""

    def recipe(name: str) -> str:
        return str(folder / name) if (folder / name).is_file() else name

    def source(one: Source) -> Source:
        own = None if one.manifest is None else folder / one.manifest
        return one.model_copy(update={"manifest": own})

    named = {
        key: {title: recipe(name) for title, name in getattr(comparison, key).items()}
        for key in ("recipes", "ablations")
    }
    sets = {name: source(one) for name, one in comparison.sets.items()}
    own = {"sets": sets, "train": source(comparison.train)}
    return comparison.model_copy(update=named | own | {"reference": recipe(comparison.reference)})


def comparison_names() -> list[str]:
    """Return the names of the comparisons that ship with the package."""
    return sorted(path.stem for path in _SHIPPED.glob("*.yaml"))
