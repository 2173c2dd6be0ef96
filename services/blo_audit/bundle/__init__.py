"""One file that carries records of a link with everything that proves them."""
