/** Did the effect help? Judged from the asset's readings after it. */
import { z } from 'zod';
import { verifyEffect } from '../../lib/adapters/aws/verify-check.ts';
import { verificationWorld } from '../../lib/adapters/aws/worlds.ts';
import { sha256Hex } from '../../lib/contracts/common.ts';
import { packs } from '../../models/index.ts';

const input = z.strictObject({ caseId: sha256Hex, effectKey: sha256Hex, attempt: z.number().int().min(0).optional() });
const world = verificationWorld();

export const handler = async (event: unknown) => await verifyEffect(world, packs, input.parse(event));
