// Registered commands as a member reads them: in their language, sub-commands in one flat list.

const SUB_COMMAND = 1, GROUP = 2;

/**
 * Flatten commands.
 * @returns {{name: string, shown: string, description: string, options: Object[]}[]}
 *   `name` is what the playground is told, `shown` what the member reads
 */
export function flatten(commands, locale) {
  return commands.filter((command) => command.type === 1).flatMap((command) => leaves(command, locale, "", ""));
}

export const USER_COMMAND = 2, MESSAGE_COMMAND = 3;

/**
 * The commands in the menu of a message or of a person.
 * @returns {{name: string, shown: string}[]}
 */
export function inMenu(commands, type, locale) {
  return commands
    .filter((command) => command.type === type)
    .map((command) => ({ name: command.name, shown: localized(command, "name", locale) }));
}

function leaves(node, locale, path, shownPath) {
  const name = `${path}${node.name}`;
  const shown = `${shownPath}${localized(node, "name", locale)}`;
  const options = node.options ?? [];
  const nested = options.filter((option) => option.type === SUB_COMMAND || option.type === GROUP);
  if (nested.length) return nested.flatMap((option) => leaves(option, locale, `${name} `, `${shown} `));
  return [{ name, shown, description: localized(node, "description", locale), options }];
}

/** A name or description in the member's language, or as it is. */
export function localized(node, key, locale) {
  return node[`${key}_localizations`]?.[locale] ?? node[key];
}
