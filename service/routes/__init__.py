"""One file per noun; a route translates and does not think."""
