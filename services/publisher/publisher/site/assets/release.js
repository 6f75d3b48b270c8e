// Conveniences of a project's and a release's page; both pages are complete without them.
// Texts go into the page as text nodes only.
"use strict";
{
  const body = document.body;
  const root = new URL(body.dataset.root, location.href);
  // fetch refuses URLs with the credentials that a reader typed into the address of the page.
  root.username = root.password = root.search = root.hash = "";
  const index = new URL("simple/", root);

  const fetchJson = async (path) => {
    const response = await fetch(new URL(path, root), { credentials: "same-origin" });
    if (!response.ok) throw new Error(`${path}: ${response.status}`);
    return response.json();
  };

  for (const place of document.querySelectorAll("[data-index-url]")) place.textContent = index.href;

  // Copy a command.
  for (const button of document.querySelectorAll("[data-copy]")) {
    button.addEventListener("click", async () => {
      const text = button.parentElement.querySelector("pre").textContent.trim();
      try {
        await navigator.clipboard.writeText(text);
        button.textContent = "Copied";
      } catch {
        getSelection().selectAllChildren(button.parentElement.querySelector("code"));
        button.textContent = "Selected";
      }
      setTimeout(() => { button.textContent = "Copy"; }, 2000);
    });
  }

  // Let the keyboard scroll wide tables of the description.
  for (const table of document.querySelectorAll(".readme table")) {
    if (table.scrollWidth > table.clientWidth) table.tabIndex = 0;
  }

  // Filter the files by interpreter, ABI and platform; files without tags are sdists and stay.
  const filters = document.querySelector("[data-filters]");
  if (filters) {
    const choices = [...filters.querySelectorAll("[data-column]")];
    const files = [...document.querySelectorAll("[data-tags]")].map((item) => ({
      item,
      tags: item.dataset.tags.split("|").map((column) => column.split(" ").filter(Boolean)),
    }));
    const apply = () => {
      let shown = 0;
      for (const { item, tags } of files) {
        const fits = ({ value, dataset }) =>
          !value || !tags[dataset.column].length || tags[dataset.column].includes(value);
        item.hidden = !choices.every(fits);
        shown += item.hidden ? 0 : 1;
      }
      filters.querySelector("[data-shown]").textContent = `${shown} of ${files.length}`;
    };
    filters.addEventListener("change", apply);
    filters.addEventListener("submit", (event) => event.preventDefault());
    apply(); // browsers restore choices after a reload
  }

  // Say that another version is the newest one. A release's page does not know the others.
  // A pre-release or a yanked release can follow the latest one, which installers choose.
  const newer = document.querySelector("[data-newer]");
  const { project, version } = body.dataset;
  const compareReleases = async () => {
    const { latest, releases } = await fetchJson(`projects/${project}/releases.json`);
    if (!latest || latest === version) return;
    // The newest release is first.
    const first = releases.find((release) => [version, latest].includes(release.version));
    const isNewer = first?.version === version;
    const link = document.createElement("a");
    link.href = new URL(`projects/${project}/`, root).href;
    link.textContent = `${isNewer ? "Version that installers choose" : "Newest version"}: ${latest}`;
    newer.replaceChildren(link);
  };
  if (newer) compareReleases().catch(() => {});

  // Link the dependencies that are projects of this index, and that the reader may see.
  const dependencies = [...document.querySelectorAll("[data-dependency]")];
  const findShard = (name) => fetchJson(`search/${name.slice(0, 2)}.json`).catch(() => []);
  const linkDependencies = async () => {
    const names = new Set(dependencies.map((item) => item.dataset.dependency));
    let items = await fetchJson("search.json");
    if (!items.length) {
      const shards = new Map([...names].map((name) => [name.slice(0, 2), name]));
      items = (await Promise.all([...shards.values()].slice(0, 20).map(findShard))).flat();
    }
    const known = new Set(items.map((item) => item.project));
    for (const item of dependencies) {
      if (!known.has(item.dataset.dependency)) continue;
      const link = document.createElement("a");
      link.href = new URL(`projects/${item.dataset.dependency}/`, root).href;
      link.append(...item.childNodes);
      item.append(link);
    }
  };
  if (dependencies.length) linkDependencies().catch(() => {});
}
