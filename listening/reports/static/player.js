// Playing moments, following the transcript, filters and keys. Used by the one-file report and by the web pages.
// Nothing here is needed for reading: every moment is also a link to its words.
(() => {
  "use strict";
  const BEFORE_S = 2; // a moment plays from this long before it
  const SKIP_S = 5;
  document.documentElement.classList.add("js");

  const callOf = (element) => element.closest(".call");
  const audioOf = (call) => call && call.querySelector("audio");
  let active = null; // the call that keys act on
  let current = -1; // finding reached with j and k

  for (const call of document.querySelectorAll(".call")) {
    const audio = audioOf(call);
    if (!audio) continue;
    call.classList.add("audio");
    unpack(audio);
    let frame = 0;
    const tick = () => {
      follow(call, audio);
      frame = audio.paused ? 0 : requestAnimationFrame(tick);
    };
    audio.addEventListener("play", () => {
      active = call;
      for (const other of document.querySelectorAll("audio")) if (other !== audio) other.pause();
      call.classList.add("playing");
      if (!frame) tick();
    });
    audio.addEventListener("seeked", () => { call.classList.add("playing"); follow(call, audio); });
  }
  active = document.querySelector(".call.audio") || document.querySelector(".call");

  // A data URL cannot always be sought in; a blob made of it can.
  function unpack(audio) {
    const src = audio.getAttribute("src") || "";
    if (!src.startsWith("data:")) return;
    const [head, data] = src.split(",", 2);
    const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
    audio.src = URL.createObjectURL(new Blob([bytes], { type: head.slice(5).split(";")[0] }));
  }

  function playAt(call, ms) {
    const audio = audioOf(call);
    if (!audio) return false;
    active = call;
    const go = () => { audio.currentTime = Math.max(0, ms / 1000 - BEFORE_S); audio.play().catch(() => {}); };
    if (audio.readyState >= 1) go();
    else { audio.addEventListener("loadedmetadata", go, { once: true }); audio.load(); }
    return true;
  }

  const cache = new WeakMap();
  function timesOf(call) {
    const list = call.querySelector(".lines");
    if (!list) return [];
    if (!cache.has(list)) {
      const lines = [...list.children].filter((line) => line.dataset.start);
      cache.set(list, lines.map((line) => [Number(line.dataset.start), Number(line.dataset.end), line]));
    }
    return cache.get(list);
  }

  let lit = new Set();
  function follow(call, audio) {
    const now = audio.currentTime * 1000;
    const tracks = call.querySelector(".tracks");
    if (tracks) {
      const x = `${Math.min(100, (100 * now) / Number(tracks.dataset.duration))}%`;
      const line = tracks.querySelector(".head line");
      line.setAttribute("x1", x);
      line.setAttribute("x2", x);
    }
    const next = new Set();
    for (const [start, end, line] of timesOf(call)) if (start <= now && now < end) next.add(line);
    let entered = null;
    for (const line of next) if (!lit.has(line)) { line.classList.add("now"); entered = line; }
    for (const line of lit) if (!next.has(line)) line.classList.remove("now");
    lit = next;
    const box = call.querySelector("[data-follow]");
    if (entered && box && box.checked && !audio.paused) entered.scrollIntoView({ block: "center", behavior: calm() ? "auto" : "smooth" });
  }
  const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

  document.addEventListener("click", (event) => {
    const seek = event.target.closest("svg[data-seek]");
    if (seek) {
      const call = callOf(seek);
      const box = seek.getBoundingClientRect();
      const duration = Number(call.querySelector(".tracks").dataset.duration);
      playAt(call, (duration * (event.clientX - box.left)) / box.width + BEFORE_S * 1000);
      return;
    }
    const button = event.target.closest("button[data-kind]");
    if (button) return toggle(callOf(button), button);
    const moment = event.target.closest("a[data-at]");
    if (!moment || event.ctrlKey || event.metaKey) return;
    if (moment.dataset.f) current = Number(moment.dataset.f);
    if (playAt(callOf(moment), Number(moment.dataset.at))) event.preventDefault();
    if (moment.classList.contains("mark")) {
      const line = document.getElementById(moment.getAttribute("href").slice(1));
      if (line) line.scrollIntoView({ block: "center" });
    }
  });

  function toggle(call, button) {
    const off = button.getAttribute("aria-pressed") === "true";
    button.setAttribute("aria-pressed", String(!off));
    call.classList.toggle(`hide-${button.dataset.kind}`, off);
    for (const lane of call.querySelectorAll(`.marks.k-${button.dataset.kind}`)) lane.classList.toggle("off", off);
  }

  function jump(call, step) {
    const marks = [...call.querySelectorAll(".marks:not(.off) a.mark")].sort((a, b) => a.dataset.at - b.dataset.at);
    if (!marks.length) return;
    const last = marks.findIndex((mark) => Number(mark.dataset.f) === current);
    const next = marks[last < 0 ? (step > 0 ? 0 : marks.length - 1) : Math.min(marks.length - 1, Math.max(0, last + step))];
    for (const mark of call.querySelectorAll("a.mark.now")) mark.classList.remove("now");
    next.classList.add("now");
    current = Number(next.dataset.f);
    document.dispatchEvent(new CustomEvent("listening:finding", { detail: current }));
    playAt(call, Number(next.dataset.at));
    const line = document.getElementById(next.getAttribute("href").slice(1));
    if (line) line.scrollIntoView({ block: "center" });
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !active) return;
    if (event.target.closest("input:not([type=checkbox]), textarea, select, [contenteditable], dialog")) return;
    if (!active.isConnected) active = document.querySelector(".call");
    const audio = audioOf(active);
    if (event.key === " " && audio && !event.target.closest("a, button, summary, audio, input")) {
      if (audio.paused) audio.play().catch(() => {}); else audio.pause();
    } else if (event.key === "ArrowRight" && audio && event.target !== audio) audio.currentTime += SKIP_S;
    else if (event.key === "ArrowLeft" && audio && event.target !== audio) audio.currentTime -= SKIP_S;
    else if (event.key === "j") jump(active, 1);
    else if (event.key === "k") jump(active, -1);
    else if (/^[1-5]$/.test(event.key)) {
      const button = active.querySelectorAll("button[data-kind]")[Number(event.key) - 1];
      if (button) toggle(active, button);
    } else return;
    event.preventDefault();
  });
})();
