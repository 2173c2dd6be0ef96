import subprocess
import sys
from pathlib import Path

from blo_runtime import errors
from tests.patience import PATIENCE_S


def test_reading_a_configuration_does_not_load_the_web_stack(project_root: Path) -> None:
    code = (
        "import sys, blo_runtime.config; "
        "print({'litestar', 'uvicorn', 'uvloop', 'prometheus_client'} & set(sys.modules))"
    )
    printed = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": str(project_root / "services")},
        capture_output=True,
        text=True,
        check=True,
        timeout=PATIENCE_S,
    )
    assert printed.stdout.strip() == "set()"


def test_every_error_hangs_on_one_tree_and_stands_in_its_picture() -> None:
    kinds = [each for each in vars(errors).values() if isinstance(each, type)]
    for kind in (each for each in kinds if each.__module__ == errors.__name__):
        assert issubclass(kind, errors.RuntimeFault)
        assert kind.__name__ in str(errors.__doc__)
    for kind in (errors.FileMissing, errors.NotToml, errors.UnknownKey, errors.WrongValue):
        assert issubclass(kind, errors.ConfigurationError)
