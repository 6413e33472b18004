// The status page: asks the API, shows what it says. Text that comes from outside is only ever
// textContent, never markup.
"use strict";

const POLL = 2000, PATIENCE = 2500, SLOW_POLL = 5000, FEED = 300;
const $ = (id) => document.getElementById(id);
const state = { token: sessionStorage.getItem("sundial-token") || "", lost: false, paused: false, events: [], lastEvent: 0,
  open: new Set(), rates: new Map(), status: null, why: new Map(), past: null, pastAt: 0 };

// An element with attributes and children; a text child stays text.
function el(name, attributes, ...children) {
  const svg = ["svg", "line", "circle", "path", "rect", "polyline", "text", "title"].includes(name);
  const node = svg ? document.createElementNS("http://www.w3.org/2000/svg", name) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes || {})) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else node.setAttribute(key, value === true ? "" : String(value));
  }
  for (const child of children.flat()) if (child !== null && child !== undefined) node.append(child);
  return node;
}

const segment = encodeURIComponent;
const at = (text) => new Date(text).getTime();
const clock = (text) => new Date(text).toLocaleString([], { dateStyle: "short", timeStyle: "medium" });

function span(seconds) {
  const s = Math.max(0, Math.round(seconds));
  if (s < 60) return s + " s";
  if (s < 3600) return Math.floor(s / 60) + " min";
  if (s < 172800) return Math.floor(s / 3600) + " h " + Math.floor(s % 3600 / 60) + " min";
  return Math.floor(s / 86400) + " days";
}

function ago(text) {
  const seconds = (Date.now() - at(text)) / 1000;
  return seconds >= 0 ? span(seconds) + " ago" : "in " + span(-seconds);
}

function bytes(count) {
  if (count < 1024) return count + " B";
  const units = ["KiB", "MiB", "GiB"];
  let value = count / 1024, unit = 0;
  while (value >= 1024 && unit < 2) { value /= 1024; unit += 1; }
  return value.toFixed(value < 10 ? 1 : 0) + " " + units[unit];
}

class Refused extends Error {
  constructor(status, message) { super(message); this.status = status; }
}

async function ask(method, path, body, patience) {
  const headers = { Accept: "application/json" };
  if (state.token) headers.Authorization = "Bearer " + state.token;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const answer = await fetch(path, { method, headers, cache: "no-store", body: body === undefined ? undefined : JSON.stringify(body),
    signal: AbortSignal.timeout(patience || 15000) });
  if (answer.status === 401 || answer.status === 429) showLogIn(answer.status === 429 ? "Too many wrong tokens: wait a minute." : state.token ? "The token is wrong." : "");
  const text = await answer.text();
  let value = null;
  try { value = text ? JSON.parse(text) : null; } catch { value = text; }
  if (!answer.ok) throw new Refused(answer.status, value && value.detail ? value.detail : "the agent answers " + answer.status);
  return value;
}

const get = (path, patience) => ask("GET", path, undefined, patience);

// A button that asks the API and says what came of it.
function action(label, title, work, confirmText) {
  const button = el("button", { type: "button", title, "aria-label": title }, label);
  button.addEventListener("click", async () => {
    if (confirmText && !confirm(confirmText)) return;
    button.disabled = true;
    button.blur();
    try { await work(); say(title + ": done"); refresh(); } catch (problem) { say(title + ": " + problem.message); }
    button.disabled = false;
  });
  return button;
}

function say(text) {
  const line = $("announce") || document.body.appendChild(el("p", { id: "announce", role: "alert", class: "soft" }));
  line.textContent = text;
}

// --- log in -----------------------------------------------------------------------------------

function showLogIn(problem) {
  $("log-in").hidden = false;
  $("main").hidden = true;
  $("log-in-problem").textContent = problem;
  setSentence("warn", "Log in to see this device");
}

$("log-in-form").addEventListener("submit", (event) => {
  event.preventDefault();
  state.token = $("token").value.trim();
  sessionStorage.setItem("sundial-token", state.token);
  $("token").value = "";
  $("log-in").hidden = true;
  begin();
});
$("log-out").addEventListener("click", () => {
  sessionStorage.removeItem("sundial-token");
  state.token = "";
  state.status = null;
  location.reload();
});

