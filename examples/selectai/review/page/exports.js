// exports.js: what was decided, as files for others: downloads, and files written beside the pictures.

import { isOpen, openDialog } from "./dialog.js";
import { element } from "./dom.js";

const downloads = [
  ["entries.jsonl", "training entries: what was chosen, and over what"],
  ["rejected.jsonl", "groups of which nothing was kept"],
  ["selection_only_log.csv", "the old log of selections"],
  ["select_crop_log.csv", "the old log of selections with crops"],
  ["journal.jsonl", "the journal: every decision, as it was made"],
];

export function openExports(app) {
  if (isOpen("exports-dialog")) return;
  const dialog = openDialog("exports-dialog", "Exports");
  const said = element("p", { role: "status", dataset: { testid: "exports-said" } });
  const naming = element("select", { dataset: { testid: "xmp-naming" } }, element("option", { value: "adobe" }, "x.xmp (Adobe and most)"),
    element("option", { value: "darktable" }, "x.png.xmp (darktable)"), element("option", { value: "both" }, "both"));
  const write = async (body) => {
    said.textContent = "Writing …";
    said.classList.remove("bad");
    try {
      const { n } = await app.api.post("api/write", body);
      said.textContent = `${n} ${n === 1 ? "file" : "files"} written beside the pictures.`;
    } catch (error) {
      said.textContent = `Not written: ${error.message}`;
      said.classList.add("bad");
    }
  };
  const button = (text, testid, body) => element("button", { type: "button", disabled: !app.canDecide(), dataset: { testid },
    onclick: () => write(body()) }, text);
  dialog.body.append(
    element("h3", {}, "Download"),
    element("ul.downloads", {}, ...downloads.map(([name, text]) => element("li", {},
      element("a", { href: `api/export/${name}`, download: name, dataset: { testid: `export-${name}` } }, name), ` ${text}`))),
    element("h3", {}, "Write beside the pictures"),
    element("p.note", {}, "Files that are there and are not ours are never written over."),
    element("div.dialog-actions", {}, button("Write .decision files", "write-decisions", () => ({ what: "decision-files" }))),
    element("div.dialog-actions", {}, button("Write XMP sidecars", "write-xmp", () => ({ what: "xmp", naming: naming.value })),
      element("label", {}, "named ", naming)), said);
}
