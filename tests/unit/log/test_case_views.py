"""The views of a link's cases, and the digest that heads carry (``docs/wire-format.md`` §2)."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from blo_projection.case_views import CaseViews
from blo_schemas.codec import encode
from blo_schemas.hashes import view_group, view_group_start, views_digest
from blo_schemas.ids import CaseId
from blo_schemas.views import CaseView
from tests.unit.store.samples import case_view


def by_the_formula(views: Iterable[CaseView]) -> bytes:
    groups: dict[int, bytes] = {}
    for view in sorted(views, key=lambda view: view.case):
        group = int.from_bytes(view.case[:2], "big") >> 4
        row = view.case + sha256(encode(view)).digest()
        groups[group] = groups.get(group, b"blo/view-group/v1\0") + row
    parts = [
        group.to_bytes(2, "big") + sha256(rows).digest() for group, rows in sorted(groups.items())
    ]
    return sha256(b"blo/views/v2\0" + b"".join(parts)).digest()


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(1, 9)), max_size=20))
def test_the_digest_is_that_of_the_newest_view_of_each_case(puts: list[tuple[int, int]]) -> None:
    views = CaseViews()
    newest: dict[CaseId, int] = {}
    for number, version in puts:
        view = msgspec.structs.replace(case_view(number), version=version)
        views.put(view)
        newest[CaseId(view.case)] = version
        assert views.digest() == by_the_formula(views)
    assert {CaseId(view.case): view.version for view in views} == newest
    assert views.cases() == sorted(newest)
    assert len(views) == len(newest)


def test_the_order_in_which_cases_began_makes_no_difference() -> None:
    one, other = CaseViews(), CaseViews()
    for number in range(5):
        one.put(case_view(number))
        other.put(case_view(4 - number))
    assert one.digest() == other.digest()
    assert one.get(CaseId(case_view(3).case)) == case_view(3)
    assert one.get(CaseId(bytes(32))) is None


@given(st.lists(st.binary(min_size=32, max_size=32), unique=True, max_size=30))
def test_each_case_lies_between_the_start_of_its_group_and_that_of_the_next(
    ids: list[bytes],
) -> None:
    views = CaseViews()
    for case in ids:
        views.put(msgspec.structs.replace(case_view(1), case=case))
        group = view_group(case)
        assert view_group_start(group) <= case < view_group_start(group + 1)
    rows = [(case, sha256(encode(views.get(case))).digest()) for case in views.cases()]
    assert views.cases() == sorted(ids)
    assert views.digest() == views_digest(rows) == by_the_formula(views)
