// Changes page: one line for each release and each command, by day.
//
// All data is hostile: it reaches the page only as text.

const PHRASES = {
  released: "released",
  yanked: "yanked",
  unyanked: "yank lifted",
  removed: "removed",
  restored: "restored",
  active: "made active again",
  archived: "archived",
  deprecated: "deprecated",
  quarantined: "quarantined",
};

/** Return the items by day, in their order: [["2026-11-29", [item, …]], …]. */
export function groupByDay(items) {
  const days = new Map();
  for (const item of items) {
    const day = String(item.time).slice(0, 10);
    days.set(day, [...(days.get(day) || []), item]);
  }
  return [...days];
}

/** Return the words of a change: what happened, to what, and by whom. */
export function describeChange(item) {
  // A message of an operator has no author; the author of an old release can be unknown.
  const author = item.author || (item.kind === "released" ? "" : "an operator");
  const phrase = Object.hasOwn(PHRASES, item.kind) ? PHRASES[item.kind] : String(item.kind);
  return {
    time: String(item.time).slice(11, 16),
    name: item.name || item.project,
    target: item.file || item.release || "",
    text: phrase + (author ? ` by ${author}` : ""),
  };
}

function makeElement(name, text, className) {
  const element = document.createElement(name);
  element.textContent = text;
  if (className) element.className = className;
  return element;
}

function makeLine(item, root) {
  const change = describeChange(item);
  const line = document.createElement("li");
  const time = makeElement("time", change.time, "dim");
  time.dateTime = item.time;
  const link = makeElement("a", change.name);
  link.href = `${root}projects/${encodeURIComponent(item.project)}/`;
  line.append(time, " ", link, " ", makeElement("span", change.target, "version"), " ", makeElement("span", change.text));
  return line;
}

function makeDay([day, items], root) {
  const section = document.createElement("section");
  const list = makeElement("ol", "", "rows");
  list.append(...items.map((item) => makeLine(item, root)));
  section.append(makeElement("h2", day), list);
  return section;
}

/** Return the URL of an object, without the credentials that the address of the page can have. */
function locate(name) {
  const url = new URL(document.body.dataset.root + name, document.baseURI);
  url.username = url.password = ""; // fetch refuses them; the browser sends those of the log-in
  return url;
}

async function show(place, status) {
  const root = document.body.dataset.root;
  const response = await fetch(locate("changes.json"), { headers: { accept: "application/json" } });
  if (!response.ok && response.status !== 404) throw new Error(`${response.status}`);
  const items = response.ok ? await response.json() : [];
  place.replaceChildren(...groupByDay(items).map((group) => makeDay(group, root)));
  status.textContent = items.length ? `The newest ${items.length} changes, in UTC` : "No changes yet.";
}

if (typeof document !== "undefined") {
  const status = document.querySelector("[data-status]");
  show(document.querySelector("[data-changes]"), status).catch((error) => {
    status.textContent = `The changes did not load (${error.message}). Reload the page.`;
  });
}
