/** A district that lives: its twin's rows go out at a steady pace until it is stopped. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { LiveDistrict } from './plant.ts';
import type { Stack } from './stack.ts';

/** Wall time between rows, which stand for a quarter of an hour each. */
export const rowEveryMs = 200;
export const liveClockRate = 900_000 / rowEveryMs;

export class Live {
  readonly #district: LiveDistrict;
  readonly #publish: (timeMs: number, values: readonly (number | null)[]) => Promise<unknown>;
  #stopping = false;
  #loop: Promise<void> | undefined;

  /** @param assets all that report these rows as theirs */
  constructor(stack: Stack, district: LiveDistrict, assets: readonly string[]) {
    this.#district = district;
    this.#publish = (timeMs, values) =>
      Promise.all(assets.map((asset) => stack.publishRow(asset, district.channels, values, timeMs)));
  }

  /** Rows at once, without a pause between them. */
  async rows(count: number): Promise<void> {
    for (let row = 0; row < count; row += 1) await this.#row();
  }

  start(): void {
    this.#loop = (async () => {
      while (!this.#stopping) {
        await this.#row();
        await sleep(rowEveryMs);
      }
    })();
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#loop;
  }

  async #row(): Promise<void> {
    const { timeMs, values } = this.#district.twin.step();
    await this.#publish(
      timeMs,
      Array.from(values, (value) => (Number.isFinite(value) ? value : null)),
    );
  }
}
