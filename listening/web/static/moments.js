// Hearing moments of many calls in a row: one player, two seconds before each moment.
(() => {
  "use strict";
  const BEFORE_S = 2;
  const player = document.querySelector(".player");
  const audio = player && player.querySelector("audio");
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button.hear");
    if (!button) return;
    player.hidden = false;
    for (const item of document.querySelectorAll(".moments-list > .now")) item.classList.remove("now");
    button.closest("li").classList.add("now");
    const go = () => { audio.currentTime = Math.max(0, Number(button.dataset.at) / 1000 - BEFORE_S); audio.play().catch(() => {}); };
    if (audio.getAttribute("src") === button.dataset.src && audio.readyState >= 1) return go();
    audio.addEventListener("loadedmetadata", go, { once: true });
    audio.src = button.dataset.src;
    audio.load();
  });
})();
