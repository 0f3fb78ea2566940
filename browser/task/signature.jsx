// A signature under a decision: drawn with finger, pen or mouse, taken from one's specimen (签名存档), or one's name typed in
// full; which of them the drawing of the process allows stands in the field. The answer is the id of the picture that the
// server made of it. Server: POST {signaturesUrl}/drawn|stored|typed -> 201 as an upload; 403 asks for the password.
import { FormContext } from "@bpmn-io/form-js-viewer";
import { useContext, useEffect, useRef, useState } from "preact/hooks";
import { HEIGHT, LEAST, WIDTH, blank, hand, paint, picture } from "../app/pad.js";
import { post } from "../app/request.js";
import { text } from "../app/text.js";
import { upload } from "./files.jsx";
import { GroupFrame, told } from "./frame.jsx";

/** A name as a picture: as large as the paper allows. */
async function written(name) {
  const canvas = Object.assign(document.createElement("canvas"), { width: WIDTH, height: HEIGHT });
  const pen = blank(canvas);
  let size = 96;
  do pen.font = `italic ${size}px KaiTi, STKaiti, "Noto Serif CJK SC", serif`; while (pen.measureText(name).width > WIDTH - 40 && --size > 16);
  Object.assign(pen, { textAlign: "center", textBaseline: "middle" });
  pen.fillText(name, WIDTH / 2, HEIGHT / 2);
  return picture(canvas);
}

export function Signature(props) {
  const { disabled, domId, errors = [], field, onChange, readonly } = props;
  const { files: known = {}, filesUrl, signaturesUrl } = useContext(FormContext).getService("config").licet ?? {};
  const ways = (field.properties?.["licet:ways"] ?? "drawn,stored").split(",");
  const [id] = Array.isArray(props.value) ? props.value : [];
  const [strokes, setStrokes] = useState([]);
  const [problem, setProblem] = useState("");
  const [going, setGoing] = useState(false);
  const [asking, setAsking] = useState(ways.includes("drawn") ? "" : ways.includes("typed") ? "typed" : ""); // "stored" or "typed": what a password is asked for
  const canvas = useRef(), name = useRef(), password = useRef(), latest = useRef(strokes), pen = useRef();
  latest.current = strokes;
  pen.current ??= hand(() => canvas.current, () => latest.current, (stroke) => setStrokes((all) => [...all, stroke]));
  const locked = disabled || readonly || !signaturesUrl;
  useEffect(() => { if (canvas.current) paint(canvas.current, strokes); }, [strokes, id]);
  useEffect(() => { if (asking) (asking === "typed" ? name : password).current?.focus(); }, [asking]);

  const keep = (kept) => {
    known[kept.id] = kept;
    setAsking("");
    onChange({ value: [kept.id] });
  };
  async function send(way, body) {
    setProblem("");
    setGoing(true);
    const answer = await post(`${signaturesUrl}/${way}`, body);
    setGoing(false);
    if (answer.ok) return keep(answer.body);
    if (answer.status === 403) setAsking(way);
    const named = answer.body.problems?.name?.[0];
    setProblem(answer.offline ? text("网络不通，请稍后再试") : named ?? answer.body.error ?? text("没有签上，请再试一次"));
  }
  const draw = async () => {
    if (strokes.flat().length < LEAST) return setProblem(text("请先写下姓名"));
    setProblem("");
    setGoing(true);
    const { kept, problem: wrong } = await upload(`${signaturesUrl}/drawn`, await picture(canvas.current), ".png");
    setGoing(false);
    if (kept) keep(kept); else setProblem(wrong);
  };
  const store = () => {
    const body = new FormData();
    if (password.current?.value) body.append("password", password.current.value);
    send("stored", body);
  };
  const type = async () => {
    const body = new FormData(), said = name.current.value.trim();
    if (!said || !password.current.value) return setProblem(text("请输入姓名和密码"));
    body.append("name", said);
    body.append("password", password.current.value);
    body.append("file", await written(said));
    send("typed", body);
  };
  const again = () => { setStrokes([]); setProblem(""); onChange({ value: [] }); };
  const enter = (act) => (event) => { if (event.key === "Enter") { event.preventDefault(); act(); } };

  return (
    <GroupFrame type="licet-signature" props={{ ...props, errors: problem ? [...errors, problem] : errors }}>
      {id && <div class="licet-signed"><img src={known[id]?.thumbnail ?? `${filesUrl ?? "/files"}/${id}/preview`} alt={text("您的签名")} />
        {!locked && <button type="button" class="btn" onClick={again}>{text("重新签名")}</button>}</div>}
      {!id && locked && <span class="licet-muted">{text("没有签名")}</span>}
      {!id && !locked && <div class="licet-sign">
        {ways.includes("drawn") && <>
          <canvas ref={canvas} width={WIDTH} height={HEIGHT} role="img" aria-label={text("在这里手写签名；用键盘时请用下面的其他办法")}
            onPointerDown={pen.current.down} onPointerMove={pen.current.move} onPointerUp={pen.current.up} onPointerCancel={pen.current.up} />
          <div class="licet-sign-tools">
            <button type="button" class="btn btn-primary" disabled={going || !strokes.length} onClick={draw}>{text("用这个签名")}</button>
            <button type="button" class="btn" disabled={!strokes.length} onClick={() => setStrokes((all) => all.slice(0, -1))}>{text("撤销一笔")}</button>
            <button type="button" class="btn" disabled={!strokes.length} onClick={() => setStrokes([])}>{text("清空")}</button>
          </div></>}
        <div class="licet-sign-tools">
          {ways.includes("stored") && <button type="button" class="btn" id={`${domId}-stored`} disabled={going} aria-describedby={told(domId)} onClick={store}>{text("用存档签名")}</button>}
          {ways.includes("typed") && <button type="button" class="btn" id={`${domId}-typed`} disabled={going} aria-expanded={asking === "typed"} aria-describedby={told(domId)} onClick={() => { setProblem(""); setAsking("typed"); }}>{text("键入姓名")}</button>}
        </div>
        {asking && <div class="licet-sign-asked">
          {asking === "typed" && <label>{text("您的姓名")}<input ref={name} class="form-control" autocomplete="name" onKeyDown={enter(type)} /></label>}
          <label>{text("登录密码")}<input ref={password} class="form-control" type="password" autocomplete="current-password" onKeyDown={enter(asking === "typed" ? type : store)} /></label>
          <button type="button" class="btn btn-primary" disabled={going} onClick={asking === "typed" ? type : store}>{text("确认签名")}</button>
        </div>}
      </div>}
    </GroupFrame>
  );
}
Signature.config = {
  type: "licet-signature", keyed: true, name: "签名", group: "basic-input", emptyValue: null,
  sanitizeValue: ({ value }) => (Array.isArray(value) ? value.filter(Number.isInteger) : []),
  create: (options = {}) => ({ label: "签名", multiple: false, ...options }),
};
