// The search page: every word asked for must occur; titles count more than other words. What is asked is in the address.
(() => {
  const most = 60;
  const kinds = ["Page", "Benchmark", "Advice", "Term", "Recipe"];
  let entries = [];
  window.searchIndex = (found) => {
    entries = found.map(([kind, title, path, more]) => ({ kind, title, path, more, text: `${title} ${more}`.toLowerCase() }));
  };
  addEventListener("DOMContentLoaded", () => {
    const form = document.getElementById("search-form");
    const query = document.getElementById("query");
    const status = document.getElementById("status");
    const hits = document.getElementById("hits");
    const rank = (entry, words) => {
      const title = entry.title.toLowerCase();
      return kinds.indexOf(entry.kind) - 10 * words.filter((word) => title.includes(word)).length;
    };
    const line = (entry) => {
      const item = document.createElement("li");
      const link = document.createElement("a");
      const more = document.createElement("small");
      link.href = entry.path;
      link.textContent = entry.title;
      more.textContent = entry.kind === "Recipe" || entry.kind === "Advice" ? `${entry.kind}, ${entry.more}` : entry.kind;
      item.append(link, " ", more);
      return item;
    };
    const show = () => {
      const words = query.value.toLowerCase().split(/[\s·,]+/).filter(Boolean);
      const found = words.length ? entries.filter((entry) => words.every((word) => entry.text.includes(word))) : [];
      found.sort((a, b) => rank(a, words) - rank(b, words));
      hits.replaceChildren(...found.slice(0, most).map(line));
      const rest = found.length > most ? `, the first ${most} shown` : "";
      status.textContent = words.length ? `${found.length.toLocaleString("en")} found${rest}` : `${entries.length.toLocaleString("en")} entries`;
    };
    const asked = () => new URLSearchParams(location.hash.slice(1)).get("q") ?? "";
    form.hidden = false;
    form.addEventListener("submit", (event) => event.preventDefault());
    query.addEventListener("input", () => {
      history.replaceState(null, "", query.value ? `#${new URLSearchParams({ q: query.value })}` : location.pathname);
      show();
    });
    addEventListener("hashchange", () => { query.value = asked(); show(); });
    query.value = asked();
    show();
    query.focus();
  });
})();
