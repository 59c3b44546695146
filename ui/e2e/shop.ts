import { expect, type APIRequestContext } from '@playwright/test';

/** The gateway of the screens, as its customers and an agent reach it without the window. */
export class Shop {
  static readonly gateway = process.env['DESKHAND_SHOP_URL'] ?? 'http://127.0.0.1:7431';
  static readonly agent = 'priya@hollowpine.example';

  readonly #request: APIRequestContext;
  readonly #token: string;

  private constructor(request: APIRequestContext, token: string) {
    this.#request = request;
    this.#token = token;
  }

  static async open(request: APIRequestContext): Promise<Shop> {
    const session = await request.post(`${Shop.gateway}/v1/sessions`, { data: { email: Shop.agent, password: 'hollowpine' } });
    const { token } = (await session.json()) as { token: string };
    return new Shop(request, token);
  }

  /** The entries of a list that fulfil the condition, over all its pages. */
  async find<T>(path: string, fits: (one: T) => boolean | Promise<boolean>): Promise<T> {
    let cursor: string | undefined;
    do {
      const answer = await this.#request.get(`${Shop.gateway}/v1/${path}`, {
        headers: { authorization: `Bearer ${this.#token}` },
        params: cursor === undefined ? { limit: 100 } : { limit: 100, cursor },
      });
      const page = (await answer.json()) as { items: T[]; next?: string | null };
      for (const one of page.items) if (await fits(one)) return one;
      cursor = page.next ?? undefined;
    } while (cursor !== undefined);
    throw new Error(`nothing in ${path} fits`);
  }

  /** How many entries the first page of a list has. */
  async count(path: string): Promise<number> {
    const answer = await this.#request.get(`${Shop.gateway}/v1/${path}`, { headers: { authorization: `Bearer ${this.#token}` } });
    return ((await answer.json()) as { items: unknown[] }).items.length;
  }

  /** A customer begins a conversation in the chat; its subject is new. */
  async hear(email: string, text: string): Promise<string> {
    const subject = `My parcel ${crypto.randomUUID().slice(0, 8)}`;
    const opening = { name: 'Somebody', email, text: `${subject}\n\n${text}`, id: crypto.randomUUID(), language: 'en' };
    expect((await this.#request.post(`${Shop.gateway}/chat/api/conversations`, { data: opening })).ok()).toBe(true);
    return subject;
  }
}
