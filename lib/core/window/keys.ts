/** Where the parts of a window lie in the data bucket. */

/** A raw batch by its reference `YYYYMMDDHH/ID`. */
export function rawKey(ref: string): string {
  const hour = ref.slice(0, 10);
  return `raw/${hour.slice(0, 4)}/${hour.slice(4, 6)}/${hour.slice(6, 8)}/${hour.slice(8, 10)}/${ref.slice(11)}.json.gz`;
}

/** @param atMs any time of the batch that a repeat of the batch repeats, milliseconds since the epoch */
export const rawRef = (atMs: number, batchId: string): string =>
  `${new Date(atMs).toISOString().slice(0, 13).replaceAll(/[-T]/g, '')}/${batchId}`;

export const chunkKey = (asset: string, chunk: number): string => `window/${asset}/${chunk}.gz`;
/** The open chunks of several assets; they are replaced by newer ones soon, so that old ones may expire. */
export const packKey = (pack: string): string => `open/${pack}`;
export const registrationKey = (hash: string): string => `registration/${hash}.json`;
export const calibrationKey = (hash: string): string => `calibration/${hash}.json`;
export const evidenceKey = (hash: string): string => `evidence/${hash}`;
