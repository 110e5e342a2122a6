import { freshId } from './dom.js';

const VERSION = 1;
const PING_EVERY = 25_000;
const PONG_WITHIN = 10_000;
const FIRST_DELAY = 500;
const LONGEST_DELAY = 30_000;
const CLOSED = { malformed: 4400, unauthorised: 4401, unknown: 4404, flooded: 4429, tooLarge: 1009, restarting: 1012 };

/**
 * One person's line to the service: connects, resumes, resends and backs off by itself.
 *
 * Events (all `CustomEvent`): `owner` (the id of whoever the token names, before anything is said for them), `status` (`connecting`, `online`, `offline`, `throttled`, `expired`), `welcome` (the frame),
 * `typing` (the name of the person who writes, '' for the assistant), `growing` (an answer as far as it is written), `entry` (an event frame, each exactly once and in order), `caughtup` (everything missed has been delivered),
 * `accepted` (id of a message that the service has stored), `refused` ({id, problem}), `code` (the frame that answers a code),
 * `gone` (the conversation no longer exists).
 */
export class ChatConnection extends EventTarget {
  #url;
  #tokens;
  #session;
  #socket = null;
  #wanted = false;
  #attempt = 0;
  #timer = 0;
  #heartbeat = 0;
  #pongBy = 0;
  #refusals = 0;
  #ready = false;
  #seen = 0;
  #replayUntil = 0;
  #catchingUp = false;
  #online = () => document.hidden || this.retry();

  /**
   * @param {{url: string, tokens: import('./session.js').TokenSource, session: import('./session.js').Session}} options
   */
  constructor({ url, tokens, session }) {
    super();
    this.#url = url;
    this.#tokens = tokens;
    this.#session = session;
  }

