"""What the lab can tell its user, besides the errors of ``blo_cli``.

.. code-block:: text

    CliError
    ├── LabError         a lab that cannot be made, started, found or stopped
    └── ScenarioError    a line of a scenario file (``blo_lab.scenario``)
"""

from __future__ import annotations

from blo_cli.errors import CliError


class LabError(CliError):
    """A lab can't be made, started, found or stopped."""
