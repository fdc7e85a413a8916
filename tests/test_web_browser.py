"""The coach's way through the pages in Debian's Chromium: hear a moment, correct it, see the numbers follow."""

from __future__ import annotations

import wave
from pathlib import Path

import pytest
from chromium import Visit, playing_at, wait_until_playing

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


def cut(recording: Path, to: Path, seconds: float) -> None:
    """The beginning of a recording as a wave file with its channels."""
    from listening.audio import decode

    samples = decode.load(recording, rate=16_000)[:, : round(16_000 * seconds)]
    with wave.open(str(to), "wb") as out:
        out.setnchannels(len(samples))
        out.setsampwidth(2)
        out.setframerate(16_000)
        out.writeframes((samples.T * 32767).astype("<i2").tobytes())


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


def test_the_worst_interruption_of_all_calls_is_heard_and_corrected_where_it_is_suggested(visit: Visit) -> None:
    page = visit.page
    page.get_by_label("Main").get_by_role("link", name="Moments").click()
    page.get_by_role("button", name="Hear it").click()
    wait_until_playing(page, 62.6)
    page.locator(".moments-list li.now").get_by_role("link", name="Open or correct").click()
    page.wait_for_selector("#c1-u9:target")
    card = page.locator(".talks li", has_text="An interruption")
    card.get_by_role("button", name="Not so? Correct it").click()
    page.get_by_role("button", name="Hear it", exact=True).click()
    wait_until_playing(page, 62.6)
    page.get_by_role("button", name="It is nothing: delete").click()
    page.wait_for_selector(".toast:not([hidden])")
    page.wait_for_selector(".talks li")
    assert card.count() == 0
    assert visit.data("/calls/1.json")["measures"]["interruptions_per_hour"]["value"] == 0
    assert not page.locator("#grab").is_visible()


def test_swap_speakers_and_set_the_call_type(visit: Visit) -> None:
    page = visit.go("/calls/1")
    share = visit.data("/calls/1.json")["measures"]["talk_share"]["value"]
    page.locator(".about-call summary").click()
    page.get_by_role("button", name="Swap the two speakers").click()
    page.wait_for_selector(".history:has-text('swapped the speakers')")
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
    page.wait_for_selector("dialog#line[open]")
    assert dialog.locator("[data-selected]").inner_text() == "Two weeks"
    page.locator("dialog#line textarea").press("Home")
    for _ in "Okay. ":
        page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("x")
    assert dialog.locator("[data-selected]").inner_text() == "Okay."
    page.keyboard.press("ArrowRight")
    for _ in "Two weeks ":
        page.keyboard.press("Shift+ArrowRight")
    dialog.get_by_label("They are").select_option("barrier.timing")
    dialog.get_by_role("button", name="Add the label").click()
    page.wait_for_selector("#c1-u10 button.chip[data-label='barrier.timing']")
    assert page.locator("#c1-u10 mark").inner_text() == "Two weeks"
    page.locator("#c1-u29 button.edit").click()
    page.locator("dialog#line textarea").press("Control+a")
    page.get_by_label("or were heard wrong").fill("Goodbye.")
    page.get_by_label("or were heard wrong").press("Enter")
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
    page.wait_for_function("() => document.querySelector('audio').readyState >= 1")
    page.keyboard.press("j")
    page.keyboard.press("j")
    marked = page.locator("a.mark.now").get_attribute("data-at")
    wait_until_playing(page, max(0.0, int(marked or 0) / 1000 - 2))
    page.keyboard.press("Space")
    page.wait_for_function("() => document.querySelector('audio').paused")
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


@pytest.mark.slow
def test_a_recording_is_uploaded_and_watched_being_heard(visit: Visit, tmp_path: Path) -> None:
    """Twelve seconds of a sample call through speech recognition, labels and score, as a coach sees it."""
    sample = Path(__file__).parent.parent / "sample_calls" / "2026-09-08_dana_northgate.ogg"
    file = tmp_path / "short call.wav"
    cut(sample, file, seconds=12.0)
    page = visit.go("/jobs")
    page.locator("input[type=file]").set_input_files(str(file))
    page.get_by_label("Rep", exact=True).fill("Ann Lee")
    page.get_by_label("The rep's voice").select_option("left")
    page.get_by_role("button", name="Hear them").click()
    page.wait_for_selector("tr[data-state=running] progress")
    page.get_by_role("link", name="Open the call").click(timeout=300_000)
    page.wait_for_selector(".callhead .index")
    assert page.locator(".lines li").count() >= 2
    page.locator(".lines a.play").nth(1).click()
    page.wait_for_function(
        "() => !document.querySelector('audio').paused && document.querySelector('audio').currentTime > 0"
    )
    assert page.evaluate("document.querySelector('audio').duration") == pytest.approx(12, abs=0.2)


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
