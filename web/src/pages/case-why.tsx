/** Why it was decided so: in words first, then in bars, then by name and version. */
import type { CaseDetail } from '../api/types.ts';
import { usd } from '../lib/money.ts';
import { percent } from '../lib/share.ts';
import { t } from '../strings.ts';
import { Empty } from '../ui/states.tsx';

const figure = (value: number): string => value.toLocaleString('en-GB', { maximumSignificantDigits: 3 });

type Contributions = NonNullable<CaseDetail['decision']>['inference']['explanation']['contributions'];

function Bars({ of: contributions }: { of: Contributions }) {
  const largest = Math.max(...contributions.map(({ contribution }) => Math.abs(contribution)), 1e-9);
  return (
    <ul class="bars">
      {contributions.map(({ feature, value, contribution }) => {
        const share = (Math.abs(contribution) / largest) * 50;
        return (
          <li key={feature}>
            <span class="bar-words">
              {contribution >= 0 ? t.case.pushes(feature, figure(value)) : t.case.against(feature, figure(value))}
            </span>
            <span class="bar-track" aria-hidden="true">
              <i
                class={contribution >= 0 ? 'bar-for' : 'bar-against'}
                style={{ width: `${share}%`, left: contribution >= 0 ? '50%' : `${50 - share}%` }}
              />
            </span>
            <span class="bar-value">{`${contribution >= 0 ? '+' : '−'}${figure(Math.abs(contribution))}`}</span>
          </li>
        );
      })}
    </ul>
  );
}

export function CaseWhy({ of: one }: { of: CaseDetail }) {
  const { decision } = one;
  if (!decision) return <Empty title={t.case.decisionNone} hint={t.case.decisionNoneHint} />;
  const { inference, guard } = decision;
  return (
    <div class="stack">
      {inference.explanation.sentence !== one.sentence && <p>{inference.explanation.sentence}</p>}
      {inference.explanation.contributions.length > 0 && <Bars of={inference.explanation.contributions} />}
      {inference.explanation.without?.slice(0, 3).map(({ names, confidence }) => (
        <p class="small" key={names.join()}>
          {t.case.without(names.join(t.case.and), percent(confidence))}
        </p>
      ))}
      {guard.reasons.length > 0 && (
        <ul class="reasons">
          {guard.reasons.map((reason) => (
            <li key={reason}>{reason}</li>
          ))}
        </ul>
      )}
      <dl class="facts">
        <dt>{t.case.decided}</dt>
        <dd>{t.verdict[guard.verdict]}</dd>
        {guard.counterfactual && (
          <>
            <dt>{t.case.counterfactual}</dt>
            <dd>{guard.counterfactual}</dd>
          </>
        )}
        <dt>{t.case.tier}</dt>
        <dd>{t.case.tiers[inference.tier]}</dd>
        <dt>{t.case.cost}</dt>
        <dd>{usd(inference.costUsd)}</dd>
        <dt>{t.case.confidence}</dt>
        <dd>{percent(inference.confidence)}</dd>
        <dt>{t.case.cannotExclude}</dt>
        <dd>{inference.set.map(t.kind).join(', ') || t.none}</dd>
        <dt>{t.case.ood}</dt>
        <dd>
          {t.case.oodValue(figure(inference.oodPValue))}
          {inference.oodReasons?.map((reason) => (
            <p key={reason}>{reason}</p>
          ))}
        </dd>
        <dt>{t.case.policies}</dt>
        <dd>{guard.policies.join(', ') || t.none}</dd>
        {inference.modelHash && (
          <>
            <dt>{t.case.model}</dt>
            <dd class="hash" title={inference.modelHash}>
              {decision.pack} {inference.modelHash.slice(0, 16)}…
            </dd>
          </>
        )}
      </dl>
    </div>
  );
}
