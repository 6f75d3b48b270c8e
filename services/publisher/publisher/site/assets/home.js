// Home page: number of projects and files, and the newest releases.
//
// All data is hostile: it reaches the page only as text.

const MOST = 20;

/** Return the totals of the items of search.json, in the form of totals.json. */
export function addTotals(items) {
  const files = items.reduce((sum, item) => sum + (Number.isInteger(item.files) ? item.files : 0), 0);
  return { projects: items.length, files };
}

/** Return the totals as a sentence. */
export function formatTotals({ projects, files }) {
  const count = (number, noun) => `${Number(number).toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;
  return `${count(projects, "project")}, ${count(files, "file")}`;
}

/** Return a time of RFC 3339 as "2026-11-29 08:15 UTC". */
export function formatTime(time) {
  return `${String(time).slice(0, 10)} ${String(time).slice(11, 16)} UTC`;
}

/** Return the URL of an object, without the credentials that the address of the page can have. */
function locate(name) {
  const url = new URL(document.body.dataset.root + name, document.baseURI);
  url.username = url.password = ""; // fetch refuses them; the browser sends those of the log-in
  return url;
}

async function load(name) {
  const response = await fetch(locate(name), { headers: { accept: "application/json" } });
  if (response.status === 404) return null;
  if (!response.ok) throw new Error(`${response.status}`);
  return response.json();
}

/** Load the totals; a token with a scope gets those of its own projects. */
async function loadTotals() {
  const totals = await load("totals.json");
  if (totals) return totals;
  const items = await load("search.json"); // empty if this index is large
  return items && items.length ? addTotals(items) : null;
}

function makeElement(name, text, className) {
  const element = document.createElement(name);
  element.textContent = text;
  if (className) element.className = className;
  return element;
}

function makeLine(item) {
  const line = document.createElement("li");
  const link = makeElement("a", item.name || item.project);
  const page = `${document.body.dataset.root}projects/${encodeURIComponent(item.project)}/`;
  link.href = item.version ? `${page}${encodeURIComponent(item.version)}/` : page;
  const time = makeElement("time", formatTime(item.time), "dim");
  time.dateTime = item.time;
  line.append(link, " ", makeElement("span", item.version || "", "version"), " ", time);
  if (item.status) line.insertBefore(makeElement("strong", item.status, "tag"), time);
  if (item.summary) line.append(" ", makeElement("span", item.summary));
  return line;
}

async function showTotals(place) {
  const totals = await loadTotals();
  if (totals) place.textContent = formatTotals(totals);
}

async function showNewest(list) {
  const items = (await load("recent.json")) || [];
  const lines = items.slice(0, MOST).map(makeLine);
  list.replaceChildren(...(lines.length ? lines : [makeElement("li", "No releases yet.")]));
}

function start() {
  const list = document.querySelector("[data-newest]");
  const report = (error) => {
    list.replaceChildren(makeElement("li", `The newest releases did not load (${error.message}). Reload the page.`));
  };
  showNewest(list).catch(report);
  showTotals(document.querySelector("[data-totals]")).catch(() => {});
}

if (typeof document !== "undefined") start();
