// The page: messages in the middle, told by the playground; what the member does goes back to it.

import { byId, element } from "./dom.js";
import { Composer } from "./composer.js";
import { MESSAGE_COMMAND, USER_COMMAND, inMenu } from "./commands.js";
import { Menu } from "./menu.js";
import { Places } from "./places.js";
import { Socket } from "./socket.js";
import { openModal } from "./modal.js";
import { render } from "./message.js";

const EPHEMERAL = 1 << 6;
const TYPING_MS = 8000;
const NEAR_END = 80;

const log = byId("log");
const messages = byId("messages");
const nodes = new Map();
const menu = new Menu();
let commands = [];
let moderates = false;
let typingTimer = 0;
let following = true;
let lastTop = 0;

const socket = new Socket({
  hello: (world) => {
    places.enter(world);
    places.showBot(world);
  },
  channel: (channel) => {
    clear();
    moderates = channel.moderates;
    channel.messages.forEach(show);
    offer(channel.commands);
  },
  message: ({ message }) => show(message),
  deleted: ({ id }) => remove(id),
  commands: (news) => offer(news.commands),
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

const places = new Places((member, channel) => {
  clear();
  socket.send({ do: "look", member, channel });
});
const composer = new Composer(socket, places);

// Stay at the newest message, unless the reader has scrolled away from it.
log.addEventListener("scroll", () => {
  const isNearEnd = log.scrollHeight - log.scrollTop - log.clientHeight < NEAR_END;
  if (isNearEnd) following = true;
  else if (log.scrollTop < lastTop) following = false; // only a reader scrolls up
  lastTop = log.scrollTop;
});
const follow = new ResizeObserver(() => {
  if (following) log.scrollTop = log.scrollHeight;
});
follow.observe(messages);
follow.observe(log);

function offer(offered) {
  commands = offered;
  composer.offer(commands, places.me.locale);
}

function clear() {
  nodes.clear();
  messages.replaceChildren();
  following = true;
}

function show(message) {
  const node = render(message, context(message));
  const old = nodes.get(message.id);
  nodes.set(message.id, node);
  if (old) old.replaceWith(node);
  else messages.append(node);
  if (message.author.bot) byId("typing").textContent = "";
}

function context(message) {
  return {
    me: places.me.id,
    names: places.names,
    click: (customId) => socket.send({ do: "click", message: message.id, custom_id: customId }),
    select: (customId, values) => socket.send({ do: "select", message: message.id, custom_id: customId, values }),
    menu: (opener, place) => menu.open(opener, place, onMessage(message)),
    personMenu: (opener, place) => menu.open(opener, place, onPerson(message.author)),
    dismiss: remove,
  };
}

function onMessage(message) {
  const entries = inMenu(commands, MESSAGE_COMMAND, places.me.locale).map(({ name, shown }) => ({
    label: shown,
    pick: () => socket.send({ do: "context", name, message: message.id }),
  }));
  const ephemeral = Boolean(message.flags & EPHEMERAL);
  if (ephemeral) entries.push({ label: "Dismiss message", pick: () => remove(message.id) });
  else if (moderates || message.author.id === places.me.id) {
    entries.push({ label: "Delete message", danger: true, pick: () => socket.send({ do: "delete", message: message.id }) });
  }
  return entries;
}

function onPerson(person) {
  return inMenu(commands, USER_COMMAND, places.me.locale).map(({ name, shown }) => ({
    label: shown,
    pick: () => socket.send({ do: "context", name, user: person.id }),
  }));
}

function remove(id) {
  nodes.get(id)?.remove();
  nodes.delete(id);
}

function add(node) {
  following = true;
  messages.append(node);
}

/** A button that was pressed has been heard: it can be pressed again. */
function settle({ message, custom_id: customId }) {
  const pressed = nodes.get(message)?.querySelector(`button.waiting[data-custom-id="${CSS.escape(customId ?? "")}"]`);
  if (!pressed) return;
  pressed.classList.remove("waiting");
  pressed.disabled = false;
}

function showTyping() {
  byId("typing").textContent = `${places.botName} is typing…`;
  clearTimeout(typingTimer);
  typingTimer = setTimeout(() => { byId("typing").textContent = ""; }, TYPING_MS);
}
