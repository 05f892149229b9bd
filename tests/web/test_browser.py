"""The gallery in a real Chromium: with the keyboard alone, without scripts, on a small screen."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Iterator
from typing import Literal

import pytest
import uvicorn
from playwright.sync_api import Browser, Page, expect, sync_playwright

from resources.objects import Objects
from resources.store import Store
from web.app import create_app

pytestmark = pytest.mark.browser
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A headless Chromium of the system."""
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if program is None:
        pytest.skip("no Chromium on this machine: install chromium to run the browser tests")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def site(seeded_store: tuple[Store, Objects, object]) -> Iterator[str]:
    """The seeded gallery on a port of this machine; its address."""
    store, objects, _ = seeded_store
    server = uvicorn.Server(uvicorn.Config(create_app(store, objects), port=0, log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 20
    while not server.started:
        assert time.monotonic() < deadline, "the gallery did not start"
        time.sleep(0.02)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join(20)


@pytest.fixture
def page(browser: Browser, site: str) -> Iterator[Page]:
    """A page that may not complain, ask the outside, or run scripts."""
    context = browser.new_context(base_url=site, java_script_enabled=True, viewport={"width": 1280, "height": 900})
    opened = context.new_page()
    complaints: list[str] = []
    opened.on("console", lambda message: complaints.append(f"{message.type}: {message.text}"))
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.on("request", lambda r: None if r.url.startswith(site) else complaints.append(f"asked the outside: {r.url}"))
    yield opened
    context.close()
    assert complaints == []


def focused(page: Page) -> str:
    """What has the focus, as `tag text`."""
    return str(page.evaluate("document.activeElement.tagName + ' ' + document.activeElement.innerText.trim()"))


def tab_to(page: Page, wanted: str, limit: int = 40) -> None:
    """Press Tab until the focus is on what is wanted."""
    for _ in range(limit):
        page.keyboard.press("Tab")
        if wanted in focused(page):
            return
    pytest.fail(f"{wanted!r} is not within {limit} tabs; the focus is on {focused(page)!r}")


def test_from_the_grid_to_an_idea_and_back_with_the_keyboard_alone(page: Page) -> None:
    page.goto("/")
    page.keyboard.press("Tab")
    assert focused(page) == "A Skip to the content"
    assert page.evaluate("document.activeElement.getBoundingClientRect().top") >= 0, "the skip link shows itself"
    page.keyboard.press("Enter")
    assert focused(page).startswith("MAIN")
    first = page.locator("article h2 a").first.inner_text()
    tab_to(page, f"A {first}")
    outline = page.evaluate("getComputedStyle(document.activeElement.closest('.card')).outlineStyle")
    assert outline == "solid", "the focused card is outlined"
    expect(page.locator("article").first.locator(".other")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(first)
    tab_to(page, "All designs")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Designs")


def test_a_picture_is_enlarged_with_the_keyboard(page: Page, seeded_ids: list[str]) -> None:
    page.goto(f"/ideas/{seeded_ids[0]}")
    enlarge = page.get_by_role("link", name="Enlarge: Mock-up in Black, front: “My Cat Is My Alarm Clock”")
    enlarge.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/images/mockup/**")
    assert page.evaluate("document.images[0].naturalWidth") == 640


@pytest.mark.parametrize("scripts", [True, False])
def test_the_form_filters_and_the_chips_take_filters_away(browser: Browser, site: str, scripts: bool) -> None:
    context = browser.new_context(base_url=site, java_script_enabled=scripts)
    page = context.new_page()
    page.goto("/")
    page.get_by_label("Niche").select_option("cats")
    page.get_by_label("Order").select_option("score")
    page.get_by_role("button", name="Show").click()
    expect(page.locator("article")).to_have_count(2)
    assert "niche=cats" in page.url
    assert "sort=score" in page.url
    page.get_by_role("link", name="niche cats").click()
    expect(page.locator("article")).to_have_count(24)
    assert "sort=score" in page.url
    context.close()


def test_hovering_a_card_shows_another_colour(page: Page) -> None:
    page.goto("/")
    card = page.locator("article").first
    expect(card.locator(".other")).to_be_hidden()
    card.hover()
    expect(card.locator(".other")).to_be_visible()
    card.locator(".other").evaluate("image => image.decode()")


def test_on_a_small_screen_pictures_come_first_and_filters_on_request(page: Page) -> None:
    page.set_viewport_size({"width": 360, "height": 640})
    page.goto("/")
    form = page.get_by_role("search")
    expect(form).to_be_hidden()
    picture = page.locator("article img").first.bounding_box()
    assert picture is not None
    assert picture["y"] + picture["height"] <= 640, "the first row is seen whole"
    page.get_by_text("Filters and order").click()
    expect(form).to_be_visible()
    page.get_by_label("Niche").select_option("cats")
    page.get_by_role("button", name="Show").click()
    expect(page.locator("article")).to_have_count(2)


def test_the_way_back_keeps_filters_order_and_page(page: Page) -> None:
    page.goto("/?source=reddit_posts&sort=score&limit=3")
    page.get_by_role("link", name="More designs").click()
    place = page.url
    page.locator("article h2 a").first.click()
    page.get_by_role("link", name="All designs").click()
    assert page.url == place
    assert "source=reddit_posts" in place
    assert "after=" in place


def test_a_full_grid_is_at_most_a_megabyte(page: Page) -> None:
    wire = page.context.new_cdp_session(page)
    wire.send("Network.enable")
    sizes: list[float] = []
    wire.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    page.goto("/")
    page.mouse.wheel(0, 20_000)
    page.wait_for_load_state("networkidle")
    assert page.locator("article").count() == 24
    assert len(sizes) > 24
    assert sum(sizes) < 1_000_000


@pytest.mark.parametrize(("width", "scheme"), [(360, "dark"), (360, "light"), (1920, "light")])
def test_no_page_scrolls_sideways_and_every_picture_loads_and_is_described(
    page: Page, seeded_ids: list[str], queued_id: str, width: int, scheme: Literal["light", "dark"]
) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(color_scheme=scheme)
    ideas = [f"/ideas/{idea_id}" for idea_id in (seeded_ids[8], queued_id)]
    for address in ("/?limit=8", "/?status=queued", "/?niche=cats&source=nobody", "/sources", *ideas):
        page.goto(address)
        page.evaluate(OPEN_DETAILS)
        assert page.evaluate("document.documentElement.scrollWidth") == width, address
        assert page.evaluate(OVERFLOWING) == [], address
        assert page.evaluate(UNDESCRIBED) == [], address
        sizes = page.evaluate(LOAD_PICTURES)
        assert all(size > 0 for size in sizes), address
        assert page.locator("main").count() == page.locator("h1").count() == 1


OPEN_DETAILS = "document.querySelectorAll('details').forEach(e => { e.open = true; })"
OVERFLOWING = """[...document.querySelectorAll('body *')]
    .filter(e => !e.closest('.scroll, .hidden, .skip, dt') && e.getBoundingClientRect().right > innerWidth + 1)
    .map(e => e.outerHTML.slice(0, 80))"""
UNDESCRIBED = "[...document.images].filter(i => !i.hasAttribute('alt')).map(i => i.src)"
LOAD_PICTURES = """Promise.all([...document.images].map(async i => {
    i.loading = 'eager'; await i.decode(); return i.naturalWidth; }))"""
CONTRASTS = """() => {
  const channel = v => (v /= 255) <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4;
  const luminance = ([r, g, b]) => .2126 * channel(r) + .7152 * channel(g) + .0722 * channel(b);
  const parse = text => text.match(/[0-9.]+/g).map(Number);
  const ground = e => { for (; e; e = e.parentElement) {
    const c = parse(getComputedStyle(e).backgroundColor);
    if (c.length < 4 || c[3] > 0) return c;
  } };
  const poor = [];
  for (const e of document.querySelectorAll('body *')) {
    if (![...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()) || !e.checkVisibility()) continue;
    const [a, b] = [luminance(parse(getComputedStyle(e).color)), luminance(ground(e))];
    const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
    if (ratio < 4.5) poor.push([ratio.toFixed(2), e.outerHTML.slice(0, 90)]);
  }
  return poor;
}"""
"""Texts whose contrast with their ground is below 4.5:1: WCAG 2.2, criterion 1.4.3, luminance as defined there."""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_has_enough_contrast(page: Page, seeded_ids: list[str], scheme: Literal["light", "dark"]) -> None:
    page.emulate_media(color_scheme=scheme)
    ideas = [f"/ideas/{idea_id}" for idea_id in (seeded_ids[0], seeded_ids[8])]
    for address in ("/?niche=cats", "/?status=queued", "/?niche=none", "/sources", *ideas):
        page.goto(address)
        page.evaluate(OPEN_DETAILS)
        assert page.evaluate(CONTRASTS) == []
