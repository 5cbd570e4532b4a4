/** The suite that every pack passes: `groundcrew pack check`, and a test over all folders of models/. */
import { cardCheck } from './card.ts';
import { answerCheck, hardshipCheck, orderCheck } from './classifier.ts';
import { exampleCheck, featureWordsCheck, manifestCheck } from './manifest.ts';
import { policyCheck } from './policies.ts';
import { remedyCheck } from './remedies.ts';
import type { Check, Subject } from './subject.ts';

export const checks: readonly Check[] = [
  manifestCheck,
  featureWordsCheck,
  policyCheck,
  remedyCheck,
  exampleCheck,
  answerCheck,
  hardshipCheck,
  orderCheck,
  cardCheck,
];

/** Every check with what it found; the later ones are still made where an earlier one found something. */
export async function checkSubject(subject: Subject): Promise<{ name: string; problems: string[] }[]> {
  const found = [];
  for (const { name, problems } of checks) {
    try {
      found.push({ name, problems: await problems(subject) });
    } catch (error) {
      found.push({ name, problems: [error instanceof Error ? error.message : String(error)] });
    }
  }
  return found;
}
