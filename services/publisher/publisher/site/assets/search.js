// Search over the names, keywords and summaries of projects, for the home page and the search page.
//
// The functions above "Page" are pure; tests/unit/publisher/catalog/test_search_ranking.mjs tests
// them with Node. All data is hostile: it reaches the page only as text.

const TYPO_LENGTHS = [[8, 2], [4, 1]]; // [letters of the query word, edit distance]
const MAX_RESULTS = 50;

/** Scores of a query word: how it matches (columns) in which field (rows). */
const SCORES = {
  name: { whole: 100, word: 80, prefix: 70, inside: 60, typo: 15 },
  keywords: { whole: 50, word: 50, prefix: 45, inside: 0, typo: 8 },
  summary: { whole: 30, word: 30, prefix: 25, inside: 0, typo: 4 },
};

/** Return text in the form of normalised names: small letters, "-" for each run of "-_." */
export function normalizeName(text) {
  return text.toLowerCase().replace(/[-_.]+/g, "-");
}

/** Return the words of text, in small letters; an accent does not distinguish words. */
export function splitWords(text) {
  const plain = text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  return plain.split(/[^\p{L}\p{N}]+/u).filter(Boolean);
}

/** Return the words of a query: normalised as names, so "Foo_Bar" is one word, "foo-bar". */
export function splitQuery(query) {
  const words = query.normalize("NFKD").replace(/\p{M}/gu, "").split(/[^\p{L}\p{N}._-]+/u);
  return words.map((word) => normalizeName(word).replace(/^-+|-+$/g, "")).filter(Boolean).slice(0, 8);
}

/** Return the items of search.json with their words, for {@link rankProjects}. */
export function prepareItems(items) {
  return items
    .filter((item) => item && typeof item.project === "string")
    .map((item) => ({
      item,
      name: item.project,
      fields: {
        name: splitWords(item.project),
        keywords: splitWords([].concat(item.keywords || []).join(" ")),
        summary: splitWords(item.summary || ""),
      },
    }));
}

/**
 * Return the edit distance from a word to the nearest prefix of a text, at most `most` + 1.
 *
 * Insertion, deletion, replacement and the exchange of two neighbours count 1.
 */
export function measureTypos(word, text, most) {
  if (text.length < word.length - most) return most + 1;
  const width = Math.min(text.length, word.length + most);
  let before = [];
  let last = Array.from({ length: most + 1 }, (_, column) => column);
  for (let row = 1; row <= word.length; row++) {
    // Cells further than `most` from the diagonal exceed `most`, and are absent.
    const line = row <= most ? [row] : [];
    let least = row <= most ? row : most + 1;
    for (let column = Math.max(1, row - most); column <= Math.min(width, row + most); column++) {
      const same = word[row - 1] === text[column - 1];
      let typos = Math.min((last[column] ?? most) + 1, (line[column - 1] ?? most) + 1);
      typos = Math.min(typos, (last[column - 1] ?? most + 1) + (same ? 0 : 1));
      const swapped = word[row - 1] === text[column - 2] && word[row - 2] === text[column - 1];
      if (row > 1 && column > 1 && swapped) typos = Math.min(typos, (before[column - 2] ?? most) + 1);
      line[column] = typos;
      least = Math.min(least, typos);
    }
    if (least > most) return most + 1;
    [before, last] = [last, line];
  }
  return last.reduce((least, typos) => Math.min(least, typos), most + 1);
}

/** Return the most typing errors in a query word: 1 from 4 letters, 2 from 8. */
export function findTypoLimit(word) {
  const found = TYPO_LENGTHS.find(([letters]) => word.length >= letters);
  return found ? found[1] : 0;
}

function scoreName(word, prepared) {
  const scores = SCORES.name;
  if (prepared.name === word) return scores.whole;
  if (prepared.name.startsWith(word)) return scores.prefix + 5;
  if (prepared.fields.name.includes(word)) return scores.word;
  if (prepared.fields.name.some((each) => each.startsWith(word))) return scores.prefix;
  return word.length > 1 && prepared.name.includes(word) ? scores.inside : 0;
}

function scoreText(words, parts, scores) {
  if (parts.every((part) => words.includes(part))) return scores.word;
  return parts.every((part) => words.some((each) => each.startsWith(part))) ? scores.prefix : 0;
}

