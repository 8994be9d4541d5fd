// The page: messages in the middle, told by the playground; what the member does goes back to it.

import { byId, element } from "./dom.js";
import { Composer } from "./composer.js";
import { Places } from "./places.js";
import { Socket } from "./socket.js";
import { openModal } from "./modal.js";
import { render } from "./message.js";

const TYPING_MS = 8000;
const NEAR_END = 120;

const log = byId("log");
const nodes = new Map();
let typingTimer = 0;

const socket = new Socket({
  hello: (world) => {
    places.enter(world);
    places.showBot(world);
  },
  channel: ({ messages, commands: offered }) => {
    nodes.clear();
    log.replaceChildren();
    messages.forEach(show);
    log.scrollTop = log.scrollHeight;
    offer(offered);
  },
  message: ({ message }) => show(message),
  deleted: ({ id }) => remove(id),
  commands: ({ commands: offered }) => offer(offered),
  presence: (presence) => places.showBot(presence),
  typing: showTyping,
  answered: (cause) => settle(cause),
  failed: (cause) => {
    settle(cause);
    add(element("p.failed", { role: "alert" }, "The application did not respond"));
  },
  modal: ({ interaction, modal }) =>
    openModal(modal, (values) => socket.send({ do: "submit", interaction, values })),
  refused: ({ why, ...cause }) => {
    if (cause.message) {
      settle(cause);
      add(element("p.failed", { role: "alert" }, why));
    } else composer.refuse(why);
  },
  sent: () => composer.accepted(),
  closed: () => places.showBot({ connected: false }),
});

const places = new Places((member, channel) => socket.send({ do: "look", member, channel }));
const composer = new Composer(socket, places);

function offer(offered) {
  composer.offer(commands, places.me.locale);
}

function show(message) {
  const node = render(message, context(message));
  const old = nodes.get(message.id);
  nodes.set(message.id, node);
  const follow = isNearEnd();
  if (old) old.replaceWith(node);
  else log.append(node);
  if (message.author.bot) byId("typing").textContent = "";
  if (!follow) return;
  log.scrollTop = log.scrollHeight;
  node.querySelectorAll("img").forEach((image) =>
    image.addEventListener("load", () => isNearEnd(image.height) && (log.scrollTop = log.scrollHeight)));
}

function context(message) {
  return {
    me: places.me.id,
    names: places.names,
    click: (customId) => socket.send({ do: "click", message: message.id, custom_id: customId }),
    select: (customId, values) => socket.send({ do: "select", message: message.id, custom_id: customId, values }),
    dismiss: remove,
  };
}

function remove(id) {
  nodes.get(id)?.remove();
  nodes.delete(id);
}

function add(node) {
  log.append(node);
  log.scrollTop = log.scrollHeight;
}

/** A button that was pressed has been heard: it can be pressed again. */
function settle({ message, custom_id: customId }) {
  const pressed = nodes.get(message)?.querySelector(`button.waiting[data-custom-id="${CSS.escape(customId ?? "")}"]`);
  if (!pressed) return;
  pressed.classList.remove("waiting");
  pressed.disabled = false;
}

function isNearEnd(tolerance = 0) {
  return log.scrollHeight - log.scrollTop - log.clientHeight < NEAR_END + tolerance;
}

function showTyping() {
  byId("typing").textContent = `${places.botName} is typing…`;
  clearTimeout(typingTimer);
  typingTimer = setTimeout(() => { byId("typing").textContent = ""; }, TYPING_MS);
}
