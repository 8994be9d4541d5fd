// One message: who wrote it on what occasion, what it says, shows and offers.

import { avatar, element, isLink } from "./dom.js";
import { attachment, picture } from "./media.js";
import { components } from "./components.js";
import { markdown } from "./markdown.js";

const EPHEMERAL = 1 << 6, LOADING = 1 << 7, COMPONENTS_V2 = 1 << 15;

/**
 * Render a message.
 * @param {Object} message as the playground sends it
 * @param {Object} context what its buttons do, the names that mentions stand for, and `dismiss`
 */
export function render(message, context) {
  const ephemeral = Boolean(message.flags & EPHEMERAL);
  const node = element("article.message", { "data-id": message.id });
  if (ephemeral) node.classList.add("ephemeral");
  if (message.mention_everyone || message.mentions.some((user) => user.id === context.me)) node.classList.add("mentioned");
  const more = element("button.more", { type: "button", "aria-label": "More", "aria-haspopup": "menu" }, "⋯");
  more.addEventListener("click", () => context.menu(more, below(more)));
  node.addEventListener("contextmenu", (event) => {
    if (event.target.closest("a, input, textarea, select")) return;
    event.preventDefault();
    context.menu(more, { x: event.clientX, y: event.clientY });
  });
  node.append(
    ...occasion(message),
    avatar(message.author.id, message.author_name),
    more,
    element("div.body", {},
      heading(message, context),
      ...said(message, context),
      ...message.embeds.map((embed) => embedded(embed, context)),
      ...(message.flags & COMPONENTS_V2 ? [] : message.attachments.map(attachment)),
      ...components(message.components, context),
      ephemeral ? note(message, context) : null));
  return node;
}

function occasion(message) {
  if (message.used) {
    const command = element("span.mention", {}, message.used.command);
    return [element("div.occasion", {}, element("span", {}, element("b", {}, message.used.by), " used ", command))];
  }
  if (message.referenced_message !== undefined) {
    const original = message.referenced_message;
    const excerpt = original ? `${original.author.global_name ?? original.author.username}: ${original.content || "(a picture)"}` : "a message that was deleted";
    return [element("div.occasion", {}, element("span", {}, excerpt))];
  }
  return [];
}

const below = (node) => {
  const box = node.getBoundingClientRect();
  return { x: box.left, y: box.bottom };
};

function heading(message, context) {
  const when = new Date(message.timestamp);
  const author = element("button.author", { type: "button", "aria-haspopup": "menu" }, message.author_name);
  author.addEventListener("click", () => context.personMenu(author, below(author)));
  return element("h3", {},
    author,
    message.author.bot ? element("span.tag", {}, "APP") : null,
    element("time", { datetime: message.timestamp }, when.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" })));
}

function said(message, context) {
  if (message.flags & LOADING) {
    const dots = element("span.dots", { "aria-hidden": "true" }, element("i"), element("i"), element("i"));
    return [element("p.thinking", {}, dots, ` ${message.author_name} is thinking…`)];
  }
  if (!message.content) return [];
  const text = element("div.text", {}, markdown(message.content, context.names));
  if (message.edited_timestamp) {
    const edited = element("span.edited", { title: new Date(message.edited_timestamp).toLocaleString() }, " (edited)");
    (text.lastElementChild?.tagName === "P" ? text.lastElementChild : text).append(edited);
  }
  return [text];
}

function embedded(embed, context) {
  const title = embed.title ? element("h4", {}, markdown(embed.title, context.names)) : null;
  const node = element("div.embed", {},
    embed.author ? element("p.embed-author", {}, embed.author.name) : null,
    title && isLink(embed.url) ? element("a", { href: embed.url, target: "_blank", rel: "noopener noreferrer" }, title) : title,
    embed.description ? element("div.text", {}, markdown(embed.description, context.names)) : null,
    fields(embed.fields ?? [], context),
    embed.image ? picture(embed.image) : null,
    embed.footer ? element("p.subtext", {}, embed.footer.text) : null);
  if (embed.thumbnail) node.append(element("div.thumbnail", {}, picture(embed.thumbnail)));
  if (embed.color) node.style.borderLeftColor = `#${embed.color.toString(16).padStart(6, "0")}`;
  return node;
}

function fields(entries, context) {
  if (!entries.length) return null;
  return element("dl.fields", {}, entries.map((entry) =>
    element(`div${entry.inline ? ".inline" : ""}`, {},
      element("dt", {}, markdown(entry.name, context.names)),
      element("dd", {}, markdown(entry.value, context.names)))));
}

function note(message, context) {
  return element("p.note", {},
    element("img.icon", { src: "/page/eye.svg", alt: "" }),
    "Only you can see this · ",
    element("button.plain", { type: "button", onclick: () => context.dismiss(message.id) }, "Dismiss message"));
}