/** Word of a query, with everything that is the same for all items. */
class QueryWord {
  constructor(word) {
    this.word = word;
    this.parts = splitWords(word);
    this.most = findTypoLimit(word);
    this.measured = new Map(); // the summaries of an index repeat few words
  }

  measure(text) {
    let typos = this.measured.get(text);
    if (typos === undefined) {
      typos = measureTypos(this.word, text, this.most);
      this.measured.set(text, typos);
    }
    return typos;
  }
}

/** Return the score of the first field with a similar word; more typing errors score less. */
function scoreTypos(query, prepared) {
  if (!query.most) return 0;
  for (const [field, words] of Object.entries(prepared.fields)) {
    let typos = field === "name" ? measureTypos(query.word, prepared.name, query.most) : query.most + 1;
    for (const text of words) typos = Math.min(typos, query.measure(text));
    if (typos <= query.most) return SCORES[field].typo - typos;
  }
  return 0;
}

function scoreWord(query, prepared, typos) {
  const { word, parts } = query;
  const exact = Math.max(
    scoreName(word, prepared),
    parts.length ? scoreText(prepared.fields.keywords, parts, SCORES.keywords) : 0,
    parts.length ? scoreText(prepared.fields.summary, parts, SCORES.summary) : 0,
  );
  return exact || (typos ? scoreTypos(query, prepared) : 0);
}

function rankBy(query, items, typos) {
  const words = splitQuery(query).map((word) => new QueryWord(word));
  const found = [];
  for (const prepared of words.length ? items : []) {
    const scores = words.map((word) => scoreWord(word, prepared, typos));
    if (scores.every(Boolean)) {
      found.push({ item: prepared.item, score: scores.reduce((sum, each) => sum + each, 0) });
    }
  }
  const compareNames = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
  return found.sort(
    (a, b) =>
      b.score - a.score ||
      a.item.project.length - b.item.project.length ||
      compareNames(a.item.project, b.item.project),
  );
}

/**
 * Return the items that match every word of the query, the best one first.
 *
 * A match in the name precedes one in the keywords, and that one precedes one in the summary.
 * Typing errors are allowed only if nothing matches without one.
 */
export function rankProjects(query, items) {
  const exact = rankBy(query, items, false);
  const found = exact.length ? exact : rankBy(query, items, true);
  return found.map((each) => each.item);
}

/** Return the keys of the shards with the names that begin with a word of the query. */
export function listShardKeys(query) {
  const keys = splitQuery(query).map((word) => word.slice(0, 2));
  return [...new Set(keys)].filter((key) => /^[a-z0-9][a-z0-9-]?$/.test(key));
}

// Page

/**
 * Source of the items: the whole array, or the shards of a query. Each URL is loaded once.
 *
 * The whole array is empty if the index is large.
 */
class ItemSource {
  constructor() {
    this.loaded = new Map();
  }

  async isWhole() {
    return (await this.load("search.json")).length > 0;
  }

  async find(query) {
    if (await this.isWhole()) return this.load("search.json");
    const names = listShardKeys(query).map((key) => `search/${key}.json`);
    const parts = await Promise.all(names.map((name) => this.load(name)));
    return parts.flat();
  }

  load(name) {
    if (!this.loaded.has(name)) {
      const loading = loadItems(locate(name));
      loading.catch(() => this.loaded.delete(name));
      this.loaded.set(name, loading);
    }
    return this.loaded.get(name);
  }
}

/** Return the URL of an object, without the credentials that the address of the page can have. */
function locate(name) {
  const url = new URL(document.body.dataset.root + name, document.baseURI);
  url.username = url.password = ""; // fetch refuses them; the browser sends those of the log-in
  return url;
}

async function loadItems(url) {
  const response = await fetch(url, { headers: { accept: "application/json" } });
  if (response.status === 404) return [];
  if (!response.ok) throw new Error(`${response.status}`);
  return prepareItems(await response.json());
}

function makeElement(name, text, className) {
  const element = document.createElement(name);
  if (text) element.textContent = text;
  if (className) element.className = className;
  return element;
}

