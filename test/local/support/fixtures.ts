/** Small things that tests of the one-machine runtime need: folders that go away, a function's model, a silent log. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FunctionModel, TableModel } from '../../../local/assembly/model.ts';
import type { LogWriter, RuntimeLog } from '../../../local/types.ts';

const folders: string[] = [];

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'groundcrew-test-'));
  folders.push(folder);
  return folder;
}
export function removeTemporaryFolders(): void {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}

/** A function whose bundle is `source`. */
export function functionModel(name: string, source: string, more: Partial<FunctionModel> = {}): FunctionModel {
  const codeDir = join(temporaryFolder(), name);
  mkdirSync(codeDir, { recursive: true });
  writeFileSync(join(codeDir, 'index.js'), source);
  return {
    logicalId: `Fn${name}`,
    name,
    arn: `arn:aws:lambda:eu-central-1:000000000000:function:${name}`,
    codeDir,
    handler: 'index.handler',
    runtime: 'nodejs24.x',
    architectures: ['x86_64'],
    layerDirs: [],
    environment: {},
    timeoutS: 10,
    memoryMb: 128,
    reservedConcurrency: undefined,
    logGroupName: `/aws/lambda/${name}`,
    logFormat: 'Text',
    roleArn: 'arn:aws:iam::000000000000:role/r',
    asynchronous: { maximumRetryAttempts: 2, maximumEventAgeS: 21_600, onFailureArn: undefined },
    ...more,
  };
}

export const auditTable: TableModel = {
  logicalId: 'Audit',
  name: 'groundcrew-audit',
  arn: 'arn:aws:dynamodb:eu-central-1:000000000000:table/groundcrew-audit',
  partitionKey: { attribute: 'chain', type: 'S' },
  sortKey: { attribute: 'seq', type: 'N' },
  indexes: [
    {
      name: 'by-bucket',
      partitionKey: { attribute: 'bucket', type: 'S' },
      sortKey: { attribute: 'chain', type: 'S' },
      projection: 'KEYS_ONLY',
      nonKeyAttributes: [],
    },
  ],
};

export const silent: RuntimeLog = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** Keeps lines in memory. */
export class MemoryLogs implements LogWriter {
  readonly lines: string[] = [];
  append(_group: string, message: string): void {
    this.lines.push(message);
  }
}

/** Resolves once `condition` holds; the test's own time limit ends a wait that is in vain. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 10));
}
