// Discord's markdown, as nodes. Whatever is not markup is text, and text is never anything else.

import { element, isLink } from "./dom.js";

/** What mentions are looked up in: { users, channels, roles }, each a Map from id to name. */
const NOBODY = { users: new Map(), channels: new Map(), roles: new Map() };

const BLOCKS = [
  { pattern: /^```(?:([\w+-]+)\n)?([^]*?)```\n?/, make: (match) => element("pre", {}, element("code", {}, match[2].replace(/^\n|\n$/g, ""))) },
  { pattern: /^-# ([^\n]+)\n?/, make: (match, names) => element("p.subtext", {}, inline(match[1], names)) },
  { pattern: /^(#{1,3}) ([^\n]+)\n?/, make: (match, names) => element(`h${match[1].length + 2}`, {}, inline(match[2], names)) },
  { pattern: /^((?:> [^\n]*(?:\n|$))+)/, make: (match, names) => element("blockquote", {}, blocks(match[1].replace(/^> /gm, ""), names)) },
  { pattern: /^((?:[-*] [^\n]+(?:\n|$))+)/, make: (match, names) => list(match[1], names) },
];

const SPANS = [
  { pattern: /^\\([^A-Za-z0-9\s])/, make: (match) => match[1] },
  { pattern: /^(`+)([^]*?[^`])\1(?!`)/, make: (match) => element("code", {}, match[2]) },
  { pattern: /^\*\*([^]+?)\*\*(?!\*)/, make: (match, names) => element("strong", {}, inline(match[1], names)) },
  { pattern: /^__([^]+?)__(?!_)/, make: (match, names) => element("u", {}, inline(match[1], names)) },
  { pattern: /^~~([^]+?)~~/, make: (match, names) => element("s", {}, inline(match[1], names)) },
  { pattern: /^\|\|([^]+?)\|\|/, make: (match, names) => spoiler(inline(match[1], names)) },
  { pattern: /^\*(?!\s)([^*]+?)\*(?!\*)/, make: (match, names) => element("em", {}, inline(match[1], names)) },
  { pattern: /^_([^_]+?)_(?![A-Za-z0-9_])/, make: (match, names) => element("em", {}, inline(match[1], names)), wordStart: true },
  { pattern: /^<@!?(\d+)>/, make: (match, names) => pill(`@${names.users.get(match[1]) ?? "unknown-user"}`) },
  { pattern: /^<@&(\d+)>/, make: (match, names) => pill(`@${names.roles.get(match[1]) ?? "unknown-role"}`) },
  { pattern: /^<#(\d+)>/, make: (match, names) => pill(`#${names.channels.get(match[1]) ?? "unknown"}`) },
  { pattern: /^<\/([^:>]+):\d+>/, make: (match) => pill(`/${match[1]}`) },
  { pattern: /^@(everyone|here)\b/, make: (match) => pill(match[0]) },
  { pattern: /^<t:(-?\d{1,12})(?::([tTdDfFR]))?>/, make: (match) => moment(Number(match[1]), match[2] ?? "f") },
  { pattern: /^\[([^\]\n]+)\]\((https?:\/\/[^\s)]+)\)/, make: (match) => link(match[2], match[1]) },
  { pattern: /^<(https?:\/\/[^\s>]+)>/, make: (match) => link(match[1], match[1]) },
  { pattern: /^https?:\/\/[^\s<]*[^\s<.,:;"')\]]/, make: (match) => link(match[0], match[0]), wordStart: true },
];

/** Turn text into nodes. */
export function markdown(text, names = NOBODY) {
  return blocks(text, names);
}

function blocks(text, names) {
  const nodes = [];
  let rest = text;
  let paragraph = "";
  const flush = () => {
    if (paragraph) nodes.push(element("p", {}, inline(paragraph.replace(/\n$/, ""), names)));
    paragraph = "";
  };
  while (rest) {
    const found = first(BLOCKS, rest, false);
    if (found) {
      flush();
      nodes.push(found.rule.make(found.match, names));
      rest = rest.slice(found.match[0].length);
      continue;
    }
    const fence = rest.indexOf("```", 1);
    const newline = rest.indexOf("\n") + 1 || rest.length;
    const end = fence > 0 && fence < newline ? fence : newline;
    paragraph += rest.slice(0, end);
    rest = rest.slice(end);
  }
  flush();
  return nodes;
}

function inline(text, names) {
  const nodes = [];
  let plain = "";
  let rest = text;
  let inWord = false;
  while (rest) {
    const found = first(SPANS, rest, inWord);
    if (found) {
      if (plain) nodes.push(plain);
      plain = "";
      nodes.push(found.rule.make(found.match, names));
      rest = rest.slice(found.match[0].length);
      inWord = false;
      continue;
    }
    const character = String.fromCodePoint(rest.codePointAt(0));
    plain += character;
    inWord = /[\p{L}\p{N}_]/u.test(character);
    rest = rest.slice(character.length);
  }
  if (plain) nodes.push(plain);
  return nodes;
}

function first(rules, text, inWord) {
  for (const rule of rules) {
    if (rule.wordStart && inWord) continue;
    const match = rule.pattern.exec(text);
    if (match) return { rule, match };
  }
  return null;
}

function list(text, names) {
  const items = text.trimEnd().split("\n").map((line) => element("li", {}, inline(line.slice(2), names)));
  return element("ul", {}, items);
}

const pill = (text) => element("span.mention", {}, text);

const MOMENTS = {
  t: { timeStyle: "short" }, T: { timeStyle: "medium" }, d: { dateStyle: "short" }, D: { dateStyle: "long" },
  f: { dateStyle: "long", timeStyle: "short" }, F: { dateStyle: "full", timeStyle: "short" },
};
const UNITS = [["year", 31536000], ["month", 2592000], ["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];

/** A moment as Discord shows it; the whole of it is told to whoever points at it. */
function moment(seconds, style) {
  const date = new Date(seconds * 1000);
  const whole = date.toLocaleString(undefined, MOMENTS.F);
  const shown = style === "R" ? fromNow(seconds - Date.now() / 1000) : date.toLocaleString(undefined, MOMENTS[style]);
  return element("time", { datetime: date.toISOString(), title: whole }, shown);
}

function fromNow(seconds) {
  const [unit, length] = UNITS.find(([, size]) => Math.abs(seconds) >= size) ?? ["second", 1];
  return new Intl.RelativeTimeFormat(undefined, { numeric: "auto" }).format(Math.trunc(seconds / length), unit);
}

function link(url, label) {
  return isLink(url) ? element("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, label) : label;
}

function spoiler(children) {
  const node = element("span.spoiler", { role: "button", tabindex: "0", "aria-label": "Spoiler" }, children);
  const reveal = () => {
    node.classList.add("revealed");
    node.removeAttribute("aria-label");
  };
  node.addEventListener("click", reveal);
  node.addEventListener("keydown", (event) => event.key === "Enter" && reveal());
  return node;
}
