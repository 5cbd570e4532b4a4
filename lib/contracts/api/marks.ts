/** What stands beside an asset or a case because people set it for a while. */
import { z } from 'zod';
import { epochMs, kind, sha256Hex } from '../common.ts';
import { lazily } from '../lazily.ts';
import { orderScope } from '../operations.ts';

/** It holds now: what is found is only observed. */
export const withheldMark = lazily(() =>
  z.strictObject({
    id: sha256Hex,
    what: z.enum(['planned-work', 'shelving']),
    scope: orderScope,
    /** The kind that is shelved. */
    kind: kind.optional(),
    toMs: epochMs,
  }),
);
export type WithheldMark = z.infer<typeof withheldMark>;
