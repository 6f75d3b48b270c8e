// Tests of the pure functions of home.js, changes.js and dependents.js; test_page_scripts.py runs
// them: node --test
import assert from "node:assert/strict";
import { test } from "node:test";
import { pathToFileURL } from "node:url";

const { addTotals, formatTime, formatTotals } = await import(pathToFileURL(process.env.HOME_SCRIPT));
const { describeChange, groupByDay } = await import(pathToFileURL(process.env.CHANGES_SCRIPT));
const { findDependents, listShards } = await import(pathToFileURL(process.env.DEPENDENTS_SCRIPT));

test("totals are a sentence", () => {
  assert.equal(formatTotals({ projects: 1, files: 1234567 }), "1 project, 1,234,567 files");
  assert.equal(formatTotals({ projects: 0, files: 1 }), "0 projects, 1 file");
});

test("a token with a scope counts its own projects", () => {
  assert.deepEqual(addTotals([{ files: 2 }, { files: 3 }, {}]), { projects: 3, files: 5 });
});

test("times are in UTC, without fractions", () => {
  assert.equal(formatTime("2026-11-29T08:15:30Z"), "2026-11-29 08:15 UTC");
});

test("changes are grouped by day, in their order", () => {
  const items = ["2026-11-29T10:00:00Z", "2026-11-29T09:00:00Z", "2026-11-28T23:59:59Z"].map((time) => ({ time }));
  assert.deepEqual(groupByDay(items), [
    ["2026-11-29", items.slice(0, 2)],
    ["2026-11-28", items.slice(2)],
  ]);
});

test("a change names its subject and its author", () => {
  const item = { project: "acme", name: "Acme", kind: "unyanked", release: "1.0", time: "2026-11-29T10:05:00Z" };
  assert.deepEqual(describeChange(item), {
    time: "10:05",
    name: "Acme",
    target: "1.0",
    text: "yank lifted by an operator",
  });
  assert.equal(describeChange({ ...item, file: "acme-1.0.tar.gz" }).target, "acme-1.0.tar.gz");
  assert.equal(describeChange({ ...item, kind: "released", author: "ci" }).text, "released by ci");
  assert.equal(describeChange({ ...item, kind: "released" }).text, "released");
  assert.equal(describeChange({ ...item, kind: "toString", author: "x" }).text, "toString by x");
});

test("dependents are sorted, and malformed items are left out", () => {
  const items = [
    { project: "b", requires: ["acme", "x"] },
    { project: "a", requires: ["acme"] },
    { project: "c", requires: ["acme-extra"] },
    { project: "d" },
    null,
    { project: "e", requires: "acme" },
  ];
  assert.deepEqual(findDependents(items, "acme").map((item) => item.project), ["a", "b"]);
  assert.deepEqual(findDependents(items, "none"), []);
});

test("all possible shards are listed once", () => {
  const names = listShards();
  assert.equal(names.length, 36 * 38);
  assert.equal(new Set(names).size, names.length);
  for (const key of ["a", "zz", "0-", "9a"]) assert.ok(names.includes(`search/${key}.json`), key);
});
