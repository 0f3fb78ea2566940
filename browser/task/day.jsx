// (No onChange here: form-js loads preact/compat, which turns it into onInput on every text field of the page.)
// Dates are typed as 2026-11-22 (20261122, 2026.11.22 and 2026年11月22日 are understood) or picked with the machine's own calendar.
import { Datetime } from "@bpmn-io/form-js-viewer";
import { useEffect, useRef, useState } from "preact/hooks";
import { text } from "../app/text.js";
import { Frame, told } from "./frame.jsx";

const PARTS = /^\s*(\d{4})\s*[-/.年]?\s*(\d{1,2})\s*[-/.月]?\s*(\d{1,2})\s*日?\s*$/;
const pad = (digits) => digits.padStart(2, "0");

/** "2026年1月2日" -> "2026-01-02"; anything else comes back as typed. */
export function isoDay(typed) {
  const plain = typed.normalize("NFKC");
  const found = /^\d{8}$/.test(plain) ? [plain, plain.slice(0, 4), plain.slice(4, 6), plain.slice(6)] : PARTS.exec(plain);
  return found ? `${found[1]}-${pad(found[2])}-${pad(found[3])}` : typed.trim();
}

function DateInput(props) {
  const { disabled, domId, errors = [], field, onBlur, onChange, onFocus, readonly, value } = props;
  const [typed, setTyped] = useState(value ?? "");
  const calendar = useRef();
  useEffect(() => setTyped(value ?? ""), [value]);
  const take = (text_) => { const iso = isoDay(text_); setTyped(iso); onChange({ value: iso || null }); };
  return (
    <div class="licet-day">
      <input id={domId} class="fjs-input" type="text" inputMode="numeric" placeholder="2026-11-22" autoComplete="off" disabled={disabled}
        readOnly={readonly} value={typed} required={field.validate?.required} aria-describedby={told(domId)} aria-invalid={errors.length > 0}
        onFocus={onFocus} onInput={({ target }) => setTyped(target.value)} onKeyDown={({ key }) => key === "Enter" && take(typed)}
        onBlur={() => { if (typed !== (value ?? "")) take(typed); onBlur?.(); }} />
      {!disabled && !readonly && <>
        <button type="button" class="btn btn-icon licet-day-button" aria-label={`${text("选择日期")}：${field.dateLabel ?? field.label ?? ""}`}
          onClick={() => calendar.current.showPicker?.()}><Calendar /></button>
        <input ref={calendar} class="licet-day-native" type="date" tabIndex={-1} aria-hidden="true" value={value ?? ""}
          onInput={({ target }) => take(target.value)} />
      </>}
    </div>
  );
}

const Calendar = () => (
  <svg class="icon" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.75" aria-hidden="true">
    <path d="M4 7a2 2 0 0 1 2-2h12a2 2 0 0 1 2 2v12a2 2 0 0 1-2 2H6a2 2 0 0 1-2-2zM16 3v4M8 3v4M4 11h16" />
  </svg>
);

function Native({ kind, props }) {
  const { disabled, domId, errors = [], field, onBlur, onChange, onFocus, readonly, value } = props;
  return <input id={domId} class="fjs-input" type={kind} disabled={disabled} readOnly={readonly} value={value ?? ""} required={field.validate?.required}
    aria-describedby={told(domId)} aria-invalid={errors.length > 0} onBlur={onBlur} onFocus={onFocus}
    onInput={({ target }) => onChange({ value: target.value || null })} />;
}

export function Day(props) {
  const kind = { time: "time", datetime: "datetime-local" }[props.field.subtype];
  const labelled = { ...props, field: { ...props.field, label: props.field.label ?? props.field.dateLabel ?? props.field.timeLabel } };
  return <Frame type="datetime" props={labelled}>{kind ? <Native kind={kind} props={props} /> : <DateInput {...props} />}</Frame>;
}
Day.config = { ...Datetime.config, sanitizeValue: ({ value }) => (typeof value === "string" && value ? value : null) };
