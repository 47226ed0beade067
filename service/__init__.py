"""How AGA is asked: the HTTP service, its engines and its index."""
