// A button with data-insert writes its text where one typed last, among the fields with data-insertable of its form.
let place; // the field that was typed in last
addEventListener("focusin", ({ target }) => {
  if (target.matches?.("[data-insertable]")) place = target;
});

addEventListener("click", (event) => {
  const button = event.target.closest?.("button[data-insert]");
  if (!button) return;
  const field = place?.isConnected ? place : document.querySelector("[data-insertable]");
  if (!field) return;
  field.setRangeText(button.dataset.insert, field.selectionStart, field.selectionEnd, "end");
  field.focus();
  field.dispatchEvent(new Event("input", { bubbles: true }));
});
