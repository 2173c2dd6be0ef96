"""What every program shares: configuration, clock, logs, metrics, admin listener, supervision.

Names are imported from their modules when first used, so that a short command does not pay for the
web stack.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from blo_runtime.admin import Check, CheckReport, Health, admin_app, start_admin
    from blo_runtime.clock import Clock, ManualClock, SystemClock
    from blo_runtime.config import Settings, load
    from blo_runtime.errors import (
        ClockWentBack,
        ConfigurationError,
        FileMissing,
        ListenerFailed,
        LogFieldRefused,
        Missing,
        NotToml,
        RuntimeFault,
        TaskEndedEarly,
        TaskFailed,
        TaskFault,
        TlsUnusable,
        UnknownKey,
        WrongValue,
    )
    from blo_runtime.http import ListeningServer, serve
    from blo_runtime.logs import configure, describe, get_logger
    from blo_runtime.metric_declaration import MetricSpec
    from blo_runtime.metrics import Metrics
    from blo_runtime.settings import (
        AdminSettings,
        KafkaSettings,
        LoggingSettings,
        TlsSettings,
    )
    from blo_runtime.supervision import ExitCode, StopSignal, Supervisor, run
    from blo_runtime.tls import ssl_context

__all__ = [
    "AdminSettings",
    "Check",
    "CheckReport",
    "Clock",
    "ClockWentBack",
    "ConfigurationError",
    "ExitCode",
    "FileMissing",
    "Health",
    "KafkaSettings",
    "ListenerFailed",
    "ListeningServer",
    "LogFieldRefused",
    "LoggingSettings",
    "ManualClock",
    "MetricSpec",
    "Metrics",
    "Missing",
    "NotToml",
    "RuntimeFault",
    "Settings",
    "StopSignal",
    "Supervisor",
    "SystemClock",
    "TaskEndedEarly",
    "TaskFailed",
    "TaskFault",
    "TlsSettings",
    "TlsUnusable",
    "UnknownKey",
    "WrongValue",
    "admin_app",
    "configure",
    "describe",
    "get_logger",
    "load",
    "run",
    "serve",
    "ssl_context",
    "start_admin",
]

_NAMES_BY_MODULE = {
    "admin": ("Check", "CheckReport", "Health", "admin_app", "start_admin"),
    "clock": ("Clock", "ManualClock", "SystemClock"),
    "config": ("Settings", "load"),
    "errors": (
        "ClockWentBack",
        "ConfigurationError",
        "FileMissing",
        "ListenerFailed",
        "LogFieldRefused",
        "Missing",
        "NotToml",
        "RuntimeFault",
        "TaskEndedEarly",
        "TaskFailed",
        "TaskFault",
        "TlsUnusable",
        "UnknownKey",
        "WrongValue",
    ),
    "http": ("ListeningServer", "serve"),
    "logs": ("configure", "describe", "get_logger"),
    "metric_declaration": ("MetricSpec",),
    "metrics": ("Metrics",),
    "settings": ("AdminSettings", "KafkaSettings", "LoggingSettings", "TlsSettings"),
    "supervision": ("ExitCode", "StopSignal", "Supervisor", "run"),
    "tls": ("ssl_context",),
}

_HOME = {name: module for module, names in _NAMES_BY_MODULE.items() for name in names}


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