// --- at a glance ------------------------------------------------------------------------------

function setSentence(kind, text) {
  $("sentence").dataset.state = kind;
  if ($("sentence-text").textContent !== text) $("sentence-text").textContent = text;
}

function judge(s) {
  const worries = [];
  for (const [name, link] of [["Temporal", s.temporal], ["the broker", s.mqtt]]) {
    if (link.host_unverified) return ["bad", "Not safe: the certificate of " + name + " is not verified, verify_host is off"];
  }
  if (!s.ready) return ["bad", "Not ready: " + (s.reason || "starting")];
  if (s.store.full) return ["bad", "The store is full: nothing more is taken"];
  if (!s.temporal.reachable) worries.push("Temporal can't be reached, " + s.outbox.entries + " waiting");
  if (s.outbox.dead > 0) worries.push(s.outbox.dead + (s.outbox.dead === 1 ? " dead letter" : " dead letters"));
  if (!s.clock.trusted) worries.push("the clock is not trusted yet");
  return worries.length ? ["warn", "Running, but " + worries.join("; ")] : ["good", "All is well"];
}

function card(id, kind, text, detail) {
  const place = $(id).querySelector("dd");
  place.dataset.state = kind;
  place.replaceChildren(text, detail ? el("div", { class: "soft" }, detail) : "");
}

function written(store) {
  const day = store.written_bytes_a_day, years = store.disk_years;
  return bytes(store.journal_bytes) + " in the journal; " + bytes(store.written_bytes_today) + " written today" +
    (day === null ? "" : ", about " + bytes(day) + " a day") +
    (years === null ? "" : ": a cheap card lasts " + (years >= 50 ? "longer than 50 years" : "about " + (years < 1 ? Math.max(1, Math.round(years * 12)) + " months" : Math.round(years) + " years")));
}

function showStatus(s) {
  const [kind, sentence] = judge(s);
  setSentence(kind, sentence);
  $("device").textContent = s.device || "";
  document.title = "Sundial " + (s.device || "");
  $("version").textContent = "Sundial " + s.version + ", up " + span(s.uptime_seconds);
  $("log-out").hidden = !state.token;
  const link = (up, name) => up ? ["good", "✓ " + name] : ["bad", "✕ not " + name];
  if (!s.mqtt.configured) card("card-mqtt", "", "none configured");
  else card("card-mqtt", ...link(s.mqtt.connected, "connected"), s.mqtt.connected ? s.mqtt.broker : s.mqtt.problem);
  card("card-temporal", ...link(s.temporal.reachable, "reachable"), s.temporal.reachable ? s.temporal.address + " · " + s.temporal.namespace : s.temporal.problem);
  card("card-clock", s.clock.trusted ? "good" : "warn", s.clock.trusted ? "✓ trusted" : "! not trusted yet", clock(s.time) + " · " + s.clock.time_zone);
  card("card-outbox", s.outbox.entries ? "warn" : "good", s.outbox.entries + " waiting", s.outbox.entries ? "oldest " + span(s.outbox.oldest_seconds) + ", " + bytes(s.outbox.bytes) : "all delivered");
  card("card-dead", s.outbox.dead ? "bad" : "good", String(s.outbox.dead), s.outbox.dead ? "see Outbox" : "");
  card("card-store", s.store.full ? "bad" : "", bytes(s.store.bytes) + (s.store.max_size ? " of " + bytes(s.store.max_size) : ""), written(s.store));
}

function showLoad(samples) {
  const width = 720, height = 90, most = Math.max(1, ...samples.map((s) => s.entries));
  const end = Date.now(), x = (time) => width - (end - at(time)) / 3600000 * width;
  const bars = samples.map((s) => el("rect", { class: "bar", x: x(s.time) - 6, width: 5, y: height - s.entries / most * (height - 16), height: s.entries / most * (height - 16) }));
  const deepest = samples.reduce((a, s) => Math.max(a, s.entries), 0), oldest = samples.reduce((a, s) => Math.max(a, s.oldest_seconds), 0);
  $("load-caption").textContent = "Outbox, last hour: at most " + deepest + " waiting, the oldest " + span(oldest);
  $("load-chart").replaceChildren(el("svg", { viewBox: "0 0 720 92", role: "img", "aria-label": $("load-caption").textContent },
    el("line", { class: "axis", x1: 0, x2: width, y1: height, y2: height }), bars));
}

