import type { CaseRecord } from '../../contracts/case.ts';
import type { Inference } from '../../contracts/decision.ts';

const maxGrounds = 5;

/** Features that speak for the kind, strongest first; a person's report and silence have none. */
export function groundsOf({ explanation }: Pick<Inference, 'explanation'>): Pick<CaseRecord, 'grounds'> {
  const grounds = explanation.contributions
    .filter(({ contribution }) => contribution > 0)
    .sort((a, b) => b.contribution - a.contribution)
    .slice(0, maxGrounds)
    .map(({ feature }) => feature);
  return grounds.length > 0 ? { grounds } : {};
}
