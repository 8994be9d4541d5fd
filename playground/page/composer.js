// The composer: plain messages, and commands with their options as chips.

import { byId, element } from "./dom.js";
import { flatten, localized } from "./commands.js";
import { Popup } from "./popup.js";

const STRING = 3, INTEGER = 4, BOOLEAN = 5, USER = 6, CHANNEL = 7, ROLE = 8, MENTIONABLE = 9, NUMBER = 10, ATTACHMENT = 11;
const COMPLETE_AFTER_MS = 150;

export class Composer {
  #socket;
  #places;
  #text = byId("text");
  #chips = byId("chips");
  #refusal = byId("refusal");
  #popup = new Popup();
  #commands = [];
  #locale = "en-US";
  #command = null;
  #filled = [];
  #completing = 0;

  /**
   * @param {Socket} socket
   * @param {{people: function(): string[], channels: function(): string[], roles: function(): string[]}} places
   */
  constructor(socket, places) {
    this.#socket = socket;
    this.#places = places;
    byId("composer").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    this.#text.addEventListener("input", (event) => this.#typed(event));
    this.#text.addEventListener("keydown", (event) => this.#key(event, null));
  }

  /** What can be typed here, and in which language. */
  offer(commands, locale) {
    this.#locale = locale;
    this.#commands = flatten(commands, locale);
    if (this.#command) this.reset();
    else if (this.#text.value) this.#typed();
  }

  refuse(why) {
    this.#refusal.textContent = why;
  }

  /** Begin anew with an empty line. */
  reset() {
    this.#command = null;
    this.#filled = [];
    this.#chips.replaceChildren();
    this.#text.hidden = false;
    this.#text.value = "";
    this.#text.placeholder = "Message, or / for commands";
    this.#popup.hide();
    this.refuse("");
  }

  // A line of text

  #typed(event) {
    this.refuse("");
    const value = this.#text.value;
    if (this.#command) return this.#offerOptions(value.trim());
    if (!value.startsWith("/")) return this.#popup.hide();
    const exact = this.#commands.find((command) => `/${command.shown} ` === value);
    if (exact && event?.inputType === "insertText") return this.#choose(exact);
    const wanted = value.slice(1).toLowerCase();
    if (this.#commands.some((command) => wanted.startsWith(`${command.shown} `))) return this.#popup.hide();
    const found = this.#commands.filter((command) => command.shown.includes(wanted.trim()));
    this.#popup.show(found.length ? "Commands" : "No command matches", found.map((command) => ({
      label: `/${command.shown}`,
      detail: command.description,
      pick: () => this.#choose(command),
    })));
  }

  #submit() {
    if (!this.#command) return this.#say(this.#text.value);
    const loose = this.#text.value.trim();
    if (loose) return this.refuse(`“${loose}” belongs to no option.`);
    const values = Object.fromEntries(this.#filled.filter((chip) => !chip.file).map((chip) => [chip.name, chip.input.value]));
    const files = Object.fromEntries(this.#filled.filter((chip) => chip.file).map((chip) => [chip.name, chip.file]));
    this.#socket.send({ do: "use", name: this.#command.name, values, files });
    this.#popup.hide();
  }

  /** Send plain text, or a whole command line as it was pasted. */
  #say(text) {
    if (text.trim()) this.#socket.send({ do: "say", text });
    this.#popup.hide();
  }

  /** The playground has taken what was sent. */
  accepted() {
    this.reset();
    this.#text.focus();
  }

  #key(event, chip) {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      this.#popup.move(event.key === "ArrowDown" ? 1 : -1);
    } else if (event.key === "Escape") {
      this.reset();
      this.#text.focus();
    } else if (event.key === "Tab" && !event.shiftKey && this.#popup.isOffering) {
      event.preventDefault();
      this.#popup.pick();
    } else if (event.key === "Enter" && !event.isComposing) {
      event.preventDefault();
      if (this.#popup.isMarked) this.#popup.pick();
      else this.#submit();
    } else if (event.key === "Backspace" && !event.target.value && this.#command) {
      event.preventDefault();
      this.#remove(chip ?? this.#filled.at(-1));
    }
  }

  // A command and its options

  #choose(command) {
    this.#command = command;
    this.#filled = [];
    this.#chips.replaceChildren(element("span.command", {}, `/${command.shown}`));
    this.#text.value = "";
    this.#text.placeholder = "";
    this.refuse("");
    for (const option of command.options.filter((one) => one.required)) this.#add(option);
    if (this.#filled.length) this.#filled[0].input.focus();
    else this.#rest();
  }

  /** Go to the end of the line, where more options are offered; where there are none, stay with the last. */
  #rest() {
    this.#text.value = "";
    this.#text.hidden = this.#filled.length > 0 && this.#filled.length === this.#command.options.length;
    (this.#text.hidden ? this.#filled.at(-1).input : this.#text).focus();
    this.#completing++; // the last option got the focus, but wants no suggestions now
    this.#offerOptions("");
  }

  #offerOptions(wanted) {
    const taken = new Set(this.#filled.map((chip) => chip.name));
    const free = this.#command.options.filter((option) => !taken.has(option.name) && this.#shown(option).startsWith(wanted));
    const entries = free.map((option) => ({
      label: this.#shown(option),
      detail: localized(option, "description", this.#locale),
      pick: () => this.#add(option).input.focus(),
    }));
    const title = entries.length ? "Options" : "Press Enter to send";
    const note = localized(this.#command, "description", this.#locale);
    this.#popup.show(title, entries, { note, marked: wanted !== "" });
  }

  #shown(option) {
    return localized(option, "name", this.#locale);
  }

  #add(option) {
    const input = element("input", {
      type: option.type === ATTACHMENT ? "file" : "text",
      "aria-label": `${this.#shown(option)}: ${localized(option, "description", this.#locale)}`,
      inputmode: option.type === INTEGER ? "numeric" : option.type === NUMBER ? "decimal" : "text",
      enterkeyhint: "send",
      spellcheck: "false",
      "data-option": option.name,
    });
    const node = element("label.chip", {}, element("span", {}, this.#shown(option)), input);
    const chip = { option, name: option.name, input, node, file: null };
    input.addEventListener("focus", () => this.#suggest(chip));
    input.addEventListener("input", () => this.#edited(chip));
    input.addEventListener("keydown", (event) => this.#key(event, chip));
    if (option.type === ATTACHMENT) input.addEventListener("change", () => this.#read(chip));
    this.#chips.append(node);
    this.#filled.push(chip);
    this.#text.value = "";
    fit(input);
    return chip;
  }

  #remove(chip) {
    if (!chip || chip.option.required) return this.reset();
    chip.node.remove();
    this.#filled.splice(this.#filled.indexOf(chip), 1);
    this.#rest();
  }

  #edited(chip) {
    this.refuse("");
    fit(chip.input);
    chip.node.classList.toggle("wrong", !fits(chip.option, chip.input.value));
    this.#suggest(chip);
  }

  #read(chip) {
    const [file] = chip.input.files;
    if (!file) return;
    const reader = new FileReader();
    reader.addEventListener("load", () => {
      chip.file = { name: file.name, data: reader.result.split(",")[1] };
      this.#advance(chip);
    });
    reader.readAsDataURL(file);
  }

  /** Set a chip and go on to the next empty one. */
  #set(chip, value) {
    chip.input.value = value;
    fit(chip.input);
    chip.node.classList.remove("wrong");
    this.#advance(chip);
  }

  #advance(chip) {
    const next = this.#filled.find((one) => one !== chip && one.option.required && !one.input.value);
    if (next) next.input.focus();
    else this.#rest();
  }

  // What can stand in an option

  #suggest(chip) {
    const { option } = chip;
    const request = ++this.#completing;
    const note = describe(option, this.#locale);
    if (option.autocomplete) {
      setTimeout(() => request === this.#completing && this.#complete(chip, request, note), COMPLETE_AFTER_MS);
      return;
    }
    const offered = this.#possible(option).filter((one) => one.name.toLowerCase().includes(chip.input.value.toLowerCase()));
    this.#list(chip, offered, note);
  }

  async #complete(chip, request, note) {
    const others = this.#filled.filter((one) => one !== chip && !one.file && one.input.value);
    const values = Object.fromEntries([...others, chip].map((one) => [one.name, one.input.value]));
    const choices = await this.#socket.complete(this.#command.name, values);
    if (request !== this.#completing || !this.#command) return;
    if (choices === null) this.#popup.show(this.#shown(chip.option), [], { note: "Loading options failed" });
    else this.#list(chip, choices, note);
  }

  #list(chip, offered, note) {
    const entries = offered.map((one) => ({
      label: one.name,
      detail: "",
      pick: () => this.#set(chip, String(one.value)),
    }));
    // Where anything may be typed, Enter must not put a suggestion in the place of what was typed.
    const marked = isConstrained(chip.option) || chip.input.value === "";
    this.#popup.show(this.#shown(chip.option), entries, { note, marked });
  }

  #possible(option) {
    const named = (names) => names.map((name) => ({ name, value: name }));
    if (option.choices) {
      return option.choices.map((choice) => ({ name: localized(choice, "name", this.#locale), value: choice.name }));
    }
    switch (option.type) {
      case BOOLEAN: return named(["True", "False"]);
      case USER: return named(this.#places.people());
      case CHANNEL: return named(this.#places.channels());
      case ROLE: return named(this.#places.roles());
      case MENTIONABLE: return named([...this.#places.people(), ...this.#places.roles()]);
      default: return [];
    }
  }
}

/** Whether an option takes only what its list offers. */
const isConstrained = (option) => Boolean(option.choices) || [BOOLEAN, USER, CHANNEL, ROLE, MENTIONABLE].includes(option.type);

/** Whether a value may stand in an option as far as this side can tell. */
function fits(option, value) {
  if (value === "") return true;
  if (option.type === STRING) return value.length <= (option.max_length ?? 6000);
  if (option.type !== INTEGER && option.type !== NUMBER) return true;
  const pattern = option.type === INTEGER ? /^-?\d+$/ : /^-?\d+(\.\d+)?$/;
  const number = Number(value);
  return pattern.test(value) && number >= (option.min_value ?? -Infinity) && number <= (option.max_value ?? Infinity);
}

function describe(option, locale) {
  const parts = [localized(option, "description", locale)];
  if (option.min_value !== undefined || option.max_value !== undefined) {
    parts.push(`${option.min_value ?? "…"} to ${option.max_value ?? "…"}`);
  }
  if (option.max_length !== undefined) parts.push(`at most ${option.max_length} characters`);
  return parts.join(" · ");
}

/** Make an input as wide as its value. */
function fit(input) {
  if (input.type !== "file") input.style.width = `${Math.min(Math.max([...input.value].length, 2) + 1, 60)}ch`;
}
