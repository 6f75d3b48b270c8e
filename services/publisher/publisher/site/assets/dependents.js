// "Used by" on a project's page: the projects of this index whose latest release requires it.
//
// A small index has all projects in search.json. A large one has an empty search.json and shards;
// then a button loads all shards, because each of them can have dependents.
// All data is hostile: it reaches the page only as text.

const MOST = 200;
const AT_ONCE = 8;
const LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789";

/** Return the items that require a project, sorted by name. */
export function findDependents(items, project) {
  return items
    .filter((item) => item && Array.isArray(item.requires) && item.requires.includes(project))
    .sort((a, b) => (a.project < b.project ? -1 : 1));
}

/** Return the names of all shards that there can be: 1 or 2 characters of a normalised name. */
export function listShards() {
  const keys = [...LETTERS].flatMap((first) => ["", ...LETTERS, "-"].map((second) => first + second));
  return keys.map((key) => `search/${key}.json`);
}

/** Return the URL of an object, without the credentials that the address of the page can have. */
function locate(name) {
  const url = new URL(document.body.dataset.root + name, document.baseURI);
  url.username = url.password = ""; // fetch refuses them; the browser sends those of the log-in
  return url;
}

/** Load an array; if the index does not have it, return `absent`. */
async function load(name, absent = []) {
  const response = await fetch(locate(name), { headers: { accept: "application/json" } });
  if (response.status === 404) return absent;
  if (!response.ok) throw new Error(`${response.status}`);
  return response.json();
}

/** Load all shards, some at once; return the dependents. `report` gets the share that is loaded. */
async function searchShards(project, report) {
  const waiting = listShards();
  const total = waiting.length;
  const found = [];
  const work = async () => {
    for (let name = waiting.pop(); name; name = waiting.pop()) {
      found.push(...findDependents(await load(name), project));
      report(1 - waiting.length / total);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return findDependents(found, project);
}

class UsedBy {
  constructor(place) {
    this.place = place;
    this.project = place.dataset.dependents;
    this.status = document.createElement("p");
    this.status.className = "dim";
    this.list = document.createElement("ul");
    place.append(this.status, this.list);
  }

  async start() {
    const items = await load("search.json", null);
    if (items === null) return; // the first catalog is not written yet
    if (items.length) this.show(findDependents(items, this.project));
    else if (await this.hasShard()) this.offerShards();
  }

  /** Return whether the index has shards: search.json is also empty if it has no project yet. */
  async hasShard() {
    return (await load(`search/${this.project.slice(0, 2)}.json`)).length > 0;
  }

  offerShards() {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "Find dependents";
    this.say("Not computed: this index is large. The search loads the data of all projects.");
    button.addEventListener("click", () => {
      button.remove();
      const report = (share) => this.say(`Searching, ${Math.floor(share * 100)} %`);
      searchShards(this.project, report).then((found) => this.show(found)).catch((error) => this.fail(error));
    });
    this.place.append(button);
  }

  show(found) {
    const one = found.length === 1;
    const count = `${one ? "1 project requires it in its" : `${found.length} projects require it in their`} latest release`;
    this.say(found.length ? count : "No project of this index requires it in its latest release.");
    this.list.replaceChildren(...found.slice(0, MOST).map((item) => this.makeLine(item)));
    if (found.length > MOST) this.say(`${count}; the first ${MOST} are shown`);
  }

  makeLine(item) {
    const line = document.createElement("li");
    const link = document.createElement("a");
    link.textContent = item.name || item.project;
    link.href = `${document.body.dataset.root}projects/${encodeURIComponent(item.project)}/`;
    line.append(link);
    return line;
  }

  say(text) {
    this.status.textContent = text;
    this.place.hidden = false;
  }

  fail(error) {
    this.say(`The search data did not load (${error.message}). Reload the page.`);
  }
}

if (typeof document !== "undefined") {
  for (const place of document.querySelectorAll("[data-dependents]")) {
    const usedBy = new UsedBy(place);
    usedBy.start().catch((error) => usedBy.fail(error));
  }
}
