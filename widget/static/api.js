const PATIENCE = 20_000;

/** What the service did not do: `status` is the HTTP status, 0 when it could not be reached; `detail` is in words for the person, and `code` a name for it, or ''. */
export class Refused extends Error {
  constructor(status, problem) {
    super(String(status));
    this.status = status;
    this.detail = problem?.detail ?? '';
    this.code = problem?.code ?? '';
  }
}

/** The calls of the widget beside its socket. Each is made again once with a fresh token when the first one had expired. */
export class Api {
  #server;
  #tokens;

  /** @param {string} server its origin @param {import('./session.js').TokenSource} tokens */
  constructor(server, tokens) {
    this.#server = server;
    this.#tokens = tokens;
  }

  /**
   * @param {string} path below `/v1`
   * @param {{method?: string, body?: object}} [options]
   * @returns {Promise<any>} the answer's JSON, or null when it has none
   * @throws {Refused}
   */
  async call(path, options) {
    const response = await this.#ask(path, options);
    return response.status === 204 ? null : response.json();
  }

  /** A file of the service. @param {string} path @returns {Promise<Blob>} @throws {Refused} */
  async file(path) {
    return (await this.#ask(path)).blob();
  }

  /**
   * Send a file; the same key again is the same file.
   * @param {string} path @param {File} file @param {string} key
   * @param {(part: number) => void} onProgress gets what part of it has gone, in [0, 1]
   * @returns {Promise<object>} the stored attachment
   * @throws {Refused}
   */
  async upload(path, file, key, onProgress) {
    const form = new FormData();
    form.append('key', key);
    form.append('file', file, file.name);
    return this.#again((token) => new Promise((done, failed) => {
      // fetch tells nothing of what has gone.
      const call = new XMLHttpRequest();
      call.open('POST', `${this.#server}/v1${path}`);
      call.setRequestHeader('Authorization', `Bearer ${token}`);
      call.upload.onprogress = ({ loaded, total }) => total && onProgress(loaded / total);
      call.onerror = () => failed(new Refused(0));
      call.onload = () => (call.status < 300 ? done(parsed(call.responseText)) : failed(new Refused(call.status, parsed(call.responseText))));
      call.send(form);
    }));
  }

  #ask(path, { method = 'GET', body } = {}) {
    return this.#again(async (token) => {
      const headers = { Authorization: `Bearer ${token}`, ...(body ? { 'Content-Type': 'application/json' } : {}) };
      const sent = { method, headers, body: body && JSON.stringify(body), credentials: 'omit', signal: AbortSignal.timeout(PATIENCE) };
      const response = await fetch(`${this.#server}/v1${path}`, sent).catch(() => {
        throw new Refused(0);
      });
      if (!response.ok) throw new Refused(response.status, parsed(await response.text()));
      return response;
    });
  }

  async #again(call) {
    for (let first = true; ; first = false) {
      const token = await this.#tokens.get().catch(() => {
        throw new Refused(0);
      });
      if (!token) throw new Refused(401);
      try {
        return await call(token);
      } catch (refused) {
        if (refused.status !== 401 || !first) throw refused;
        this.#tokens.drop();
      }
    }
  }
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
