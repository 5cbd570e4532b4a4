/**
 * OpsCenter of one machine: an item that a rule makes is a line of `outbox/ops-items.jsonl`, after the checks of
 * CreateOpsItem (Systems Manager's API reference). Nobody resolves items here, so each stays open: one with the same
 * deduplication string and resources is not made again while the file holds it.
 */
import { createHash, randomUUID } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { ServiceError } from '../server/service.ts';
import { putOut } from './outbox.ts';

const fileName = 'ops-items';
const text = (most: number) => z.string().regex(/\S/, 'must not be blank').max(most);

/** As EventBridge takes it, in lower case; members that it does not know are refused rather than passed over. */
const item = z.strictObject({
  title: text(1024),
  description: text(2048),
  source: text(128),
  category: text(64).optional(),
  severity: text(64).optional(),
  resources: z.array(z.string().startsWith('arn:')).max(100).optional(),
  operationalData: z
    .record(
      z
        .string()
        .max(128)
        .regex(/^(\/aws\/dedup$|(?!\/?(aws|amazon|amzn|ssm)))/i, 'begins with a word that is reserved'),
      z.strictObject({ type: z.enum(['String', 'SearchableString']).default('String'), value: z.string() }),
    )
    .default({}),
});
type Item = z.infer<typeof item>;

export class OpsItems {
  readonly #dir: string;
  readonly #now: () => number;
  readonly #open: Set<string>;

  constructor(dir: string, now: () => number = Date.now) {
    this.#dir = dir;
    this.#now = now;
    const file = join(dir, `${fileName}.jsonl`);
    const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : [];
    this.#open = new Set(lines.flatMap((line) => hashOf((JSON.parse(line) as { item: Item }).item) ?? []));
  }

  /** @param payload JSON text @throws ServiceError `ValidationException`, as Systems Manager does */
  create(payload: string): void {
    let given: unknown;
    try {
      given = JSON.parse(payload);
    } catch (cause) {
      throw new ServiceError('ValidationException', 'the input of an OpsItem is not JSON', { cause });
    }
    const parsed = item.safeParse(given);
    if (!parsed.success)
      throw new ServiceError('ValidationException', `the input is no OpsItem: ${z.prettifyError(parsed.error)}`);
    const hash = hashOf(parsed.data);
    if (hash !== undefined && this.#open.has(hash)) return;
    putOut(this.#dir, fileName, { opsItemId: `oi-${randomUUID()}`, atMs: this.#now(), item: parsed.data });
    if (hash !== undefined) this.#open.add(hash);
  }
}

/** By deduplication string and resources; without such a string each item is new. */
function hashOf({ operationalData, resources = [] }: Item): string | undefined {
  const dedup = operationalData['/aws/dedup']?.value;
  if (dedup === undefined) return undefined;
  return createHash('sha256')
    .update(JSON.stringify([dedup, resources]))
    .digest('hex');
}
