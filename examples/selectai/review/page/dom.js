// dom.js: making elements. Text is always text: nothing that came from a file's name becomes markup.

/** element("button.main", {type: "button", dataset: {...}, onclick}, "text", child, ...) */
export function element(what, properties = {}, ...children) {
  const [tag, ...classes] = what.split(".");
  const node = document.createElement(tag);
  node.classList.add(...classes);
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined) continue;
    if (name === "dataset") Object.assign(node.dataset, value);
    else if (name in node && name !== "role") node[name] = value;
    else node.setAttribute(name, value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

export const percent = (value, digits = 0) => `${(100 * value).toFixed(digits)} %`;
export const stageName = (stage) => (stage === null ? "stage unknown" : `stage ${stage}`);
export const signed = (value) => (value < 0 ? "−" : "+") + Math.abs(value).toFixed(1);
