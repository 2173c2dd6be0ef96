import subprocess
import sys
from pathlib import Path

import pytest

import blo_runtime
from blo_runtime import errors
from tests.patience import PATIENCE_S


@pytest.mark.parametrize("name", blo_runtime.__all__)
def test_every_public_name_can_be_imported_and_is_described(name: str) -> None:
    assert getattr(blo_runtime, name).__doc__ or name == "Check"


def test_every_public_name_is_public_in_its_module_too() -> None:
    for module, names in blo_runtime._NAMES_BY_MODULE.items():
        home = __import__(f"blo_runtime.{module}", fromlist=["__all__"])
        assert set(names) <= set(home.__all__)
    assert sorted(blo_runtime._HOME) == sorted(blo_runtime.__all__)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="nothing_of_the_sort"):
        blo_runtime.nothing_of_the_sort  # noqa: B018


def test_reading_a_configuration_does_not_load_the_web_stack(project_root: Path) -> None:
    code = (
        "import sys, blo_runtime; blo_runtime.load; "
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
    for name in errors.__all__:
        kind = getattr(errors, name)
        assert issubclass(kind, errors.RuntimeFault)
        assert name in str(errors.__doc__)
    for kind in (errors.FileMissing, errors.NotToml, errors.UnknownKey, errors.WrongValue):
        assert issubclass(kind, errors.ConfigurationError)
