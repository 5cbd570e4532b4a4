/** Entries of a chain with what the check in this browser says of each. */
import type { CheckedChain } from '../audit/check-chain.ts';
import { canVerify } from '../audit/check-chain.ts';
import { t } from '../strings.ts';
import { Glyph } from './glyph.tsx';
import { Time } from './time.tsx';

export function AuditEntries({ of: chain, withBody }: { of: CheckedChain; withBody: boolean }) {
  const bad = chain.check.fault?.seq;
  return (
    <ol class="entries">
      {chain.entries.map((entry, index) => (
        <li key={entry.hash + String(index)}>
          <details class="entry">
            <summary>
              {canVerify() && (
                <span class="entry-mark">
                  <Glyph name={bad === undefined || index < bad ? 'closed' : 'bad'} />
                  <span class="sr">{bad === undefined || index < bad ? t.audit.entryOk : t.audit.entryBad}</span>
                </span>
              )}
              <span class="entry-seq">{entry.seq}</span>
              <span class="entry-type">{t.audit.types[entry.type] ?? entry.type}</span>
              <Time ms={entry.at} full />
            </summary>
            <p class="hash">{entry.hash}</p>
            {withBody && <pre>{JSON.stringify(entry.body, null, 2)}</pre>}
          </details>
        </li>
      ))}
    </ol>
  );
}
