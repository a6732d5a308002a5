// crop_geometry.js: boxes in fractions of the picture. The picture's aspect is kept, so a box has one side: its width in
// fractions of the width is its height in fractions of the height. Pure functions; boxes are never changed.

export const smallest = 0.05; // of a side

const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

/** From a corner and a side: inside the picture. */
export function place(x, y, side) {
  const s = clamp(side, smallest, 1);
  const x1 = clamp(x, 0, 1 - s);
  const y1 = clamp(y, 0, 1 - s);
  return { x1, y1, x2: x1 + s, y2: y1 + s };
}

export const side = (box) => (box.x2 - box.x1 + (box.y2 - box.y1)) / 2;

/** The box of equal sides with the same centre and area. */
export function locked(box) {
  const s = Math.sqrt(Math.max(0, (box.x2 - box.x1) * (box.y2 - box.y1)));
  return place((box.x1 + box.x2 - s) / 2, (box.y1 + box.y2 - s) / 2, s);
}

export const moved = (box, dx, dy) => place(box.x1 + dx, box.y1 + dy, side(box));

/** About its centre. */
export function scaled(box, factor) {
  const s = clamp(side(box) * factor, smallest, 1);
  return place((box.x1 + box.x2 - s) / 2, (box.y1 + box.y2 - s) / 2, s);
}

/**
 * A handle is pulled to (x, y). handle: "nw", "n", "ne", "e", "se", "s", "sw", "w". What lies opposite stays where it
 * is: a corner, or the middle of an edge. The side never grows beyond the frame.
 */
export function pulled(box, handle, x, y) {
  const west = handle.includes("w"), east = handle.includes("e");
  const north = handle.includes("n"), south = handle.includes("s");
  const fixedX = west ? box.x2 : east ? box.x1 : (box.x1 + box.x2) / 2;
  const fixedY = north ? box.y2 : south ? box.y1 : (box.y1 + box.y2) / 2;
  const roomX = west ? fixedX : east ? 1 - fixedX : 2 * Math.min(fixedX, 1 - fixedX);
  const roomY = north ? fixedY : south ? 1 - fixedY : 2 * Math.min(fixedY, 1 - fixedY);
  const byX = west || east ? Math.abs(clamp(x, 0, 1) - fixedX) : 0;
  const byY = north || south ? Math.abs(clamp(y, 0, 1) - fixedY) : 0;
  const s = clamp(Math.max(byX, byY), smallest, Math.max(smallest, Math.min(roomX, roomY)));
  const x1 = west ? fixedX - s : east ? fixedX : fixedX - s / 2;
  const y1 = north ? fixedY - s : south ? fixedY : fixedY - s / 2;
  return place(x1, y1, s);
}

/** Moves the box onto the edges of the frame that it comes near to: nearX, nearY are fractions. */
export function snapped(box, nearX, nearY) {
  const s = side(box);
  if (s > 1 - Math.min(nearX, nearY)) return place(0, 0, 1);
  let { x1, y1 } = box;
  if (x1 < nearX) x1 = 0;
  else if (box.x2 > 1 - nearX) x1 = 1 - s;
  if (y1 < nearY) y1 = 0;
  else if (box.y2 > 1 - nearY) y1 = 1 - s;
  return place(x1, y1, s);
}

export const isWhole = (box) => side(box) > 1 - 1e-9;

/** Whole pixels, half open. */
export function pixels(box, width, height) {
  const round = (value, most) => clamp(Math.round(value), 0, most);
  return { x1: round(box.x1 * width, width), y1: round(box.y1 * height, height), x2: round(box.x2 * width, width),
    y2: round(box.y2 * height, height) };
}

export function inWords(box, width, height) {
  const share = `${(100 * side(box)).toFixed(1)} % of each side, ${(100 * side(box) ** 2).toFixed(0)} % of the area`;
  if (!width) return share;
  const p = pixels(box, width, height);
  return `${p.x2 - p.x1} × ${p.y2 - p.y1} px at ${p.x1}, ${p.y1}; ${share}`;
}
