// Cells side by side. A page opened from a file may not fetch, so each cell's data is a script that calls `cellLoaded`.
(() => {
  "use strict";
  const most = 4;
  const table = document.getElementById("compare");
  const factors = JSON.parse(table.dataset.factors);
  const words = [...document.getElementById("why").content.children];
  const loaded = new Map();
  const pick = document.getElementById("pick");
  let shown = [];
  const element = (name, text, className) => {
    const made = document.createElement(name);
    if (text !== undefined) made.textContent = text;
    if (className) made.className = className;
    return made;
  };
  const complain = (text) => {
    const trouble = document.getElementById("trouble");
    trouble.textContent = text;
    trouble.hidden = !text;
  };
  window.cellLoaded = (cell) => loaded.set(cell.cell, cell);

  const load = (id) => new Promise((resolve) => {
    if (loaded.has(id)) { resolve(id); return; }
    const script = document.createElement("script");
    script.src = `cell/${id}.js`;
    script.onload = () => resolve(loaded.has(id) ? id : null);
    script.onerror = () => resolve(null);
    document.head.append(script);
  });

  const line = (title, cells, fill, className) => {
    const row = element("tr", undefined, className);
    const head = element("th", title);
    head.scope = "row";
    const word = words.find((one) => one.dataset.title === title);
    if (word) head.append(" ", word.cloneNode(true));
    row.append(head);
    for (const cell of cells) row.append(fill(cell));
    return row;
  };
  // What a cell's script holds is HTML that was escaped when the site was built.
  const markup = (name, html) => { const made = element(name); made.innerHTML = html; return made; };

  const draw = (cells) => {
    const head = element("tr");
    head.append(element("td"));
    for (const cell of cells) {
      const th = element("th");
      th.scope = "col";
      const link = element("a", cell.name);
      link.href = `cell/${cell.cell}.html`;
      const remove = element("button", "Remove");
      remove.type = "button";
      remove.setAttribute("aria-label", `Remove ${cell.name}`);
      remove.addEventListener("click", () => show(cells.filter((other) => other !== cell).map((other) => other.cell)));
      th.append(link, remove);
      head.append(th);
    }
    table.style.setProperty("--cells", cells.length);
    table.tHead.replaceChildren(head);
    const body = [line("Verdict", cells, (cell) => element("td", cell.verdict, "say"))];
    factors.forEach((factor, index) => {
      const differs = new Set(cells.map((cell) => cell.labels[index])).size > 1;
      const name = factor.replaceAll("_", " ");
      body.push(line(name[0].toUpperCase() + name.slice(1), cells, (cell) => element("td", cell.labels[index]), differs ? "differs" : "same"));
    });
    for (const title of new Set(cells.flatMap((cell) => Object.keys(cell.facts)))) {
      body.push(line(title, cells, (cell) => {
        const row = markup("tbody", `<tr>${cell.facts[title] || "<td>–</td>"}</tr>`);
        return row.firstChild.firstChild;
      }));
    }
    for (const title of new Set(cells.flatMap((cell) => Object.keys(cell.figures)))) {
      body.push(line(title, cells, (cell) => markup("td", cell.figures[title] || "–"), "figure"));
    }
    table.tBodies[0].replaceChildren(...body);
    const ends = [...table.querySelectorAll(".score")].flatMap((td) => ["--a", "--m", "--b"].map((name) => Number(td.style.getPropertyValue(name))));
    if (ends.length) { // the bars span what is compared
      const low = Math.min(...ends);
      table.style.setProperty("--lo", low);
      table.style.setProperty("--hi", Math.max(...ends, low + 0.001));
    }
  };

  const usual = table.dataset.default.split(" ").filter(Boolean);
  const wanted = () => new URLSearchParams(location.hash.slice(1)).getAll("cell").filter((id) => /^[0-9a-f]{8,64}$/.test(id));
  const show = (ids) => {
    const hash = new URLSearchParams(ids.map((id) => ["cell", id])).toString();
    if (location.hash.slice(1) === hash) refresh(); else location.hash = hash;
  };
  const refresh = async () => {
    const chosen = wanted();
    const asked = [...new Set(chosen.length ? chosen : usual)];
    const ids = asked.slice(0, most);
    const found = (await Promise.all(ids.map(load))).filter(Boolean);
    const lost = ids.length - found.length;
    complain([
      lost ? `${lost} of the requested recipes ${lost > 1 ? "are" : "is"} not on this board.` : "",
      asked.length > most ? `Only the first ${most} recipes are shown.` : "",
    ].filter(Boolean).join(" "));
    document.getElementById("frame").hidden = !found.length;
    document.getElementById("key").hidden = !found.length;
    document.getElementById("hint").hidden = chosen.length > 0;
    for (const option of pick.options) option.disabled = found.includes(option.value);
    pick.disabled = found.length >= most;
    shown = found;
    draw(found.map((id) => loaded.get(id)));
    table.dataset.ready = found.length;
  };
  pick.addEventListener("change", () => { if (pick.value) show([...shown, pick.value]); pick.value = ""; });
  document.getElementById("picker").hidden = false;
  addEventListener("hashchange", refresh);
  refresh();
})();
