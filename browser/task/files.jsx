// Files go up at once, one by one, and the answer keeps their ids. On a phone there is a second button that opens the camera.
// Server: POST data-files-url (multipart "file") -> 201 {id, name, size, url, thumbnail?} or {error}.
import { FormContext } from "@bpmn-io/form-js-viewer";
import { useContext, useEffect, useRef, useState } from "preact/hooks";
import { renewToken, token } from "../app/request.js";
import { text } from "../app/text.js";
import { FileLink, size } from "./filelink.jsx";
import { GroupFrame, told } from "./frame.jsx";

const MOST = 20 * 1024 * 1024;
const ACCEPT = ".pdf,.ofd,.jpg,.jpeg,.png";

/** fetch() tells nothing about progress; XMLHttpRequest does. Resolves to {status, body}; status 0 means no connection. */
function send(url, file, progress) {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    const body = new FormData();
    body.append("file", file, file.name);
    request.open("POST", url);
    request.setRequestHeader("Accept", "application/json");
    request.setRequestHeader("X-CSRF-Token", token());
    request.responseType = "json";
    request.upload.addEventListener("progress", ({ loaded, total }) => progress(total ? loaded / total : 0));
    request.addEventListener("loadend", () => resolve({ status: request.status, body: request.response ?? {} }));
    request.send(body);
  });
}

/** Why this file cannot be sent at all; "" when it can. */
function refusal(file, accept) {
  if (file.size > MOST) return text("“{name}”有 {size}，超过 20 MB，请压缩后再传", { name: file.name, size: size(file.size) });
  if (!file.size) return text("“{name}”是空文件", { name: file.name });
  const kinds = accept.split(",").map((kind) => kind.trim().toLowerCase());
  const fits = kinds.some((kind) => (kind.startsWith(".") ? file.name.toLowerCase().endsWith(kind) : file.type.startsWith(kind.replace("*", ""))));
  return fits ? "" : text("“{name}”的格式不能用，请上传 {kinds}", { name: file.name, kinds: kinds.join(" ") });
}

const failed = ({ status, body }, file) => (status === 0 ? text("“{name}”没有传上去：网络不通", { name: file.name }) : body.error ?? text("“{name}”没有传上去，请再试一次", { name: file.name }));

/** Sends a file, once more with a new token where the old one was stale: {kept: what the server says of it} or {problem}. */
export async function upload(filesUrl, file, accept, progress = () => {}) {
  const no = refusal(file, accept);
  if (no) return { problem: no };
  progress(0);
  let answer = await send(filesUrl, file, progress);
  if (answer.status === 400 && await renewToken()) answer = await send(filesUrl, file, progress);
  return answer.status === 201 || answer.status === 200 ? { kept: answer.body } : { problem: failed(answer, file) };
}

export function Files(props) {
  const { disabled, domId, errors = [], field, onChange, readonly } = props;
  const { files: known = {}, filesUrl } = useContext(FormContext).getService("config").licet ?? {};
  const value = Array.isArray(props.value) ? props.value : [];
  const latest = useRef(value);
  latest.current = value;
  const [going, setGoing] = useState([]);
  const [problems, setProblems] = useState([]);
  const [over, setOver] = useState(false);
  const input = useRef(), camera = useRef(), alive = useRef(true);
  useEffect(() => () => { alive.current = false; }, []);
  const accept = typeof field.accept === "string" && field.accept ? field.accept : ACCEPT;
  const multiple = field.multiple !== false;
  const locked = disabled || readonly || !filesUrl;
  const keep = (ids) => { latest.current = ids; onChange({ value: ids }); };

  async function add(file) {
    const key = {};
    const mark = (share) => alive.current && setGoing((all) => [...all.filter((one) => one.key !== key), { key, name: file.name, share }]);
    const { kept, problem } = await upload(filesUrl, file, accept, mark);
    if (!alive.current) return;
    setGoing((all) => all.filter((one) => one.key !== key));
    if (!kept) return setProblems((all) => [...all, problem]);
    known[kept.id] = { size: file.size, ...kept };
    keep(multiple ? [...latest.current.filter((id) => id !== kept.id), kept.id] : [kept.id]);
  }
  async function take(list) {
    setProblems([]);
    for (const file of multiple ? [...list] : [...list].slice(0, 1)) await add(file);
  }
  const chosen = ({ target }) => { take([...target.files]); target.value = ""; };
  const drop = (event) => { event.preventDefault(); setOver(false); take([...event.dataTransfer.files]); };

  return (
    <GroupFrame type="licet-files" props={{ ...props, errors: [...errors, ...problems] }}>
      {value.length > 0 && <ul class="licet-files">{value.map((id) => (
        <li key={id}>
          <FileLink file={known[id] ?? { name: text("文件 {id}", { id }) }} />
          {!locked && <button type="button" class="btn btn-icon btn-ghost-secondary" onClick={() => keep(value.filter((one) => one !== id))}
            aria-label={text("删除 {name}", { name: known[id]?.name ?? id })}>×</button>}
        </li>))}
      </ul>}
      {going.map((one) => <div class="licet-going" role="status" key={one.name}><span>{one.name}</span>
        <progress max="1" value={one.share} aria-label={text("正在上传 {name}", { name: one.name })} /></div>)}
      {locked && !value.length && <span class="licet-muted">{text("没有文件")}</span>}
      {!locked && <div class={over ? "licet-drop licet-drop-over" : "licet-drop"} onDragOver={(event) => { event.preventDefault(); setOver(true); }}
        onDragLeave={() => setOver(false)} onDrop={drop}>
        <input ref={input} type="file" hidden accept={accept} multiple={multiple} onChange={chosen} data-files-of={field.key} />
        <input ref={camera} type="file" hidden accept="image/*" capture="environment" onChange={chosen} />
        <button type="button" class="btn" id={`${domId}-choose`} aria-describedby={told(domId)} onClick={() => input.current.click()}
          aria-label={`${text("选择文件")}：${field.label}`}>{text("选择文件")}</button>
        <button type="button" class="btn licet-camera" onClick={() => camera.current.click()} aria-label={`${text("拍照")}：${field.label}`}>{text("拍照")}</button>
        <span class="licet-muted licet-drop-hint">{text("可拖到这里，PDF、OFD 或图片，每个不超过 20 MB")}</span>
      </div>}
    </GroupFrame>
  );
}
Files.config = {
  type: "licet-files", keyed: true, name: "文件", group: "basic-input", emptyValue: null,
  sanitizeValue: ({ value }) => (Array.isArray(value) ? value.filter(Number.isInteger) : []),
  create: (options = {}) => ({ label: "文件", multiple: true, ...options }),
};
