// The list above the composer: commands, options, choices. The keyboard stays in the input.

import { byId, element } from "./dom.js";

export class Popup {
  #list = byId("popup");
  #entries = [];
  #current = -1;

  /**
   * Show entries.
   * @param {string} title above them
   * @param {{label: Node|string, detail: string, pick: function()}[]} entries
   * @param {{note: string, marked: boolean}} details a line below the title, such as an option's description, and
   *   whether the first entry is marked, so that Enter picks it
   */
  show(title, entries, { note = "", marked = true } = {}) {
    this.#entries = entries;
    this.#current = marked && entries.length ? 0 : -1;
    const rows = entries.map((entry, index) =>
      element("div.entry", { role: "option", id: `entry-${index}`, onpointerdown: (event) => this.#press(event, index) },
        element("span.entry-label", {}, entry.label),
        entry.detail ? element("span.entry-detail", {}, entry.detail) : null));
    this.#list.replaceChildren(
      element("p.popup-title", {}, title),
      ...(note ? [element("p.popup-note", {}, note)] : []),
      ...rows);
    this.#list.hidden = false;
    this.#mark();
  }

  hide() {
    this.#list.hidden = true;
    this.#entries = [];
    this.#current = -1;
    this.#mark();
  }

  /** Whether there is something to pick. */
  get isOffering() {
    return this.#entries.length > 0;
  }

  /** Whether an entry is marked. */
  get isMarked() {
    return this.#current >= 0;
  }

  move(step) {
    const count = this.#entries.length;
    if (!count) return;
    this.#current = this.isMarked ? (this.#current + step + count) % count : step > 0 ? 0 : count - 1;
    this.#mark();
  }

  /** Pick the marked entry, or else the first. */
  pick() {
    this.#entries[Math.max(this.#current, 0)]?.pick();
  }

  #press(event, index) {
    event.preventDefault(); // the input keeps the focus
    this.#entries[index].pick();
  }

  #mark() {
    const rows = this.#list.querySelectorAll(".entry");
    rows.forEach((row, index) => row.setAttribute("aria-selected", String(index === this.#current)));
    rows[this.#current]?.scrollIntoView({ block: "nearest" });
    const text = byId("text");
    text.setAttribute("aria-expanded", String(!this.#list.hidden));
    if (this.isMarked) text.setAttribute("aria-activedescendant", `entry-${this.#current}`);
    else text.removeAttribute("aria-activedescendant");
  }
}
