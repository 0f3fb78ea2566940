"""Which tool wrote a drawing: by its exporter, else by the namespaces that it declares."""

from __future__ import annotations

import re

from engine.drawing import Element
from engine.rules.foreign import ACTIVITI, CAMUNDA, FLOWABLE, FOX
from engine.vocabulary import ZEEBE

NAMESPACES = {
    ZEEBE: "Camunda 8", FLOWABLE: "Flowable", CAMUNDA: "Camunda 7", FOX: "camunda fox",
    "http://spiffworkflow.org/": "SpiffWorkflow", "http://www.signavio.com": "Signavio",
    "http://www.bizagi.com/": "Bizagi", "http://www.boc-group.com": "ADONIS", "http://www.igrafx.com/": "iGrafx",
    "http://www.itp-commerce.com/": "itp-commerce Process Modeler", "http://www.trisotech.com/": "Trisotech",
    "http://www.w4.eu/": "W4 BPMN+", "http://www.omninet.de/": "OMNITRACKER", "http://bpmn.sourceforge.net": "Yaoqiang",
    "http://open-bpmn.org/": "Open-BPMN", "http://www.ibm.com/": "IBM", "http://www.bonitasoft.": "Bonita",
    "http://bpmn.io/": "bpmn.io", "http://www.sparxsystems.com/": "Enterprise Architect", ACTIVITI: "Activiti",
}  # fmt: skip
"""The beginning of a namespace -> how we call the tool; the first that is declared names the drawing."""
SAFE = re.compile(r"[^\w .,+&()/:·-]+")


def tool_of(root: Element) -> str:
    """The name of the tool, "BPMN 2.0" when nothing tells."""
    declared = list(dict.fromkeys(str(uri) for node in (root, *root) for uri in node.nsmap.values()))
    by_space = next((name for start, name in NAMESPACES.items() if any(uri.startswith(start) for uri in declared)), "")
    exporter = SAFE.sub(" ", root.get("exporter", "")).strip()[:60]
    version = SAFE.sub(" ", root.get("exporterVersion", "")).strip()[:20]
    if not exporter:
        return by_space or "BPMN 2.0"
    written = f"{exporter} {version}".strip()
    return written if not by_space or by_space.lower() in written.lower() else f"{by_space} ({written})"


def named(namespace: str) -> str:
    """How we call the tool that owns a namespace; the namespace itself when it is not known."""
    found = next((name for start, name in NAMESPACES.items() if namespace.startswith(start)), "")
    return found or namespace[:80] or "XML"
