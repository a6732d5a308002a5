// zoom_pointers.js: mouse and fingers over a picture: drag, pinch, wheel, double click.

const perPixel = 0.0016; // of the wheel, in the logarithm of the scale

const middle = ([a, b]) => ({ x: (a.x + b.x) / 2, y: (a.y + b.y) / 2, apart: Math.hypot(a.x - b.x, a.y - b.y) });

/** on: drag(dx, dy), scale(factor, clientX, clientY), twice(clientX, clientY). */
export function followPointers(area, on) {
  const down = new Map(); // pointer id -> where it was last

  function move(event) {
    const before = down.get(event.pointerId);
    if (!before) return;
    const now = { x: event.clientX, y: event.clientY };
    if (down.size === 1) on.drag(now.x - before.x, now.y - before.y);
    const was = down.size === 2 ? middle([...down.values()]) : null;
    down.set(event.pointerId, now);
    if (!was) return;
    const is = middle([...down.values()]);
    on.drag(is.x - was.x, is.y - was.y);
    if (was.apart > 0) on.scale(is.apart / was.apart, is.x, is.y);
  }

  area.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || down.size >= 2) return;
    area.setPointerCapture(event.pointerId);
    down.set(event.pointerId, { x: event.clientX, y: event.clientY });
  });
  area.addEventListener("pointermove", move);
  for (const name of ["pointerup", "pointercancel"]) area.addEventListener(name, (event) => down.delete(event.pointerId));
  area.addEventListener("dblclick", (event) => on.twice(event.clientX, event.clientY));
  area.addEventListener("wheel", (event) => {
    event.preventDefault();
    const pixels = event.deltaY * (event.deltaMode === 1 ? 20 : event.deltaMode === 2 ? 400 : 1);
    on.scale(Math.exp(-Math.max(-400, Math.min(400, pixels)) * perPixel), event.clientX, event.clientY);
  }, { passive: false });
}
