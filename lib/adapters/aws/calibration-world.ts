/** What calibrating works on, from the environment. Apart from the other worlds, because it brings what fits. */
import type { CalibratePorts } from '../../core/decision/fits.ts';
import { Documents } from '../../core/ingest/documents.ts';
import { WindowStore } from '../../core/window/window-store.ts';
import { dynamoAudit } from './audit.ts';
import { eventBridgeBus } from './bus.ts';
import { dynamoCalibrationBook } from './calibration-store.ts';
import { dynamoDb, eventBridge, s3 } from './clients.ts';
import { environment } from './environment.ts';
import { s3ObjectStore } from './object-store.ts';
import { dynamoStateStore } from './state-store.ts';
import { sealing, subjectOf } from './subject-store.ts';
import { subjectWorld } from './worlds.ts';

/** Uses `TABLE_STATE`, `TABLE_AUDIT`, `TABLE_OPERATIONS`, `BUCKET_DATA`, `BUS_NAME` and what `subjectWorld` uses. */
export function calibrationWorld(): Omit<CalibratePorts, 'hasPack' | 'onProblem'> {
  const env = environment('TABLE_STATE', 'TABLE_AUDIT', 'TABLE_OPERATIONS', 'BUCKET_DATA', 'BUS_NAME');
  const objects = s3ObjectStore(s3(), env.BUCKET_DATA);
  const subjects = subjectWorld();
  return {
    states: dynamoStateStore(dynamoDb(), env.TABLE_STATE),
    records: dynamoCalibrationBook(dynamoDb(), env.TABLE_OPERATIONS),
    documents: new Documents(objects),
    windows: new WindowStore(objects),
    objects,
    audit: dynamoAudit(dynamoDb(), env.TABLE_AUDIT, sealing(subjects)),
    bus: eventBridgeBus(eventBridge(), env.BUS_NAME),
    pseudonymOf: (name) => subjectOf(subjects, name, Date.now()),
    nowMs: Date.now,
  };
}
