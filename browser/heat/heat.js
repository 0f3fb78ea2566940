// <div data-heat='{"A3": {"level": 4, "text": "2.3 天", "title": "审核 · 2.3 天"}}'> around a drawing (diagram.js): each
// element gets its colour and a badge with its number; pressing one shows its row of the table <tr data-element="A3">.
// Loaded before diagram.js, so that no drawing is finished unheard. Names are text, never markup.
document.addEventListener("licet:drawn", ({ target }) => {
  const place = target.closest("[data-heat]");
  if (place) paint(target.licetDiagram, JSON.parse(place.dataset.heat));
});

function paint(viewer, figures) {
  const canvas = viewer.get("canvas");
  const known = viewer.get("elementRegistry");
  for (const [id, { level, text, title }] of Object.entries(figures)) {
    const element = known.get(id);
    if (!element) continue;
    const around = element.children?.some((child) => child.type !== "label") ? "around-" : ""; // what lies in it stays readable
    if (level !== null) canvas.addMarker(id, `heat-${around}${level < 0 ? "less" : level === 0 ? "same" : "more"}-${Math.abs(level)}`);
    const badge = Object.assign(document.createElement("span"), { className: "heat-badge", textContent: text, title });
    viewer.get("overlays").add(id, { position: { top: -11, left: element.width / 2 }, html: badge, scale: { min: 0.8, max: 1.2 } });
  }
}

document.addEventListener("licet:element", ({ target, detail }) => {
  const place = target.closest("[data-heat]");
  const box = place?.querySelector("[data-heat-chosen]");
  if (!box) return;
  for (const old of document.querySelectorAll("tr.heat-here")) old.classList.remove("heat-here");
  const row = [...document.querySelectorAll("tr[data-element]")].find((one) => one.dataset.element === detail.id);
  box.replaceChildren(...(row ? told(row) : []));
  box.hidden = !row;
  row?.classList.add("heat-here");
});

/** The cells of a row as a list of terms; its link stays one. */
function told(row) {
  const [head, ...cells] = row.children;
  const name = Object.assign(document.createElement("h3"), {});
  name.append(...[...head.childNodes].map((node) => node.cloneNode(true)));
  const list = document.createElement("dl");
  for (const cell of cells) {
    const value = document.createElement("dd");
    value.append(...[...cell.childNodes].map((node) => node.cloneNode(true)));
    list.append(Object.assign(document.createElement("dt"), { textContent: cell.dataset.label ?? "" }), value);
  }
  return [name, list];
}
