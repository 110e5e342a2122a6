/**
 * What the widget keeps for one person in this browser tab: conversation, last event, device, unsent messages.
 * It lives in sessionStorage; where that is blocked it lives in memory.
 */
export class Session {
  #key;
  #kept = { owner: '', fresh: false, conversation: null, lastEvent: 0, device: null, outbox: [] };

  /** @param {string} person whose conversation it is; '' for whoever the page's session names */
  constructor(person) {
    this.#key = `firstline:${person || 'me'}`;
    try {
      Object.assign(this.#kept, JSON.parse(sessionStorage.getItem(this.#key) ?? '{}'));
    } catch {
      this.#kept.conversation = null;
    }
  }

  get conversation() {
    return this.#kept.conversation;
  }

  /** Whether the person wanted a new conversation here, so that none of another tab is shown instead. */
  get fresh() {
    return this.#kept.fresh && !this.#kept.conversation;
  }

  get lastEvent() {
    return this.#kept.lastEvent;
  }

  get device() {
    return this.#kept.device;
  }

  /** Messages and choices that the service has not yet confirmed, oldest first. */
  get outbox() {
    return this.#kept.outbox;
  }

  /** Change some of what is kept. @param {Partial<{conversation: string|null, lastEvent: number, device: string|null, outbox: object[]}>} changes */
  keep(changes) {
    Object.assign(this.#kept, changes);
    try {
      sessionStorage.setItem(this.#key, JSON.stringify(this.#kept));
    } catch {
      // Blocked or full storage: this tab still works, only a reload starts afresh.
    }
  }

  /**
   * Say whose session this is, now that it is known. What somebody else left in this tab is forgotten.
   * @param {string} person id
   * @returns {boolean} whether it was somebody else's
   */
  belong(person) {
    const { owner } = this.#kept;
    if (owner && owner !== person) this.keep({ conversation: null, lastEvent: 0, device: null, outbox: [] });
    if (owner !== person) this.keep({ owner: person });
    return Boolean(owner) && owner !== person;
  }

  /** Forget the conversation and everything unsent, but not the device: the person wants a new one. */
  forget() {
    this.keep({ conversation: null, lastEvent: 0, outbox: [], fresh: true });
  }
}

/**
 * Gets and keeps the short-lived token, from a same-origin address or set by the page.
 */
export class TokenSource {
  #url;
  #person;
  #token = null;
  #expires = Infinity;

  /** @param {{url: string|null, person: string|null}} options */
  constructor({ url, person }) {
    this.#url = url;
    this.#person = person;
  }

  /** Whose token it is: its `sub`; '' where it cannot be read. It is only believed for what this browser keeps. @returns {string} */
  get owner() {
    try {
      const [, claims] = this.#token.split('.');
      return JSON.parse(new TextDecoder().decode(Uint8Array.from(atob(claims.replace(/-/g, '+').replace(/_/g, '/')), (one) => one.charCodeAt(0)))).sub ?? '';
    } catch {
      return '';
    }
  }

  /** Use a token that the page obtained itself. @param {string} token */
  set(token) {
    this.#token = token;
    this.#expires = Infinity;
  }

  /** Drop a token that the service refused. */
  drop() {
    this.#token = null;
  }

  /**
   * A token that is good for at least half a minute.
   * @returns {Promise<string|null>} null when there is none to be had without the person signing in
   * @throws {Error} when the address cannot be reached now
   */
  async get() {
    if (this.#token && Date.now() < this.#expires - 30_000) return this.#token;
    if (!this.#url) return null;
    const response = await fetch(this.#url, {
      method: 'POST',
      credentials: 'same-origin',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(this.#person ? { person: this.#person } : {}),
    });
    if (response.status === 401 || response.status === 403) return null;
    if (!response.ok) throw new Error(`token: ${response.status}`);
    const { token, expires_at: expires } = await response.json();
    this.#token = token;
    this.#expires = typeof expires === 'number' ? expires * 1000 : Date.parse(expires) || Infinity;
    return token;
  }
}
