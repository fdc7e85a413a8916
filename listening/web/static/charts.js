// Lines over time with uPlot. The figures are in tables beside; this draws what the page's own .json twin says.
(() => {
  "use strict";
  const DASH = [[], [8, 4], [2, 3], [10, 3, 2, 3]]; // lines are told apart without colour
  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const alpha = (colour, share) => `color-mix(in srgb, ${colour} ${share}%, transparent)`;
  const amount = (unit) => (v) => (v === null || v === undefined ? "–" : unit === "share" ? `${Math.round(v * 100)} %` : v >= 10 ? String(Math.round(v)) : String(Math.round(v * 10) / 10));

  // One axis of time for columns that were measured at different times.
  function joined(columns) {
    const xs = [...new Set(columns.flatMap((c) => c.map((p) => p[0])))].sort((a, b) => a - b);
    const place = new Map(xs.map((x, i) => [x, i]));
    return [xs, ...columns.map((c) => { const out = Array(xs.length).fill(null); for (const [x, v] of c) out[place.get(x)] = v; return out; })];
  }

  function axes(unit) {
    const soft = css("--soft"), line = css("--line");
    const base = { stroke: soft, font: "12px Inter, sans-serif", grid: { stroke: line, width: 1 }, ticks: { show: false } };
    return [{ ...base, grid: { show: false }, values: [[86400 * 28, "{YYYY}-{MM}", null, null, null, null, null, null, 1], [86400, "{D} {MMM}", null, null, null, null, null, null, 1]] }, { ...base, size: 52, values: (u, ticks) => ticks.map(amount(unit)) }];
  }

  function under(chart, breaks) {
    return (u) => {
      const { left, top, width, height } = u.bbox;
      const [low, high] = chart.aim || [null, null];
      if (chart.aim) {
        const y1 = high === null ? top : Math.max(top, u.valToPos(high, "y", true));
        const y2 = low === null ? top + height : Math.min(top + height, u.valToPos(low, "y", true));
        u.ctx.fillStyle = alpha(css("--accent"), 10);
        if (y2 > y1) u.ctx.fillRect(left, y1, width, y2 - y1);
      }
      u.ctx.save();
      u.ctx.strokeStyle = css("--soft");
      u.ctx.setLineDash([4, 4]);
      for (const x of breaks) { const at = u.valToPos(x, "x", true); u.ctx.beginPath(); u.ctx.moveTo(at, top); u.ctx.lineTo(at, top + height); u.ctx.stroke(); }
      u.ctx.restore();
    };
  }

  function range(unit) {
    return (u, low, high) => {
      if (low === null) return [0, 1];
      const pad = (high - low || 1) * 0.12;
      return [unit === "0–100" ? Math.max(0, low - pad) : Math.min(0, low), unit === "share" ? Math.min(1, high + pad) : unit === "0–100" ? Math.min(100, high + pad) : high + pad];
    };
  }

  // Time with a little room on both sides, so that no point sits on the edge.
  const wide = (u, low, high) => { if (low === null) return [low, high]; const pad = Math.max(86400 * 2, (high - low) * 0.04); return [low - pad, high + pad]; };

  function repChart(plot, chart) {
    const rulers = [...new Set(chart.points.map((p) => p.ruler))];
    const accent = css("--accent");
    const seconds = new Map();
    const calls = chart.calls.map((c) => { const x = c.x + (seconds.get(c.x) || 0); seconds.set(c.x, (seconds.get(c.x) || 0) + 1); return [x, c.value, c.id]; });
    const columns = [calls];
    const series = [{}, { label: "call", points: { show: true, size: 9, fill: alpha(css("--customer"), 75), stroke: "transparent" }, paths: () => null, value: (u, v) => amount(chart.unit)(v) }];
    const bands = [];
    for (const ruler of rulers) {
      const points = chart.points.filter((p) => p.ruler === ruler && p.mean);
      const at = columns.length + 1;
      columns.push(points.map((p) => [p.x, p.mean.value]), points.map((p) => [p.x, p.mean.high]), points.map((p) => [p.x, p.mean.low]));
      const edge = { stroke: "transparent", spanGaps: true, points: { show: false }, value: (u, v) => amount(chart.unit)(v) };
      series.push({ label: "mean", stroke: accent, width: 2.5, spanGaps: true, points: { show: true, size: 7, fill: accent }, value: (u, v) => amount(chart.unit)(v) }, { ...edge, label: "high" }, { ...edge, label: "low" });
      bands.push({ series: [at + 1, at + 2], fill: alpha(accent, 18) });
    }
    const breaks = chart.points.filter((p) => p.after_break).map((p) => p.x - 86400 * 7);
    const u = new uPlot({ width: plot.clientWidth, height: 210, series, bands, axes: axes(chart.unit), legend: { show: false }, scales: { x: { time: true, range: wide }, y: { range: range(chart.unit) } }, cursor: { y: false }, hooks: { drawClear: [under(chart, breaks)] } }, joined(columns), plot);
    u.over.addEventListener("click", () => {
      const at = u.posToVal(u.cursor.left, "x");
      const nearest = calls.reduce((best, c) => (!best || Math.abs(c[0] - at) < Math.abs(best[0] - at) ? c : best), null);
      if (nearest && Math.abs(u.valToPos(nearest[0], "x") - u.cursor.left) < 12) location.href = `/calls/${nearest[2]}`;
    });
    return u;
  }

  function lines(plot, data) {
    const colours = ["--rep", "--steps", "--asking", "--turns"].map(css);
    const columns = data.reps.map((rep) => data.lines[rep].points.map((p) => [p.x, p.mean ? p.mean.value : p.raw]).filter((p) => p[1] !== null));
    const series = [{}, ...data.reps.map((rep, i) => ({ label: rep, stroke: colours[i], width: 2.5, dash: DASH[i], spanGaps: true, points: { show: true, size: 7 }, value: (u, v) => amount("0–100")(v) }))];
    const chart = data.lines[data.reps[0]];
    return new uPlot({ width: plot.clientWidth, height: 230, series, axes: axes("0–100"), scales: { x: { time: true, range: wide }, y: { range: range("0–100") } }, hooks: { drawClear: [under(chart, [])] } }, joined(columns), plot);
  }

  async function draw(root) {
    const answer = await fetch(root.dataset.charts, { headers: { accept: "application/json" } });
    if (!answer.ok) return;
    const data = await answer.json();
    let made = [];
    const paint = () => {
      for (const chart of made) chart.destroy();
      made = "lines" in root.dataset
        ? [lines(root.querySelector(".plot"), data)]
        : data.measures.map((chart) => [root.querySelector(`[data-key="${chart.key}"] .plot`), chart]).filter(([plot]) => plot).map(([plot, chart]) => repChart(plot, chart));
      root.dataset.drawn = "true";
    };
    paint();
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", paint);
    let waiting = 0;
    addEventListener("resize", () => { clearTimeout(waiting); waiting = setTimeout(paint, 150); });
  }
  for (const root of document.querySelectorAll("[data-charts]")) draw(root).catch(() => {});
})();
