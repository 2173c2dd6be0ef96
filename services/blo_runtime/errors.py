"""Everything this floor raises, as a tree.

::

    RuntimeFault
    ├── ConfigurationError        a file, a key, what was expected, what to do
    │   ├── FileMissing           the file is not there or cannot be read
    │   ├── NotToml               the file is not TOML; carries the line
    │   ├── UnknownKey            a key that no setting has
    │   ├── WrongValue            a value of the wrong type or out of bounds
    │   ├── Missing               a key that must be there
    │   └── TlsUnusable           certificates and keys that cannot serve together
    ├── ClockWentBack             a simulated clock was set to its past
    ├── LogFieldRefused           a log field that is not on the allow-list
    ├── ListenerFailed            an HTTP listener could not start
    ├── KafkaAway                 Kafka did not answer a command for as long as it waits
    ├── RunFileUnusable           the file that says where a program listens is damaged
    └── TaskFault                 a named task of a program
        ├── TaskFailed            it raised
        └── TaskEndedEarly        it returned although it was to run until the stop
"""

from pathlib import Path


class RuntimeFault(Exception):
    """Anything this floor raises."""


class ConfigurationError(RuntimeFault):
    """A program cannot start with the configuration it was given.

    Attributes:
        file: The file that is at fault.
        key: The full path of the key, as ``kafka.bootstrap``; empty for the file as a whole.
        problem: What is wrong.
        expected: What should be there.
        todo: What the operator does next.
    """

    def __init__(self, file: Path, key: str, problem: str, *, expected: str, todo: str) -> None:
        self.file = file
        self.key = key
        self.problem = problem
        self.expected = expected
        self.todo = todo
        place = f"{file}: {key}" if key else f"{file}"
        super().__init__(f"{place}: {problem}; expected {expected}. {todo}")


class FileMissing(ConfigurationError):
    """The configuration file is not there or cannot be read."""


class NotToml(ConfigurationError):
    """The file is not TOML 1.0.

    Attributes:
        line: The line at fault, counted from 1.
    """

    def __init__(self, file: Path, line: int, problem: str, *, expected: str, todo: str) -> None:
        self.line = line
        super().__init__(file, f"line {line}", problem, expected=expected, todo=todo)
        self.key = ""


class UnknownKey(ConfigurationError):
    """The file has a key that no setting has."""


class WrongValue(ConfigurationError):
    """A key has a value of the wrong type or out of bounds."""


class Missing(ConfigurationError):
    """A key that must be there is not."""


class TlsUnusable(ConfigurationError):
    """A certificate, key or authority file cannot be used, alone or with the others."""


class ClockWentBack(RuntimeFault):
    """A simulated clock was set to a moment before the one it shows."""


class LogFieldRefused(RuntimeFault):
    """A log call used a field that is not on the allow-list (strict mode only).

    Attributes:
        field: The name of the field.
    """

    def __init__(self, field: str) -> None:
        self.field = field
        super().__init__(
            f"log field {field!r} is not on the allow-list; use one of ALLOWED_FIELDS in "
            "blo_runtime/logs.py, or add it there if it can never carry contents"
        )


class ListenerFailed(RuntimeFault):
    """An HTTP listener could not start; the message says on which address and why."""


class KafkaAway(RuntimeFault):
    """Kafka did not answer a command for as long as it waits."""

    def __init__(self, patience_s: float, error: Exception) -> None:
        super().__init__(f"Kafka did not answer for {patience_s:g} s, so nothing was done: {error}")


class RunFileUnusable(RuntimeFault):
    """The file that says where a running program listens is damaged.

    Attributes:
        path: The file.
    """

    def __init__(self, path: Path, problem: str) -> None:
        self.path = path
        super().__init__(f"{path} {problem}. Stop the program and start it again")


class TaskFault(RuntimeFault):
    """A named task of a program did not do what it was started for.

    Attributes:
        task: The name of the task.
    """

    def __init__(self, task: str, message: str) -> None:
        self.task = task
        super().__init__(message)


class TaskFailed(TaskFault):
    """A task raised; the cause is in ``__cause__`` and in the message."""


class TaskEndedEarly(TaskFault):
    """A task returned before the program was asked to stop."""
