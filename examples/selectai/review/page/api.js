// api.js: asking the server. Addresses are relative: the token is part of the page's own.

/** Names this window to the server: 32 hexadecimal digits, the same after a reload. */
export const windowId = (() => {
  const kept = sessionStorage.getItem("window");
  if (kept && /^[0-9a-f]{32}$/.test(kept)) return kept;
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const id = Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("");
  sessionStorage.setItem("window", id);
  return id;
})();

/** status 0: the server did not answer. */
export class ApiError extends Error {
  constructor(status, code, message) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

async function refusal(response) {
  let error = {};
  try {
    error = (await response.json()).error || {};
  } catch {
    /* an empty answer */
  }
  return new ApiError(response.status, error.code || "", error.message || `the server answered ${response.status}`);
}

async function ask(path, options) {
  let response;
  try {
    response = await fetch(path, { cache: "no-store", credentials: "omit", ...options });
  } catch {
    throw new ApiError(0, "gone", "the server does not answer");
  }
  if (!response.ok) throw await refusal(response);
  return response.json();
}

export const api = {
  get: (path) => ask(path, {}),
  post: (path, body = {}) =>
    ask(path, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ window: windowId, ...body }),
    }),
  picture: (image, side) => `picture/${image}?side=${side}`,
};

/** The sizes that the server makes. */
export const sides = [320, 640, 1280, 1920, 2560];
export function sideFor(pixels) {
  return sides.find((side) => side >= pixels) || sides[sides.length - 1];
}
