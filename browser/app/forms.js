// Small courtesies for ordinary <form>s: no double sending, filters that send themselves, page-wide selection.
addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.dataset.again !== undefined || form.method === "get") return;
  if (form.dataset.sent) return event.preventDefault();
  form.dataset.sent = "yes";
  for (const button of form.querySelectorAll('button[type="submit"], button:not([type])')) button.setAttribute("aria-busy", "true");
});

addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) {
    delete form.dataset.sent;
    for (const button of form.querySelectorAll('[aria-busy="true"]')) button.removeAttribute("aria-busy");
  }
});

// By keyboard a closed list changes at every arrow: it is sent with Enter or the form's button, else one got no further than
// the next choice. Where Space or Alt opened it, what is chosen goes at once, as with a mouse.
let stepped; // the list that somebody goes through
addEventListener("keydown", (event) => {
  const list = event.target.closest?.("select[data-send-on-change]");
  if (!list) return;
  if (event.key === "Enter" && stepped === list) {
    event.preventDefault();
    list.form?.requestSubmit();
  }
  if (event.key !== "Tab") stepped = event.altKey || [" ", "Enter"].includes(event.key) ? null : list;
});
addEventListener("pointerdown", () => { stepped = null; });

addEventListener("change", (event) => {
  const field = event.target.closest?.("[data-send-on-change]");
  if (field && field !== stepped) field.form?.requestSubmit();
  if (event.target.matches?.("[data-tick-all]")) tickAll(event.target);
  if (event.target.matches?.('[data-rows] input[type="checkbox"]')) selection();
});

function tickAll(all) {
  for (const box of document.querySelectorAll('[data-rows] [data-row] input[type="checkbox"]')) box.checked = all.checked;
  selection();
}

/** The bulk bar ([data-bulk]) shows while something is ticked; [data-bulk-count] says how many. */
function selection() {
  const n = document.querySelectorAll('[data-rows] [data-row] input[type="checkbox"]:checked').length;
  for (const bar of document.querySelectorAll("[data-bulk]")) bar.hidden = n === 0;
  for (const count of document.querySelectorAll("[data-bulk-count]")) count.textContent = String(n);
}
