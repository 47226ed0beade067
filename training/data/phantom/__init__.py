"""Make synthetic image-report pairs that nobody's privacy or license restricts."""

from training.data.phantom.write import write_phantom

__all__ = ["write_phantom"]
