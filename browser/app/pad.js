// A pad to write a signature on: strokes as points, drawn black on white in every theme, as on paper. In a form with
// data-sign-pad (the page of one's account) what is written goes into its file field; without scripts there is the field.
import { text } from "./text.js";

export const WIDTH = 640, HEIGHT = 200, LEAST = 8; // points: fewer are a slip of the hand

export function blank(canvas) {
  const pen = canvas.getContext("2d");
  pen.fillStyle = "#fff";
  pen.fillRect(0, 0, WIDTH, HEIGHT);
  pen.fillStyle = "#111";
  return pen;
}

/** Every stroke again. */
export function paint(canvas, strokes) {
  const pen = blank(canvas);
  Object.assign(pen, { strokeStyle: "#111", lineWidth: 3, lineCap: "round", lineJoin: "round" });
  for (const stroke of strokes) {
    pen.beginPath();
    stroke.forEach(([x, y], at) => (at ? pen.lineTo(x, y) : pen.moveTo(x, y)));
    pen.stroke();
  }
}

/** Handlers of pointer events: `strokes()` are those so far, `add` gets each new one. */
export function hand(canvas, strokes, add) {
  let drawing = null;
  const place = ({ clientX, clientY }) => {
    const box = canvas().getBoundingClientRect();
    return [(clientX - box.left) * WIDTH / box.width, (clientY - box.top) * HEIGHT / box.height];
  };
  return {
    down(event) {
      if (event.button) return;
      event.preventDefault();
      canvas().setPointerCapture(event.pointerId);
      drawing = [place(event)];
    },
    move(event) {
      if (!drawing) return;
      drawing.push(place(event));
      paint(canvas(), [...strokes(), drawing]);
    },
    up() {
      const stroke = drawing;
      drawing = null;
      if (stroke) add(stroke);
    },
  };
}

export const picture = (canvas, name = "signature.png") =>
  new Promise((resolve) => canvas.toBlob((blob) => resolve(new File([blob], name, { type: "image/png" })), "image/png"));

function open(form) {
  const input = form.elements.file, how = form.elements.how;
  let strokes = [];
  const canvas = Object.assign(document.createElement("canvas"), { width: WIDTH, height: HEIGHT });
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", text("在这里手写签名"));
  const again = Object.assign(document.createElement("button"), { type: "button", className: "btn", textContent: text("清空") });
  const place = Object.assign(document.createElement("div"), { className: "licet-sign" });
  place.append(canvas, again);
  input.closest(".field").after(place);
  const written = async () => {
    if (strokes.flat().length < LEAST) return;
    const files = new DataTransfer();
    files.items.add(await picture(canvas));
    input.files = files.files;
    how.value = "drawn";
  };
  const pen = hand(() => canvas, () => strokes, (stroke) => { strokes = [...strokes, stroke]; written(); });
  canvas.addEventListener("pointerdown", pen.down);
  canvas.addEventListener("pointermove", pen.move);
  for (const kind of ["pointerup", "pointercancel"]) canvas.addEventListener(kind, pen.up);
  const clear = () => { strokes = []; paint(canvas, strokes); };
  again.addEventListener("click", () => { clear(); input.value = ""; });
  input.addEventListener("change", () => { how.value = "uploaded"; clear(); });
  clear();
}

export function openPads() {
  for (const form of document.querySelectorAll("form[data-sign-pad]")) open(form);
}
