import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, Validations } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { AwsSolutionsChecks } from 'cdk-nag';
import { GroundcrewStack, type GroundcrewStackProps } from '../../lib/constructs/groundcrew-stack.ts';
import { configuration } from '../../lib/contracts/configuration.ts';
import { functionNames } from '../../lib/contracts/names.ts';

export interface Statement {
  readonly Action: string | string[];
  readonly Effect: string;
  readonly Resource: unknown;
}

/** What a stack is made with, beside its configuration. */
interface Options extends Partial<Pick<GroundcrewStackProps, 'channelSecrets' | 'pushSecret' | 'remediators'>> {
  /** Makes it under the AwsSolutions rules: a finding that is not acknowledged throws. */
  readonly rules?: boolean;
}

/** Makes the stack with bundles that do nothing. Each different one is made once, because that takes seconds. */
export class Synthesizer {
  private readonly folder = mkdtempSync(join(tmpdir(), 'groundcrew-synthesized-'));
  private readonly made = new Map<string, Template>();

  constructor() {
    mkdirSync(join(this.folder, 'layer'));
    writeFileSync(join(this.folder, 'layer/runtime.js'), '');
    for (const name of functionNames) {
      mkdirSync(join(this.folder, 'bundles', name), { recursive: true });
      writeFileSync(join(this.folder, 'bundles', name, 'index.js'), 'exports.handler = async () => ({});');
    }
  }

  /** @throws Error where the configuration is wrong, or breaks a rule under which it is made */
  template(given: unknown = {}, { rules = false, ...more }: Options = {}): Template {
    const key = JSON.stringify([given, rules, more]);
    const known = this.made.get(key);
    if (known !== undefined) return known;
    const app = new App({
      outdir: mkdtempSync(join(this.folder, 'out-')),
      context: { '@aws-cdk/aws-iam:minimizePolicies': true },
    });
    const stack = new GroundcrewStack(app, 'groundcrew', {
      configuration: configuration.parse(given),
      configurationHash: 'a'.repeat(64),
      codeHash: 'b'.repeat(64),
      modelHashes: { 'pack/model.onnx': 'c'.repeat(64) },
      bundles: join(this.folder, 'bundles'),
      layer: join(this.folder, 'layer'),
      ...more,
    });
    // Before the first synthesis: one that is made already is not made again.
    if (rules) Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
    const template = Template.fromStack(stack);
    this.made.set(key, template);
    return template;
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export const list = <T>(value: T | T[]): T[] => (Array.isArray(value) ? value : [value]);

/** Statements of each policy of the template, by its logical id. */
export const policiesOf = (template: Template): [id: string, statements: Statement[]][] =>
  Object.entries(template.findResources('AWS::IAM::Policy')).map(([id, policy]) => [
    id,
    policy['Properties'].PolicyDocument.Statement as Statement[],
  ]);