// --- schedules --------------------------------------------------------------------------------

function mark(x, due, what, reason) {
  const kind = what === "" ? "coming" : what === "fired" ? "fired" : what === "made_up" ? "made" : "missed";
  const label = el("title", {}, clock(due) + (what ? ": " + what + (reason ? ", " + reason : "") : ": to come"));
  if (kind === "made") return el("path", { class: kind, d: `M${x - 5} 26L${x} 16L${x + 5} 26Z` }, label);
  if (kind === "missed") return el("path", { class: kind, d: `M${x - 5} 17l1-1 4 4 4-4 1 1-4 4 4 4-1 1-4-4-4 4-1-1 4-4Z` }, label);
  return el("circle", { class: kind, cx: x, cy: 21, r: 4.5 }, label);
}

function timeLine(schedule) {
  const now = Date.now(), half = 43200000, x = (time) => 360 + (at(time) - now) / half * 350;
  const marks = [], inside = (time) => Math.abs(at(time) - now) <= half;
  for (const r of schedule.recent || []) if (inside(r.due)) marks.push(mark(x(r.due), r.due, r.what, r.reason));
  for (const time of schedule.next || []) if (inside(time)) marks.push(mark(x(time), time, "", ""));
  const label = "Time line of " + schedule.id + ": " + (schedule.recent || []).slice(-5).map((r) => clock(r.due) + " " + r.what + " " + (r.reason || "")).join(", ");
  return el("svg", { viewBox: "0 0 720 40", role: "img", "aria-label": label },
    el("line", { class: "axis", x1: 0, x2: 720, y1: 21, y2: 21 }), el("line", { class: "now", x1: 360, x2: 360, y1: 4, y2: 38 }), marks);
}

function timing(s) {
  if (s.cron) return [].concat(s.cron).join("  ");
  if (s.every) return "every " + s.every;
  return s.at ? "at " + s.at : s.calendar ? "calendar" : "";
}

function details(key, summary, fill) {
  const box = el("details", { open: state.open.has(key) }, el("summary", {}, summary));
  const inner = box.appendChild(el("div"));
  const load = async () => {
    try { inner.replaceChildren(...[].concat(await fill())); } catch (problem) { inner.textContent = problem.message; }
  };
  box.addEventListener("toggle", () => {
    if (box.open && !state.open.has(key)) load();
    if (box.open) state.open.add(key); else state.open.delete(key);
  });
  if (box.open) load();
  return box;
}

function scheduleItem(s) {
  const recent = [...(s.recent || [])].sort((a, b) => at(a.due) - at(b.due));
  const path = "api/v1/schedules/" + segment(s.id), last = recent.at(-1), missed = recent.filter((r) => !["fired", "made_up"].includes(r.what)).at(-1);
  const pause = s.paused
    ? action("Resume", "Resume " + s.id, () => ask("POST", path + "/unpause", {}))
    : action("Pause", "Pause " + s.id, () => { const note = prompt("Why?", "") ; return ask("POST", path + "/pause", note ? { note } : {}); });
  return el("article", { "data-id": s.id },
    el("div", { class: "row" }, el("h3", {}, s.id), el("span", { class: "soft" }, timing(s) + (s.time_zone ? " · " + s.time_zone : "") + " · " + s.source),
      pause, action("Trigger now", "Trigger " + s.id + " now", () => ask("POST", path + "/trigger", {}))),
    s.paused ? el("p", { "data-state": "warn" }, "! Paused" + (s.note ? ": " + s.note : "")) : null,
    s.state && s.state.waits_for_clock ? el("p", { "data-state": "warn" }, "! Waits for a clock that can be trusted") : null,
    el("p", { class: "soft" }, "Next: " + (s.next && s.next[0] ? clock(s.next[0]) + " (" + ago(s.next[0]) + ")" : "none") + " · Last: " +
      (last ? clock(last.due) + " " + last.what + (last.reason ? ", " + last.reason : "") : "none") +
      (missed && missed !== last ? " · Last not fired: " + clock(missed.due) + " " + missed.what + (missed.reason ? ", " + missed.reason : "") : "")),
    timeLine(s),
    details("next " + s.id, "Next ten", async () => el("ol", {}, (await get(path + "/next?count=10")).items.map((t) => el("li", {}, clock(t) + " (" + ago(t) + ")")))));
}

