// Where one can be, and as whom: servers, channels, members.

import { avatar, byId, element } from "./dom.js";

export class Places {
  #world = { members: [], guilds: [], bot: null };
  #guild = null;
  #channel = null;
  #member = null;
  #moved;

  /** @param {function(string, string)} moved called with member and channel whenever one of them changes */
  constructor(moved) {
    this.#moved = moved;
    byId("members").addEventListener("change", (event) => this.#be(event.target.value));
    byId("menu").addEventListener("click", () => this.#toggle(true));
    byId("shade").addEventListener("click", () => this.#toggle(false));
    document.addEventListener("keydown", (event) => event.key === "Escape" && this.#toggle(false));
  }

  /** Take in the world; stay where one was, if that still exists. */
  enter(world) {
    this.#world = world;
    this.#member = world.members.find((one) => one.id === this.#member?.id) ?? world.members[0];
    byId("members").replaceChildren(...world.members.map((one) => element("option", { value: one.id }, one.name)));
    this.#go();
  }

  get me() {
    return this.#member;
  }

  get botName() {
    return this.#world.bot.name;
  }

  /** Who is here, the bot included. */
  #here() {
    return [...this.#world.members, this.#world.bot].filter((one) => this.#guild.members.includes(one.id));
  }

  /** The servers this member is in, after their direct messages with the bot. */
  #guilds() {
    const { bot, guilds } = this.#world;
    const channel = { id: this.#member.direct, name: bot.name, mark: "@" };
    const direct = { id: "@me", name: "Direct messages", members: [this.#member.id, bot.id], channels: [channel], roles: [] };
    return [direct, ...guilds.filter((guild) => guild.members.includes(this.#member.id))];
  }

  people() {
    return this.#here().map((one) => `@${one.name}`);
  }

  channels() {
    return this.#guild.channels.map((channel) => `#${channel.name}`);
  }

  roles() {
    return this.#guild.roles.map((role) => `@${role.name.replace(/^@/, "")}`);
  }

  /** What the ids in mentions stand for. */
  get names() {
    const map = (entries) => new Map(entries.map((one) => [one.id, one.name]));
    return {
      users: map(this.#here()),
      channels: map(this.#guild.channels),
      roles: map(this.#guild.roles),
    };
  }

  showBot({ activity, connected }) {
    const { bot } = this.#world;
    byId("bot").replaceChildren(
      avatar(bot.id, bot.name),
      element("div", {},
        element("b", {}, bot.name, element("span.tag", {}, "APP")),
        element("p.subtext", {}, connected ? activity || "Online" : "Offline")));
    byId("bot").classList.toggle("offline", !connected);
  }

  #be(memberId) {
    this.#member = this.#world.members.find((one) => one.id === memberId);
    this.#go();
  }

  #go() {
    const guilds = this.#guilds();
    this.#guild = guilds.find((guild) => guild.id === this.#guild?.id) ?? guilds[1] ?? guilds[0];
    this.#channel = this.#guild.channels.find((one) => one.id === this.#channel?.id) ?? this.#guild.channels[0];
    byId("guilds").replaceChildren(...guilds.map((guild) => this.#guildButton(guild)));
    byId("guild-name").textContent = this.#guild.name;
    byId("channels").replaceChildren(...this.#guild.channels.map((channel) => this.#channelButton(channel)));
    byId("channel-name").textContent = this.#channel.name;
    byId("channel-name").dataset.mark = this.#channel.mark;
    byId("members").value = this.#member.id;
    byId("my-avatar").replaceWith(Object.assign(avatar(this.#member.id, this.#member.name), { id: "my-avatar" }));
    this.#moved(this.#member.id, this.#channel.id);
  }

  #guildButton(guild) {
    const direct = guild.id === "@me";
    return element(`button.guild${direct ? ".direct" : ""}`, {
      type: "button",
      title: guild.name,
      "aria-label": guild.name,
      "aria-current": guild === this.#guild ? "true" : null,
      onclick: () => {
        this.#guild = guild;
        [this.#channel] = guild.channels;
        this.#go();
      },
    }, direct ? "@" : [...guild.name][0]);
  }

  #channelButton(channel) {
    return element("button.channel", {
      type: "button",
      "aria-current": channel === this.#channel ? "page" : null,
      onclick: () => {
        this.#channel = channel;
        this.#toggle(false);
        this.#go();
      },
    }, element("span.hash", { "aria-hidden": "true" }, channel.mark), channel.name);
  }

  #toggle(open) {
    document.body.classList.toggle("menu-open", open);
    byId("shade").hidden = !open;
    byId("menu").setAttribute("aria-expanded", String(open));
  }
}
