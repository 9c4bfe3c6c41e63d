// Filters of the list of claims. They live in the address, so that a link shows what its sender saw; a claim's own anchor stays one.
(() => {
  "use strict";
  const claims = [...document.querySelectorAll("article.claim")];
  const form = document.querySelector("#facets form");
  const status = document.getElementById("status");
  if (!form) return;
  const facets = [...form.querySelectorAll("fieldset")].map((set) => ({
    key: set.dataset.facet, boxes: [...set.querySelectorAll("input")],
  }));
  const chosen = (facet) => facet.boxes.filter((box) => box.checked).map((box) => box.value);
  const has = (claim, key, values) => !values.length || claim.dataset[key].split(" ").some((value) => values.includes(value));
  const show = () => {
    let shown = 0;
    for (const claim of claims) {
      claim.hidden = !facets.every((facet) => has(claim, facet.key, chosen(facet)));
      shown += !claim.hidden;
    }
    for (const topic of document.querySelectorAll("section.topic")) topic.hidden = !topic.querySelector("article:not([hidden])");
    for (const facet of facets) {
      const others = facets.filter((other) => other !== facet);
      for (const box of facet.boxes) {
        const count = claims.filter((claim) => has(claim, facet.key, [box.value]) && others.every((other) => has(claim, other.key, chosen(other)))).length;
        box.parentElement.querySelector(".count").textContent = count;
        box.parentElement.classList.toggle("zero", !count);
      }
    }
    status.hidden = false;
    status.textContent = `${shown} of ${claims.length} claims`;
  };
  const remember = () => {
    const params = new URLSearchParams();
    for (const facet of facets) for (const value of chosen(facet)) params.append(facet.key, value);
    history.replaceState(null, "", params.size ? `#${params}` : location.pathname.split("/").pop() || ".");
  };
  const read = () => {
    const asked = new URLSearchParams(location.hash.slice(1));
    const known = facets.some((facet) => asked.has(facet.key));
    for (const facet of facets) for (const box of facet.boxes) box.checked = known && asked.getAll(facet.key).includes(box.value);
    show();
    if (!known && location.hash) document.getElementById(location.hash.slice(1))?.scrollIntoView();
  };
  form.addEventListener("change", () => { remember(); show(); });
  form.addEventListener("reset", () => setTimeout(() => { remember(); show(); }));
  addEventListener("hashchange", read);
  if (matchMedia("(max-width: 900px)").matches) document.getElementById("facets").open = false;
  read();
})();
