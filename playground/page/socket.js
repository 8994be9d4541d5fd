// The connection to the playground: what the page asks for goes out, what happens comes in.

const RETRY_MS = 1000;

export class Socket {
  #handlers = {};
  #socket = null;
  #requests = 0;
  #pending = new Map();

  /** @param {Object<string, function(Object)>} handlers by the `type` of what comes in, and `closed` */
  constructor(handlers) {
    this.#handlers = handlers;
    this.#open();
  }

  send(payload) {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(payload));
  }

  /** Ask for choices; a promise of them, or of null if the bot did not answer. */
  complete(name, values) {
    const request = ++this.#requests;
    return new Promise((resolve) => {
      this.#pending.set(request, resolve);
      this.send({ do: "complete", request, name, values });
    });
  }

  #open() {
    this.#socket = new WebSocket(`${location.origin.replace(/^http/, "ws")}/page/socket`);
    this.#socket.addEventListener("message", (event) => this.#receive(JSON.parse(event.data)));
    this.#socket.addEventListener("close", () => {
      this.#handlers.closed();
      setTimeout(() => this.#open(), RETRY_MS);
    });
  }

  #receive(news) {
    if (news.type === "choices" || (news.type === "refused" && news.request)) {
      this.#pending.get(news.request)?.(news.choices ?? null);
      this.#pending.delete(news.request);
      return;
    }
    this.#handlers[news.type]?.(news);
  }
}
