// The text of a form is markdown; form-js would also take HTML in it. Ours is markdown only: what looks like an element stands there
// as somebody wrote it, and pictures from other places are not fetched.
import { MarkdownRendererModule } from "@bpmn-io/form-js-viewer";

const [, Markdown] = MarkdownRendererModule.markdownRenderer;

class PlainMarkdown extends Markdown {
  render(markdown) {
    return super.render(String(markdown ?? "").replaceAll("<", "&lt;").replaceAll("![", "!&#91;"));
  }
}
PlainMarkdown.$inject = [];

export const markdown = ["type", PlainMarkdown];