function makeResult(item, root) {
  const line = makeElement("li");
  const link = makeElement("a", item.name || item.project);
  link.href = `${root}projects/${encodeURIComponent(item.project)}/`;
  line.append(link);
  if (item.version) line.append(" ", makeElement("span", item.version, "version"));
  else if (item.files) line.append(" ", makeElement("strong", "yanked", "tag"));
  else if (item.status !== "quarantined") line.append(" ", makeElement("strong", "no files", "tag"));
  if (item.status) line.append(" ", makeElement("strong", item.status, "tag"));
  if (item.summary) line.append(" ", makeElement("span", item.summary, "dim"));
  return line;
}

class SearchPage {
  constructor(form) {
    this.form = form;
    this.root = document.body.dataset.root;
    this.box = form.querySelector("input");
    this.list = document.querySelector("[data-results]");
    this.status = document.querySelector("[data-status]");
    this.source = new ItemSource();
    this.latest = 0;
  }

  start() {
    this.box.addEventListener("input", () => this.show());
    this.form.addEventListener("submit", (event) => this.openFirst(event));
    document.addEventListener("keydown", (event) => this.handleKey(event));
    this.box.value = new URLSearchParams(location.search).get("q") || this.box.value;
    this.say("");
    this.show();
  }

  async show() {
    const query = this.box.value;
    const number = ++this.latest;
    this.remember(query);
    if (!splitQuery(query).length) return this.clear(query);
    try {
      const isWhole = await this.source.isWhole();
      const items = await this.source.find(query);
      if (number !== this.latest) return;
      if (isWhole || listShardKeys(query).some((key) => key.length > 1)) {
        return this.showResults(rankProjects(query, items), query, isWhole);
      }
      this.clear(query);
      this.say("Type two letters or more: a large index searches names by their first two.");
    } catch (error) {
      if (number === this.latest) this.say(`The search data did not load (${error.message}). Reload the page.`);
    }
  }

  showResults(found, query, isWhole) {
    const shown = found.slice(0, MAX_RESULTS);
    this.list.replaceChildren(...shown.map((item) => makeResult(item, this.root)));
    this.list.hidden = !shown.length;
    this.hideOthers(true);
    if (!found.length) return this.say(`Nothing found for "${query.trim().slice(0, 80)}". ${this.advise(isWhole)}`);
    const count = found.length === 1 ? "1 project" : `${found.length} projects`;
    this.say(found.length > MAX_RESULTS ? `${count}, the best ${MAX_RESULTS} shown` : count);
  }

  advise(isWhole) {
    return isWhole
      ? "Try fewer or shorter words."
      : "In a large index the first two letters of a name must be right.";
  }

  clear() {
    this.list.replaceChildren();
    this.list.hidden = true;
    this.hideOthers(false);
    this.say("");
  }

  /** Hide the other parts of the home page during a search. */
  hideOthers(isSearching) {
    for (const part of document.querySelectorAll("[data-without-search]")) part.hidden = isSearching;
  }

  say(text) {
    this.status.textContent = text || "\u00a0"; // keeps the height of the line
  }

  remember(query) {
    const url = new URL(location.href);
    if (query) url.searchParams.set("q", query);
    else url.searchParams.delete("q");
    if (url.href !== location.href) history.replaceState(null, "", url.pathname + url.search + url.hash);
  }

  async openFirst(event) {
    event.preventDefault();
    await this.show();
    const first = this.list.querySelector("a");
    if (first) location.assign(first.href);
  }

  handleKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const links = [...this.list.querySelectorAll("a")];
    const place = links.indexOf(document.activeElement);
    const isInside = document.activeElement === this.box || place >= 0;
    if (event.key === "/" && !isInside && !document.activeElement.matches("input, textarea, select")) {
      this.focusBox(event);
    } else if (event.key === "ArrowDown" && isInside && links.length) {
      event.preventDefault();
      links[Math.min(place + 1, links.length - 1)].focus();
    } else if (event.key === "ArrowUp" && place >= 0) {
      if (place === 0) return this.focusBox(event);
      event.preventDefault();
      links[place - 1].focus();
    } else if (event.key === "Escape" && isInside) {
      this.focusBox(event);
      this.box.value = "";
      this.show();
    }
  }

  focusBox(event) {
    event.preventDefault();
    this.box.focus();
    this.box.select();
  }
}

if (typeof document !== "undefined") {
  const form = document.querySelector("form[data-live]");
  if (form) new SearchPage(form).start();
}
