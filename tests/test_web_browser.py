"""The pages in Debian's Chromium: hear a moment, correct it, see the numbers follow; keyboard, phone, no other host."""

from __future__ import annotations

import os
import re
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import web_calls

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium")
playwright_api = pytest.importorskip("playwright.sync_api", reason="the browser tests need the package playwright")
pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="the browser tests need Debian's chromium (apt-get install chromium)"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
FLAGS = "--no-sandbox --disable-gpu --disable-background-networking --disable-component-update --mute-audio".split()
#: Generous, because analysing a call again loads the language model once, and machines are busy.
TIMEOUT_MS = 90_000
#: axe's levels that must not occur.
GRAVE = ("serious", "critical")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright_api.sync_playwright() as engine:
        made = engine.chromium.launch(
            executable_path=CHROMIUM, args=[*FLAGS, "--autoplay-policy=no-user-gesture-required"]
        )
        yield made
        made.close()


@pytest.fixture
def address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A running server over a filled store; the address that opens it."""
    import uvicorn
    from web_room import fill

    from listening.store import open_store
    from listening.web.app import create_app
    from listening.web.guard import Gate, hosts_for

    monkeypatch.setenv("LISTENING_HOME", str(tmp_path / "home"))
    bound = socket.socket()
    bound.bind(("127.0.0.1", 0))
    port = bound.getsockname()[1]
    with open_store(str(tmp_path / "calls.db")) as store:
        fill(store, web_calls.write_tone(tmp_path / "tone.wav"))
        gate = Gate(hosts_for("127.0.0.1", port))
        server = uvicorn.Server(uvicorn.Config(create_app(store, gate, tmp_path / "uploads"), log_level="error"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]}, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{port}/open?token={gate.token}"
        server.should_exit = True
        thread.join(10)


class Visit:
    """A page that fails the test on a script error, a refused resource or a request to another host."""

    def __init__(self, browser: Any, address: str, **context: Any) -> None:
        self.root = address.split("/open")[0]
        self.context = browser.new_context(viewport={"width": 1280, "height": 900}, **context)
        self.page = self.context.new_page()
        self.page.set_default_timeout(TIMEOUT_MS)
        self.problems: list[str] = []
        self.page.on("console", lambda m: self.problems.append(m.text) if m.type == "error" else None)
        self.page.on("pageerror", lambda e: self.problems.append(str(e)))
        self.page.on("request", self._asked)
        self.page.goto(address)

    def _asked(self, request: Any) -> None:
        if not request.url.startswith((self.root, "blob:", "data:")):
            self.problems.append(f"asked {request.url}")

    def go(self, path: str) -> Any:
        self.page.goto(self.root + path)
        return self.page

    def data(self, path: str) -> Any:
        return self.context.request.get(self.root + path).json()

    def close(self) -> None:
        self.context.close()
        assert self.problems == []


@pytest.fixture
def visit(browser: Any, address: str) -> Iterator[Visit]:
    made = Visit(browser, address)
    yield made
    made.close()


def playing_at(page: Any) -> float:
    return float(page.evaluate("document.querySelector('audio').currentTime"))


def wait_until_playing(page: Any, seconds: float) -> None:
    """Until the sound plays between a second or so before and a few after the given time."""
    page.wait_for_function(
        "t => { const a = document.querySelector('audio'); return !a.paused && a.currentTime >= t - 0.3 && a.currentTime < t + 6; }",
        arg=seconds,
    )


def test_find_hear_correct_undo(visit: Visit) -> None:
    page = visit.page
    page.get_by_label("Search").fill("customer 0")
    page.get_by_role("button", name="Find").click()
    page.get_by_role("link", name="Customer 0").click()
    interruption = page.locator(".talks li", has_text="An interruption")
    interruption.get_by_role("link", name="Hear it at").click()
    wait_until_playing(page, 62.6)  # two seconds before 1:04.6
    page.wait_for_selector("li.now")
    before = visit.data("/calls/1.json")["measures"]["interruptions_per_hour"]["value"]
    page.locator("#c1-u9 button.chip[data-label=interruption]").click()
    page.get_by_label("It is really").select_option("backchannel")
    page.get_by_role("button", name="Relabel").click()
    page.wait_for_selector(".toast:not([hidden])")
    page.wait_for_selector("#c1-u9 button.chip.person")
    assert visit.data("/calls/1.json")["measures"]["interruptions_per_hour"]["value"] == 0 < before
    trend = visit.data("/rep.json?name=Robin+Marsh")["measures"]
    assert 0 in [c["value"] for m in trend if m["key"] == "interruptions_per_hour" for c in m["calls"]]
    assert not page.evaluate("document.querySelector('audio').paused")  # the player played on
    page.locator(".history").get_by_role("button", name="Undo").click()
    page.wait_for_selector(".history .undone")
    assert visit.data("/calls/1.json")["measures"]["interruptions_per_hour"]["value"] == before


def test_swap_speakers_and_set_the_call_type(visit: Visit) -> None:
    page = visit.go("/calls/1")
    share = visit.data("/calls/1.json")["measures"]["talk_share"]["value"]
    page.locator(".about-call summary").click()
    page.get_by_role("button", name="Swap the two speakers").click()
    page.wait_for_selector(".history:has-text('swap speakers')")
    assert visit.data("/calls/1.json")["measures"]["talk_share"]["value"] == pytest.approx(1 - share, abs=0.01)
    page.locator(".history").get_by_role("button", name="Undo").click()
    page.wait_for_selector(".history .undone")
    if not page.locator(".about-call[open]").count():
        page.locator(".about-call summary").click()
    form = page.locator("form", has=page.get_by_label("Call type"))
    form.get_by_label("Call type").fill("renewal")
    form.get_by_role("button", name="Set").click()
    page.wait_for_selector(".eyebrow:has-text('renewal')")


def test_selected_words_get_a_label_and_words_are_mended(visit: Visit) -> None:
    page = visit.go("/calls/1")
    page.locator("#c1-u10 p").evaluate(
        "p => { const r = document.createRange(); r.setStart(p.firstChild, 6); r.setEnd(p.firstChild, 15); getSelection().removeAllRanges(); getSelection().addRange(r); }"
    )
    page.locator("#grab").click()
    dialog = page.locator("dialog#line")
    assert dialog.locator("[data-selected]").inner_text() == "Two weeks"
    dialog.get_by_label("They are").select_option("barrier.timing")
    dialog.get_by_role("button", name="Add the label").click()
    page.wait_for_selector("#c1-u10 button.chip[data-label='barrier.timing']")
    assert page.locator("#c1-u10 mark").inner_text() == "Two weeks"
    page.locator("#c1-u29 button.edit").click()
    page.locator("dialog#line textarea").press("Control+a")
    page.get_by_label("or were heard wrong").fill("Goodbye.")
    page.get_by_role("button", name="Mend the words").click()
    page.wait_for_selector("#c1-u29 p:has-text('Goodbye.')")


def test_keyboard_only(visit: Visit) -> None:
    page = visit.page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.matches('tbody th a')"):
            break
    page.keyboard.press("Enter")
    page.wait_for_url("**/calls/*")
    page = visit.go("/calls/1")
    page.wait_for_function("document.querySelector('audio').readyState >= 1")
    page.keyboard.press("j")
    page.keyboard.press("j")
    marked = page.locator("a.mark.now").get_attribute("data-at")
    wait_until_playing(page, max(0.0, int(marked or 0) / 1000 - 2))
    page.keyboard.press("Space")
    page.wait_for_function("document.querySelector('audio').paused")
    at = playing_at(page)
    page.keyboard.press("ArrowRight")
    assert playing_at(page) == pytest.approx(at + 5, abs=0.2)
    page.keyboard.press("1")
    assert page.locator("button[data-kind=asking]").get_attribute("aria-pressed") == "false"
    page.keyboard.press("1")
    edit = page.locator("#c1-u0 button.chip").first
    edit.focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("dialog#finding[open]")
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.matches('#c1-u0 button.chip')")


def test_upload_is_watched_to_its_score(visit: Visit, tmp_path: Path) -> None:
    file = tmp_path / "fresh call.vtt"
    lines = ["What brings you here?", "We lose two days a month.", "So two days are gone every month."] * 4
    cues = [f"00:00:{3 * n:02}.000 --> 00:00:{3 * n + 3:02}.000\n<v {'Ann' if n % 2 == 0 else 'Bob'}>{t}" for n, t in enumerate(lines)]  # fmt: skip
    file.write_text("WEBVTT\n\n" + "\n\n".join(cues), encoding="utf-8")
    page = visit.go("/jobs")
    page.locator("input[type=file]").set_input_files(str(file))
    page.get_by_role("textbox", name="Rep").or_(page.get_by_role("combobox", name="Rep", exact=True)).first.fill(
        "Ann Lee"
    )
    page.get_by_role("button", name="Hear them").click()
    page.get_by_role("link", name="Open the call").click(timeout=60_000)
    page.wait_for_selector(".callhead .index .n")


def test_score_oneself_first(visit: Visit) -> None:
    page = visit.page
    page.get_by_role("button", name="Hide the machine's score first").click()
    page.get_by_role("link", name="score it yourself first").first.click()
    assert page.locator(".index .n").count() == 0
    page.get_by_label("Listening index").fill("55")
    page.get_by_role("button", name="Keep my scores").click()
    page.wait_for_selector("text=By hand and by machine")
    assert page.locator(".beside tbody tr").first.locator("td").first.inner_text() == "55"


def test_compare_and_trends_are_drawn(visit: Visit) -> None:
    page = visit.go("/compare")
    page.get_by_label("Robin Marsh").check()
    page.get_by_label("Alex Kim").check()
    page.get_by_role("button", name="Compare").click()
    page.wait_for_selector("[data-drawn] canvas")
    assert page.locator("table.rows tbody").count() == 7
    page = visit.go("/rep?name=Robin+Marsh")
    page.wait_for_selector("[data-drawn]")
    assert page.locator("canvas").count() == 7


@pytest.mark.parametrize("path", ["/calls", "/calls/1", "/team", "/rep?name=Robin+Marsh", "/compare?rep=Robin+Marsh&rep=Alex+Kim", "/jobs"])  # fmt: skip
def test_a_phone_shows_every_page_without_scrolling_sideways(browser: Any, address: str, path: str) -> None:
    visit = Visit(browser, address)
    visit.page.set_viewport_size({"width": 390, "height": 800})
    page = visit.go(path)
    page.wait_for_timeout(300)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    visit.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_grave(browser: Any, address: str, scheme: str) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs axe-playwright-python").Axe()
    visit = Visit(browser, address, color_scheme=scheme)
    found = []
    for path in (
        "/calls",
        "/calls/1",
        "/team",
        "/rep?name=Robin+Marsh",
        "/compare?rep=Robin+Marsh&rep=Alex+Kim",
        "/jobs",
        "/nothing",
    ):
        page = visit.go(path)
        page.wait_for_timeout(300)
        if path == "/nothing":
            visit.problems.clear()  # the 404 itself
        if path == "/calls/1":
            for summary in page.locator("details.measure summary").all()[:3]:
                summary.click()
        for violation in axe.run(page).response["violations"]:
            if violation["impact"] in GRAVE:
                found += [f"{path}: {violation['id']} {node['target']}" for node in violation["nodes"][:3]]
    visit.close()
    assert found == []


def test_reading_works_without_script(browser: Any, address: str) -> None:
    visit = Visit(browser, address, java_script_enabled=False)
    page = visit.go("/calls/1")
    assert page.locator(".lines li").count() == len(web_calls.LINES)
    page.locator(".talks a.play").first.click()
    assert page.url.endswith("#c1-u5")
    page.get_by_role("link", name="Calls", exact=True).click()
    page.locator("select[name=rep]").select_option("Alex Kim")
    page.get_by_role("button", name="Find").click()
    assert page.locator("tbody tr").count() == 2
    visit.close()


def test_hostile_words_do_nothing_in_a_browser(browser: Any, tmp_path: Path) -> None:
    from test_html import hostile

    from listening.reports.html import page as report

    file = tmp_path / "report.html"
    file.write_text(report([hostile()]), encoding="utf-8")
    context = browser.new_context(viewport={"width": 390, "height": 800})
    page = context.new_page()
    said: list[str] = []
    page.on("dialog", lambda d: (said.append(d.message), d.dismiss()))
    page.on("pageerror", lambda e: said.append(str(e)))
    page.on("request", lambda r: None if r.url.startswith(("file:", "data:", "blob:")) else said.append(r.url))
    page.goto(file.as_uri())
    page.wait_for_timeout(300)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert said == []
    context.close()


def test_the_report_plays_from_disk_and_prints_on_two_pages(browser: Any, tmp_path: Path) -> None:
    from listening.reports.html import page as report

    file = tmp_path / "report.html"
    sound = web_calls.write_tone(tmp_path / "tone.wav")
    file.write_text(report([web_calls.heard(recording=sound)]), encoding="utf-8")
    context = browser.new_context()
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda e: problems.append(str(e)))
    page.on("console", lambda m: problems.append(m.text) if m.type == "error" else None)
    page.goto(file.as_uri())
    page.locator(".talks a.play").nth(1).click()
    wait_until_playing(page, 98.0)
    pdf = page.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b(?!s)", pdf)) == 2
    assert problems == []
    context.close()


@pytest.mark.slow
def test_an_hour_of_call_is_ready_within_a_second_and_a_half(browser: Any, address: str) -> None:
    """600 utterances and 500 marks: the work of server and page together, in CPU seconds, so that a busy machine passes."""
    from listening.reports.callview import call_view
    from listening.reports.html import page as render

    call = web_calls.hour()
    render([call])
    began = time.process_time()
    call_view(call)
    text = render([call])
    server = time.process_time() - began
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    tools = context.new_cdp_session(page)
    tools.send("Performance.enable", {"timeDomain": "threadTicks"})
    page.set_content(text)
    page.wait_for_timeout(500)
    spent = {m["name"]: m["value"] for m in tools.send("Performance.getMetrics")["metrics"]}["TaskDuration"]
    assert page.locator(".lines li").count() == 600
    assert server + spent < 1.5
    context.close()
