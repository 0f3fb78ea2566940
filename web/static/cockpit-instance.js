// Pressing an element of the drawing shows its visits alone; pressing beside it, or the button, shows them all again.
const list = document.querySelector("[data-passed]");
const only = list?.querySelector(".passed-only");

function show(id) {
  const rows = [...list.querySelectorAll("details[data-element]")];
  const mine = rows.find((row) => row.dataset.element === id);
  for (const row of rows) row.hidden = Boolean(mine) && row !== mine;
  only.hidden = !mine;
  if (!mine) return;
  mine.open = true;
  mine.querySelector("summary").focus({ preventScroll: true });
  mine.scrollIntoView({ block: "nearest" });
}

if (list) {
  document.addEventListener("licet:element", ({ detail }) => show(detail.id));
  list.querySelector("[data-passed-all]").addEventListener("click", () => show(null));
  if (list.dataset.element) show(list.dataset.element);
}
