/** A case by hand, for what a person saw and no sensor did. */
import { useState } from 'preact/hooks';
import { write } from '../api/client.ts';
import type { AssetSummary } from '../api/types.ts';
import { t } from '../strings.ts';
import { FormDialog } from '../ui/form-dialog.tsx';

export function ReportDialog({ assets, onClose }: { assets: readonly AssetSummary[]; onClose: () => void }) {
  const [asset, setAsset] = useState(assets[0]?.asset ?? '');
  const [kind, setKind] = useState('manual');
  const [note, setNote] = useState('');
  return (
    <FormDialog
      title={t.trigger.title}
      submit={t.trigger.submit}
      onClose={onClose}
      run={async (key) => {
        await write('POST', '/triggers', { asset, kind: kind.trim() || 'manual', note: note.trim() }, key);
        return t.trigger.done;
      }}
    >
      <p>{t.trigger.intro}</p>
      <div class="field">
        <label for="report-asset">{t.trigger.asset}</label>
        <select id="report-asset" value={asset} onChange={(event) => setAsset(event.currentTarget.value)}>
          {assets.map((one) => (
            <option key={one.asset} value={one.asset}>
              {one.asset}
            </option>
          ))}
        </select>
      </div>
      <div class="field">
        <label for="report-kind">{t.trigger.kind}</label>
        <input
          id="report-kind"
          value={kind}
          pattern="[a-z][a-z0-9\-]{0,31}"
          aria-describedby="report-kind-hint"
          onInput={(event) => setKind(event.currentTarget.value)}
        />
        <p class="hint" id="report-kind-hint">
          {t.trigger.kindHint}
        </p>
      </div>
      <div class="field">
        <label for="report-note">{t.trigger.note}</label>
        <textarea
          id="report-note"
          required
          maxLength={500}
          value={note}
          aria-describedby="report-note-hint"
          onInput={(event) => setNote(event.currentTarget.value)}
        />
        <p class="hint" id="report-note-hint">
          {t.trigger.noteHint}
        </p>
      </div>
    </FormDialog>
  );
}
