/** What opening an asset's documents from the function's disk takes, which a run of few assets never needs to do. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CommandContext } from '../bin/commands/support/context.ts';
import { s3ObjectStore } from '../lib/adapters/aws/object-store.ts';
import { diskCached } from '../lib/adapters/disk-cache.ts';
import type { AssetState } from '../lib/contracts/asset.ts';
import { Documents } from '../lib/core/ingest/documents.ts';
import type { ObjectStore } from '../lib/core/ports.ts';
import { openCalibration } from '../lib/core/screening/open.ts';

const rounds = 4;

/** Bytes of an asset's documents, and the time to read, check and open them, ms: nothing is in memory. */
export async function documentsFromDisk(
  context: CommandContext,
  states: readonly AssetState[],
): Promise<{ readonly bytes: number; readonly ms: number }> {
  const root = mkdtempSync(join(tmpdir(), 'groundcrew-bench-disk-'));
  try {
    let bytes = 0;
    const stored = s3ObjectStore(context.s3(), context.names.dataBucket);
    const counted: ObjectStore = {
      ...stored,
      async get(key) {
        const found = await stored.get(key);
        bytes += found?.byteLength ?? 0;
        return found;
      },
    };
    const areas = [{ folder: 'documents', prefixes: ['registration/', 'calibration/'], maxBytes: 2 ** 30 }];
    const objects = diskCached(counted, areas, root);
    const open = async ({ registrationHash, calibrationHash }: AssetState): Promise<void> => {
      const documents = new Documents(objects);
      await documents.registration(registrationHash);
      openCalibration(await documents.calibration(calibrationHash!));
    };
    for (const state of states) await open(state);
    const fetched = bytes;
    const startMs = performance.now();
    for (let round = 0; round < rounds; round += 1) for (const state of states) await open(state);
    const ms = (performance.now() - startMs) / rounds / states.length;
    if (bytes !== fetched) throw new Error('The disk did not keep the documents.');
    return { bytes: fetched / states.length, ms };
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}
