/** What decides here: packs, their models with cards, and the policies in their own words. */
import type { DriftList, PackView } from '../api/types.ts';
import { type Resource, useResource } from '../state/resource.ts';
import { t } from '../strings.ts';
import { Drift } from '../ui/drift.tsx';
import { Heading } from '../ui/frame.tsx';
import { Scroll } from '../ui/scroll.tsx';
import { Empty, Shown, Skeleton } from '../ui/states.tsx';

const percent = (share: number): string =>
  `${(share * 100).toLocaleString('en-GB', { maximumFractionDigits: 1 })}\u00a0%`;

function LiveShare({ of: live }: { of: PackView['live'] }) {
  const parts = [
    { name: t.models.act, count: live.act },
    { name: t.models.ask, count: live.ask },
    { name: t.models.observe, count: live.observe },
  ];
  return (
    <div>
      <h3>{t.models.live}</h3>
      {live.decisions === 0 ? (
        <p class="quiet">{t.models.liveNone}</p>
      ) : (
        <>
          <ul class="shares">
            {parts.map(({ name, count }, index) => (
              <li key={name}>
                <span>{name}</span>
                <span class="bar-track bar-plain" aria-hidden="true">
                  <i class={`share-${index}`} style={{ width: `${(count / live.decisions) * 100}%` }} />
                </span>
                <span class="number">{count.toLocaleString('en-GB')}</span>
              </li>
            ))}
          </ul>
          <p class="small">
            {t.models.liveOf(live.decisions)}{' '}
            {live.meanConfidence !== undefined && `${t.models.confidence}: ${percent(live.meanConfidence)}.`}{' '}
            {t.models.outOfDistribution(live.outOfDistribution)}
          </p>
        </>
      )}
    </div>
  );
}

function Card({ of: card }: { of: NonNullable<PackView['card']> }) {
  const names = t.models.byKind;
  return (
    <details class="fold">
      <summary>{t.models.card}</summary>
      <dl class="facts">
        <dt>{t.models.intended}</dt>
        <dd>{card.intendedUse}</dd>
        <dt>{t.models.data}</dt>
        <dd>{card.data}</dd>
        <dt>{t.models.limits}</dt>
        <dd>
          <ul class="reasons">
            {card.limits.map((limit) => (
              <li key={limit}>{limit}</li>
            ))}
          </ul>
        </dd>
        <dt>{t.models.metrics}</dt>
        <dd>
          {t.models.macroF1} {card.metrics.macroF1.toFixed(3)}, {t.models.calibrationError}{' '}
          {card.metrics.expectedCalibrationError.toFixed(3)} ({card.metrics.testWindows.toLocaleString('en-GB')})
        </dd>
      </dl>
      <Scroll label={t.models.metrics}>
        <table>
          <thead>
            <tr>
              <th>{names.kind}</th>
              <th class="number">{names.precision}</th>
              <th class="number">{names.recall}</th>
              <th class="number">{names.f1}</th>
              <th class="number">{names.windows}</th>
            </tr>
          </thead>
          <tbody>
            {Object.entries(card.metrics.byKind).map(([kind, metrics]) => (
              <tr key={kind}>
                <td>{t.kind(kind)}</td>
                <td class="number">{metrics.precision.toFixed(3)}</td>
                <td class="number">{metrics.recall.toFixed(3)}</td>
                <td class="number">{metrics.f1.toFixed(3)}</td>
                <td class="number">{metrics.windows}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
    </details>
  );
}

function Remedies({ of: manifest }: { of: PackView['manifest'] }) {
  const names = t.models.remedy;
  return (
    <details class="fold">
      <summary>{t.models.remedies}</summary>
      <Scroll label={t.models.remedies}>
        <table>
          <thead>
            <tr>
              <th>{names.kind}</th>
              <th>{names.action}</th>
              <th>{names.inverse}</th>
              <th>{names.impact}</th>
              <th>{names.description}</th>
            </tr>
          </thead>
          <tbody>
            {manifest.remedies.map((remedy) => (
              <tr key={remedy.kind + remedy.action}>
                <td>{t.kind(remedy.kind)}</td>
                <td>{t.action(remedy.action)}</td>
                <td>{remedy.inverse ? t.action(remedy.inverse) : t.none}</td>
                <td>{remedy.impact === 'high' ? t.models.high : t.models.normal}</td>
                <td>{remedy.description}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
    </details>
  );
}

function Pack({ of: pack, drift }: { of: PackView; drift: Resource<DriftList> }) {
  return (
    <section class="panel stack pack" aria-labelledby={`pack-${pack.name}`}>
      <div>
        <h2 id={`pack-${pack.name}`}>{pack.title}</h2>
        <p class="quiet">
          {pack.name} · {t.models.version} {pack.version}
        </p>
        {pack.modelHash ? (
          <p class="hash">
            {t.models.model} {pack.modelHash}
          </p>
        ) : (
          <p class="quiet">{t.models.noModel}</p>
        )}
      </div>
      <LiveShare of={pack.live} />
      {pack.modelHash && (
        <Shown of={drift} rows={4}>
          {({ items }) => <Drift of={items.find(({ name }) => name === pack.name)} />}
        </Shown>
      )}
      <div>
        {pack.card ? <Card of={pack.card} /> : <p class="quiet">{t.models.cardNone}</p>}
        <Remedies of={pack.manifest} />
        <h3 class="policies-title">{t.models.policies}</h3>
        <p class="small">{t.models.policyHint}</p>
        {[...Map.groupBy(pack.policies, ({ file }) => file)].map(([file, policies]) => (
          <div key={file}>
            <p class="mono small policy-file">{file}</p>
            {policies.map((policy) => (
              <details class="fold" key={policy.id}>
                <summary>
                  <span class="mono policy-id">{policy.id}</span>
                  {policy.determined !== undefined && policy.determined > 0 && (
                    <span class="small fold-end">{t.models.determined(policy.determined)}</span>
                  )}
                </summary>
                <pre>{policy.text}</pre>
                <p class="hash">{policy.hash}</p>
              </details>
            ))}
          </div>
        ))}
      </div>
    </section>
  );
}

/** What decides here stands first; packs that are only there come after it. */
const byUse = (a: PackView, b: PackView): number => b.live.decisions - a.live.decisions || a.name.localeCompare(b.name);

export function ModelsPage() {
  const resource = useResource<{ items: readonly PackView[] }>(
    '/packs',
    ({ type }) => type === 'configuration-changed',
  );
  const drift = useResource<DriftList>('/drift', ({ type }) => type === 'configuration-changed');
  const { data, error } = drift.state.value;
  // Shown at once with the packs, so that nothing moves under whoever reads already.
  const isComing = data === undefined && error === undefined;
  return (
    <>
      <div class="page-head">
        <Heading>{t.models.title}</Heading>
      </div>
      <Shown of={resource} rows={9} tall>
        {({ items }) =>
          items.length === 0 ? (
            <Empty title={t.models.empty} hint={t.models.emptyHint} />
          ) : isComing ? (
            <Skeleton rows={9} tall />
          ) : (
            <>
              <p class="quiet drift-worth">{t.models.drift.worth}</p>
              <div class="packs">
                {items.toSorted(byUse).map((pack) => (
                  <Pack key={pack.name} of={pack} drift={drift} />
                ))}
              </div>
            </>
          )
        }
      </Shown>
    </>
  );
}
