"""The way to declare a metric as an attribute of a class; ``metrics.py`` declares them all."""

from collections.abc import Callable, Collection, Iterable
from itertools import product
from typing import Generic, Literal, TypeVar, cast, overload

import msgspec
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from blo_runtime.metric_programs import CLOSED_LABELS

MetricKind = Literal["counter", "gauge", "histogram"]


class MetricSpec(msgspec.Struct, frozen=True, kw_only=True):
    """The declaration of a metric.

    Attributes:
        name: Its full name, under ``blo_``; a counter's ends in ``_total``.
        kind: Its Prometheus type.
        labels: Its labels.
        unit: The unit of its value.
        help: Its meaning, in one line.
        action: What an operator does when it moves.
        buckets: A histogram's upper bounds, in its unit.
    """

    name: str
    kind: MetricKind
    labels: tuple[str, ...]
    unit: str
    help: str
    action: str
    buckets: tuple[float, ...] = ()


M = TypeVar("M", Counter, Gauge, Histogram)


class Declared(Generic[M]):
    """An attribute of `DeclaredMetrics`: the metric on an instance, the declaration on the class."""

    def __init__(
        self, spec: MetricSpec, make: Callable[[MetricSpec, CollectorRegistry], M]
    ) -> None:
        self.spec = spec
        self.make: Callable[[MetricSpec, CollectorRegistry], M] = make

    def __set_name__(self, owner: type, attribute: str) -> None:
        self.attribute = attribute

    @overload
    def __get__(self, instance: None, owner: type) -> "Declared[M]": ...
    @overload
    def __get__(self, instance: "DeclaredMetrics", owner: type) -> M: ...
    def __get__(self, instance: "DeclaredMetrics | None", owner: type) -> "Declared[M] | M":
        return self if instance is None else cast(M, instance.by_attribute[self.attribute])


def counter(name: str, help_: str, *labels: str, unit: str, action: str) -> Declared[Counter]:
    """Declare a value that only rises."""
    spec = MetricSpec(
        name=name, kind="counter", labels=labels, unit=unit, help=help_, action=action
    )
    return Declared(
        spec, lambda spec, registry: Counter(spec.name, spec.help, spec.labels, registry=registry)
    )


def gauge(name: str, help_: str, *labels: str, unit: str, action: str) -> Declared[Gauge]:
    """Declare a value that rises and falls."""
    spec = MetricSpec(name=name, kind="gauge", labels=labels, unit=unit, help=help_, action=action)
    return Declared(
        spec, lambda spec, registry: Gauge(spec.name, spec.help, spec.labels, registry=registry)
    )


def histogram(
    name: str, help_: str, *labels: str, buckets: tuple[float, ...], action: str
) -> Declared[Histogram]:
    """Declare a distribution of durations in seconds."""
    spec = MetricSpec(
        name=name,
        kind="histogram",
        labels=labels,
        unit="seconds",
        help=help_,
        action=action,
        buckets=buckets,
    )
    return Declared(
        spec,
        lambda spec, registry: Histogram(
            spec.name, spec.help, spec.labels, registry=registry, buckets=spec.buckets
        ),
    )


class DeclaredMetrics:
    """The metrics of one program, on a registry of its own.

    A process may hold several, as tests do that run many agents.

    Args:
        attributes: The metrics that this program feeds; ``None``: all of them.

    Attributes:
        registry: The metrics that the admin listener exposes.
        by_attribute: Each metric of `prometheus_client` by the name of its attribute.
    """

    def __init__(self, attributes: Collection[str] | None = None) -> None:
        self._links: set[str] = set()
        self.registry = CollectorRegistry()
        self.by_attribute: dict[str, Counter | Gauge | Histogram] = {
            name: declared.make(declared.spec, self.registry)
            for name, declared in vars(type(self)).items()
            if isinstance(declared, Declared) and (attributes is None or name in attributes)
        }

    def begin_links(self, links: Iterable[str]) -> None:
        """Let every counter of these links exist at 0, so that its first step is seen."""
        new = set(links) - self._links
        self._links |= new
        for link in sorted(new):
            for metric in self.by_attribute.values():
                others = [name for name in metric._labelnames if name != "link"]  # noqa: SLF001
                is_of_links = len(others) < len(metric._labelnames)  # noqa: SLF001
                if (
                    isinstance(metric, Counter)
                    and is_of_links
                    and CLOSED_LABELS.keys() >= {*others}
                ):
                    for values in product(*(CLOSED_LABELS[name] for name in others)):
                        metric.labels(link=link, **dict(zip(others, values, strict=True)))

    @classmethod
    def by_name(cls) -> dict[str, MetricSpec]:
        """Every metric of the class by its attribute, in the order of declaration."""
        return {
            name: value.spec for name, value in vars(cls).items() if isinstance(value, Declared)
        }

    @classmethod
    def specs(cls) -> tuple[MetricSpec, ...]:
        """Every metric of the class, in the order of declaration."""
        return tuple(value.spec for value in vars(cls).values() if isinstance(value, Declared))
