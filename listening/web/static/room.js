// Forms that change a part of the page, the list of jobs, dropping files. Without this script every form still works.
(() => {
  "use strict";
  document.documentElement.classList.add("js");
  const toast = document.querySelector(".toast");
  let fading = 0;
  function say(text) {
    toast.textContent = text;
    toast.hidden = false;
    clearTimeout(fading);
    fading = setTimeout(() => { toast.hidden = true; }, 6000);
  }

  const indexOf = (root) => (root.querySelector(".index .n") || {}).textContent;

  // What a person has set on the page and the server does not know: it stays as it is when #live is replaced.
  function stateOf(live, sent) {
    const follow = live.querySelector("[data-follow]");
    const drafts = [...live.querySelectorAll("#comments input[name=text]")].filter((field) => field.form !== sent);
    return {
      open: [...live.querySelectorAll("details[open][id]")].map((box) => box.id),
      off: [...live.querySelectorAll("button[data-kind][aria-pressed=false]")].map((button) => button.dataset.kind),
      follow: !follow || follow.checked,
      draft: drafts.length ? drafts[0].value : "",
    };
  }

  function restore(live, kept) {
    for (const id of kept.open) { const box = document.getElementById(id); if (box) box.open = true; }
    for (const button of live.querySelectorAll("button[data-kind]")) {
      if (!kept.off.includes(button.dataset.kind)) continue;
      button.setAttribute("aria-pressed", "false");
      for (const lane of live.querySelectorAll(`.marks.k-${button.dataset.kind}`)) lane.classList.add("off");
    }
    const follow = live.querySelector("[data-follow]");
    if (follow) follow.checked = kept.follow;
    const draft = live.querySelector("#comments input[name=text]");
    if (draft) draft.value = kept.draft;
  }

  // Send a form, then put the part of the answer that lives in #live in place of ours; the player plays on.
  async function send(form, button) {
    const data = new FormData(form);
    if (button && button.name) data.set(button.name, button.value);
    const answer = await fetch(form.action, { method: "POST", body: data, headers: { accept: "text/html" } });
    const made = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (!answer.ok) {
      const problem = made.querySelector(".problem");
      return say(problem ? problem.textContent : "That did not work: load the page again.");
    }
    const old = document.getElementById("live");
    const fresh = made.getElementById("live");
    if (!old || !fresh) return location.reload();
    const kept = stateOf(old, form);
    const before = indexOf(old);
    const focus = document.activeElement && document.activeElement.closest("li[id]");
    old.replaceWith(fresh);
    restore(fresh, kept);
    if (focus) { const line = document.getElementById(focus.id); const edit = line && line.querySelector("button"); if (edit) edit.focus({ preventScroll: true }); }
    const after = indexOf(fresh);
    say(before && after && before !== after ? `Kept. The listening index goes from ${before} to ${after}.` : "Kept.");
    document.dispatchEvent(new CustomEvent("listening:changed"));
  }

  document.addEventListener("submit", (event) => {
    const form = event.target.closest("form[data-live]");
    if (!form) return;
    event.preventDefault();
    const dialog = form.closest("dialog");
    if (dialog) dialog.close();
    send(form, event.submitter).catch(() => say("The server does not answer."));
  });

  // Jobs: look again while something is waiting or running.
  const jobs = document.querySelector("[data-poll]");
  if (jobs) {
    const look = async () => {
      if (!jobs.querySelector("[data-state=waiting], [data-state=running]")) return;
      const answer = await fetch(jobs.dataset.poll, { headers: { accept: "text/html" } });
      const made = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-poll]");
      if (made && made.innerHTML !== jobs.innerHTML) jobs.replaceChildren(...made.childNodes);
    };
    setInterval(() => look().catch(() => {}), 1000);
  }
  const zone = document.querySelector(".dropzone");
  if (zone) {
    const input = zone.querySelector("input");
    for (const name of ["dragenter", "dragover"]) zone.addEventListener(name, (e) => { e.preventDefault(); zone.classList.add("over"); });
    for (const name of ["dragleave", "drop"]) zone.addEventListener(name, () => zone.classList.remove("over"));
    zone.addEventListener("drop", (e) => { e.preventDefault(); input.files = e.dataTransfer.files; });
  }
})();