// --- rules ------------------------------------------------------------------------------------

// A second's share, from this look and the one before.
function rate(key, total) {
  const last = state.rates.get(key), now = Date.now();
  if (last && now - last.now < 500) return last.rate;
  const rate = last ? Math.max(0, (total - last.total) * 1000 / (now - last.now)) : 0;
  state.rates.set(key, { total, now, rate });
  return rate;
}

function spark(values, label) {
  const most = Math.max(0.001, ...values), points = values.map((v, i) => (120 - values.length + i).toFixed(0) + "," + (20 - v / most * 18).toFixed(1)).join(" ");
  return el("svg", { class: "spark", viewBox: "0 0 120 22", role: "img", "aria-label": label }, el("polyline", { points }));
}

// The last hour as the agent has kept it, with the present at its end.
function figure(rule, name, total) {
  const latest = rate(rule + " " + name, total), past = state.past && state.past.rules[rule];
  const values = past ? past[name].map((n) => n / state.past.step_seconds) : [];
  const label = name + ": " + total + ", " + latest.toFixed(1) + " a second";
  return el("span", {}, label + " ", spark([...values, latest].slice(-120), label + "; last hour at most " + Math.max(latest, ...values).toFixed(1)));
}

function ruleItem(r) {
  const path = "api/v1/rules/" + segment(r.id), counters = r.counters || {}, why = state.why.get(r.id);
  const held = Object.entries(counters.suppressed || {}).map(([reason, n]) => reason + " " + n).join(", ");
  return el("article", { "data-id": r.id },
    el("div", { class: "row" }, el("h3", {}, r.id), el("span", { class: "soft" }, [].concat(r.topic || (r.webhook ? "webhook " + r.webhook : "")).join(", ") + (r.when ? " · when " + r.when : ""))),
    el("p", { class: "row" }, figure(r.id, "matched", counters.matched || 0), figure(r.id, "fired", counters.fired || 0),
      el("span", {}, "keys: " + (counters.keys || 0)), counters.errors ? el("span", { "data-state": "bad" }, "✕ errors: " + counters.errors) : null),
    held ? el("p", { class: "soft" }, "Held back: " + held) : null,
    el("p", { class: "why" }, why ? "Last: " + eventText(why) : "No decision yet"),
    details("keys " + r.id, "Keys and their state", async () => keyTable(path, (await get(path + "/keys?limit=200")).items)),
    details("why " + r.id, "Last decisions", async () => el("ol", {}, (await get("api/v1/events?origin=rule&limit=20&id=" + segment(r.id))).items.map((e) => el("li", {}, eventText(e))))));
}

function keyTable(path, items) {
  if (!items.length) return el("p", { class: "soft" }, "No key has been heard.");
  const names = [...new Set(items.flatMap((item) => Object.keys(item)))];
  return el("div", { class: "scroll" }, el("table", {}, el("thead", {}, el("tr", {}, names.map((n) => el("th", { scope: "col" }, n)), el("th", {}, ""))),
    el("tbody", {}, items.map((item) => el("tr", {}, names.map((n) => el("td", {}, item[n] === undefined ? "" : typeof item[n] === "object" ? JSON.stringify(item[n]) : String(item[n]))),
      el("td", {}, action("Reset", "Reset key " + item.key, () => ask("DELETE", path + "/keys/" + segment(item.key)))))))));
}

// --- workflows and outbox ---------------------------------------------------------------------

