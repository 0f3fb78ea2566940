// Identifiers and certificate numbers: spaces and full-width characters are put right, the length is counted, and where the page
// offers data-checks-url the server's own check answers while one types (POST {check, value} -> {ok, normal, problem}).
import { FormContext, Textfield } from "@bpmn-io/form-js-viewer";
import { useContext, useRef, useState } from "preact/hooks";
import { post } from "../app/request.js";
import { text } from "../app/text.js";
import { Frame, told } from "./frame.jsx";

const LENGTHS = { "cn-id": 18, uscc: 18 };
const clean = (typed) => typed.normalize("NFKC").replace(/\s+/g, "").toUpperCase();

export function NumberText(props) {
  const { disabled, domId, errors = [], field, onBlur, onChange, onFocus, readonly, value = "" } = props;
  const check = field.properties?.["licet:check"];
  const { checksUrl } = useContext(FormContext).getService("config").licet ?? {};
  const [verdict, setVerdict] = useState(null);
  const asked = useRef("");
  const length = LENGTHS[check];
  const settle = async ({ target }) => {
    const typed = length ? clean(target.value) : target.value.trim();
    if (typed !== value) onChange({ value: typed });
    onBlur?.();
    if (!checksUrl || !check || !typed) return setVerdict(null);
    asked.current = typed;
    const { ok, body } = await post(checksUrl, { check, value: typed }, { json: true });
    if (asked.current === typed) setVerdict(ok ? body : null);
  };
  return (
    <Frame type="textfield" props={{ ...props, errors: errors.length || !verdict?.problem ? errors : [verdict.problem] }}>
      <div class="licet-number">
        <input id={domId} class="fjs-input" type="text" value={value} disabled={disabled} readOnly={readonly} autoComplete="off" spellCheck={false}
          autoCapitalize="characters" aria-describedby={`${told(domId)} ${domId}-hint`} aria-invalid={errors.length > 0} required={field.validate?.required}
          onFocus={onFocus} onInput={({ target }) => { setVerdict(null); onChange({ value: target.value }); }} onBlur={settle} />
        <span class="licet-number-hint" id={`${domId}-hint`} aria-live="polite">
          {verdict?.ok ? `✓ ${text("号码符合规则")}` : length && value ? `${clean(value).length} / ${length}` : ""}
        </span>
      </div>
    </Frame>
  );
}
NumberText.config = { ...Textfield.config, type: "licet-number", name: "号码", create: (options = {}) => ({ label: "号码", ...options }) };
