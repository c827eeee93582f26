"""One text for each JSON value, and a text for each."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.domain.canonical import canonical, salted_digest


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (2**53 + 1, "9007199254740993"),
        (float(2**53), "9007199254740992"),
        (1e22, "10000000000000000000000"),
        (1.0, "1"),
        (-0.0, "0"),
        (-1.50, "-1.5"),
        (1e-7, "0.0000001"),
        (True, "true"),
        (None, "null"),
        ("1", '"1"'),
        ({"b": 1, "a": [1.0, {}], "B": "é"}, '{"B":"é","a":[1,{}],"b":1}'),
        ({"\uffff": 1, "\U0001f600": 2}, '{"\uffff":1,"\U0001f600":2}'),
    ],
)
def test_a_value_has_one_text(value: object, text: str) -> None:
    assert canonical(value) == text


def test_what_is_no_json_is_refused() -> None:
    with pytest.raises(TypeError):
        canonical({"a": {1, 2}})


numbers = st.integers(-(2**63), 2**63) | st.floats(allow_nan=False, allow_infinity=False)
values = st.recursive(
    st.none() | st.booleans() | numbers | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(values, values)
def test_two_values_share_a_text_only_where_they_are_one(first: Any, second: Any) -> None:
    assert (canonical(first) == canonical(second)) == (exact(first) == exact(second))


@given(values)
def test_a_text_reads_as_its_value(value: Any) -> None:
    read = json.loads(canonical(value), parse_float=Decimal, parse_int=Decimal)
    assert exact(read) == exact(value)


def exact(value: Any) -> Any:
    """The value with its numbers as decimals, and kept apart from truths."""
    if isinstance(value, bool | str) or value is None:
        return (type(value).__name__, value)
    if isinstance(value, dict):
        return {key: exact(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [exact(inner) for inner in value]
    return Decimal(repr(value)) if isinstance(value, float) else Decimal(value)


def test_a_salt_hides_what_a_hash_would_tell() -> None:
    assert salted_digest("no", "a") != salted_digest("no", "b")
