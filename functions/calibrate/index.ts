/** Registers an asset, fits it from an imported history, or (scheduled) fits those whose warm-up is over. */
import { dynamoAudit } from '../../lib/adapters/aws/audit.ts';
import { eventBridgeBus } from '../../lib/adapters/aws/bus.ts';
import { dynamoDb, eventBridge, s3 } from '../../lib/adapters/aws/clients.ts';
import { environment } from '../../lib/adapters/aws/environment.ts';
import { s3ObjectStore } from '../../lib/adapters/aws/object-store.ts';
import { dynamoStateStore } from '../../lib/adapters/aws/state-store.ts';
import * as calibration from '../../lib/core/decision/calibrate.ts';
import { Documents } from '../../lib/core/ingest/documents.ts';
import { WindowStore } from '../../lib/core/window/window-store.ts';
import { handle } from '../../lib/middleware/handle.ts';
import { packNames } from '../../models/index.ts';

const env = environment('TABLE_STATE', 'TABLE_AUDIT', 'BUCKET_DATA', 'BUS_NAME');
const objects = s3ObjectStore(s3(), env.BUCKET_DATA);
const ports = {
  objects,
  audit: dynamoAudit(dynamoDb(), env.TABLE_AUDIT),
  states: dynamoStateStore(dynamoDb(), env.TABLE_STATE),
  documents: new Documents(objects),
  windows: new WindowStore(objects),
  bus: eventBridgeBus(eventBridge(), env.BUS_NAME),
  hasPack: (name: string) => packNames.includes(name),
  nowMs: Date.now,
};

export const handler = handle({
  name: 'calibrate',
  input: calibration.calibrateInput,
  run: async (input, { log, measure }) => {
    const onProblem = ({ asset, error }: { asset: string; error: unknown }) => log.warn(`asset ${asset}`, { error });
    const answer = await calibration.calibrate({ ...ports, onProblem }, input);
    measure({ calibrations: answer.calibrations });
    return answer.result;
  },
});
