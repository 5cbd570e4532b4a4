/** The end of a round's time: an answer that was stored before still counts. */
import { z } from 'zod';
import { reviewPorts } from '../../lib/adapters/aws/case-ports.ts';
import { stepFunctions } from '../../lib/adapters/aws/clients.ts';
import { caseWorld } from '../../lib/adapters/aws/worlds.ts';
import { sha256Hex } from '../../lib/contracts/common.ts';
import { timeOutReview } from '../../lib/core/case/review.ts';

const input = z.strictObject({ caseId: sha256Hex, round: z.number().int().min(0).max(8) });
const ports = reviewPorts(caseWorld(), stepFunctions());

export const handler = async (event: unknown) => await timeOutReview(ports, input.parse(event));
