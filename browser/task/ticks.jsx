// A tick list whose rows come as data (valuesKey): one row per document with its files beside the box. The value is the list of
// ticked row values, as of a form-js checklist.
import { Checklist, FormContext } from "@bpmn-io/form-js-viewer";
import { useContext } from "preact/hooks";
import { text } from "../app/text.js";
import { useChoices } from "./choice.jsx";
import { FileLink } from "./filelink.jsx";
import { GroupFrame } from "./frame.jsx";

export function Ticks(props) {
  const { disabled, domId, field, onBlur, onChange, onFocus, readonly } = props;
  const value = Array.isArray(props.value) ? props.value : [];
  const rows = useChoices(field);
  const { files: known = {} } = useContext(FormContext).getService("config").licet ?? {};
  const tick = (row, on) => onChange({ value: rows.map((r) => r.value).filter((v) => (v === row.value ? on : value.includes(v))) });
  return (
    <GroupFrame type="checklist" props={props}>
      <ul class="licet-ticks">
        {rows.map((row, index) => (
          <li key={row.value}>
            <label class="licet-tick">
              <input type="checkbox" id={`${domId}-${index}`} checked={value.includes(row.value)} disabled={disabled || readonly} onBlur={onBlur} onFocus={onFocus}
                onChange={({ target }) => tick(row, target.checked)} />
              <span>{row.label}</span>
            </label>
            <span class="licet-tick-files">
              {(row.files ?? []).map((file) => <FileLink key={file.id ?? file} file={known[file.id ?? file] ?? file} />)}
              {row.files && !row.files.length && <span class="licet-muted">{text("没有文件")}</span>}
            </span>
          </li>
        ))}
      </ul>
    </GroupFrame>
  );
}
Ticks.config = { ...Checklist.config, type: "licet-ticks", name: "核对清单", sanitizeValue: ({ value }) => (Array.isArray(value) ? value : []) };
