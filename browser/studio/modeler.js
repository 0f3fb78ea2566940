// The drawing: bpmn-js with Zeebe's words, our properties, the house's choices, token simulation and the check beside it.
import { page, part, reading, load, choices, buttons, enable, keepFile, asPng, panelSwitch, opened, notOpened } from "./page.js";
import BpmnModeler from "bpmn-js/lib/Modeler";
import NavigatedViewer from "bpmn-js/lib/NavigatedViewer";
import { BpmnPropertiesPanelModule, BpmnPropertiesProviderModule, ZeebePropertiesProviderModule } from "bpmn-js-properties-panel";
import TokenSimulationModule from "bpmn-js-token-simulation/lib/modeler.js";
import ZeebeBehaviors from "camunda-bpmn-js-behaviors/lib/camunda-cloud";
import zeebe from "zeebe-bpmn-moddle/resources/zeebe.json";
import { permitModule } from "./permit/provider.jsx";
import { checking } from "./findings.js";
import { marks, goTo } from "./marks.js";
import { saving } from "./saving.js";
import { text, translations } from "./text.js";

const stem = page.file.replace(/\.bpmn$/, "");

async function open() {
  const [file, offered] = await Promise.all([load(), choices()]);
  return page.may_edit && innerWidth >= 640 ? edit(file, offered) : show(file);
}

/** On a phone, or for whoever may only read. */
async function show({ body }) {
  const viewer = new NavigatedViewer({ container: part("canvas"), additionalModules: [translations] });
  await viewer.importXML(body);
  fit(viewer);
  buttons({ ...looking(viewer), "file": () => keepFile(page.file, body, "application/xml") });
  reading();
  opened();
}

async function edit({ number, body }, offered) {
  const modeler = new BpmnModeler({
    container: part("canvas"), propertiesPanel: { parent: part("panel"), feelPopupContainer: part("frame") }, choices: offered,
    moddleExtensions: { zeebe },
    additionalModules: [translations, BpmnPropertiesPanelModule, BpmnPropertiesProviderModule, ZeebePropertiesProviderModule, ZeebeBehaviors, TokenSimulationModule, permitModule],
  });
  await modeler.importXML(body);
  fit(modeler);
  const written = async () => (await modeler.saveXML({ format: true })).xml;
  let still = null; // simulation paints the drawing: what is saved and checked meanwhile is the drawing as it was before
  const read = async () => still ?? written();
  const simulate = async (on) => { still = on ? await written() : null; };
  const keep = saving({ number, body, read, show: (xml) => again(modeler, xml) });
  const check = checking({ read, mark: (findings) => marks(modeler, findings), go: (finding) => goTo(modeler, finding) });
  modeler.on("commandStack.changed", ({ trigger }) => {
    enable("undo", modeler.get("commandStack").canUndo());
    enable("redo", modeler.get("commandStack").canRedo());
    if (trigger === "clear") return;
    keep.changed();
    check.later();
  });
  buttons(deeds(modeler, keep, read, simulate));
  fit(modeler); // the panel may have gone
  enable("undo", false);
  enable("redo", false);
  addEventListener("keydown", (event) => { if ((event.ctrlKey || event.metaKey) && event.key === "s") { event.preventDefault(); keep.save({ how: "saved" }); } });
  part("frame").licetModeler = modeler;
  const [, wanted] = location.hash.split("#");
  if (wanted) goTo(modeler, { element: decodeURIComponent(wanted) });
  opened();
  check.look();
}

function looking(viewer) {
  const step = (by) => () => viewer.get("zoomScroll").stepZoom(by);
  return {
    "zoom-in": step(1), "zoom-out": step(-1), "fit": () => fit(viewer),
    "svg": async () => keepFile(`${stem}.svg`, (await viewer.saveSVG()).svg, "image/svg+xml"),
    "png": async () => keepFile(`${stem}.png`, await asPng((await viewer.saveSVG()).svg), "image/png"),
  };
}

function deeds(modeler, keep, read, simulate) {
  return {
    ...looking(modeler),
    "undo": () => modeler.get("commandStack").undo(), "redo": () => modeler.get("commandStack").redo(),
    "search": () => setTimeout(() => modeler.get("searchPad").open()), // it closes at every click, this one too
    "save": () => keep.save({ how: "saved" }),
    "simulate": async (button) => {
      const on = button.getAttribute("aria-pressed") !== "true";
      if (on) await simulate(true);
      modeler.get("toggleMode").toggleMode(on);
      if (!on) await simulate(false);
      button.setAttribute("aria-pressed", String(on));
      part("frame").classList.toggle("editor-simulating", on);
    },
    "file": async () => keepFile(page.file, await read(), "application/xml"),
    "panel": panelSwitch(() => modeler.get("canvas").resized()),
  };
}

/** All of it beside the palette, never larger than drawn. */
function fit(viewer) {
  const canvas = viewer.get("canvas");
  canvas.zoom("fit-viewport", "auto");
  const { inner, outer } = canvas.viewbox();
  const beside = (part("canvas").querySelector(".djs-palette")?.offsetWidth ?? 0) + 30;
  const scale = Math.min(1, (outer.width - beside - 20) / inner.width, (outer.height - 40) / inner.height);
  if (!(scale > 0) || !Number.isFinite(scale)) return;
  canvas.viewbox({ x: inner.x - beside / scale, y: inner.y - 20 / scale, width: outer.width / scale, height: outer.height / scale });
}

/** Another text in the same place, seen from where one stood. */
async function again(modeler, xml) {
  const view = modeler.get("canvas").viewbox();
  await modeler.importXML(xml);
  modeler.get("canvas").viewbox({ x: view.x, y: view.y, width: view.width, height: view.height });
}

open().catch(notOpened);
