"""A network of offices on one machine: read from a file, provisioned, started, stopped."""
