// Draws every [data-licet-form] of the page: the fields with form-js, the action buttons from the schema's licet:verdicts,
// keeps the draft, sends the answers, and shows what the server found at the fields.
import "../app/text.js";
import { actions } from "./actions.js";
import { answersOf } from "./answers.js";
import { keepDraft } from "./draft.js";
import { fields } from "./fields.js";
import { showProblems } from "./problems.js";
import { QuietForm } from "./quiet.js";
import { tidy } from "./tidy.js";

/** The JSON in <script type="application/json" data-part="…"> of one form; `otherwise` where there is none. */
function part(root, name, otherwise) {
  const script = root.querySelector(`script[data-part="${name}"]`);
  return script ? JSON.parse(script.textContent) : otherwise;
}

async function draw(root) {
  const schema = part(root, "schema");
  const given = part(root, "data", {});
  const answers = part(root, "answers", {});
  const readOnly = "readonly" in root.dataset;
  const place = root.querySelector('[data-part="fields"]');
  place.replaceChildren();
  const form = new QuietForm({
    container: place,
    debounce: false, // with a delay, form-js loses what was typed when something else redraws the form meanwhile
    properties: { readOnly, ariaLabel: root.dataset.label },
    licet: { files: part(root, "files", {}), filesUrl: root.dataset.filesUrl, signaturesUrl: root.dataset.signaturesUrl, checksUrl: root.dataset.checksUrl },
    additionalModules: [fields],
  });
  await form.importSchema(tidy(schema, root), { ...given, ...answers, verdict: null });
  place.addEventListener("focusout", ({ target }) => setTimeout(() => form.left(target)));
  root.licetForm = { form, answers: () => answersOf(form) };
  if (!readOnly) act(root, form, schema);
  showProblems(root, form, part(root, "problems", {}));
  root.removeAttribute("aria-busy");
  root.dispatchEvent(new CustomEvent("licet:drawn", { bubbles: true }));
}

function act(root, form, schema) {
  const draft = root.dataset.draftUrl ? keepDraft(root, form) : null;
  actions(root, form, schema, draft);
}

async function drawAll(scope) {
  for (const root of scope.querySelectorAll("[data-licet-form]:not([data-drawn])")) {
    root.dataset.drawn = "";
    await draw(root).catch((error) => {
      root.querySelector('[data-part="fields"]').textContent = globalThis.licetText("表单没有打开，请刷新页面。");
      throw error;
    });
  }
}

drawAll(document);
document.addEventListener("htmx:after:swap", () => drawAll(document)); // a preview pane may bring a form along
