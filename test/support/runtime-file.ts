/** A data folder in which commands find a runtime: this process, with ports of the test's own servers. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RuntimeFile } from '../../local/runtime-file.ts';

/** Ports that are not given belong to nobody. */
export function dataFolderOfRuntime(ports: Partial<Pick<RuntimeFile, 'dynamodbPort' | 'mqttPort'>>): string {
  const data = mkdtempSync(join(tmpdir(), 'data-'));
  const runtime: RuntimeFile = {
    version: 1,
    pid: process.pid,
    startedMs: 1,
    stackName: 'gc',
    account: '000000000000',
    region: 'eu-central-1',
    httpPort: 9,
    dynamodbPort: 9,
    mqttPort: 9,
    outputs: {},
    ...ports,
  };
  writeFileSync(join(data, 'runtime.json'), JSON.stringify(runtime));
  return data;
}
