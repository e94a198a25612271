// SPDX-License-Identifier: BSD-3-Clause
// The frame of all pages: header, banner, routes. Pages are fetched when they are first opened.

import { Atlas } from "./data";
import { h } from "./dom";
import { href, type Context, type Page } from "./context";
import { searchBox } from "./search";
import { start } from "./start";

type Draw = (context: Context) => Page | Promise<Page>;

const PAGES: Record<string, () => Promise<Draw>> = {
  "": async () => start,
  mirna: async () => (await import("./pages/mirna")).mirna,
  type: async () => (await import("./pages/type")).type,
  tissue: async () => { const { term } = await import("./pages/term"); return (context) => term(context, "tissue"); },
  disease: async () => { const { term } = await import("./pages/term"); return (context) => term(context, "disease"); },
  gene: async () => (await import("./pages/network")).gene,
  datasets: async () => (await import("./pages/lists")).datasets,
  mirnas: async () => (await import("./pages/lists")).mirnas,
  types: async () => (await import("./pages/lists")).types,
  terms: async () => (await import("./pages/lists")).terms,
  dataset: async () => (await import("./pages/dataset")).dataset,
  dots: async () => (await import("./pages/dots")).dots,
  network: async () => (await import("./pages/network")).network,
  crosstalk: async () => (await import("./pages/crosstalk")).crosstalk,
  compare: async () => (await import("./pages/compare")).compare,
  list: async () => (await import("./pages/list")).list,
  downloads: async () => (await import("./pages/texts")).downloads,
  methods: async () => (await import("./pages/texts")).methods,
  cite: async () => (await import("./pages/texts")).cite,
  api: async () => (await import("./pages/texts")).api,
};

const FORMER: Record<string, string> = { miRNA: "mirna", cell: "type", celltype: "type", cell_type: "type", data: "dataset", dotplot: "dots", download: "downloads", about: "methods" };

const NAV: [string, string][] = [["mirnas", "miRNAs"], ["types", "Cell types"], ["terms", "Tissues & diseases"], ["datasets", "Data sets"],
  ["compare", "Compare"], ["dots", "Dot plot"], ["network", "Networks"], ["crosstalk", "Cross-talk"], ["list", "Paste a list"], ["downloads", "Downloads"]];
const FOOT: [string, string][] = [["methods", "Methods"], ["cite", "How to cite"], ["downloads", "Downloads"], ["api", "Files for programs"]];

function address(): { name: string; path: string[]; query: URLSearchParams } {
  const text = location.hash.replace(/^#\/?/, "");
  const mark = text.indexOf("?");
  const parts = (mark < 0 ? text : text.slice(0, mark)).split("/").map((part) => {
    try { return decodeURIComponent(part); } catch { return part; }
  });
  return { name: parts[0] ?? "", path: parts.slice(1), query: new URLSearchParams(mark < 0 ? "" : text.slice(mark + 1)) };
}

async function run(): Promise<void> {
  const main = document.getElementById("main")!;
  let atlas: Atlas;
  try {
    atlas = await Atlas.open();
  } catch (error) {
    main.replaceChildren(h("h1", {}, "The atlas cannot be read"), h("p", {}, (error as Error).message));
    return;
  }
  const { manifest } = atlas;
  const nav = h("ul", { id: "pages" }, NAV.map(([page, label]) => h("li", {}, h("a", { href: href(page), "data-page": page }, label))));
  const menu = h("button", { type: "button", class: "menu quiet", "aria-expanded": "false", "aria-controls": "pages", onclick: () => {
    const open = menu.getAttribute("aria-expanded") !== "true";
    menu.setAttribute("aria-expanded", String(open));
    nav.classList.toggle("open", open);
  } }, "Menu");
  const headSearch = searchBox(atlas, false);
  document.getElementById("header")!.replaceChildren(
    h("div", { class: "bar" }, h("a", { class: "brand", href: "#/" }, manifest.title), headSearch, menu),
    h("nav", { "aria-label": "Pages" }, nav));
  document.getElementById("banner")!.replaceChildren(
    h("p", {}, h("strong", {}, "Predictions, not measurements."), " Every value here was predicted from mRNA by a model: a hypothesis to test. ",
      h("a", { href: href("methods") }, "What that means")), manifest.note ? h("p", {}, manifest.note) : "", manifest.excerpt ? h("p", {}, manifest.excerpt.words) : "");
  document.getElementById("footer")!.replaceChildren(
    h("ul", {}, FOOT.map(([page, label]) => h("li", {}, h("a", { href: href(page) }, label)))),
    h("p", {}, `${manifest.made_by} · model ${manifest.model.name} (${manifest.model.checksum.slice(0, 8)}) · ${manifest.build}`));

  let drawn = 0, leave: (() => void) | undefined, seen = "";
  async function draw(): Promise<void> {
    const mine = ++drawn;
    let { name, path, query } = address();
    if (FORMER[name]) {
      location.replace(href(FORMER[name]!, path[0], Object.fromEntries(query)));
      return;
    }
    leave?.();
    leave = undefined;
    main.setAttribute("aria-busy", "true");
    const slow = setTimeout(() => { if (mine === drawn) main.replaceChildren(h("p", { class: "loading", role: "status" }, "Reading …")); }, 250);
    let page: Page;
    try {
      const open = PAGES[name];
      if (!open) {
        page = { title: "Not found", body: [h("h1", {}, "Not found"), h("p", {}, "There is no such page."), h("p", {}, h("a", { href: "#/" }, "Search the atlas"))] };
      } else {
        const [make] = await Promise.all([open(), name ? atlas.tables() : null]);
        page = await make({ atlas, path, query, keep: (values) => {
          for (const [key, value] of Object.entries(values)) if (value) query.set(key, value); else query.delete(key);
          const text = query.toString();
          seen = location.hash.replace(/\?.*$/, "") + (text ? "?" + text : "");
          history.replaceState(null, "", seen);
        } });
      }
    } catch (error) {
      console.warn(error);
      page = { title: "Error", body: [h("h1", {}, "This page could not be made"), h("p", {}, (error as Error).message)] };
    }
    clearTimeout(slow);
    if (mine !== drawn) {
      page.leave?.();
      return;
    }
    if (page.moved) {
      location.replace(page.moved);
      return;
    }
    leave = page.leave;
    main.replaceChildren(...page.body);
    main.removeAttribute("aria-busy");
    document.title = name ? `${page.title} · ${manifest.title}` : manifest.title;
    headSearch.hidden = !name;
    nav.classList.remove("open");
    menu.setAttribute("aria-expanded", "false");
    for (const link of nav.querySelectorAll("a")) {
      if (link.dataset.page === name || link.dataset.page === name + "s" || (link.dataset.page === "terms" && (name === "tissue" || name === "disease"))) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
    if (mine > 1) {
      window.scrollTo(0, 0);
      const head = main.querySelector("h1");
      head?.setAttribute("tabindex", "-1");
      (head as HTMLElement | null)?.focus({ preventScroll: true });
    }
    document.documentElement.dataset.page = name || "start";
    performance.mark("page-drawn");
  }
  window.addEventListener("hashchange", () => { if (location.hash !== seen) { seen = ""; void draw(); } });
  document.getElementById("skip")!.addEventListener("click", (event) => {
    event.preventDefault();
    main.focus();
  });
  await draw();
}

void run();
