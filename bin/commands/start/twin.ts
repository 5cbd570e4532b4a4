/** The twin: a town of its own process, that writes its past and then lives through the scripted day. */
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { repositoryRoot } from '../../../layers/build.ts';
import { CommandFailure } from '../support/failure.ts';

const program = join(repositoryRoot, 'models/water-network/twin/run.ts');

export interface TwinEvent {
  readonly event: string;
  readonly [key: string]: unknown;
}

/** Writes seven past days of every asset into `dir`. @throws CommandFailure with the twin's own words */
export async function writeHistory(twinData: string, dir: string, site: string): Promise<void> {
  const child = spawn(process.execPath, [program, '--data', twinData, '--history', dir, '--site', site], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString('utf8')).slice(-4_000);
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  if (code !== 0) throw new CommandFailure(`The twin could not write its history (exit code ${code}):\n${said}`);
}

export interface TwinOptions {
  readonly data: string;
  readonly mqttUrl: string;
  readonly rule: string;
  readonly port: number;
  readonly secret?: string;
  readonly onEvent: (event: TwinEvent) => void;
}

/** A running twin. Should its process die, it is started again and goes on from its folder. */
export class Twin {
  private readonly options: TwinOptions;
  private child: ChildProcess | undefined;
  private stopping = false;

  constructor(options: TwinOptions) {
    this.options = options;
  }

  start(): void {
    const { data, mqttUrl, rule, port, secret, onEvent } = this.options;
    const child = spawn(
      process.execPath,
      [program, '--data', data, '--mqtt', mqttUrl, '--rule', rule, '--port', String(port)],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
        env: { ...process.env, ...(secret === undefined ? {} : { GROUNDCREW_SCADA_SECRET: secret }) },
      },
    );
    this.child = child;
    createInterface({ input: child.stdout! }).on('line', (line) => onEvent(JSON.parse(line) as TwinEvent));
    child.on('exit', (code) => {
      if (this.stopping) return;
      onEvent({ event: 'died', code });
      setTimeout(() => this.stopping || this.start(), 500);
    });
  }

  get pid(): number | undefined {
    return this.child?.pid;
  }

  async stop(): Promise<void> {
    this.stopping = true;
    const child = this.child;
    if (child === undefined || child.exitCode !== null) return;
    const exited = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    const force = setTimeout(() => child.kill('SIGKILL'), 5_000);
    await exited;
    clearTimeout(force);
  }
}