  /** Connect and stay connected until `stop`. */
  start() {
    if (this.#wanted) return;
    this.#wanted = true;
    addEventListener('online', this.#online);
    document.addEventListener('visibilitychange', this.#online);
    this.#connect();
  }

  /** Close for good. */
  stop() {
    this.#wanted = false;
    removeEventListener('online', this.#online);
    document.removeEventListener('visibilitychange', this.#online);
    clearTimeout(this.#timer);
    this.#drop();
  }

  /** Try again now, after `expired` or before the next attempt is due. */
  retry() {
    if (!this.#wanted || this.#socket) return;
    this.#attempt = 0;
    this.#refusals = 0;
    clearTimeout(this.#timer);
    this.#connect();
  }

  /**
   * Send a message or a choice; it is sent again after a lost connection until the service has it.
   * @param {{text: string, device?: string}|{choice: string}} content
   * @returns {string} its id
   */
  send(content) {
    const frame = { v: VERSION, type: 'choice' in content ? 'choice' : 'message', id: freshId(), ...content };
    this.#session.keep({ outbox: [...this.#session.outbox, frame] });
    this.#transmit(frame);
    return frame.id;
  }

  /** Send a refused message once more under its old id. @param {object} frame as given by `refused` */
  resend(frame) {
    this.#session.keep({ outbox: [...this.#session.outbox, frame] });
    this.#transmit(frame);
  }

  /**
   * Send the one-time code of an action. It is kept nowhere, so it is not sent again after a lost connection.
   * @param {string} action @param {string} code
   * @returns {boolean} whether there was a connection to send it over
   */
  enterCode(action, code) {
    const open = this.#ready && this.#socket?.readyState === WebSocket.OPEN;
    this.#transmit({ v: VERSION, type: 'code', action, code });
    return open;
  }

  async #connect() {
    this.#emit('status', 'connecting');
    let token;
    try {
      token = await this.#tokens.get();
    } catch {
      this.#later();
      return;
    }
    if (!this.#wanted || this.#socket) return;
    if (!token) {
      this.#emit('status', 'expired');
      return;
    }
    this.#emit('owner', this.#tokens.owner);
    const socket = new WebSocket(this.#url);
    this.#socket = socket;
    socket.onopen = () => {
      const hello = { v: VERSION, type: 'hello', token, conversation: this.#session.conversation, last_event_id: this.#seen, platform: platformHint() };
      socket.send(JSON.stringify(hello));
    };
    socket.onmessage = ({ data }) => this.#receive(JSON.parse(data));
    socket.onclose = ({ code }) => {
      if (this.#socket === socket) this.#closed(code);
    };
  }

  #receive(frame) {
    this.#pongBy = 0;
    if (frame.type === 'welcome') this.#welcome(frame);
    else if (frame.type === 'typing') this.#emit('typing', frame.person?.name ?? '');
    else if (frame.type === 'growing') this.#emit('growing', frame);
    else if (frame.type === 'event') this.#entry(frame);
    else if (frame.type === 'code') this.#emit('code', frame);
    else if (frame.type === 'error') this.#refuse(frame.problem);
  }

  #welcome(frame) {
    this.#attempt = 0;
    this.#refusals = 0;
    this.#replayUntil = frame.conversation ? frame.last_event_id : 0;
    this.#ready = true;
    this.#catchingUp = true;
    this.#emit('welcome', frame);
    this.#emit('status', 'online');
    for (const waiting of this.#session.outbox) this.#transmit(waiting);
    this.#heartbeat = setInterval(() => this.#ping(), PING_EVERY);
    this.#catchUp();
  }

  #entry(frame) {
    if (frame.conversation !== this.#session.conversation) {
      this.#seen = 0;
      this.#session.keep({ conversation: frame.conversation, lastEvent: 0 });
    }
    if (frame.id <= this.#seen) return;
    this.#seen = frame.id;
    const missed = frame.id > this.#session.lastEvent;
    if (missed) this.#session.keep({ lastEvent: frame.id });
    this.#settle(frame.event.message ?? frame.event.reply?.message);
    this.#emit('entry', { ...frame, missed });
    this.#catchUp();
  }

  #catchUp() {
    if (!this.#catchingUp || this.#seen < this.#replayUntil) return;
    this.#catchingUp = false;
    this.#emit('caughtup');
  }

  #settle(id) {
    if (!id || !this.#session.outbox.some((frame) => frame.id === id)) return;
    this.#session.keep({ outbox: this.#session.outbox.filter((frame) => frame.id !== id) });
    this.#emit('accepted', id);
  }

  #refuse(problem) {
    const [frame = null, ...rest] = this.#session.outbox;
    this.#session.keep({ outbox: rest });
    this.#emit('refused', { frame, problem });
  }

  #closed(code) {
    this.#drop();
    if (!this.#wanted) return;
    if (code === CLOSED.unauthorised) {
      this.#tokens.drop();
      this.#refusals += 1;
      if (this.#refusals > 1) this.#emit('status', 'expired');
      else this.#connect();
    } else if (code === CLOSED.unknown) {
      this.#seen = 0;
      this.#session.keep({ conversation: null, lastEvent: 0, outbox: this.#session.outbox.filter((frame) => frame.type === 'message') });
      this.#emit('gone');
      this.#later();
    } else if (code === CLOSED.flooded) {
      this.#later(LONGEST_DELAY, 'throttled');
    } else {
      if (code === CLOSED.malformed || code === CLOSED.tooLarge) this.#refuse({ title: '', status: code, detail: '', reference: `close ${code}` });
      this.#later(code === CLOSED.restarting ? 1000 + Math.random() * 2000 : undefined);
    }
  }

  #later(delay = Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** this.#attempt) * (0.75 + Math.random() / 2), status = 'offline') {
    this.#attempt += 1;
    this.#emit('status', status);
    this.#timer = setTimeout(() => this.#connect(), delay);
  }

  #drop() {
    clearInterval(this.#heartbeat);
    this.#pongBy = 0;
    this.#ready = false;
    const socket = this.#socket;
    this.#socket = null;
    if (socket && socket.readyState < WebSocket.CLOSING) socket.close();
  }

  #ping() {
    if (this.#pongBy && Date.now() > this.#pongBy) {
      this.#drop();
      this.#later();
      return;
    }
    this.#pongBy = Date.now() + PONG_WITHIN;
    this.#transmit({ v: VERSION, type: 'ping' });
  }

  #transmit(frame) {
    if (this.#ready && this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(frame));
  }

  #emit(type, detail = null) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

/* A hint for people whose devices the service does not know; it never decides what they may read. */
function platformHint() {
  const told = navigator.userAgentData?.platform || navigator.userAgent;
  const signs = [[/android/i, 'android'], [/iphone|ipad|ipod|\bios\b/i, 'ios'], [/windows/i, 'windows'], [/mac/i, 'macos'], [/linux|ubuntu/i, 'linux']];
  return signs.find(([sign]) => sign.test(told))?.[1] ?? '';
}
