"""Somebody's items leave a raw document; everybody else's stay as they were."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.signals.privacy.forgetting import Theirs, quotes, without

JANE = Theirs(account="Jane_Doe87", fields=frozenset({"author"}), urls=frozenset(), ids=frozenset())


def listing(*posts: dict[str, object]) -> bytes:
    return json.dumps(
        {"kind": "Listing", "data": {"children": [{"kind": "t3", "data": post} for post in posts]}}
    ).encode()


def titles(body: bytes | None) -> list[str]:
    assert body is not None
    return [child["data"]["title"] for child in json.loads(body)["data"]["children"]]


@pytest.mark.parametrize("author", ["Jane_Doe87", "jane_doe87", "u/Jane_Doe87", "@jane_doe87"])
def test_an_authors_items_go_and_the_rest_stays(author: str) -> None:
    body = listing({"title": "hers", "author": author}, {"title": "his", "author": "John"}, {"title": "nobody's"})
    left, taken = without(body, JANE)
    assert (titles(left), taken) == (["his", "nobody's"], 1)


@pytest.mark.parametrize(
    "post",
    [
        {"title": "about", "subreddit": "Jane_Doe87"},
        {"title": "about", "selftext": "thanks to u/Jane_Doe87 for this"},
        {"title": "about", "author": "Jane_Doe871"},
        {"title": "Jane_Doe87"},
    ],
    ids=["community", "mention", "longer", "title"],
)
def test_what_only_speaks_of_them_is_not_theirs(post: dict[str, object]) -> None:
    body = listing(post)
    assert without(body, JANE) == (body, 0)


def test_a_page_of_theirs_names_them_in_any_field() -> None:
    body = listing({"title": "hers", "permalink": "/user/jane_doe87/comments/x1/"}, {"title": "his"})
    left, _ = without(body, JANE)
    assert titles(left) == ["his"]


def test_an_item_is_known_by_its_address_or_id() -> None:
    known = Theirs(None, frozenset(), frozenset({"https://x.example/p/1"}), frozenset({"abc12", "ab"}))
    body = listing(
        {"title": "by id", "id": "abc12"},
        {"title": "by address", "url": "https://x.example/p/1/"},
        {"title": "too short an id", "id": "ab"},
        {"title": "another", "url": "https://x.example/p/12"},
    )
    left, taken = without(body, known)
    assert (titles(left), taken) == (["too short an id", "another"], 2)


def test_only_the_innermost_item_goes() -> None:
    body = json.dumps([{"title": "hers around", "replies": [{"author": "jane_doe87"}, {"author": "x"}]}]).encode()
    left, taken = without(body, JANE)
    assert left is not None
    assert (json.loads(left), taken) == ([{"title": "hers around", "replies": [{"author": "x"}]}], 1)


def test_where_nothing_can_be_taken_out_all_of_it_goes() -> None:
    assert without(b'{"author": "jane_doe87"}', JANE) == (None, 1)
    assert without(b"<a href='https://r.example/u/jane_doe87'>", JANE) == (None, 1)
    assert without(b"<a href='https://r.example/u/john'>", JANE) == (b"<a href='https://r.example/u/john'>", 0)


documents = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.just("jane_doe87"),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["author", "a", "b"]), inner, max_size=3)
    ),
    max_leaves=20,
)


@given(documents)
def test_afterwards_nothing_is_theirs(document: object) -> None:
    left, _ = without(json.dumps(document).encode(), JANE)
    if left is not None:
        assert without(left, JANE) == (left, 0)


def test_quotes_are_long_enough_to_be_nobody_elses() -> None:
    assert quotes(["My cat | knitted a very small hat for the dog", "short"]) == [
        "knitted a very small hat for the dog"
    ]
