// The menu of a message or of a person: the bot's commands there, and what else can be done.

import { byId, element } from "./dom.js";

const GAP = 8;

export class Menu {
  #node = byId("menu-list");
  #opener = null;

  constructor() {
    document.addEventListener("pointerdown", (event) => this.#node.contains(event.target) || this.close());
    this.#node.addEventListener("keydown", (event) => this.#key(event));
    byId("log").addEventListener("scroll", () => this.close());
    addEventListener("resize", () => this.close());
  }

  /**
   * Open at a place of the window, kept inside it.
   * @param {Element} opener gets the focus back
   * @param {{x: number, y: number}} place
   * @param {{label: string, pick: function(), danger: boolean}[]} entries
   */
  open(opener, place, entries) {
    this.#opener = opener;
    const rows = entries.map(({ label, pick, danger }) =>
      element(`button.menu-entry${danger ? ".danger" : ""}`, {
        type: "button",
        role: "menuitem",
        onclick: () => {
          this.close();
          pick();
        },
      }, label));
    this.#node.replaceChildren(...(rows.length ? rows : [element("p.menu-empty", {}, "Nothing to do here")]));
    this.#node.hidden = false;
    const { width, height } = this.#node.getBoundingClientRect();
    this.#node.style.left = `${Math.max(GAP, Math.min(place.x, innerWidth - width - GAP))}px`;
    this.#node.style.top = `${Math.max(GAP, Math.min(place.y, innerHeight - height - GAP))}px`;
    (rows[0] ?? this.#node).focus();
  }

  close() {
    if (this.#node.hidden) return;
    const focused = this.#node.contains(document.activeElement);
    this.#node.hidden = true;
    if (focused) this.#opener?.focus();
  }

  #key(event) {
    const rows = [...this.#node.querySelectorAll("button")];
    const index = rows.indexOf(document.activeElement);
    if (event.key === "Escape" || event.key === "Tab") {
      event.preventDefault();
      event.stopPropagation();
      this.close();
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const step = event.key === "ArrowDown" ? 1 : rows.length - 1;
      rows[(index + step) % rows.length]?.focus();
    }
  }
}
