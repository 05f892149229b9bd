"""A season in the record: what comes too late is archived, waits, and comes back whole with next year's event."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from pipeline.ideas.seasons import Event
from pipeline.models import Idea, IdeaStatus, Listing, ListingStatus
from resources.store import Store
from tests.resources.test_store import HOUR, MODEL, design, idea, listing, mockup, rows, sightings, unit

CHRISTMAS, NEXT = date(2026, 12, 25), date(2027, 12, 25)
RETURNS = date(2027, 9, 26)
BACK = datetime(2027, 9, 26, 4, tzinfo=HOUR.tzinfo)
EVENT: dict[str, Any] = {"name": "Christmas", "countries": ["GB", "US"], "gift": True}


def propose(store: Store, phrase: str = "sleigh all day", hour: datetime = HOUR, day: date = CHRISTMAS) -> Idea:
    """Record an idea for Christmas, in the way of the asset; as it was proposed."""
    seen = sightings([phrase])[0][0]
    evidence = {"event": EVENT | {"date": day.isoformat()}}
    thought = idea(phrase, seen, hour, occasion="Christmas", event_date=day, evidence=evidence, title=f"{phrase} {day}")
    with store.transaction() as tx:
        tx.signals.record(sightings([phrase]), HOUR)
        tx.ideas.bring_back([thought], unit(seed=1))
        tx.ideas.record([thought], unit(seed=1))
    return thought


def produce(store: Store, of: Idea, *places: str) -> list[Listing]:
    """Draw an idea and write its listings."""
    art = design(of)
    picture = mockup(art)
    made = [listing(picture, place=place) for place in places]
    with store.transaction() as tx:
        tx.designs.record([art])
        tx.mockups.record([picture])
        tx.listings.record(made, HOUR)
    return made


def archive(store: Store, *ideas: Idea, returns_on: date | None = RETURNS) -> list[UUID]:
    with store.transaction() as tx:
        return tx.seasons.archive([one.id for one in ideas], returns_on)


def state(store: Store) -> list[tuple[Any, ...]]:
    return rows(store, "SELECT status::text, returns_on, event_date, hour FROM ideas ORDER BY idea_key")


def step(store: Store, one: Listing, *to: ListingStatus) -> None:
    with store.transaction() as tx:
        for status in to:
            if status is ListingStatus.APPROVED:
                tx.listings.approve([one.id], "person:ann", "good")
            elif status is ListingStatus.PUBLISHING:
                tx.listings.hand_over(one.id, "file:///pack", HOUR)
            elif status is ListingStatus.LIVE:
                tx.listings.confirm_live(one.id, "E1", None, HOUR)
            else:
                tx.listings.step([one.id], status, "so it was")


def test_only_what_is_queued_or_mocked_is_archived(store: Store) -> None:
    queued, mocked, live, rejected = (propose(store, phrase) for phrase in ("a one", "b two", "c three", "d four"))
    produce(store, mocked)
    with store.transaction() as tx:
        tx.ideas.set_status([live.id], IdeaStatus.LIVE)
        tx.ideas.set_status([rejected.id], IdeaStatus.REJECTED)
        standing = tx.seasons.standing(CHRISTMAS)
        assert tx.seasons.standing(CHRISTMAS - timedelta(days=1)) == {}
    event = Event(name="Christmas", date=CHRISTMAS, countries=("GB", "US"), gift=True)
    assert {key: set(ids) for key, ids in standing.items()} == {event: {queued.id, mocked.id}}
    assert set(archive(store, queued, mocked, live, rejected)) == {queued.id, mocked.id}
    assert archive(store, queued, mocked) == []
    assert [(status, returns) for status, returns, *_ in state(store)] == [
        ("archived", RETURNS), ("archived", RETURNS), ("live", None), ("rejected", None),
    ]  # fmt: skip


def test_nothing_is_made_of_what_waits(store: Store) -> None:
    thought = propose(store)
    (one,) = produce(store, thought, "etsy")
    with store.transaction() as tx:
        assert (len(tx.ideas.hour(HOUR)), len(tx.designs.hour(HOUR))) == (1, 1)
    archive(store, thought)
    with store.transaction() as tx:
        assert tx.ideas.hour(HOUR) == []
        assert tx.designs.hour(HOUR) == []
        assert [stored.status for stored in tx.listings.get([one.id])] == [ListingStatus.DRAFT]


def test_proposed_again_when_its_day_has_come_it_is_queued_for_the_next_event_and_its_new_hour(store: Store) -> None:
    propose(store)
    with store.transaction() as tx:
        tx.seasons.archive([propose(store).id], RETURNS)
    again = propose(store, hour=BACK, day=NEXT)
    assert state(store) == [("queued", None, NEXT, BACK)]
    with store.transaction() as tx:
        assert tx.ideas.hour(BACK) == [again]
    propose(store, hour=BACK, day=NEXT)
    assert state(store) == [("queued", None, NEXT, BACK)]


@pytest.mark.parametrize(
    ("hour", "day", "returns_on"),
    [
        (BACK - timedelta(hours=6), NEXT, RETURNS),
        (BACK, CHRISTMAS, RETURNS),
        (BACK, NEXT, None),
    ],
    ids=["before its day", "for the same event", "archived for good"],
)
def test_otherwise_it_stays_archived(store: Store, hour: datetime, day: date, returns_on: date | None) -> None:
    archive(store, propose(store), returns_on=returns_on)
    propose(store, hour=hour, day=day)
    assert state(store) == [("archived", returns_on, CHRISTMAS, HOUR)]


def test_the_last_hour_before_midnight_belongs_to_the_day_that_it_ends_in(store: Store) -> None:
    archive(store, propose(store))
    eve = BACK.replace(day=25, hour=23)
    propose(store, hour=eve, day=NEXT)
    assert state(store) == [("queued", None, NEXT, eve)]


def test_what_was_made_of_it_comes_along_and_what_is_on_the_market_stays(store: Store) -> None:
    thought = propose(store)
    places = ["amazon_merch", "etsy", "redbubble", "spreadshirt", "teepublic"]
    draft, approved, failed, live, rejected = produce(store, thought, *places)
    step(store, approved, ListingStatus.APPROVED)
    step(store, failed, ListingStatus.FAILED)
    step(store, rejected, ListingStatus.IN_REVIEW, ListingStatus.REJECTED)
    step(store, live, ListingStatus.APPROVED, ListingStatus.PUBLISHING)
    archive(store, thought)
    propose(store, hour=BACK, day=NEXT)
    assert state(store) == [("mocked", None, NEXT, BACK)]
    with store.transaction() as tx:
        assert [made.idea_id for made in tx.designs.hour(BACK)] == [thought.id]
        assert len(tx.mockups.hour(BACK)) == 1
        assert {s.id for s in tx.listings.in_status(ListingStatus.DRAFT, BACK)} == {draft.id, approved.id, failed.id}
        stays = {s.id: s.status for s in tx.listings.hour(HOUR)}
        assert stays == {live.id: ListingStatus.PUBLISHING, rejected.id: ListingStatus.REJECTED}
    # The way is open again, as in the first season.
    step(store, approved, ListingStatus.APPROVED, ListingStatus.PUBLISHING, ListingStatus.LIVE)
    assert state(store)[0][0] == "live"


def test_a_listing_that_goes_live_makes_its_waiting_idea_live(store: Store) -> None:
    thought = propose(store)
    (one,) = produce(store, thought, "etsy")
    step(store, one, ListingStatus.APPROVED, ListingStatus.PUBLISHING)
    archive(store, thought)
    step(store, one, ListingStatus.LIVE)
    assert state(store) == [("live", None, CHRISTMAS, HOUR)]


def test_what_waits_is_no_double_of_its_own_return(store: Store) -> None:
    thought = propose(store)
    archive(store, thought)
    with store.transaction() as tx:
        before, after = (tx.ideas.earlier(MODEL, BACK + timedelta(days=days)).nearest(unit(seed=1)) for days in (-2, 0))
    assert [near and near.idea_id for near in before] == [thought.id]
    assert after == [None]


def test_a_person_s_word_on_what_waits_ends_the_waiting(store: Store) -> None:
    thought = propose(store)
    archive(store, thought)
    with store.transaction() as tx:
        assert tx.ideas.set_status([thought.id], IdeaStatus.REJECTED) == 1
    assert state(store) == [("rejected", None, CHRISTMAS, HOUR)]


def test_events_are_counted_by_status_and_what_waits_by_its_return(store: Store) -> None:
    first, second = propose(store, "a one"), propose(store, "b two")
    propose(store, "c three", day=NEXT)
    archive(store, first)
    with store.transaction() as tx:
        assert tx.seasons.counts(CHRISTMAS) == {
            ("Christmas", CHRISTMAS): {IdeaStatus.QUEUED: 1}, ("Christmas", NEXT): {IdeaStatus.QUEUED: 1},
        }  # fmt: skip
        (waiting,) = tx.seasons.waiting()
    assert (waiting.name, waiting.date, waiting.returns_on, waiting.ideas) == ("Christmas", CHRISTMAS, RETURNS, 1)
    assert second.id != first.id
