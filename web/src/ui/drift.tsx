/** What a model sees and says now beside what it did on its card's test windows. */
import type { DriftComparison, PackDrift } from '../api/types.ts';
import { t } from '../strings.ts';
import { Glyph, type GlyphName } from './glyph.tsx';
import { Time } from './time.tsx';

const words = t.models.drift;
const percent = (share: number): string => `${Math.round(share * 100)}\u00a0%`;
const finePercent = (share: number): string =>
  `${(share * 100).toLocaleString('en-GB', { maximumFractionDigits: 1 })}\u00a0%`;

const glyphs: Record<PackDrift['verdict'], GlyphName> = {
  'too-few': 'unknown',
  'as-measured': 'normal',
  differs: 'learning',
  strange: 'alarm',
};

/** How far apart, and how far chance alone would take it; nothing where the verdict says already that it cannot be told. */
function Apart({ of: { psi, noisePsi, stability } }: { of: DriftComparison }) {
  if (stability === 'too-few') return null;
  return (
    <p class="small">
      <b>{words.stability[stability]}</b> {words.psi(psi.toFixed(2), noisePsi.toFixed(2))}
    </p>
  );
}

/**
 * Bins side by side: the reference as a frame, what is now as a filling.
 * @param even each bin by how often it comes for what is expected of it, so that frames are even and small bins are seen
 */
function Columns({
  title,
  of,
  labels,
  even,
}: {
  title: string;
  of: DriftComparison;
  labels: readonly string[];
  even?: boolean;
}) {
  // A bin that neither has, at an end, is no part of the picture.
  const used = labels.map((_, bin) => of.reference[bin]! > 0 || of.now[bin]! > 0);
  const [first, last] = [used.indexOf(true), used.lastIndexOf(true)];
  const bins = labels.flatMap((label, bin) => {
    if (bin < first || bin > last) return [];
    const [reference, now] = [of.reference[bin]!, of.now[bin]!];
    const unit = even ? reference : 1;
    return [
      {
        bin,
        label,
        said: words.bin(label, percent(reference), percent(now)),
        frame: reference / unit,
        bar: now / unit,
      },
    ];
  });
  const most = Math.max(...bins.flatMap(({ frame, bar }) => [frame, bar]));
  return (
    <figure class="drift-figure">
      <div class="drift-columns" role="img" aria-label={`${title}: ${bins.map(({ said }) => said).join('; ')}`}>
        {bins.map(({ bin, said, frame, bar }) => (
          <span key={bin} title={said}>
            <i class="drift-reference" style={{ height: `${(frame / most) * 100}%` }} />
            <i class="drift-now" style={{ height: `${(bar / most) * 100}%` }} />
          </span>
        ))}
      </div>
      <div class="drift-ends small" aria-hidden="true">
        <span>{bins[0]?.label}</span>
        {bins.length > 1 && <span>{bins.at(-1)?.label}</span>}
      </div>
    </figure>
  );
}

function Kinds({ of: kinds }: { of: NonNullable<PackDrift['kinds']> }) {
  const most = Math.max(...kinds.reference, ...kinds.now);
  return (
    <ul class="drift-kinds">
      {kinds.labels.map((kind, at) => (
        <li key={kind}>
          <span>{t.kind(kind)}</span>
          <span class="drift-track" aria-hidden="true">
            <i class="drift-now" style={{ width: `${(kinds.now[at]! / most) * 100}%` }} />
            <i class="drift-reference" style={{ width: `${(kinds.reference[at]! / most) * 100}%` }} />
          </span>
          <span class="number">
            {percent(kinds.now[at]!)} <span class="quiet">{words.insteadOf(percent(kinds.reference[at]!))}</span>
          </span>
        </li>
      ))}
    </ul>
  );
}

const significant = (value: number): string =>
  value.toLocaleString('en-GB', { maximumSignificantDigits: 3, useGrouping: false });

/** Names of bins by their upper bounds, and of what lies above all of them. */
const boundLabels = (edges: readonly number[]): string[] => [
  ...edges.map((edge) => `≤ ${significant(edge)}`),
  ...(edges.length > 0 ? [`> ${significant(edges.at(-1)!)}`] : [words.present]),
];

const tenths = Array.from({ length: 10 }, (_, tenth) => `${tenth * 10}–${tenth * 10 + 10}\u00a0%`);

function Features({ of: { most } }: { of: PackDrift['features'] }) {
  return (
    <>
      <p class="small">{words.featuresHint}</p>
      <ul class="drift-features">
        {most.map((feature) => (
          <li key={feature.name}>
            <div>
              <p class="small drift-name">{feature.name}</p>
              <Apart of={feature} />
            </div>
            <Columns title={feature.name} of={feature} labels={[...boundLabels(feature.edges), words.missing]} />
          </li>
        ))}
      </ul>
    </>
  );
}

function Pictures({ of: { ood, confidence, kinds } }: { of: PackDrift }) {
  return (
    <>
      <p class="small drift-legend" aria-hidden="true">
        <i class="drift-now" /> {words.now} <i class="drift-reference" /> {words.reference}
      </p>
      <div class="drift-parts">
        {ood && (
          <section>
            <h4>{words.ood}</h4>
            <p class="small">{words.strange(finePercent(ood.strange), finePercent(ood.strangeExpected))}</p>
            <Columns title={words.ood} of={ood} labels={[...ood.edges.map((edge) => `p < ${edge}`), 'p ≤ 1']} even />
            <Apart of={ood} />
          </section>
        )}
        {confidence && (
          <section>
            <h4>{words.confidence}</h4>
            <p class="small">{words.mean(finePercent(confidence.meanNow), finePercent(confidence.meanReference))}</p>
            <Columns title={words.confidence} of={confidence} labels={tenths} />
            <Apart of={confidence} />
          </section>
        )}
      </div>
      {kinds ? (
        <section>
          <h4>{words.kinds}</h4>
          <Kinds of={kinds} />
          <Apart of={kinds} />
        </section>
      ) : (
        <p class="small">{words.larger}</p>
      )}
    </>
  );
}

export function Drift({ of: drift }: { of: PackDrift | undefined }) {
  if (!drift)
    return (
      <div>
        <h3>{words.title}</h3>
        <p class="quiet">{words.noReference}</p>
      </div>
    );
  const { verdict, decisions, assetDays, assets, leastAssetDays, reference, features } = drift;
  const isTold = verdict !== 'too-few';
  return (
    <div class="drift">
      <h3>{words.title}</h3>
      <p class={verdict === 'strange' ? 'verdict-bad' : 'drift-verdict'}>
        <Glyph name={glyphs[verdict]} /> {words.verdict(verdict, assetDays, leastAssetDays)}
      </p>
      {decisions > 0 && (
        <>
          <p class="small">
            {words.restsOn(decisions, assets, assetDays)} <Time ms={drift.fromMs} />.{' '}
            {words.against(reference.windows, reference.groups)}
          </p>
          {isTold && <Pictures of={drift} />}
          <details class="fold">
            <summary>{isTold ? words.features(features.shifted, features.compared) : words.soFar}</summary>
            {!isTold && <Pictures of={drift} />}
            {isTold && <Features of={features} />}
          </details>
        </>
      )}
    </div>
  );
}
