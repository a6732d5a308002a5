// exports.js: decisions as other programs read them.

import { button, openDialog } from "./dialog.js";
import { element } from "./dom.js";

const files = [
  ["entries.jsonl", "training entries, for selectai train"],
  ["rejected.jsonl", "rejected groups"],
  ["selection_only_log.csv", "selections, as older tools log them"],
  ["select_crop_log.csv", "selections with crops, as older tools log them"],
  ["journal.jsonl", "the journal itself"],
];

export function openExports(app) {
  const done = element("p.count", { role: "status", dataset: { testid: "exports-done" } });

  async function write(body, words) {
    done.textContent = "…";
    try {
      const { n } = await app.api.post("api/write", body);
      done.textContent = `${n} ${words}`;
    } catch (error) {
      done.textContent = error.message;
    }
  }

  openDialog("exports-dialog", "Exports", (body) => {
    body.append(
      element("h3", {}, "Save"),
      element("ul.files", {}, ...files.map(([name, text]) =>
        element("li", {}, element("a", { href: `api/export/${name}`, download: name, dataset: { testid: `export-${name}` } }, name), ` – ${text}`))),
      element("h3", {}, "Write beside the pictures"),
      element("p", {}, "Files that are there and are not ours are never written over."),
      element("div.buttons.start", {},
        button(".decision files", () => write({ what: "decision-files" }, ".decision files are up to date"), { testid: "write-decisions" }),
        button("XMP, name.xmp", () => write({ what: "xmp", naming: "adobe" }, "sidecars are up to date"), { testid: "write-xmp" }),
        button("XMP, name.png.xmp", () => write({ what: "xmp", naming: "darktable" }, "sidecars are up to date")),
        button("XMP, both", () => write({ what: "xmp", naming: "both" }, "sidecars are up to date"))),
      done);
  });
}
