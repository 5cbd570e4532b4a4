/** Registers an asset, fits it from a history, takes a new normal, or (scheduled) fits those that are due. */
import { calibrationWorld } from '../../lib/adapters/aws/calibration-world.ts';
import * as calibration from '../../lib/core/decision/calibrate.ts';
import { handle } from '../../lib/middleware/handle.ts';
import { packNames } from '../../models/index.ts';

const ports = { ...calibrationWorld(), hasPack: (name: string) => packNames.includes(name) };

export const handler = handle({
  name: 'calibrate',
  input: calibration.calibrateInput,
  run: async (input, { log, measure }) => {
    const onProblem = ({ asset, error }: { asset: string; error: unknown }) => log.warn(`asset ${asset}`, { error });
    const { calibrations, result } = await calibration.calibrate({ ...ports, onProblem }, input);
    measure({ calibrations });
    return result;
  },
});
