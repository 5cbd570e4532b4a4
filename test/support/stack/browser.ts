/** What a page of the console does with the API, without a page: it keeps its cookie and says where it comes from. */
import { randomUUID } from 'node:crypto';

export interface ApiAnswer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: bodies of all routes, looked into by tests
  readonly body: any;
  readonly headers: Headers;
}

export class Browser {
  readonly #url: string;
  /** As the browser would send it. */
  cookie: string | undefined;

  constructor(url: string) {
    this.#url = url;
  }

  /** `path` below `/api/v1`. */
  async ask(
    method: string,
    path: string,
    body?: unknown,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<ApiAnswer> {
    const answer = await fetch(`${this.#url}/api/v1${path}`, {
      method,
      headers: {
        ...(this.cookie === undefined ? {} : { cookie: this.cookie }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(method === 'GET' ? {} : { 'x-groundcrew-csrf': '1', origin: this.#url, 'idempotency-key': randomUUID() }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const [cookie] = answer.headers.getSetCookie();
    if (cookie !== undefined) this.cookie = /Max-Age=0/.test(cookie) ? undefined : cookie.split(';')[0];
    const text = await answer.text();
    return { status: answer.status, headers: answer.headers, body: text === '' ? undefined : JSON.parse(text) };
  }
}
