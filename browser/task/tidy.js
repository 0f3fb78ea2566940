// Before drawing: form-js shows fields side by side from a width of its own; and option lists of read-only selects need a value.

/** A copy of the schema whose element ids are unique on the page (two forms may be shown together). */
export function tidy(schema, root) {
  const copy = structuredClone(schema);
  const prefix = root.id || "form";
  copy.id = `${prefix}-${copy.id ?? "fields"}`;
  return copy;
}
