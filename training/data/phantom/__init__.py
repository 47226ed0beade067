"""Make synthetic image-report pairs that nobody's privacy or license restricts."""

from training.data.phantom.write import write_phantom

__all__ = ["REVISION", "write_phantom"]

REVISION = 2  # of what a seed gives: it changes where images, reports or boxes do
