// Pictures of a recipe to take away: a drawing gets the colours of the page, and is saved as SVG or PNG.
(() => {
  "use strict";
  const looks = ["fill", "stroke", "stroke-width", "stroke-dasharray", "font-size", "font-weight", "font-family", "text-anchor"];
  const frame = document.querySelector(".figures");
  if (!frame) return;

  const standalone = (drawing) => {
    const copy = drawing.cloneNode(true);
    const [, , width, height] = drawing.getAttribute("viewBox").split(" ");
    copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
    copy.setAttribute("width", width);
    copy.setAttribute("height", height);
    const originals = drawing.querySelectorAll("*");
    copy.querySelectorAll("*").forEach((element, index) => {
      const style = getComputedStyle(originals[index]);
      for (const name of looks) element.setAttribute(name, style.getPropertyValue(name));
      element.removeAttribute("class");
    });
    const ground = document.createElementNS("http://www.w3.org/2000/svg", "rect");
    ground.setAttribute("width", "100%");
    ground.setAttribute("height", "100%");
    ground.setAttribute("fill", getComputedStyle(document.body).backgroundColor);
    copy.prepend(ground);
    return { text: new XMLSerializer().serializeToString(copy), width: Number(width), height: Number(height) };
  };

  const save = (blob, name) => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = name;
    link.click();
    URL.revokeObjectURL(link.href);
  };

  const ways = {
    svg: ({ text }, name) => save(new Blob([text], { type: "image/svg+xml" }), name),
    png: ({ text, width, height }, name) => {
      const image = new Image();
      image.onload = () => {
        const canvas = document.createElement("canvas");
        canvas.width = 3 * width;
        canvas.height = 3 * height;
        canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
        canvas.toBlob((blob) => save(blob, name));
      };
      image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
    },
  };

  for (const figure of frame.querySelectorAll("figure")) {
    const title = figure.querySelector("h2").textContent;
    const row = document.createElement("span");
    row.className = "save";
    for (const [ending, write] of Object.entries(ways)) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = ending.toUpperCase();
      button.setAttribute("aria-label", `Save ${title} as ${ending.toUpperCase()}`);
      button.addEventListener("click", () => write(standalone(figure.querySelector("svg")), `${frame.dataset.name}-${figure.dataset.figure}.${ending}`));
      row.append(button);
    }
    figure.querySelector("h2").append(row);
  }
})();
