// SPDX-License-Identifier: Apache-2.0
// The first page: runs a query, lists the targets. Everything that comes from the server is put in
// text nodes, never in markup.
"use strict";

const byId = (id) => document.getElementById(id);
const api = async (path, form) => {
  const answer = await fetch("api/v1/" + path, form ? { method: "POST", body: form } : undefined);
  const json = await answer.json();
  if (json.status !== "success") throw new Error(json.error);
  return json;
};

const seriesName = (metric) => {
  const { __name__: name = "", ...labels } = metric;
  const pairs = Object.entries(labels).map(([k, v]) => `${k}=${JSON.stringify(v)}`);
  return name + (pairs.length || !name ? `{${pairs.join(", ")}}` : "");
};

const cells = (row, texts) => {
  for (const text of texts) row.insertCell().textContent = text;
  return row;
};

const say = (text, bad = false) => {
  byId("message").textContent = text;
  byId("message").className = bad ? "error" : "";
};

const showTable = (rows) => {
  const body = byId("result").tBodies[0];
  body.replaceChildren();
  for (const row of rows.slice(0, 1000)) cells(body.insertRow(), row);
  byId("result").hidden = rows.length === 0;
};

const svg = (tag, attributes) => {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
};

// One line a series; gaps where a step has no value.
const showGraph = (result, start, end, step) => {
  const graph = byId("graph");
  graph.replaceChildren();
  const shown = result.filter((s) => s.values).slice(0, 50);
  const all = shown.flatMap((s) => s.values.map(([, v]) => Number(v))).filter(Number.isFinite);
  graph.toggleAttribute("hidden", all.length === 0);
  if (all.length === 0) return;
  const low = Math.min(...all);
  const high = Math.max(...all);
  const span = high - low || Math.abs(high) || 1;
  const x = (t) => (60 + ((t - start) / (end - start)) * 830).toFixed(1);
  const y = (v) => (225 - ((v - low) / span) * 205).toFixed(1);
  shown.forEach((s, i) => {
    let points = [];
    let last = 0;
    const flush = () => {
      const stroke = `hsl(${(i * 47 + 20) % 360} 70% 50%)`;
      if (points.length) graph.append(svg("polyline", { points: points.join(" "), stroke }));
      points = [];
    };
    for (const [t, text] of s.values) {
      const v = Number(text);
      if (t - last > step * 1.5) flush();
      if (Number.isFinite(v)) points.push(`${x(t)},${y(v)}`);
      last = t;
    }
    flush();
  });
  for (const [value, at] of [[high, 24], [low, 225]]) {
    const label = svg("text", { x: 4, y: at });
    label.textContent = Number(value.toPrecision(5));
    graph.append(label);
  }
};

const run = async () => {
  const query = byId("expression").value.trim();
  const range = Number(byId("range").value);
  if (!query) return;
  const place = new URLSearchParams({ "g0.expr": query, "g0.range": range });
  history.replaceState(null, "", "?" + place);
  say("…");
  byId("graph").toggleAttribute("hidden", true);
  const begun = performance.now();
  try {
    const end = Math.floor(Date.now() / 1000);
    const step = Math.max(1, Math.ceil(range / 250));
    const form = new URLSearchParams(range ? { query, start: end - range, end, step } : { query });
    const { data, warnings = [], infos = [] } = await api(range ? "query_range" : "query", form);
    let rows;
    if (data.resultType === "scalar" || data.resultType === "string") {
      rows = [[data.resultType, data.result[1]]];
    } else {
      rows = data.result.map((s) => {
        const [, value] = s.value ?? s.histogram ?? (s.values ?? s.histograms).at(-1);
        return [seriesName(s.metric), typeof value === "string" ? value : `count ${value.count}, sum ${value.sum}`];
      });
      if (range) showGraph(data.result, end - range, end, step);
    }
    showTable(rows);
    const took = (performance.now() - begun).toFixed(0);
    say([`${rows.length} series, ${took} ms`, ...warnings, ...infos].join(" · "));
  } catch (error) {
    showTable([]);
    say(error.message, true);
  }
};

const showTargets = async () => {
  const { data } = await api("targets?state=active");
  const body = byId("targets").tBodies[0];
  body.replaceChildren();
  for (const t of data.activeTargets) {
    const { job = "", ...labels } = t.labels;
    const last = t.lastScrape.startsWith("0001") ? "never" : new Date(t.lastScrape).toLocaleTimeString();
    const took = (t.lastScrapeDuration * 1000).toFixed(1) + " ms";
    const row = cells(body.insertRow(), [job, t.scrapeUrl, t.health, seriesName(labels), last, took, t.lastError]);
    row.cells[2].className = t.health;
  }
};

byId("query").addEventListener("submit", (event) => {
  event.preventDefault();
  run();
});

const start = async () => {
  const place = new URLSearchParams(location.search);
  byId("expression").value = place.get("g0.expr") ?? "up";
  if (place.has("g0.range")) byId("range").value = place.get("g0.range");
  run();
  showTargets().catch((error) => say(error.message, true));
  setInterval(() => document.hidden || showTargets().catch(() => {}), 5000);
  const build = await api("status/buildinfo");
  byId("version").textContent = build.data.version;
  const names = await api("label/__name__/values?limit=5000");
  byId("metrics").append(...names.data.map((name) => new Option(name)));
};
start();
