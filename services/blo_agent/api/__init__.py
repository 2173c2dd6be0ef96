"""The office's HTTP API: requests, answers, and the handlers between them."""
