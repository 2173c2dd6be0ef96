"""A hostile office and a hostile operator of the broker against honest programs."""
