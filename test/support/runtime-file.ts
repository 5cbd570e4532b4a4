/** A data folder in which commands find a runtime: this process, with ports of the test's own servers. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from '@jest/globals';
import type { RuntimeFile } from '../../local/runtime-file.ts';

const made: string[] = [];
afterAll(() => {
  for (const data of made) rmSync(data, { recursive: true, force: true });
});

/** Ports that are not given belong to nobody. The folder goes away with the test file. */
export function dataFolderOfRuntime(ports: Partial<Pick<RuntimeFile, 'dynamodbPort' | 'mqttPort'>>): string {
  const data = mkdtempSync(join(tmpdir(), 'data-'));
  made.push(data);
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
