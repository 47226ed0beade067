"""Read everything that a comparison needs, so that its mistakes are known before a run trains."""

from dataclasses import dataclass
from pathlib import Path

from models.prompts import PromptSet, find_prompt_set
from training.comparison.config import Comparison, TestSet
from training.comparison.measuring import MeasuredSet
from training.comparison.pairs import manifest_of, read_set
from training.comparison.runs import PlannedRun, check_kept, plan_runs
from training.config import ConfigError
from training.data.manifest import ImageReportPair
from training.evaluation.regions import read_marks


@dataclass(frozen=True)
class Prepared:
    """A comparison with its folder, its test sets and its runs."""

    comparison: Comparison
    folder: Path
    sets: list[MeasuredSet]
    runs: list[PlannedRun]


def prepare(comparison: Comparison, out: Path) -> Prepared:
    """Read recipes, test sets and training pairs; phantoms that are missing are made.

    Raises:
        ConfigError, ManifestError, UnknownPromptSet: settings or data cannot be used.
    """
    data, folder = out / "data", out / comparison.name
    plan_runs(comparison, Path(), folder)  # its mistakes come before any phantom is drawn
    sets = [_read(name, settings, data) for name, settings in comparison.sets.items()]
    manifest = manifest_of(comparison.train, data).resolve()
    runs = plan_runs(comparison, manifest, folder / "runs")
    check_kept(runs)
    return Prepared(comparison, folder, sets, runs)


def _read(name: str, settings: TestSet, data: Path) -> MeasuredSet:
    manifest, pairs = manifest_of(settings, data), read_set(name, settings, data)
    marks = read_marks(pairs, manifest.parent)
    prompts = prompts_of(settings, pairs, where=f"sets.{name}") if settings.prompts else None
    return MeasuredSet(name, settings, manifest, pairs, marks, prompts)


def prompts_of(settings: TestSet, pairs: list[ImageReportPair], *, where: str) -> PromptSet:
    """Return a set's prompts, of its own classes alone where it names some.

    Raises:
        ConfigError: one of its classes has no prompts, or no pair has a class that has.
        UnknownPromptSet: there is no such prompt set.
    """
    prompts = find_prompt_set(settings.prompts)
    if unknown := set(settings.classes) - set(prompts.labels):
        raise ConfigError(f"{settings.prompts} has no prompts for {', '.join(sorted(unknown))}")
    shown = frozenset[str]().union(*(pair.labels or () for pair in pairs))
    if not shown & set(prompts.labels):
        raise ConfigError(
            f"{where}: no pair has a class of {settings.prompts}: {', '.join(prompts.labels)}; "
            f"they have {', '.join(sorted(shown)) or 'no label'}"
        )
    if not settings.classes:
        return prompts
    classes = {name: prompts.classes[name] for name in settings.classes}
    return prompts.model_copy(update={"classes": classes})
