/**
 * Who called what on what: counted by caller, operation and resource, so that the file stays small however long the
 * runtime lives. A test holds it against the synthesized permissions.
 */
import { existsSync, readFileSync } from 'node:fs';
import * as z from 'zod';
import { wroteAtomically } from '../stores/files.ts';
import type { CallRecorder, RuntimePart } from '../types.ts';

const callSchema = z.strictObject({
  caller: z.string(),
  service: z.string(),
  operation: z.string(),
  /** The IAM action that the call needs. */
  action: z.string(),
  resource: z.string(),
  count: z.int().positive(),
});
/** One line of `calls.jsonl`. */
export type CountedCall = z.infer<typeof callSchema>;

const maximumEntries = 10_000;
const saveEveryMs = 2000;

/** Operations whose permission has another name than the operation. */
const actions: Readonly<Record<string, string>> = {
  'lambda:Invoke': 'lambda:InvokeFunction',
  's3:HeadObject': 's3:GetObject',
  's3:HeadBucket': 's3:ListBucket',
  's3:ListObjectsV2': 's3:ListBucket',
  'sqs:SendMessageBatch': 'sqs:SendMessage',
  'sqs:DeleteMessageBatch': 'sqs:DeleteMessage',
  'sqs:ChangeMessageVisibilityBatch': 'sqs:ChangeMessageVisibility',
};

export class CallLog implements CallRecorder, RuntimePart {
  readonly name = 'calls';
  readonly #file: string;
  readonly #calls = new Map<string, CountedCall>();
  #dropped = 0;
  #changed = false;
  #timer: NodeJS.Timeout | undefined;

  /** @param file `calls.jsonl`; what stands in it is counted on */
  constructor(file: string) {
    this.#file = file;
    if (!existsSync(file)) return;
    for (const line of readFileSync(file, 'utf8').split('\n')) {
      const parsed = line === '' ? undefined : callSchema.safeParse(JSON.parse(line));
      if (parsed?.success) this.#calls.set(keyOf(parsed.data), parsed.data);
    }
  }

  record(call: {
    service: string;
    operation: string;
    resources: readonly string[];
    caller: string;
    count?: number;
  }): void {
    const name = `${call.service}:${call.operation}`;
    const action = actions[name] ?? name;
    for (const resource of call.resources) {
      const counted = {
        caller: call.caller,
        service: call.service,
        operation: call.operation,
        action,
        resource,
        count: call.count ?? 1,
      };
      const key = keyOf(counted);
      const known = this.#calls.get(key);
      if (known !== undefined) known.count += counted.count;
      else if (this.#calls.size < maximumEntries) this.#calls.set(key, counted);
      else this.#dropped += 1;
    }
    this.#changed = true;
  }

  calls(): CountedCall[] {
    return [...this.#calls.values()];
  }

  start(): Promise<void> {
    this.#timer = setInterval(() => this.#save(), saveEveryMs);
    this.#timer.unref();
    return Promise.resolve();
  }

  stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#save();
    return Promise.resolve();
  }

  stats(): Record<string, number> {
    return { kinds: this.#calls.size, dropped: this.#dropped };
  }

  #save(): void {
    if (!this.#changed) return;
    const lines = this.calls().map((call) => `${JSON.stringify(call)}\n`);
    // A full disk must not end the runtime for the sake of a count: the next time will do.
    this.#changed = !wroteAtomically(this.#file, lines.join(''));
  }
}

function keyOf(call: Omit<CountedCall, 'count' | 'action'>): string {
  return [call.caller, call.service, call.operation, call.resource].join(' ');
}
