/**
 * A decision as table items hold it: deflated with a dictionary of the contract's own words, because a decision is
 * written with every flag and a write costs by the kilobyte. People read decisions in the audit, where they stay text.
 */
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { type Decision, decision as decisionSchema } from '../../contracts/decision.ts';
import { CorruptDataError } from '../../core/errors.ts';

const maxDecisionBytes = 256 * 1024;

// Never change it: items that were written with it could no longer be read. A new one needs a new attribute.
const dictionary = Buffer.from(
  '"The stop switch is on: ","The quota of effects for this hour is used up.","An action of another case holds on this ' +
    'asset.","The remedy has a high impact.","More than one kind cannot be excluded.","Nothing is proposed that could be ' +
    'done.","No policy permits more than observing."]},"proposal":{"v":1,"asset":"","action":"raise-ticket","target":"",' +
    '"parameters":{"kind":""},"remediator":"webhook","highImpact":false,"expectedChannels":[],"inverse":{"action":"","why":"' +
    '"},"codeHash":"","configurationHash":""},"tier":1,"zone":"","set":["","silence","manual","anomaly","oodPValue":0.,' +
    '"window":{"bootId":"","seq":,"fromMs":17,"toMs":17,"rows":,"hash":""},"modelHash":"","calibrationHash":"","costUsd":' +
    '0.00000,"latencyMs":},"guard":{"verdict":"act","ask","observe","policies":[],"policyHash":"","reasons":["' +
    ' is above below its profile since UTC; this looks like "explanation":{"sentence":"","contributions":[{"feature":"",' +
    '"value":0,"contribution":0.},{"feature":"","value":0.,"contribution":-0.},{"feature":"' +
    '{"v":1,"decisionId":"","flagId":"","correlationId":"","asset":"","pack":"","atMs":17,"inference":{"kind":"normal",' +
    '"confidence":0.,"probabilities":{"normal":0.,"',
);

/** @example packDecision(decision) // some 800 bytes for 2,300 characters of JSON */
export const packDecision = (decision: Decision): Uint8Array =>
  deflateRawSync(JSON.stringify(decisionSchema.parse(decision)), { dictionary, level: 9 });

/** @throws CorruptDataError when the bytes (or none) are not a decision */
export function unpackDecision(bytes: Uint8Array | undefined): Decision {
  try {
    const text = inflateRawSync(bytes ?? new Uint8Array(), { dictionary, maxOutputLength: maxDecisionBytes });
    return decisionSchema.parse(JSON.parse(text.toString('utf8')));
  } catch (cause) {
    throw new CorruptDataError('A stored decision does not read back as it was written.', {
      code: 'decision-corrupt',
      cause,
    });
  }
}
