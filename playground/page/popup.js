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
   * @param {string} note below the title, such as an option's description
   */
  show(title, entries, note = "") {
    this.#entries = entries;
    this.#current = entries.length ? 0 : -1;
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

  /** Whether there is something that Enter would pick. */
  get isOffering() {
    return !this.#list.hidden && this.#current >= 0;
  }

  move(step) {
    if (!this.isOffering) return;
    this.#current = (this.#current + step + this.#entries.length) % this.#entries.length;
    this.#mark();
  }

  pick() {
    this.#entries[this.#current]?.pick();
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
    if (this.isOffering) text.setAttribute("aria-activedescendant", `entry-${this.#current}`);
    else text.removeAttribute("aria-activedescendant");
  }
}
