// A form that the bot opens.

import { byId, element } from "./dom.js";

const TEXT = 10, LABEL = 18, TEXT_INPUT = 4, STRING_SELECT = 3;
const LONGEST = 4000;

/**
 * Open a form.
 * @param {Object} modal Discord's JSON for it
 * @param {function(Object)} submit takes the values by custom id
 */
export function openModal(modal, submit) {
  const dialog = byId("modal");
  const inputs = [];
  const rows = modal.components.length > 1 ? 4 : 12;
  const parts = modal.components.map((one) => part(one, inputs, rows));
  const form = element("form", { method: "dialog" },
    element("h2", {}, modal.title),
    element("p.warning", {}, "This form will be submitted to the bot. Do not share passwords or other sensitive information."),
    ...parts,
    element("div.buttons", {},
      element("button.button.secondary", { type: "button", onclick: () => dialog.close() }, "Cancel"),
      element("button.button.primary", { type: "submit" }, "Submit")));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submit(Object.fromEntries(inputs.map((input) => [input.name, valueOf(input)])));
    dialog.close();
  });
  dialog.replaceChildren(form);
  dialog.showModal();
  inputs[0]?.focus();
  if (inputs[0]?.tagName === "TEXTAREA") inputs[0].setSelectionRange(0, 0);
}

function part(one, inputs, rows) {
  if (one.type === TEXT) return element("p", {}, one.content);
  const inner = one.type === LABEL ? [one.component] : one.components ?? [];
  return element("div.part", {}, inner.map((field) => labelled(field, { ...field, ...one }, inputs, rows)));
}

function labelled(field, { label, description }, inputs, rows) {
  const required = field.required !== false;
  const input = field.type === TEXT_INPUT ? textInput(field, required, rows) : selectInput(field, required);
  inputs.push(input);
  const counter = field.type === TEXT_INPUT ? count(input) : null;
  return element("label", {},
    element("span.label", {}, label ?? "", required ? element("span.required", { "aria-hidden": "true" }, " *") : null),
    description ? element("span.description", {}, description) : null,
    input,
    counter);
}

function textInput(field, required, rows) {
  const input = element(field.style === 2 ? "textarea" : "input", {
    name: field.custom_id,
    placeholder: field.placeholder,
    minlength: field.min_length,
    maxlength: field.max_length ?? LONGEST,
    required,
    spellcheck: "false",
    rows: field.style === 2 ? rows : null,
  });
  input.value = field.value ?? "";
  return input;
}

function selectInput(field, required) {
  if (field.type !== STRING_SELECT) return element("input", { name: field.custom_id, disabled: true });
  const options = field.options.map((option) =>
    element("option", { value: option.value, selected: option.default }, option.label));
  return element("select", { name: field.custom_id, multiple: (field.max_values ?? 1) > 1, required }, options);
}

function count(input) {
  const counter = element("span.counter", { "aria-hidden": "true" });
  const show = () => { counter.textContent = `${input.value.length}/${input.maxLength}`; };
  input.addEventListener("input", show);
  show();
  return counter;
}

const valueOf = (input) =>
  input.tagName === "SELECT" ? [...input.selectedOptions].map((option) => option.value) : input.value;
