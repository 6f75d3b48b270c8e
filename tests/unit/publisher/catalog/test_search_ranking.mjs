// Tests of the ranking in search.js; test_page_scripts.py runs them: node --test
import assert from "node:assert/strict";
import { test } from "node:test";
import { pathToFileURL } from "node:url";

const search = await import(pathToFileURL(process.env.SEARCH_SCRIPT));
const { findTypoLimit, listShardKeys, measureTypos, prepareItems, rankProjects, splitQuery } = search;

const ITEMS = prepareItems([
  { project: "requests", summary: "HTTP for humans" },
  { project: "requests-cache", summary: "Cache for requests" },
  { project: "acme-http", summary: "Clients", keywords: ["rest", "web"] },
  { project: "acme-web", summary: "Pages" },
  { project: "weather", summary: "Reads a web service" },
  { project: "numpy", summary: "Arrays", keywords: ["science"] },
  { project: "zope-interface", summary: "Interfaces", name: "zope.interface" },
  { project: "cafe", summary: "Un café élégant" },
]);

const find = (query, items = ITEMS) => rankProjects(query, items).map((item) => item.project);

test("the whole name precedes names that begin with it", () => {
  assert.deepEqual(find("requests"), ["requests", "requests-cache"]);
});

test("names precede keywords, and keywords precede summaries", () => {
  assert.deepEqual(find("web"), ["acme-web", "acme-http", "weather"]);
});

test("a prefix of a word is found in each field", () => {
  assert.deepEqual(find("requ"), ["requests", "requests-cache"]);
  assert.deepEqual(find("scie"), ["numpy"]);
  assert.deepEqual(find("hum"), ["requests"]);
  assert.deepEqual(find("cach"), ["requests-cache"]);
});

test("every word must match, in any field", () => {
  assert.deepEqual(find("acme pages"), ["acme-web"]);
  assert.deepEqual(find("acme nothing"), []);
});

test("all spellings of a name are equal", () => {
  for (const query of ["zope.interface", "Zope_Interface", "zope-interface", "ZOPE--INTERFACE "]) {
    assert.deepEqual(find(query), ["zope-interface"], query);
  }
});

test("a middle part of a name is found", () => {
  assert.deepEqual(find("eath"), ["weather"]);
});

test("accents do not matter", () => {
  assert.deepEqual(find("elegant"), ["cafe"]);
  assert.deepEqual(find("café"), ["cafe"]);
});

test("one typing error is allowed from 4 letters, two from 8", () => {
  assert.deepEqual([3, 4, 7, 8].map((n) => findTypoLimit("x".repeat(n))), [0, 1, 1, 2]);
  assert.deepEqual(find("nmupy"), ["numpy"]);
  assert.deepEqual(find("numppy"), ["numpy"]);
  assert.deepEqual(find("nupy"), ["numpy"]);
  assert.deepEqual(find("nnppy"), []);
  assert.deepEqual(find("reqeusst"), ["requests", "requests-cache"]);
  assert.deepEqual(find("wxb"), []);
});

test("typing errors are allowed only if nothing matches without one", () => {
  const items = prepareItems([{ project: "tests" }, { project: "text" }, { project: "my-test" }]);
  assert.deepEqual(find("test", items), ["my-test", "tests"]);
  assert.deepEqual(find("tesx", items), ["text", "tests", "my-test"]);
});

test("a word with a typing error and a word without one match together", () => {
  assert.deepEqual(find("acme clietns"), ["acme-http"]);
});

test("equal scores are sorted by length, then by name", () => {
  const items = prepareItems(["bb-x", "aa-x", "a-x"].map((project) => ({ project })));
  assert.deepEqual(find("x", items), ["a-x", "aa-x", "bb-x"]);
});

/** Return the distance from a word to the nearest prefix of a text, by the definition. */
function measureByDefinition(word, text) {
  const rows = Array.from({ length: word.length + 1 }, (_, row) => [row]);
  for (let column = 1; column <= text.length; column++) rows[0][column] = column;
  for (let row = 1; row <= word.length; row++) {
    for (let column = 1; column <= text.length; column++) {
      const same = word[row - 1] === text[column - 1];
      const costs = [rows[row - 1][column] + 1, rows[row][column - 1] + 1, rows[row - 1][column - 1] + !same];
      const swapped = word[row - 1] === text[column - 2] && word[row - 2] === text[column - 1];
      if (row > 1 && column > 1 && swapped) costs.push(rows[row - 2][column - 2] + 1);
      rows[row][column] = Math.min(...costs);
    }
  }
  return Math.min(...rows[word.length]);
}

test("the distance equals its definition for all short words", () => {
  const words = [""];
  for (let from = 0, length = 0; length < 5; length++) {
    const end = words.length;
    for (; from < end; from++) for (const letter of "ab") words.push(words[from] + letter);
  }
  words.push("abcdef", "bacdfe", "abdcef", "acbdfe", "xabcdefy", "abcdefgh", "cdefab");
  for (const word of words) {
    for (const text of words) {
      for (const most of [0, 1, 2]) {
        const expected = Math.min(measureByDefinition(word, text), most + 1);
        assert.equal(measureTypos(word, text, most), expected, `${word} ${text} ${most}`);
      }
    }
  }
});

test("the distance is that of the nearest prefix", () => {
  assert.equal(measureTypos("abcd", "abcd", 1), 0);
  assert.equal(measureTypos("abcd", "abcdefgh", 1), 0);
  assert.equal(measureTypos("abcd", "abdc", 1), 1);
  assert.equal(measureTypos("abcd", "abxd", 1), 1);
  assert.equal(measureTypos("abcd", "wxyz", 1), 2);
  assert.equal(measureTypos("abcd", "", 1), 2);
  assert.equal(measureTypos("kitten", "sitting", 3), 2);
});

test("queries without words find nothing", () => {
  for (const query of ["", "  ", "...", "<>&", "\u202e"]) assert.deepEqual(find(query), [], query);
});

test("malformed items are left out", () => {
  assert.deepEqual(prepareItems([null, 1, {}, { project: 7 }, { project: "a" }]).length, 1);
});

test("a query has eight words at most", () => {
  assert.equal(splitQuery("a b c d e f g h i j").length, 8);
});

test("the shards of a query are those of its words", () => {
  assert.deepEqual(listShardKeys("Zope.Interface acme-web zo"), ["zo", "ac"]);
  assert.deepEqual(listShardKeys("x"), ["x"]);
  assert.deepEqual(listShardKeys("a-b"), ["a-"]);
  assert.deepEqual(listShardKeys("日本 ../.."), []);
});

test("five thousand projects are ranked", () => {
  const items = prepareItems(
    Array.from({ length: 5000 }, (_, n) => ({ project: `project-${n}`, summary: "One of many projects" })),
  );
  assert.equal(find("project-4999", items)[0], "project-4999");
  assert.equal(find("projcet-4999", items)[0], "project-4999");
});
