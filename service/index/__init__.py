"""The reports' vectors and texts, tied to the model that embedded them."""
