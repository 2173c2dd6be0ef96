"""Sections that several programs share, as they are handed on."""

from __future__ import annotations

import msgspec
import pytest

from blo_runtime.settings import KafkaSettings, TrustSettings
from blo_runtime.tls import kafka_options
from blo_schemas.ids import CountryId


def test_pins_are_roots_by_country() -> None:
    pins = {"vn": "01" * 32, "la": "ab" * 32}
    assert TrustSettings(pins=pins).roots == {
        CountryId(country): bytes.fromhex(pin) for country, pin in pins.items()
    }


@pytest.mark.parametrize("pin", ["", "01" * 31, "01" * 33, "AB" * 32, "zz" * 32])
def test_a_pin_that_is_no_fingerprint_is_refused(pin: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=r"pins\[\.\.\.\]"):
        msgspec.convert({"pins": {"vn": pin}}, TrustSettings)


def test_how_to_reach_kafka_is_handed_on_as_it_is_configured() -> None:
    settings = KafkaSettings(bootstrap=("127.0.0.1:1", "[::1]:2"), request_timeout_s=3)
    assert kafka_options(settings, "vn-a") == {
        "bootstrap": "127.0.0.1:1,[::1]:2",
        "ssl_context": None,
        "client_id": "vn-a",
        "request_timeout_s": 3,
    }
