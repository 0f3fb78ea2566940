// A native <dialog> instead of window.confirm: <button data-confirm="确定注销这本证书吗？" data-confirm-yes="注销">.
import { text } from "./text.js";

const node = (name, props, ...children) => {
  const made = Object.assign(document.createElement(name), props);
  made.append(...children);
  return made;
};

/** Ask; resolves to true or false. The safe answer has the focus. */
export function ask(question, { yes = text("确定"), danger = false } = {}) {
  return new Promise((resolve) => {
    const words = node("p", { id: "licet-confirm-words", textContent: question });
    const no = node("button", { type: "button", className: "btn", textContent: text("取消"), autofocus: true });
    const go = node("button", { type: "button", className: `btn ${danger ? "btn-danger" : "btn-primary"}`, textContent: yes });
    const dialog = node("dialog", { className: "licet-dialog" }, words, node("div", { className: "licet-dialog-buttons" }, no, go));
    dialog.setAttribute("aria-labelledby", words.id);
    no.addEventListener("click", () => dialog.close(""));
    go.addEventListener("click", () => dialog.close("yes"));
    dialog.addEventListener("close", () => { dialog.remove(); resolve(dialog.returnValue === "yes"); });
    document.body.append(dialog);
    dialog.showModal();
  });
}

const choices = (element) => ({ yes: element.dataset.confirmYes || undefined, danger: "confirmDanger" in element.dataset });

addEventListener("click", async (event) => {
  const button = event.target.closest?.("[data-confirm]");
  if (!button || button.dataset.confirmed) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  if (!await ask(button.dataset.confirm, choices(button))) return;
  button.dataset.confirmed = "yes";
  button.click();
  delete button.dataset.confirmed;
}, { capture: true });
