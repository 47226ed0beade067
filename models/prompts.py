"""Prompt sets: the sentences that stand for a class in zero-shot classification (section 4.2.3).

A file may write a list of prompts as templates (`models.prompt_templates`); reading expands them,
so that a `PromptSet`, and all that is made of it, holds whole sentences alone.
"""

from collections.abc import Sequence
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, Field, ValidationError

from models.prompt_templates import PromptTemplates

Prompts = Annotated[list[str], Field(min_length=1)]


class UnknownPromptSet(KeyError):
    """No prompt set has this name."""

    def __str__(self) -> str:
        return str(self.args[0])


class BadPromptSet(ValueError):
    """A prompt set's file cannot be used; the message names the file and the key."""


class PromptPair(BaseModel, frozen=True, extra="forbid"):
    """What is said when a finding is there, and when it is not."""

    positive: Prompts
    negative: Prompts


class PromptSet(BaseModel, frozen=True, extra="forbid"):
    """The prompts of each class: one list each, or a positive and a negative list each."""

    name: str = Field(min_length=1, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    version: int = Field(1, ge=1)
    description: str = ""
    classes: dict[str, Prompts] | dict[str, PromptPair] = Field(min_length=1)

    @property
    def mode(self) -> Literal["classes", "pairs"]:
        """`classes` compete with each other; `pairs` are yes-no questions of their own."""
        first = next(iter(self.classes.values()))
        return "pairs" if isinstance(first, PromptPair) else "classes"

    @property
    def labels(self) -> tuple[str, ...]:
        """The classes in the order of the file."""
        return tuple(self.classes)

    @cached_property
    def positive(self) -> tuple[tuple[str, ...], ...]:
        """For each class the prompts that speak for it."""
        values = self.classes.values()
        return tuple(tuple(v.positive if isinstance(v, PromptPair) else v) for v in values)

    @cached_property
    def negative(self) -> tuple[tuple[str, ...], ...] | None:
        """For each class the prompts that speak against it; None where classes compete."""
        pairs = [v for v in self.classes.values() if isinstance(v, PromptPair)]
        return tuple(tuple(pair.negative) for pair in pairs) or None


def read_prompt_set(path: Path) -> PromptSet:
    """Read a prompt set from YAML.

    Raises:
        BadPromptSet: the file is no valid prompt set.
    """
    return parse_prompt_set(path.read_text("utf-8"), source=str(path))


def parse_prompt_set(text: str, *, source: str) -> PromptSet:
    """Read a prompt set from a text in YAML; errors name the `source`."""
    try:
        return PromptSet.model_validate(_expanded(yaml.safe_load(text), source))
    except yaml.YAMLError as error:
        raise BadPromptSet(f"{source}: not YAML ({str(error).splitlines()[0]})") from error
    except ValidationError as error:
        raise BadPromptSet(f"{source}: {_first(error)}") from error


def _expanded(content: Any, source: str) -> Any:  # Any: YAML, not yet checked
    """Put prompts in the place of templates, for a class or for a side of a finding."""
    if not isinstance(content, dict) or not isinstance(content.get("classes"), dict):
        return content
    classes = {}
    for label, value in content["classes"].items():
        if isinstance(value, dict) and "templates" not in value:
            classes[label] = {
                side: _prompts(prompts, f"{source}: classes.{label}.{side}")
                for side, prompts in value.items()
            }
        else:
            classes[label] = _prompts(value, f"{source}: classes.{label}")
    return content | {"classes": classes}


def _prompts(value: Any, where: str) -> Any:  # Any: YAML, not yet checked
    if not isinstance(value, dict):
        return value
    try:
        return PromptTemplates.model_validate(value).prompts()
    except ValidationError as error:
        raise BadPromptSet(f"{where}: {_first(error)}") from error
    except ValueError as error:
        raise BadPromptSet(f"{where}: {error}") from error


def _first(error: ValidationError) -> str:
    """Say the first thing that is wrong, after its key."""
    first = error.errors()[0]
    key = ".".join(str(part) for part in first["loc"])
    return f"{key or 'content'}: {first['msg']}"


def prompt_set_names(folders: Sequence[Path] = ()) -> list[str]:
    """Name the prompt sets in these folders and those that ship with the package."""
    return sorted(_paths(folders))


def read_prompt_sets(folders: Sequence[Path] = ()) -> list[PromptSet]:
    """Read every prompt set that `prompt_set_names` names, in its order.

    Raises:
        BadPromptSet: a file is no valid prompt set.
    """
    return [read_prompt_set(path) for _, path in sorted(_paths(folders).items())]


def find_prompt_set(name: str, folders: Sequence[Path] = ()) -> PromptSet:
    """Return a prompt set by name; a folder's set hides a shipped one of the same name.

    Raises:
        UnknownPromptSet: none has this name; the message lists those that exist.
        BadPromptSet: its file is no valid prompt set.
    """
    paths = _paths(folders)
    if name not in paths:
        known = ", ".join(sorted(paths))
        raise UnknownPromptSet(f"unknown prompt set {name!r}; known: {known}")
    return read_prompt_set(paths[name])


def _paths(folders: Sequence[Path]) -> dict[str, Path]:
    shipped = Path(str(resources.files("models"))) / "prompt_sets"
    found: dict[str, Path] = {}
    for folder in (shipped, *folders):
        found |= {path.stem: path for path in sorted(folder.glob("*.yaml"))}
    return found
