// Our own fields and our own drawing of some of form-js's (native select and date: better on a phone and for screen readers).
import { Choice } from "./choice.jsx";
import { Day } from "./day.jsx";
import { Files } from "./files.jsx";
import { Rows } from "./rows.jsx";
import { markdown } from "./markdown.js";
import { NumberText } from "./number.jsx";
import { Signature } from "./signature.jsx";
import { Ticks } from "./ticks.jsx";
import { Validator } from "./validator.js";

class OwnFields {
  constructor(formFields) {
    formFields.register("licet-files", Files);
    formFields.register("filepicker", Files);
    formFields.register("licet-signature", Signature);
    formFields.register("licet-number", NumberText);
    formFields.register("licet-ticks", Ticks);
    formFields.register("datetime", Day);
    formFields.register("select", Choice);
    formFields.register("dynamiclist", Rows);
  }
}
OwnFields.$inject = ["formFields"];

export const fields = {
  __init__: ["ownFields"],
  ownFields: ["type", OwnFields],
  validator: ["type", Validator],
  markdownRenderer: markdown,
};
