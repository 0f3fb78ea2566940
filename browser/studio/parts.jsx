// Entries of a properties panel, drawn by us so that they are the same beside a drawing and beside a form: a line of text, a choice,
// several choices. `value` is what stands in the file, `set(text)` writes it ("" takes it away).
import { useEffect, useRef, useState } from "preact/hooks";
import { text } from "./text.js";

function Entry({ id, label, description, problem, children }) {
  return (
    <div class={`bio-properties-panel-entry${problem ? " has-error" : ""}`} data-entry-id={id}>
      <div class="editor-entry">
        <label class="bio-properties-panel-label" for={`entry-${id}`}>{label}</label>
        {children}
      </div>
      {problem && <div class="bio-properties-panel-error">{problem}</div>}
      {description && <div class="bio-properties-panel-description">{description}</div>}
    </div>
  );
}

/** What is typed is written half a second later and on leaving the field. */
function useTyped(value, set) {
  const [typed, setTyped] = useState(value);
  const timer = useRef(0);
  const waiting = useRef(null);
  const write = useRef(set);
  write.current = set;
  useEffect(() => { if (waiting.current === null) setTyped(value); }, [value]);
  const flush = () => {
    clearTimeout(timer.current);
    if (waiting.current === null) return;
    const now = waiting.current;
    waiting.current = null;
    write.current(now);
  };
  useEffect(() => flush, []);
  const type = (now) => {
    waiting.current = now;
    setTyped(now);
    clearTimeout(timer.current);
    timer.current = setTimeout(flush, 500);
  };
  return [typed, type, flush];
}

export function Line({ id, label, description, value, set, check, rows, list }) {
  const [typed, type, flush] = useTyped(value, set);
  const problem = typed && check?.(typed);
  const shared = { id: `entry-${id}`, class: "bio-properties-panel-input", value: typed, spellcheck: false, autocomplete: "off", onInput: ({ target }) => type(target.value), onBlur: flush };
  return (
    <Entry id={id} label={label} description={description} problem={problem}>
      {rows ? <textarea {...shared} rows={rows} /> : <input type="text" {...shared} list={list && `list-${id}`} />}
      {list && <datalist id={`list-${id}`}>{list.map(([key, said]) => <option key={key} value={key}>{said}</option>)}</datalist>}
    </Entry>
  );
}

/** One of [[value, words], …]; a value that is not among them stays and is said to be unknown. */
export function One({ id, label, description, value, set, options, none = text("（不填）") }) {
  const known = !value || options.some(([key]) => key === value);
  return (
    <Entry id={id} label={label} description={description} problem={known ? "" : text("清单里没有“{value}”", { value })}>
      <select id={`entry-${id}`} class="bio-properties-panel-input" value={value} onChange={({ target }) => set(target.value)}>
        <option value="">{none}</option>
        {!known && <option value={value}>{value}</option>}
        {options.map(([key, said]) => <option key={key} value={key}>{said}</option>)}
      </select>
    </Entry>
  );
}

const split = (value) => value.split(",").map((one) => one.trim()).filter(Boolean);

/** Several of [[value, words], …], kept as "a,b". */
export function Many({ id, label, description, value, set, options }) {
  const chosen = split(value);
  const words = (key) => options.find(([known]) => known === key)?.[1];
  const unknown = chosen.filter((key) => !words(key));
  return (
    <Entry id={id} label={label} description={description} problem={unknown.length ? text("清单里没有“{value}”", { value: unknown.join("、") }) : ""}>
      {chosen.length > 0 && <ul class="editor-chips">{chosen.map((key) => (
        <li key={key} title={key}>{words(key) ?? key}
          <button type="button" aria-label={text("去掉 {name}", { name: words(key) ?? key })} onClick={() => set(chosen.filter((one) => one !== key).join(","))}>×</button></li>
      ))}</ul>}
      <select id={`entry-${id}`} class="bio-properties-panel-input" value="" onChange={({ target }) => { if (target.value) set([...chosen, target.value].join(",")); target.value = ""; }}>
        <option value="">{text("添加…")}</option>
        {options.filter(([key]) => !chosen.includes(key)).map(([key, said]) => <option key={key} value={key}>{said}</option>)}
      </select>
    </Entry>
  );
}

/** A picker for what may also be an expression ("=reviewers"): then it is typed. */
export function OrFormula({ Picker, ...entry }) {
  const formula = entry.value.startsWith("=");
  const turn = () => entry.set(formula ? "" : "=");
  return (
    <div class="editor-or">
      {formula ? <Line {...entry} description={text("FEEL 表达式，以 = 开头。")} /> : <Picker {...entry} />}
      <button type="button" class="editor-turn" onClick={turn}>{formula ? text("改为从清单选择") : text("改为表达式")}</button>
    </div>
  );
}

export const days = (typed) => (/^\d{1,4}$/.test(typed) && Number(typed) <= 1000 ? "" : text("请填写工作日数，例如 3"));
export const YES_NO = () => [["true", text("是")], ["false", text("否")]];
