/** The way back from what a closed case did: a case of its own, in which the inverse is ordered like any other order. */
import { useState } from 'preact/hooks';
import { get, write } from '../api/client.ts';
import type { CaseDetail, CaseSummary, Page } from '../api/types.ts';
import { query, to } from '../lib/address.ts';
import { go } from '../state/router.ts';
import { t } from '../strings.ts';
import { FormDialog, ReasonField } from './form-dialog.tsx';

/** A report becomes a case within seconds. */
const waitMs = 20_000;
const betweenMs = 700;
/** A note is as long as the API takes one from the form of reports. */
const maxReason = 300;

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Reports of one asset share one open case: that of this report, or the one that it was added to. */
async function reportedCase(asset: string): Promise<CaseSummary | undefined> {
  const untilMs = Date.now() + waitMs;
  do {
    const { items } = await get<Page<CaseSummary>>(
      `/cases${query({ state: 'open', asset, kind: 'manual', limit: 10 })}`,
      true,
    );
    const asked = items.find(({ status }) => status === 'in-review');
    if (asked) return asked;
    await pause(betweenMs);
  } while (Date.now() < untilMs);
  return undefined;
}

export function UndoDialog({
  of: one,
  back,
  onClose,
}: {
  of: CaseDetail;
  back: { readonly action: string; readonly target: string; readonly done: string };
  onClose: () => void;
}) {
  const [reason, setReason] = useState('');
  const order = t.order(back.action, back.target);
  return (
    <FormDialog
      title={t.undo.title(t.order(back.done, back.target))}
      submit={t.undo.submit}
      working={t.undo.working}
      onClose={onClose}
      refuse={() => (reason.trim() === '' ? t.case.reasonMissing : undefined)}
      run={async (key) => {
        const note = t.undo.note(t.order(back.done, back.target), one.caseId.slice(0, 8), reason.trim());
        await write('POST', '/triggers', { asset: one.asset, kind: 'manual', note }, key);
        const found = await reportedCase(one.asset);
        if (!found) {
          go(`${to.cases}${query({ asset: one.asset })}`);
          return t.undo.slow(order);
        }
        go(`${to.case(found.caseId)}${query({ order: back.action, target: back.target })}`);
        return t.undo.opened(order);
      }}
    >
      <p>{t.undo.intro(order)}</p>
      <ReasonField id="undo-reason" value={reason} onInput={setReason} hint={t.undo.reasonHint} maxLength={maxReason} />
    </FormDialog>
  );
}
