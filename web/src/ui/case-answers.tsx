/** The questions that somebody has who was just woken, answered before anything else. */
import type { ComponentChildren } from 'preact';
import type { CaseDetail } from '../api/types.ts';
import { duration, shortTime } from '../lib/time.ts';
import { nowMs, zone } from '../state/session.ts';
import { t } from '../strings.ts';
import { Contacts } from './contacts.tsx';
import { effectGlyph, Glyph } from './glyph.tsx';
import { Age, Due, Time } from './time.tsx';

function Fact({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <div class="fact">
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Nothing({ of: one }: { of: CaseDetail }) {
  if (one.status === 'in-review' && one.dueAtMs !== undefined)
    return (
      <>
        <Due ms={one.dueAtMs} />
        <br />
        {one.escalation &&
          one.escalation.level > 1 &&
          `${t.case.level2(shortTime(one.escalation.sinceMs, nowMs.value, zone.value))} `}
        {one.escalation?.next === 'level-2'
          ? t.case.thenLevel2(shortTime(one.dueAtMs, nowMs.value, zone.value))
          : t.case.thenSafeHold(shortTime(one.dueAtMs, nowMs.value, zone.value))}{' '}
        {t.case.nothingSafe}
      </>
    );
  if (one.takeBack?.untilMs !== undefined)
    return <>{t.case.nothingAnswered(Math.max(0, Math.ceil((one.takeBack.untilMs - nowMs.value) / 1000)))}</>;
  if (one.status === 'acting') return <>{t.case.nothingActing}</>;
  if (one.status === 'verifying') return <>{t.case.nothingVerifying}</>;
  return <>{t.case.nothingOpen}</>;
}

function Affected({ of: one }: { of: CaseDetail }) {
  const { incident } = one;
  const place = incident
    ? incident.fedBy === undefined
      ? t.case.affectedIncident(incident.scope, incident.place, one.flags)
      : t.case.affectedFeed(incident.place, one.flags)
    : one.zone
      ? `${t.case.affectedZone(one.zone)}, ${t.case.affectedAsset(one.asset)}`
      : t.case.affectedAsset(one.asset);
  return (
    <>
      {place}
      {one.proposal && one.status !== 'closed' && (
        <>
          <br />
          {one.proposal.impact === 'high' ? <b>{t.case.affectedHigh}</b> : t.case.affectedNormal}
        </>
      )}
    </>
  );
}

function Position({ of: one }: { of: CaseDetail }) {
  if (one.effects.length === 0) return <>{t.case.positionNone}</>;
  const readings =
    one.status === 'verifying'
      ? t.case.byReadings['verifying']
      : one.resolution === 'verified'
        ? t.case.byReadings['verified']
        : undefined;
  return (
    <table class="positions">
      <thead>
        <tr>
          <th>{t.case.commanded}</th>
          <th>{t.case.confirmed}</th>
        </tr>
      </thead>
      <tbody>
        {one.effects.map((effect, index) => (
          <tr key={effect.effectKey}>
            <td>
              {t.order(effect.action, effect.target)}
              <br />
              <span class="small">
                <Time ms={effect.sinceMs} />
              </span>
            </td>
            <td>
              <Glyph name={effectGlyph(effect.status, 'verifying')} /> {t.case.confirmedBy[effect.status]}
              {index === one.effects.length - 1 && effect.status === 'SUCCEEDED' && readings && <>, {readings}</>}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Undo({ of: one }: { of: CaseDetail }) {
  if (!one.proposal) return <>{t.case.undoNone}</>;
  const { inverse } = one.proposalDetail ?? {};
  if (!inverse) return <>{t.case.undoNo}</>;
  return <>{one.status === 'closed' ? t.case.undoPast(t.action(inverse)) : t.case.undoYes(t.action(inverse))}</>;
}

export function CaseAnswers({ of: one }: { of: CaseDetail }) {
  const { newestReadingMs, newestReceivedMs, ageMs } = one.freshness;
  const readAtMs = newestReceivedMs ?? newestReadingMs;
  return (
    <dl class="answers">
      {one.closedAtMs === undefined ? (
        <Fact name={t.case.since}>
          <Age ms={one.openedAtMs} />{' '}
          <span class="quiet">
            (<Time ms={one.openedAtMs} />)
          </span>
        </Fact>
      ) : (
        <Fact name={t.case.lasted}>
          {duration(one.closedAtMs - one.openedAtMs)}{' '}
          <span class="quiet">
            (<Time ms={one.openedAtMs} /> {t.case.lastedUntil} <Time ms={one.closedAtMs} />)
          </span>
        </Fact>
      )}
      <Fact name={t.case.newest}>
        {readAtMs === undefined
          ? t.case.newestNone
          : newestReceivedMs === undefined && ageMs !== undefined
            ? t.case.newestAge(duration(ageMs))
            : t.case.newestAge(duration(nowMs.value - readAtMs))}{' '}
        {readAtMs !== undefined && (
          <span class="quiet">
            (<Time ms={readAtMs} />)
          </span>
        )}
      </Fact>
      {one.status !== 'closed' && (
        <Fact name={t.case.nothing}>
          <Nothing of={one} />
        </Fact>
      )}
      {one.status !== 'closed' && (
        <Fact name={t.contacts.title}>
          <Contacts of={one.contacts ?? []} />
        </Fact>
      )}
      <Fact name={one.status === 'closed' ? t.case.affectedPast : t.case.affected}>
        <Affected of={one} />
      </Fact>
      <Fact name={t.case.undo}>
        <Undo of={one} />
      </Fact>
      <Fact name={t.case.position}>
        <Position of={one} />
      </Fact>
    </dl>
  );
}
