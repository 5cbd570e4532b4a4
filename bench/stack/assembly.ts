/** The real stack, synthesized for whoever runs it whole. Kept under `dist/` and made again only when the sources changed. */
import { createHash } from 'node:crypto';
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Assembly, ensureAssembly } from '../../bin/commands/start/assembly.ts';
import { repositoryRoot } from '../../layers/build.ts';

/** Where tests that look at it imitate Slack: below the ports that are given out, another one for each checkout. */
export const slackPort = 21_000 + 2 * (createHash('sha256').update(repositoryRoot).digest().readUInt16BE() % 5_000);

/** Where tests that look at it imitate Jira. */
export const jiraPort = slackPort + 1;

/** Where tests that look at it imitate a push service of browsers. */
export const pushPort = slackPort - 10_000;

/** Short reviews, so that a timeout can be waited for, little time to think again, and a quota that many cases on one asset do not use up. */
export const testConfiguration = {
  reviewTimeoutS: 20,
  escalationTimeoutS: 10,
  thinkAgainS: 2,
  quotaPerAssetHour: 100,
  sampleRates: { act: 1, observe: 1 },
  channels: {
    ops: { by: 'slack', host: `127.0.0.1:${slackPort}` },
    phones: { by: 'web-push', hosts: [`127.0.0.1:${pushPort}`], contact: 'mailto:operators@example.org' },
  },
  opsCenter: {},
  remediators: { ticket: { service: 'jira', url: `http://127.0.0.1:${jiraPort}`, project: 'OPS' } },
  ways: { 'air-quality/raise-ticket': 'ticket' },
};

/** The tests' stack. */
export const testAssembly = (): Promise<Assembly> => stackAssembly('test-assembly', testConfiguration);

/** The same for people who answer at their own pace: questions wait for hours, as in a deployment. */
export const patientAssembly = (): Promise<Assembly> => stackAssembly('patient-assembly', { quotaPerAssetHour: 100 });

/** A stack below `dist/`, synthesized with that configuration where the sources or the configuration changed. */
export async function stackAssembly(name: string, configuration: Readonly<Record<string, unknown>>): Promise<Assembly> {
  const folder = join(repositoryRoot, 'dist', name);
  const lock = `${folder}.lock`;
  mkdirSync(join(repositoryRoot, 'dist'), { recursive: true });
  // Test files run in processes of their own; two syntheses at once would take each other's bundles away.
  while (!take(lock)) await sleep(200);
  const before = process.env.CDK_CONTEXT_JSON;
  try {
    process.env.CDK_CONTEXT_JSON = JSON.stringify({ groundcrew: configuration });
    return await ensureAssembly(folder);
  } finally {
    if (before === undefined) delete process.env.CDK_CONTEXT_JSON;
    else process.env.CDK_CONTEXT_JSON = before;
    rmSync(lock, { force: true });
  }
}

function take(lock: string): boolean {
  try {
    const file = openSync(lock, 'wx');
    writeSync(file, String(process.pid));
    closeSync(file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return release(lock);
  }
}

/** A holder that was killed releases nothing. */
function release(lock: string): boolean {
  try {
    const pid = Number(readFileSync(lock, 'utf8'));
    if (pid > 0) process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') rmSync(lock, { force: true });
  }
  return false;
}
