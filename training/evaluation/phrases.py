"""Read which words stand for a manifest's phrases: "cardiomediastinum" is asked for as "heart"."""

from pathlib import Path

import yaml

from training.config import ConfigError


def read_phrases(text: str) -> dict[str, str]:
    """Return the words to ask for by phrase.

    Args:
        text: `phrase=words,...`, or the path of a YAML file that maps phrases to words.

    Raises:
        ConfigError: the text or the file is no such mapping.
    """
    if text.endswith((".yaml", ".yml")):
        return _from_yaml(Path(text))
    phrases = {}
    for item in filter(None, text.split(",")):
        phrase, separator, words = (part.strip() for part in item.partition("="))
        if not (phrase and separator and words):
            raise ConfigError(f"--phrases: takes phrase=words,... or a YAML file, got {item!r}")
        phrases[phrase] = words
    return phrases


def _from_yaml(path: Path) -> dict[str, str]:
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: no YAML: {str(error).splitlines()[0]}") from error
    if not isinstance(content, dict):
        raise ConfigError(f"{path}: takes a mapping of phrases to words")
    for phrase, words in content.items():
        if not isinstance(phrase, str) or not isinstance(words, str):
            raise ConfigError(f"{path}: {phrase!r}: {words!r}: both must be text")
    return content
