// A signature by hand: drawn with finger, pen or mouse on a canvas, or a picture of one (that is the way by keyboard). The answer
// is the id of the uploaded picture, in a list as of any field of files.
import { FormContext } from "@bpmn-io/form-js-viewer";
import { useContext, useEffect, useRef, useState } from "preact/hooks";
import { text } from "../app/text.js";
import { upload } from "./files.jsx";
import { GroupFrame, told } from "./frame.jsx";

const WIDTH = 640, HEIGHT = 200, LEAST = 8; // points: fewer are a slip of the hand

/** Every stroke again: black on white, in the dark theme too, as on paper. */
function paint(canvas, strokes) {
  const pen = canvas.getContext("2d");
  pen.fillStyle = "#fff";
  pen.fillRect(0, 0, WIDTH, HEIGHT);
  Object.assign(pen, { strokeStyle: "#111", fillStyle: "#111", lineWidth: 3, lineCap: "round", lineJoin: "round" });
  for (const stroke of strokes) {
    pen.beginPath();
    stroke.forEach(([x, y], at) => (at ? pen.lineTo(x, y) : pen.moveTo(x, y)));
    pen.stroke();
  }
}

export function Signature(props) {
  const { disabled, domId, errors = [], field, onChange, readonly } = props;
  const { files: known = {}, filesUrl } = useContext(FormContext).getService("config").licet ?? {};
  const [id] = Array.isArray(props.value) ? props.value : [];
  const [strokes, setStrokes] = useState([]);
  const [problem, setProblem] = useState("");
  const [going, setGoing] = useState(false);
  const canvas = useRef(), input = useRef(), drawing = useRef(null);
  const locked = disabled || readonly || !filesUrl;
  useEffect(() => { if (canvas.current) paint(canvas.current, strokes); }, [strokes, id]);

  const place = ({ clientX, clientY }) => {
    const box = canvas.current.getBoundingClientRect();
    return [(clientX - box.left) * WIDTH / box.width, (clientY - box.top) * HEIGHT / box.height];
  };
  const down = (event) => {
    if (event.button) return;
    event.preventDefault();
    canvas.current.setPointerCapture(event.pointerId);
    drawing.current = [place(event)];
  };
  const move = (event) => {
    if (!drawing.current) return;
    drawing.current.push(place(event));
    paint(canvas.current, [...strokes, drawing.current]);
  };
  const up = () => {
    const stroke = drawing.current;
    drawing.current = null;
    if (stroke) setStrokes((all) => [...all, stroke]);
  };

  async function keep(file) {
    setProblem("");
    setGoing(true);
    const { kept, problem: wrong } = await upload(filesUrl, file, ".png,.jpg,.jpeg");
    setGoing(false);
    if (!kept) return setProblem(wrong);
    known[kept.id] = { size: file.size, ...kept };
    onChange({ value: [kept.id] });
  }
  const use = () => {
    if (strokes.flat().length < LEAST) return setProblem(text("请先写下姓名"));
    canvas.current.toBlob((blob) => keep(new File([blob], "signature.png", { type: "image/png" })), "image/png");
  };
  const again = () => { setStrokes([]); onChange({ value: [] }); };

  return (
    <GroupFrame type="licet-signature" props={{ ...props, errors: problem ? [...errors, problem] : errors }}>
      {id && <div class="licet-signed"><img src={known[id]?.thumbnail ?? `${filesUrl ?? "/files"}/${id}/preview`} alt={text("您的签名")} />
        {!locked && <button type="button" class="btn" onClick={again}>{text("重新签名")}</button>}</div>}
      {!id && locked && <span class="licet-muted">{text("没有签名")}</span>}
      {!id && !locked && <div class="licet-sign">
        <canvas ref={canvas} width={WIDTH} height={HEIGHT} role="img" aria-label={text("在这里手写签名；用键盘时请上传签名图片")}
          onPointerDown={down} onPointerMove={move} onPointerUp={up} onPointerCancel={up} />
        <div class="licet-sign-tools">
          <button type="button" class="btn btn-primary" disabled={going || !strokes.length} onClick={use}>{text("用这个签名")}</button>
          <button type="button" class="btn" disabled={!strokes.length} onClick={() => setStrokes((all) => all.slice(0, -1))}>{text("撤销一笔")}</button>
          <button type="button" class="btn" disabled={!strokes.length} onClick={() => setStrokes([])}>{text("清空")}</button>
          <input ref={input} type="file" hidden accept="image/png,image/jpeg" data-files-of={field.key}
            onChange={({ target }) => { if (target.files.length) keep(target.files[0]); target.value = ""; }} />
          <button type="button" class="btn" id={`${domId}-choose`} aria-describedby={told(domId)} onClick={() => input.current.click()}>{text("上传签名图片")}</button>
        </div>
      </div>}
    </GroupFrame>
  );
}
Signature.config = {
  type: "licet-signature", keyed: true, name: "签名", group: "basic-input", emptyValue: null,
  sanitizeValue: ({ value }) => (Array.isArray(value) ? value.filter(Number.isInteger) : []),
  create: (options = {}) => ({ label: "签名", multiple: false, ...options }),
};