function form(label, name, placeholder, work) {
  const box = el("form", { "aria-label": label }), key = name ? box.appendChild(el("input", { placeholder: "name", "aria-label": label + " name", required: true })) : null;
  const input = box.appendChild(el("input", { placeholder, "aria-label": label + " " + placeholder }));
  box.append(el("button", {}, label));
  const out = el("output", {});
  box.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      const text = input.value.trim();
      const value = name ? (text ? { args: JSON.parse("[" + text + "]") } : {}) : (text ? { reason: text } : {});
      out.textContent = JSON.stringify(await work(value, key ? segment(key.value) : ""), null, 2);
    } catch (problem) { out.textContent = problem.message; }
  });
  return el("div", {}, box, out);
}

async function workflowDetail(d) {
  const path = "api/v1/workflows/" + segment(d.workflow_id), parts = [];
  const show = async (title, work) => {
    try { return el("div", {}, el("b", {}, title), el("pre", {}, JSON.stringify(await work(), null, 2))); } catch (problem) { return el("p", {}, title + ": " + problem.message); }
  };
  parts.push(await show("Status", () => get(path)), await show("Result", () => get(path + "/result?wait=0s")));
  parts.push(await show("History", async () => (await get(path + "/history?limit=50")).items.map((e) => [e.eventId, e.eventTime, e.eventType])));
  const ui = state.status && state.status.temporal.ui;
  if (/^https?:\/\//.test(ui || "")) parts.push(el("p", {}, el("a", { href: ui + "/namespaces/" + segment(state.status.temporal.namespace) + "/workflows/" + segment(d.workflow_id), rel: "noreferrer" }, "Open in Temporal's UI")));
  const call = (verb) => (value, name) => ask("POST", path + "/" + verb + (name ? "/" + name : ""), value);
  parts.push(form("Signal", true, "arguments as JSON, comma between", call("signal")), form("Query", true, "arguments as JSON, comma between", call("query")),
    form("Update", true, "arguments as JSON, comma between", call("update")), form("Cancel", false, "reason", call("cancel")), form("Terminate", false, "reason", call("terminate")));
  return parts;
}

const origin = (o) => [o.kind, o.id, o.key].filter(Boolean).join(" ");

function sentItem(d) {
  return el("article", {}, el("div", { class: "row" }, el("h3", {}, d.workflow_id || "—"), el("span", {}, d.kind + (d.type ? " " + d.type : "")),
    el("span", { "data-state": ["ok", "already"].includes(d.outcome) ? "good" : "warn" }, d.outcome), el("span", { class: "soft" }, origin(d.origin) + " · " + ago(d.delivered))),
    d.reason ? el("p", { class: "soft" }, d.reason) : null,
    d.workflow_id ? details("sent " + d.number, "Status, history, result and forms", () => workflowDetail(d)) : null);
}

function outboxItem(r) {
  const path = "api/v1/outbox/" + r.number, dead = r.state === "dead";
  return el("article", {}, el("div", { class: "row" }, el("h3", {}, "#" + r.number + " " + r.kind + " " + r.workflow_id), el("span", { "data-state": dead ? "bad" : "" }, r.state),
    el("span", { class: "soft" }, origin(r.origin) + " · " + ago(r.decided) + " · " + r.tries + " tries"),
    dead ? action("Retry", "Retry record " + r.number, () => ask("POST", path + "/retry")) : null,
    action("Drop", "Drop record " + r.number, () => ask("DELETE", path), "Drop record " + r.number + " for good?")),
    r.reason ? el("p", {}, r.reason) : null, details("record " + r.number, "Action", () => el("pre", {}, JSON.stringify(r.action, null, 2))));
}

// --- events -----------------------------------------------------------------------------------

function eventText(e) {
  return clock(e.time) + "  " + e.origin + " " + e.id + (e.key ? " [" + e.key + "]" : "") + ": " + e.what + (e.reason ? ", " + e.reason : "") + (e.detail ? " — " + e.detail : "");
}

function take(event) {
  if (event.number <= state.lastEvent) return;
  state.lastEvent = event.number;
  state.events.unshift(event);
  state.events.length = Math.min(state.events.length, FEED);
  if (event.origin === "rule") state.why.set(event.id, event);
}

function showEvents() {
  if (state.paused) return;
  const wanted = $("event-filter").value.toLowerCase();
  $("event-list").replaceChildren(...state.events.map(eventText).filter((line) => line.toLowerCase().includes(wanted)).map((line) => el("li", {}, line)));
}

$("event-filter").addEventListener("input", showEvents);
$("event-pause").addEventListener("click", () => {
  state.paused = !state.paused;
  $("event-pause").setAttribute("aria-pressed", String(state.paused));
  $("event-pause").textContent = state.paused ? "Go on" : "Pause";
  showEvents();
});

async function catchUp() {
  const { items } = await get("api/v1/events?limit=100", PATIENCE);
  if (items.length && items[0].number < state.lastEvent) { state.lastEvent = 0; state.events = []; }
  for (const event of items.reverse()) take(event);
  showEvents();
}

// Live while the agent has a place for us, else by asking.
let following = false;
async function follow() {
  if (following) return;
  following = true;
  try {
    // Also where none has been seen: the first may come between the asking and the stream.
    const headers = { Accept: "text/event-stream", "Last-Event-ID": String(state.lastEvent) };
    if (state.token) headers.Authorization = "Bearer " + state.token;
    const answer = await fetch("api/v1/events", { headers, cache: "no-store" });
    if (!answer.ok) throw new Refused(answer.status, "no stream");
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    $("event-mode").textContent = "live";
    for (let rest = ""; ;) {
      const { value, done } = await reader.read();
      if (done) break;
      const lines = (rest + value).split("\n");
      rest = lines.pop();
      let heard = false;
      for (const line of lines) if (line.startsWith("data: ")) { take(JSON.parse(line.slice(6))); heard = true; }
      if (heard) showEvents();
    }
  } catch { /* the next poll tries again */ }
  following = false;
  $("event-mode").textContent = "by asking every few seconds";
}

// --- trying -----------------------------------------------------------------------------------

$("try-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  try {
    const answer = await ask("POST", "api/v1/messages?dry_run=true", { topic: $("try-topic").value, payload: $("try-payload").value });
    $("try-result").textContent = JSON.stringify(answer.decisions, null, 2);
  } catch (problem) { $("try-result").textContent = problem.message; }
});

