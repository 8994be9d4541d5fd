// Building the page from nodes only: no text is ever parsed as HTML.

/**
 * Make an element.
 * @param {string} tag such as "div" or "button.primary"
 * @param {Object} attributes DOM attributes; `on…` are listeners; null and false leave an attribute out
 * @param {...(Node|string|null)} children
 */
export function element(tag, attributes = {}, ...children) {
  const [name, ...classes] = tag.split(".");
  const node = document.createElement(name);
  if (classes.length) node.className = classes.join(" ");
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return node;
}

export const byId = (id) => document.getElementById(id);

const COLOURS = ["#5865f2", "#3ba55c", "#d97a2b", "#c2418c", "#2f8fb5", "#9b59b6"];

/** A round picture with the first letter of a name; the same id always has the same colour. */
export function avatar(id, name) {
  const node = element("span.avatar", { "aria-hidden": "true" }, [...name][0]?.toUpperCase() ?? "?");
  node.style.backgroundColor = COLOURS[Number(BigInt(id) % BigInt(COLOURS.length))];
  return node;
}

/** Only these may be followed; everything else stays text. */
export const isLink = (url) => /^https?:\/\//i.test(url ?? "");
