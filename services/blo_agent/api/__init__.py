"""The office's API: for its desk, its tools, and whoever holds its token on this machine.

JSON over HTTP on loopback, every request with ``Authorization: Bearer TOKEN``. Refusals are 409
with the reason and words for the officer; requests that make no sense are 400 and say what was
expected; what is not known is 404. A request that fails unexpectedly is 500 with the id of an
incident, under which the log file has the error; it ends nothing but that request.

``GET /v1/links[/LINK[/cases[/CASE]]]``, ``/v1/cases``, ``/v1/events/EVENT`` and ``/v1/alerts``
(what stands open for the office, the earliest deadline first) look; ``POST /v1/commands`` and
``/v1/links/LINK/verify`` act. What they take and give is in ``types``.

A case is named by its link and its id: any office may write any id on a link of its own.
"""