// --- keeping up -------------------------------------------------------------------------------

async function panel(id, path, render, empty) {
  // What somebody is typing into, or reading with the keyboard, is not taken away.
  const focused = document.activeElement;
  if ($(id).contains(focused) && focused.matches("input, textarea, button, summary")) return;
  if ($(id).querySelector("details[open] form")) return;
  try {
    const { items } = await get(path);
    const top = items.slice(0, 100).map(render);
    $(id).replaceChildren(...(top.length ? top : [el("p", { class: "soft" }, empty)]));
  } catch (problem) {
    if (problem instanceof Refused) $(id).replaceChildren(el("p", { role: "alert" }, problem.message));
  }
}

async function lookBack() {
  if (Date.now() - state.pastAt < 30000) return;
  state.past = await get("api/v1/load");
  state.pastAt = Date.now();
  showLoad(state.past.items);
}

async function refresh() {
  await lookBack().catch(() => {});
  await Promise.allSettled([
    panel("schedule-list", "api/v1/schedules?limit=100", scheduleItem, "No schedule."),
    panel("rule-list", "api/v1/rules?limit=100", ruleItem, "No rule."),
    panel("sent-list", "api/v1/sent?limit=50", sentItem, "Nothing has been sent since the agent's start."),
    panel("outbox-list", "api/v1/outbox?limit=50", outboxItem, "Nothing waits."),
  ]);
}

let slow = 0, timer = 0;
async function poll() {
  clearTimeout(timer);
  try {
    state.status = await get("api/v1/status", PATIENCE);
    $("log-in").hidden = true;
    $("main").hidden = false;
    showStatus(state.status);
    const back = state.lost;
    state.lost = false;
    if (back || Date.now() - slow >= SLOW_POLL) {
      slow = Date.now();
      if (back || !following) await catchUp();
      follow();
      await refresh();
    }
  } catch (problem) {
    if (!(problem instanceof Refused)) {
      state.lost = true;
      setSentence("bad", "The agent does not answer");
    } else if (problem.status === 401 || problem.status === 429) {
      return;  // until somebody logs in
    } else {
      setSentence("bad", problem.message);
    }
  }
  timer = setTimeout(poll, POLL);
}

function begin() {
  slow = 0;
  poll();
}
begin();
