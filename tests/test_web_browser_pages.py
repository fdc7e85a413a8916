"""Every page in Debian's Chromium: phone, axe, no script, hostile words; the report from disk; an hour of call."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

import pytest
import web_calls
from chromium import Visit, serving, wait_until_playing
from web_room import PASSWORD

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
#: axe's levels that must not occur.
GRAVE = ("serious", "critical")
ROOMS = (
    "/calls",
    "/calls/1",
    "/moments",
    "/team",
    "/rep?name=Robin+Marsh",
    "/compare?rep=Robin+Marsh&rep=Alex+Kim",
    "/jobs",
    "/agreement",
)


@pytest.mark.parametrize("path", ROOMS)
def test_a_phone_shows_every_page_without_scrolling_sideways(browser: Any, address: str, path: str) -> None:
    visit = Visit(browser, address)
    visit.page.set_viewport_size({"width": 390, "height": 800})
    page = visit.go(path)
    page.wait_for_timeout(300)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    visit.close()


def grave(axe: Any, page: Any) -> list[str]:
    """What axe finds wrong with a page and calls serious or critical."""
    page.wait_for_timeout(300)
    result = axe.run(page).response
    assert result["passes"]
    found = [v for v in result["violations"] if v["impact"] in GRAVE]
    return [f"{page.url}: {v['id']} {node['target']}" for v in found for node in v["nodes"][:3]]


@pytest.fixture(scope="module")
def axe() -> Any:
    return pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs axe-playwright-python").Axe()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_grave(browser: Any, address: str, axe: Any, scheme: str) -> None:
    visit = Visit(browser, address, color_scheme=scheme)
    found = []
    for path in ROOMS:
        found += grave(axe, visit.go(path))
    page = visit.go("/calls/1")
    for summary in page.locator("details.measure summary, .about-call summary").all()[:4]:
        summary.click()
    page.locator("button.chip[data-label=interruption]").click()
    found += grave(axe, page)
    page.keyboard.press("Escape")
    page.locator("#c1-u2 button.edit").focus()
    page.keyboard.press("Enter")
    found += grave(axe, page)
    page.keyboard.press("Escape")
    page.locator("button.chip[data-label=interruption]").click()
    page.get_by_role("button", name="The machine is right").click()
    page.wait_for_selector(".toast:not([hidden])")
    found += grave(axe, page) + grave(axe, visit.go("/agreement"))
    page = visit.go("/calls")
    page.locator(".more summary").click()
    page.get_by_role("button", name="Hide the machine's score first").click()
    found += grave(axe, visit.go("/calls")) + grave(axe, visit.go("/calls/1"))
    page = visit.go("/nothing")
    visit.problems.clear()  # the 404 itself
    found += grave(axe, page)
    visit.close()
    assert found == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_grave_where_people_have_names(
    browser: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, axe: Any, scheme: str
) -> None:
    monkeypatch.setenv("LISTENING_HOME", str(tmp_path / "home"))
    with serving(tmp_path, team=True) as address:
        visit = Visit(browser, address, color_scheme=scheme)
        page = visit.page
        found = grave(axe, page)
        for password in ("not the right one", PASSWORD):
            page.get_by_label("Name").fill("cora")
            page.get_by_label("Password").fill(password)
            page.get_by_role("button", name="Log in").click()
            page.wait_for_load_state()
            found += grave(axe, page)
            visit.problems.clear()  # the refusal itself
        for path in (*ROOMS, "/people", "/audit", "/account"):
            found += grave(axe, visit.go(path))
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
