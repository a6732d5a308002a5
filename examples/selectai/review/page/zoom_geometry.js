// zoom_geometry.js: where a picture lies in a pane, by its scale and the point in the middle. Pure functions.

const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

/** Of a picture in a pane: scale 1 is the whole picture. */
export function fitted(aspect, paneWidth, paneHeight) {
  const width = Math.max(1, Math.min(paneWidth, paneHeight * aspect));
  return { width, height: width / aspect };
}

/** The point in the middle (fractions of the picture) so that no more empty space than needed is seen. */
export function held(middle, size, pane) {
  if (size <= pane) return 0.5;
  const half = pane / size / 2;
  return clamp(middle, half, 1 - half);
}
