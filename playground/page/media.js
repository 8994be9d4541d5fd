// Pictures and files, each with its description where it has one.

import { element, isLink } from "./dom.js";

const PICTURE = /\.(gif|png|jpe?g|webp|avif)$/i;

const SPOILER = /^SPOILER_/;

/** Something covered until it is asked for. */
export function covered(node) {
  const cover = element("button.cover", { type: "button" }, "SPOILER");
  const whole = element("div.covered", {}, node, cover);
  node.inert = true;
  cover.addEventListener("click", () => {
    cover.remove();
    node.inert = false;
    whole.classList.add("revealed");
  });
  return whole;
}

/** A picture, opened in full by a click; its description is its alternative text, and can be read under ALT. */
export function picture({ url, description, width, height }) {
  if (!isLink(url)) return null;
  const image = element("img", { src: url, alt: description ?? "", width, height, loading: "lazy" });
  const link = element("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, image);
  const figure = element("figure.picture", {}, link);
  if (description) figure.append(alternative(description));
  return figure;
}

function alternative(description) {
  return element("details.alt", {}, element("summary", { "aria-label": "Description" }, "ALT"), element("p", {}, description));
}

/** A file that is no picture. */
export function file({ url, filename, size }) {
  return element("div.file", {},
    element("img.file-icon", { src: "/page/file.svg", alt: "" }),
    element("div", {},
      element("a", { href: isLink(url) ? url : "#", target: "_blank", rel: "noopener noreferrer" }, filename),
      element("p.subtext", {}, bytes(size))));
}

/** An attachment of either kind. */
export function attachment(one) {
  const node = PICTURE.test(one.filename) ? picture(one) : file(one);
  return SPOILER.test(one.filename) ? covered(node) : node;
}

/** Bytes as people read them. */
export function bytes(count) {
  if (count < 1024) return `${count} bytes`;
  if (count < 1024 * 1024) return `${(count / 1024).toFixed(1)} KB`;
  return `${(count / 1024 / 1024).toFixed(2)} MB`;
}
