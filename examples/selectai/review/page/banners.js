// banners.js: what stands in the way, said above the pictures until it is over; and what was done, said once.

import { element } from "./dom.js";

const place = document.getElementById("banners");
const said = document.getElementById("said");
let timer = 0;

/** One banner of a name; the next of that name takes its place. buttons: [[text, action], ...] */
export function banner(name, text, { kind = "warn", buttons = [], closable = false } = {}) {
  unbanner(name);
  const node = element(`div.banner.${kind}`, { role: kind === "bad" ? "alert" : "status", dataset: { name, testid: `banner-${name}` } },
    element("span", {}, text),
    ...buttons.map(([label, action]) => element("button", { type: "button", onclick: action }, label)),
    closable ? element("button", { type: "button", ariaLabel: "close", onclick: () => unbanner(name) }, "×") : null);
  place.append(node);
}

export function unbanner(name) {
  for (const node of place.querySelectorAll(".banner")) if (node.dataset.name === name) node.remove();
}

export const hasBanner = (name) => [...place.children].some((node) => node.dataset.name === name);

/** For everybody: shown for a moment, and read by screen readers. */
export function announce(text) {
  said.textContent = text;
  said.classList.add("shown");
  clearTimeout(timer);
  timer = setTimeout(() => said.classList.remove("shown"), 2500);
}
