// Buttons, selects and the layouts of components v2.

import { element, isLink } from "./dom.js";
import { markdown } from "./markdown.js";
import { covered, file, picture } from "./media.js";

const ROW = 1, BUTTON = 2, SECTION = 9, TEXT = 10, THUMBNAIL = 11;
const GALLERY = 12, FILE = 13, SEPARATOR = 14, CONTAINER = 17;
const STRING_SELECT = 3, USER_SELECT = 5, ROLE_SELECT = 6, MENTIONABLE_SELECT = 7, CHANNEL_SELECT = 8;
const STYLES = { 1: "primary", 2: "secondary", 3: "success", 4: "danger", 5: "link" };

/**
 * Render components.
 * @param {Object[]} components
 * @param {{click: function(string), select: function(string, string[]), names: Object}} context
 */
export function components(components, context) {
  return components.map((one) => render(one, context));
}

function render(one, context) {
  const inner = () => components(one.components, context);
  switch (one.type) {
    case ROW: return element("div.row", {}, inner());
    case BUTTON: return button(one, context);
    case STRING_SELECT: case USER_SELECT: case ROLE_SELECT: case MENTIONABLE_SELECT: case CHANNEL_SELECT: return select(one, context);
    case TEXT: return element("div.text", {}, markdown(one.content, context.names));
    case SECTION: return element("div.section", {}, element("div", {}, inner()), render(one.accessory, context));
    case THUMBNAIL: return element("div.thumbnail", {}, media(one));
    case GALLERY: return element("div.gallery", {}, one.items.map(media));
    case FILE: return file({ url: one.file.url, filename: one.name ?? "file", size: one.size ?? 0 });
    case SEPARATOR: return element(one.divider ? "hr" : "div.space");
    case CONTAINER: return container(one, inner());
    default: return element("p.unsupported", {}, "A component that the playground does not show.");
  }
}

function media(item) {
  const node = picture({ ...item.media, description: item.description });
  return item.spoiler && node ? covered(node) : node;
}

function button(one, context) {
  const label = [one.emoji?.name ? `${one.emoji.name} ` : "", one.label ?? ""].join("");
  if (one.style === 5) {
    return isLink(one.url)
      ? element("a.button.link", { href: one.url, target: "_blank", rel: "noopener noreferrer" }, `${label} ↗`)
      : element("span.button.link", {}, label);
  }
  const node = element(`button.button.${STYLES[one.style] ?? "secondary"}`, {
    type: "button",
    disabled: one.disabled,
    "data-custom-id": one.custom_id,
  }, label);
  node.addEventListener("click", () => {
    node.classList.add("waiting");
    node.disabled = true;
    context.click(one.custom_id);
  });
  return node;
}

function select(one, context) {
  const many = one.max_values > 1;
  const offered = one.options ?? here(one.type, context.names);
  const options = offered.map((option) =>
    element("option", { value: option.value, selected: option.default, title: option.description }, option.label));
  const hint = element("option", { value: "", disabled: true, hidden: true }, one.placeholder ?? "Make a selection");
  const anyDefault = offered.some((option) => option.default);
  const node = element("select", {
    multiple: many,
    size: many ? Math.min(offered.length, 6) : null,
    disabled: one.disabled,
    "aria-label": one.placeholder ?? "Make a selection",
    "data-custom-id": one.custom_id,
  }, many ? options : [hint, ...options]);
  if (!many && !anyDefault) node.value = "";
  node.addEventListener("change", () => {
    const values = [...node.selectedOptions].map((option) => option.value);
    if (values.length >= one.min_values) context.select(one.custom_id, values);
  });
  return node;
}

/** The people, roles or channels that can be chosen. */
function here(type, names) {
  const from = (map, mark) => [...map].map(([value, name]) => ({ value, label: `${mark}${name.replace(/^@/, "")}` }));
  switch (type) {
    case USER_SELECT: return from(names.users, "@");
    case ROLE_SELECT: return from(names.roles, "@");
    case CHANNEL_SELECT: return from(names.channels, "#");
    default: return [...from(names.users, "@"), ...from(names.roles, "@")];
  }
}

function container(one, inner) {
  const node = element("div.container", {}, inner);
  if (one.accent_color !== null) node.style.borderLeftColor = `#${one.accent_color.toString(16).padStart(6, "0")}`;
  return node;
}
