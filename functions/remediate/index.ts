/** Carries out the case's proposal, or with `inverse` undoes it, at most once. */
import { z } from 'zod';
import { remediationPorts } from '../../lib/adapters/aws/remediation-ports.ts';
import { remediationWorld } from '../../lib/adapters/aws/worlds.ts';
import { sha256Hex } from '../../lib/contracts/common.ts';
import { remediate } from '../../lib/core/remediation/remediate.ts';

const input = z.strictObject({ caseId: sha256Hex, inverse: z.boolean().default(false) });
const ports = remediationPorts(remediationWorld());

export const handler = async (event: unknown) => await remediate(ports, input.parse(event));
