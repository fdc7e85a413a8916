// Saying where the machine is wrong: marks open a dialog, selected words open another. The forms inside are plain forms.
(() => {
  "use strict";
  const finding = document.getElementById("finding");
  const line = document.getElementById("line");
  const area = line.querySelector("textarea");
  // The server counts characters, the browser UTF-16 units.
  const count = (text) => [...text].length;

  function openFinding(chip) {
    const item = chip.closest("li");
    const form = finding.querySelector("form");
    const mark = [...item.querySelectorAll("mark")].filter((m) => m.dataset.f === chip.dataset.f);
    finding.querySelector("h2").textContent = chip.dataset.title;
    finding.querySelector("[data-words]").textContent = mark.map((m) => m.textContent).join("") || item.querySelector("p").textContent.slice(0, 300);
    const who = chip.dataset.origin === "person" ? "A person's label" : `The machine is ${chip.dataset.sure} % sure`;
    finding.querySelector("[data-why]").textContent = chip.dataset.why ? `${who}: ${chip.dataset.why}.` : `${who}.`;
    form.elements.finding.value = chip.dataset.f;
    finding.querySelector("[data-hear]").hidden = !document.querySelector("audio");
    form.elements.which.value = chip.dataset.which;
    form.elements.was.value = chip.dataset.label;
    form.elements.label.value = chip.dataset.label;
    finding.querySelector("[data-confirm]").hidden = chip.dataset.origin === "person";
    finding.showModal();
    form.elements.label.focus();
  }

  function openLine(item, from = 0, to = 0) {
    const text = item.querySelector("p").textContent;
    area.value = area.defaultValue = text;
    line.querySelector("form").elements.utterance.value = item.dataset.u;
    line.querySelector("form").elements.text.value = "";
    line.showModal();
    area.focus();
    area.setSelectionRange(from, to);
    choose(from, to);
  }

  function choose(from, to) {
    while (to > from && /\s/.test(area.value[to - 1])) to--;
    while (from < to && /\s/.test(area.value[from])) from++;
    const form = line.querySelector("form");
    if (to > from) {
      form.elements.start.value = count(area.value.slice(0, from));
      form.elements.end.value = count(area.value.slice(0, to));
      line.querySelector("[data-selected]").textContent = area.value.slice(from, to);
    }
    const ready = form.elements.end.value !== "";
    for (const button of line.querySelectorAll("[data-needs-words]")) button.disabled = !ready;
  }
  // Not `readonly`, in which Chromium lets nobody select by keyboard; so typing is refused here.
  area.addEventListener("beforeinput", (event) => event.preventDefault());
  area.addEventListener("input", () => { area.value = area.defaultValue; });
  line.querySelector("input[name=text]").addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing) return;
    event.preventDefault();  // the form's first button would label the words instead
    line.querySelector("button[value=fix_word]").click();
  });
  for (const name of ["select", "keyup", "mouseup"]) area.addEventListener(name, () => choose(area.selectionStart, area.selectionEnd));
  line.addEventListener("close", () => {
    const form = line.querySelector("form");
    setTimeout(() => { form.elements.start.value = form.elements.end.value = ""; line.querySelector("[data-selected]").textContent = "nothing yet"; });
  });

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-close]")) return event.target.closest("dialog").close();
    const edit = event.target.closest(".chip.edit");
    if (edit) return openLine(edit.closest("li"));
    const chip = event.target.closest("button.chip[data-f]");
    if (chip) return openFinding(chip);
    const mark = event.target.closest(".lines mark[data-f]");
    if (mark && getSelection().isCollapsed) {
      const its = mark.closest("li").querySelector(`button.chip[data-f="${mark.dataset.f}"]`);
      if (its) openFinding(its);
    }
  });

  // What is suggested to talk about may be wrong too: it is corrected where it stands.
  function suggest() {
    for (const item of document.querySelectorAll(".talks li")) {
      const play = item.querySelector("a.play[data-f]");
      const chip = play && document.querySelector(`.lines button.chip[data-f="${play.dataset.f}"]`);
      if (!chip) continue;
      const button = document.createElement("button");
      button.type = "button";
      button.className = "quiet fix";
      button.textContent = "Not so? Correct it";
      button.addEventListener("click", () => openFinding(chip));
      play.after(button);
    }
  }
  suggest();
  document.addEventListener("listening:changed", suggest);
  finding.querySelector("[data-hear]").addEventListener("click", () => {
    const play = document.querySelector(`a[data-at][data-f="${finding.querySelector("form").elements.finding.value}"]`);
    if (play) play.click();
  });

  // Words selected in one line: a button appears beside them.
  const grab = document.getElementById("grab");
  let grabbed = null;
  document.addEventListener("selectionchange", () => {
    const chosen = getSelection();
    grab.hidden = true;
    if (!chosen || chosen.isCollapsed || finding.open || line.open) return;
    const range = chosen.getRangeAt(0);
    const start = paragraph(range.startContainer);
    if (!start || start !== paragraph(range.endContainer) || !start.closest("li").querySelector(".chip.edit")) return;
    const before = document.createRange();
    before.selectNodeContents(start);
    before.setEnd(range.startContainer, range.startOffset);
    const from = before.toString().length;
    grabbed = [start.closest("li"), from, from + range.toString().length];
    const box = range.getBoundingClientRect();
    grab.style.left = `${Math.max(8, box.left + scrollX)}px`;
    grab.style.top = `${box.bottom + scrollY + 6}px`;
    grab.hidden = false;
  });
  const paragraph = (node) => (node.nodeType === 1 ? node : node.parentElement).closest(".lines p");
  grab.addEventListener("mousedown", (event) => event.preventDefault());
  grab.addEventListener("click", () => { grab.hidden = true; if (grabbed) openLine(...grabbed); });

  // Comments are about the moment that is playing.
  document.addEventListener("focusin", (event) => {
    const form = event.target.closest(".comments form");
    const now = form && form.querySelector("[data-now]");
    const audio = document.querySelector("audio");
    if (now && audio && audio.currentTime && !now.value) now.value = audio.currentTime.toFixed(1);
  });
})();
