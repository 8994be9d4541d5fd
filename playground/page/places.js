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
    this.#guild = world.guilds.find((guild) => guild.id === this.#guild?.id) ?? world.guilds[0];
    this.#channel = this.#guild.channels.find((one) => one.id === this.#channel?.id) ?? this.#guild.channels[0];
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

  people() {
    return [...this.#world.members, this.#world.bot].map((one) => `@${one.name}`);
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
      users: map([...this.#world.members, this.#world.bot]),
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
    const { guilds } = this.#world;
    byId("guilds").replaceChildren(...guilds.map((guild) => this.#guildButton(guild)));
    byId("guild-name").textContent = this.#guild.name;
    byId("channels").replaceChildren(...this.#guild.channels.map((channel) => this.#channelButton(channel)));
    byId("channel-name").textContent = this.#channel.name;
    byId("members").value = this.#member.id;
    byId("my-avatar").replaceWith(Object.assign(avatar(this.#member.id, this.#member.name), { id: "my-avatar" }));
    this.#moved(this.#member.id, this.#channel.id);
  }

  #guildButton(guild) {
    return element("button.guild", {
      type: "button",
      title: guild.name,
      "aria-label": guild.name,
      "aria-current": guild === this.#guild ? "true" : null,
      onclick: () => {
        this.#guild = guild;
        [this.#channel] = guild.channels;
        this.#go();
      },
    }, [...guild.name][0]);
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
    }, element("span.hash", { "aria-hidden": "true" }, channel.thread ? "↳" : "#"), channel.name);
  }

  #toggle(open) {
    document.body.classList.toggle("menu-open", open);
    byId("shade").hidden = !open;
    byId("menu").setAttribute("aria-expanded", String(open));
  }
}
