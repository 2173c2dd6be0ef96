"""Where the broker's jars and the Java that runs them are found."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from blo_lab.broker.errors import JavaNotFoundError, KafkaNotFoundError

_JARS = "jars"
_LOG_CONFIGURATION = "log4j2.properties"
_BROKER_JAR = re.compile(r"kafka_2\.\d+-(?P<version>\d+(?:\.\d+)+)\.jar")


@dataclass(frozen=True, slots=True)
class KafkaLibraries:
    """A Kafka that can be started.

    Attributes:
        directory: holds the jars.
        version: of the broker, as in its jar's name: ``4.4.0``.
        java: the program that runs it.
        log_configuration: log4j2's; without one the broker logs as its jars think fit.
    """

    directory: Path
    version: str
    java: Path
    log_configuration: Path | None = None

    def place(self, directory: Path) -> None:
        """Puts into a broker's directory what its command line names by a relative path."""
        link = directory / _JARS
        link.unlink(missing_ok=True)
        link.symlink_to(self.directory, target_is_directory=True)
        if self.log_configuration is not None:
            shutil.copyfile(self.log_configuration, directory / _LOG_CONFIGURATION)

    def command(self, main: str, *arguments: str, heap: str, scratch: Path) -> list[str]:
        """The command line that runs one of Kafka's main classes in a broker's directory.

        Whatever characters the directories' own paths have, it holds none of them that Java would
        take for something else: a colon parts a class path, a comma a list of files, and a percent
        sign stands for the process in an error file's name.

        Args:
            main: the class.
            arguments: its arguments.
            heap: the largest heap, as ``-Xmx`` takes it.
            scratch: where Java puts what it would leave in the machine's temporary directory; it lies
                in the broker's directory.
        """
        options = [
            f"-Xmx{heap}",
            "-XX:+UseSerialGC",
            # One node for one session: compiling less saves half of its processor time.
            "-XX:TieredStopAtLevel=1",
            "-XX:-UsePerfData",
            f"-XX:ErrorFile={scratch.name}/hs_err.log",
            f"-Djava.io.tmpdir={scratch}",
            "-Djava.awt.headless=true",
        ]
        if self.log_configuration is not None:
            options.append(f"-Dlog4j2.configurationFile={_LOG_CONFIGURATION}")
        return [str(self.java), *options, "-cp", f"{_JARS}/*", main, *arguments]


def find_kafka(project_root: Path, environ: Mapping[str, str]) -> KafkaLibraries:
    """Finds the jars: those of ``KAFKA_HOME`` if it is set, else those that Maven fetched.

    Args:
        project_root: the checkout, for ``build/kafka/libs`` and the log configuration.
        environ: ``KAFKA_HOME``, ``JAVA_HOME`` and ``PATH`` are read from it.

    Raises:
        KafkaNotFoundError: neither place holds a broker.
        JavaNotFoundError: there is no Java.
    """
    home = environ.get("KAFKA_HOME")
    directory = Path(home) / "libs" if home else project_root / "build" / "kafka" / "libs"
    version = _broker_version(directory)
    if version is None:
        remedy = "set KAFKA_HOME to an unpacked Kafka" if home else "run `make kafka`"
        raise KafkaNotFoundError(f"no Kafka broker in {directory}: {remedy}")
    log_configuration = project_root / "deploy" / "kafka" / "log4j2.properties"
    return KafkaLibraries(
        directory=directory.resolve(),
        version=version,
        java=_find_java(environ),
        log_configuration=log_configuration.resolve() if log_configuration.exists() else None,
    )


def _broker_version(directory: Path) -> str | None:
    for jar in sorted(directory.glob("kafka_2.*.jar")):
        if found := _BROKER_JAR.fullmatch(jar.name):
            return found["version"]
    return None


def _find_java(environ: Mapping[str, str]) -> Path:
    if home := environ.get("JAVA_HOME"):
        java = Path(home) / "bin" / "java"
        if java.is_file():
            return java
        raise JavaNotFoundError(f"JAVA_HOME names no Java: {java} does not exist")
    if found := shutil.which("java", path=environ.get("PATH")):
        return Path(found)
    raise JavaNotFoundError("no java on PATH: install Java 17 or newer, or set JAVA_HOME")
