"""A run's settings: recipes that start from others, and methods that know their own keys."""

from pathlib import Path

import pytest
import yaml

from training.config import ConfigError, RunConfig, read_config, recipe_names, recipe_path
from training.objectives import METHODS
from training.objectives.aga import AGAConfig
from training.objectives.sparc import SPARCConfig

ONLY_ITS_OWN = ("name", "objective", "model")


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text)
    return path


@pytest.mark.parametrize("name", recipe_names())
def test_every_recipe_bears_its_own_name(name: str) -> None:
    assert read_config(recipe_path(name)).name == name


@pytest.mark.parametrize("method", [method for method in METHODS if method != "aga"])
def test_the_recipe_of_a_method_is_phantom_with_its_objective(method: str) -> None:
    ours, phantom = (read_config(recipe_path(name)) for name in (method, "phantom"))
    assert ours.objective == RunConfig.model_validate({"objective": {"method": method}}).objective
    temperature = ours.objective.temperatures.global_
    assert ours.model == phantom.model.model_copy(update={"temperature": temperature})
    rest = [one.model_dump(exclude=set(ONLY_ITS_OWN)) for one in (ours, phantom)]
    assert rest[0] == rest[1]


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("global-only", ["objective.weights.iga=0", "objective.weights.bcga=0"]),
        ("no-bcga", ["objective.weights.bcga=0"]),
        ("fixed-threshold", ["model.gates.kind=fixed"]),
        ("demo", ["data.phantom_pairs=3000", "optimization.epochs=8"]),
    ],
)
def test_a_recipe_over_phantom_changes_only_this(name: str, settings: list[str]) -> None:
    expected = read_config(recipe_path("phantom"), [f"name={name}", *settings])
    assert read_config(recipe_path(name)) == expected


def test_the_recipe_aga_eus_is_aga_with_what_several_hospitals_need() -> None:
    settings = [
        "name=aga-eus",
        "augment.crop=0.2",
        "data.negatives.within=hospital",
        "model.text.context=clause",
        "prompt_sets=[phantom-eus]",
    ]
    assert read_config(recipe_path("aga-eus")) == read_config(recipe_path("aga"), settings)


def test_the_recipe_paper_varies_no_image_and_has_every_other_pair_as_a_negative() -> None:
    paper = read_config(recipe_path("paper"))
    assert paper.augment is None
    assert (paper.data.negatives.same_report, paper.data.negatives.within) == (True, None)


def test_images_can_be_left_alone_on_the_command_line() -> None:
    assert read_config(recipe_path("phantom"), ["augment=null"]).augment is None


def test_settings_that_name_no_method_are_agas() -> None:
    config = RunConfig.model_validate({"objective": {"weights": {"bcga": 0.0}}})
    assert isinstance(config.objective, AGAConfig)
    assert config.objective.weights.bcga == 0.0


def test_a_method_can_be_set_on_the_command_line(tmp_path: Path) -> None:
    plain = write(tmp_path, "plain.yaml", "seed: 3")
    config = read_config(plain, ["objective.method=sparc", "objective.temperatures.global_=0.2"])
    assert isinstance(config.objective, SPARCConfig)
    assert config.model.temperature == 0.2


def test_what_a_run_writes_can_be_read_again(tmp_path: Path) -> None:
    config = read_config(recipe_path("mgca"))
    again = write(tmp_path, "config.yaml", yaml.safe_dump(config.model_dump(mode="json")))
    assert read_config(again) == config


@pytest.mark.parametrize(
    ("overrides", "named"),
    [
        (["objective.method=clip"], "objective: .*no method 'clip'; methods: aga, convirt, gloria"),
        (["objective.method=gloria"], r"objective.temperatures.iga \(method gloria\): "),
        (["objective.weights.local=1"], r"objective.weights.local \(method aga\): "),
        (["objective=3"], "objective"),
    ],
)
def test_a_setting_that_the_method_does_not_know_is_named(overrides: list[str], named: str) -> None:
    with pytest.raises(ConfigError, match=named) as error:
        read_config(recipe_path("phantom"), overrides)
    assert "\n" not in str(error.value)


def test_no_method_learns_from_weights_of_zero() -> None:
    overrides = ["objective.weights.global_=0", "objective.weights.fine=0"]
    with pytest.raises(ConfigError, match="nothing to learn"):
        read_config(recipe_path("sparc"), overrides)


def test_a_base_beside_the_file_comes_before_a_recipe(tmp_path: Path) -> None:
    write(tmp_path, "under.yaml", "seed: 3\noptimization: {epochs: 4, batch_size: 8}")
    over = write(tmp_path, "over.yaml", "base: under.yaml\noptimization: {epochs: 5}")
    config = read_config(over, ["seed=7"])
    assert (config.seed, config.optimization.epochs, config.optimization.batch_size) == (7, 5, 8)


def test_the_same_method_over_a_base_keeps_what_it_does_not_set(tmp_path: Path) -> None:
    over = write(
        tmp_path, "over.yaml", "base: phantom\nobjective: {method: aga, weights: {iga: 0.0}}"
    )
    phantom, objective = read_config(recipe_path("phantom")), read_config(over).objective
    assert objective.temperatures == phantom.objective.temperatures


def test_a_base_of_another_method_passes_no_objective_on(tmp_path: Path) -> None:
    over = write(tmp_path, "over.yaml", "base: gloria\nobjective: {method: aga}")
    assert read_config(over).objective == AGAConfig()


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("base: nowhere", "over.yaml: nowhere: no such file or recipe; recipes: aga"),
        ("base: over.yaml", "over.yaml: base: .*over.yaml starts from itself"),
        ("base: list.yaml", "over.yaml: .*not a list as in list.yaml"),
    ],
)
def test_a_base_that_cannot_be_used_is_named(tmp_path: Path, text: str, named: str) -> None:
    write(tmp_path, "list.yaml", "- 3")
    with pytest.raises(ConfigError, match=named):
        read_config(write(tmp_path, "over.yaml", text))
