// The board: DataTables sorts and pages; filters, search, columns and choice live in the address, so that a link shows what its sender saw.
(() => {
  "use strict";
  const node = document.getElementById("board");
  const heads = [...node.tHead.rows[0].cells].map((th) => ({ ...th.dataset }));
  const place = new Map(heads.map((head, index) => [head.key, index]));
  const usual = heads.filter((head) => head.off === undefined).map((head) => head.key);
  const byId = (id) => document.getElementById(id);

  // What the filters ask of a row, read once.
  const rows = [...node.tBodies[0].rows].map((tr) => ({
    tr,
    cell: tr.dataset.c,
    levels: tr.dataset.f.split(" "),
    result: tr.dataset.r,
    view: tr.dataset.v,
    causes: (tr.dataset.w || "").split(" "),
    text: `${tr.cells[1].textContent} ${tr.cells[place.get("outcome")].textContent}`.toLowerCase(),
    name: tr.cells[1].textContent,
  }));
  const facets = [...document.querySelectorAll("fieldset[data-facet]")].map((set) => {
    const { facet: key, index } = set.dataset;
    const boxes = [...set.querySelectorAll("input")].map((input) => ({
      input, place: input.dataset.place, count: input.parentElement.querySelector(".count"),
    }));
    const has = index !== undefined ? (row, value) => row.levels[index] === value
      : key === "result" ? (row, value) => row.result === value : (row, value) => row.causes.includes(value);
    return { key, boxes, has, chosen: [] };
  });
  let words = [];
  let selected = [];
  let view = "all";
  const fits = (facet, row) => !facet.chosen.length || facet.chosen.some((value) => facet.has(row, value));
  const found = (row) => (view === "all" || row.view === view) && words.every((word) => row.text.includes(word));

  // Numbers, with empty cells last whichever way the order runs.
  const ordering = (sign) => (a, b) => {
    if (a === "" || b === "") return (a === "") - (b === "");
    return sign * (a - b);
  };
  const wording = (sign) => (a, b) => {
    if (a === "" || b === "") return (a === "") - (b === "");
    return sign * a.localeCompare(b);
  };
  DataTable.type("words", { order: { pre: (value) => value, asc: wording(1), desc: wording(-1) } });
  DataTable.type("gaps", { order: { pre: (value) => (value === "" || value === "–" || value === null ? "" : Number(value)), asc: ordering(1), desc: ordering(-1) } });

  for (const row of rows) { // a cell without a result has no words to sort by either
    heads.forEach((head, index) => {
      if (head.kind === "text") row.tr.cells[index].dataset.order = row.result === "missing" ? "" : row.tr.cells[index].textContent.trim();
    });
    const box = document.createElement("input");
    box.type = "checkbox";
    box.className = "pick";
    box.title = "Compare";
    box.setAttribute("aria-label", `Compare ${row.name}`);
    row.tr.cells[1].prepend(box);
    row.box = box;
  }
  const state = () => new URLSearchParams(location.hash.slice(1));
  const asked = state();
  const shownColumns = (params) => (params.has("cols") ? params.get("cols").split(",") : usual);
  const [sortKey, sortDir] = (asked.get("sort") || "tier.asc").split(/\.(?=[^.]*$)/);
  const table = new DataTable(node, {
    autoWidth: false,
    columns: heads.map((head) => ({
      name: head.key,
      type: head.kind === "text" ? "words" : "gaps",
      orderSequence: head.best === "desc" ? ["desc", "asc"] : ["asc", "desc"],
      visible: ["tier", "recipe"].includes(head.key) || shownColumns(asked).includes(head.key),
    })),
    deferRender: true,
    layout: { topStart: null, topEnd: null, bottomStart: "pageLength", bottomEnd: "paging" },
    lengthMenu: [50, 100, 200, { label: "all", value: -1 }],
    order: place.has(sortKey) ? [[place.get(sortKey), sortDir === "desc" ? "desc" : "asc"]] : [[0, "asc"]],
    pageLength: 50,
    language: { lengthMenu: "_MENU_ recipes per page", emptyTable: "No recipes", zeroRecords: "No recipe matches these filters" },
  });
  table.search.fixed("filters", (_text, _data, index) => found(rows[index]) && facets.every((facet) => fits(facet, rows[index])));

  const count = () => {
    for (const facet of facets) {
      const others = facets.filter((other) => other !== facet);
      const pool = rows.filter((row) => found(row) && others.every((other) => fits(other, row)));
      for (const box of facet.boxes) {
        const hits = pool.reduce((sum, row) => sum + facet.has(row, box.place), 0);
        box.count.textContent = hits;
        box.input.parentElement.classList.toggle("zero", !hits);
      }
    }
  };
  const tell = () => {
    const shown = table.rows({ search: "applied" }).indexes().toArray();
    const gaps = shown.filter((index) => rows[index].result === "missing").length;
    byId("status").textContent = `${shown.length} of ${rows.length} recipes` + (gaps ? `, ${gaps} without a result` : "");
  };
  const tray = () => {
    byId("tray").hidden = !selected.length;
    byId("tray-text").textContent = selected.length < 2 ? "1 recipe chosen; choose one to three more" : `${selected.length} recipes chosen`;
    const go = byId("tray-go");
    go.href = `compare.html#${new URLSearchParams(selected.map((cell) => ["cell", cell]))}`;
    go.classList.toggle("disabled", selected.length < 2);
    if (selected.length < 2) go.setAttribute("aria-disabled", "true"); else go.removeAttribute("aria-disabled");
    for (const { cell, box } of rows) {
      box.checked = selected.includes(cell);
      box.disabled = selected.length >= 4 && !box.checked;
    }
  };
  let settling = false; // while the state comes from the address it is not written back
  const remember = () => {
    if (settling) return;
    const params = new URLSearchParams();
    const [[column, dir]] = table.order().length ? table.order() : [[0, "asc"]];
    byId("sort").value = heads[column].key;
    if (column !== 0 || dir !== "asc") params.set("sort", `${heads[column].key}.${dir}`);
    if (view !== "all") params.set("view", view);
    if (byId("search").value) params.set("q", byId("search").value);
    for (const facet of facets) {
      for (const box of facet.boxes) if (box.input.checked) params.append(facet.key, box.input.value);
    }
    const shown = heads.filter((_, index) => table.column(index).visible()).map((head) => head.key).slice(2);
    if (shown.join() !== usual.slice(2).join()) params.set("cols", shown.join());
    if (table.page.len() !== 50) params.set("len", table.page.len());
    if (table.page()) params.set("page", table.page() + 1);
    for (const cell of selected) params.append("cell", cell);
    history.replaceState(null, "", `#${params}`);
  };
  const look = (wanted) => {
    const buttons = [...byId("view").querySelectorAll("button")];
    view = buttons.some((button) => button.value === wanted) ? wanted : "all";
    for (const button of buttons) button.setAttribute("aria-pressed", button.value === view);
  };
  const filter = (redraw = true) => {
    words = byId("search").value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const facet of facets) facet.chosen = facet.boxes.filter((box) => box.input.checked).map((box) => box.place);
    if (redraw) table.draw();
    count();
    tell();
    remember();
  };
  const restore = (params) => {
    settling = true;
    byId("search").value = params.get("q") || "";
    look(params.get("view"));
    for (const facet of facets) {
      const values = params.getAll(facet.key);
      for (const box of facet.boxes) box.input.checked = values.includes(box.input.value);
    }
    const shown = shownColumns(params);
    heads.slice(2).forEach((head, index) => {
      if (table.column(index + 2).visible() !== shown.includes(head.key)) table.column(index + 2).visible(shown.includes(head.key), false);
    });
    for (const box of byId("choose").querySelectorAll("input")) box.checked = shown.includes(box.value);
    const [key, dir] = (params.get("sort") || "tier.asc").split(/\.(?=[^.]*$)/);
    if (place.has(key)) table.order([[place.get(key), dir === "desc" ? "desc" : "asc"]]);
    table.page.len(Number(params.get("len")) || 50);
    const known = new Set(rows.map((row) => row.cell));
    selected = params.getAll("cell").filter((cell) => known.has(cell)).slice(0, 4);
    filter();
    const page = Number(params.get("page")) || 1;
    if (page > 1 && page <= table.page.info().pages) table.page(page - 1).draw("page");
    tray();
    settling = false;
  };

  // Unlocked now that they do something.
  for (const facet of facets) for (const box of facet.boxes) box.input.disabled = false;
  byId("tools").hidden = false;
  const narrow = matchMedia("(max-width: 900px)");
  byId("facets").open = !narrow.matches;
  restore(asked);
  node.classList.add("ready");

  byId("facets").addEventListener("change", () => filter());
  byId("view").addEventListener("click", ({ target }) => {
    const button = target.closest("button");
    if (button) { look(button.value); filter(); }
  });
  byId("sort").addEventListener("change", ({ target }) => {
    const index = place.get(target.value);
    table.order([[index, heads[index].best === "desc" ? "desc" : "asc"]]).draw();
  });
  byId("facets").querySelector("form").addEventListener("submit", (event) => event.preventDefault());
  let pause;
  byId("search").addEventListener("input", () => { clearTimeout(pause); pause = setTimeout(filter, 80); });
  byId("choose").addEventListener("change", ({ target }) => {
    table.column(place.get(target.value)).visible(target.checked);
    remember();
  });
  for (const button of node.querySelectorAll(".why")) { // in a heading, which would sort
    for (const kind of ["click", "keypress", "keydown"]) button.addEventListener(kind, (event) => event.stopPropagation());
  }
  table.on("order page length", () => setTimeout(remember));
  // In the order of tiers a line parts one from the next.
  const part = () => {
    const byTier = table.order().length && table.order()[0][0] === 0;
    let before;
    for (const index of table.rows({ page: "current" }).indexes().toArray()) {
      const tier = rows[index].tr.cells[0].textContent;
      rows[index].tr.classList.toggle("next-tier", Boolean(byTier && before !== undefined && tier !== before));
      before = tier;
    }
  };
  // The bars of the scores span what is in view, so that the best fifty differ by more than a dot.
  const fit = () => {
    const shown = table.rows({ page: "current" }).indexes().toArray().map((index) => rows[index].tr.querySelector(".score")).filter(Boolean);
    const values = shown.flatMap((td) => ["--a", "--m", "--b"].map((name) => Number(td.style.getPropertyValue(name))));
    if (!values.length) return;
    const low = Math.min(...values);
    node.style.setProperty("--lo", low);
    node.style.setProperty("--hi", Math.max(...values, low + 0.001));
  };
  table.on("draw", () => { part(); fit(); });
  part();
  fit();
  node.addEventListener("change", ({ target }) => {
    if (!target.classList.contains("pick")) return;
    const cell = target.closest("tr").dataset.c;
    selected = target.checked ? [...selected, cell] : selected.filter((other) => other !== cell);
    tray();
    remember();
  });
  byId("tray-clear").addEventListener("click", () => { selected = []; tray(); remember(); });
  byId("tray-go").addEventListener("click", (event) => { if (selected.length < 2) event.preventDefault(); });
  byId("reset").addEventListener("click", () => { restore(new URLSearchParams()); remember(); });
  byId("link").addEventListener("click", async ({ target }) => {
    try { await navigator.clipboard.writeText(location.href); target.textContent = "Copied"; } catch { target.textContent = "Copy it from the address bar"; }
    setTimeout(() => { target.textContent = "Copy link"; }, 1500);
  });
  document.addEventListener("click", (event) => { if (!byId("choose").contains(event.target)) byId("choose").open = false; });
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") byId("choose").open = false; });
  // Paper has no pages to turn: it gets all rows that fit the filters.
  let length;
  addEventListener("beforeprint", () => { settling = true; length = table.page.len(); table.page.len(-1).draw("page"); });
  addEventListener("afterprint", () => { table.page.len(length).draw("page"); settling = false; });
  addEventListener("hashchange", () => restore(state()));

  // A text that a spreadsheet would take for a formula gets a quote in front.
  const quoted = (text) => (/^[=+@\t]|^-(?![\d.])/.test(text) ? `'${text}` : text).replace(/^.*[",\n].*$/s, (all) => `"${all.replaceAll('"', '""')}"`);
  byId("csv").addEventListener("click", () => {
    const columns = heads.map((head, index) => ({ ...head, index })).filter(({ index }) => table.column(index).visible());
    const titles = ["cell", ...columns.flatMap(({ key, index }) => (key === "trained" ? [key, "trained_interval", "erratic"]
      : key === "test" ? [key, "test_interval"] : [key === "outcome" ? "outcomes" : key.replace(/^f\./, "")]))];
    const lines = table.rows({ search: "applied", order: "applied" }).indexes().toArray().map((at) => {
      const { tr } = rows[at];
      const values = columns.flatMap(({ key, kind, index }) => {
        const td = table.cell(at, index).node();
        const interval = td.querySelector("small");
        const ends = interval ? interval.textContent.replace("–", " to ") : "";
        if (key === "test") return [td.dataset.order ?? "", ends];
        if (key === "trained") return [td.dataset.order ?? "", ends, td.dataset.order ? Boolean(td.querySelector(".erratic")) : ""];
        if (kind !== "text") return [td.dataset.order ?? td.textContent];
        const chips = [...td.querySelectorAll(".chip")].map((chip) => chip.textContent);
        return [chips.length ? chips.join(" + ") : td.textContent];
      });
      return [tr.dataset.c, ...values].map((value) => quoted(String(value).trim())).join(",");
    });
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([[titles.map(quoted).join(","), ...lines].join("\r\n"), "\r\n"], { type: "text/csv" }));
    link.download = `${node.dataset.name}-view.csv`;
    link.click();
    URL.revokeObjectURL(link.href);
  });
})();
