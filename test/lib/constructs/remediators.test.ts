/** What the stack has more for each configured remediator, and that it has no more than that. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { App, Validations } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { AwsSolutionsChecks } from 'cdk-nag';
import { checkSettings, remediatorNeeds } from '../../../lib/adapters/remediation/configured.ts';
import { GroundcrewStack } from '../../../lib/constructs/groundcrew-stack.ts';
import { configuration } from '../../../lib/contracts/configuration.ts';
import { functionNames } from '../../../lib/contracts/names.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'groundcrew-remediators-'));
  mkdirSync(join(folder, 'layer'));
  writeFileSync(join(folder, 'layer/runtime.js'), '');
  for (const name of functionNames) {
    mkdirSync(join(folder, 'bundles', name), { recursive: true });
    writeFileSync(join(folder, 'bundles', name, 'index.js'), 'exports.handler = async () => ({});');
  }
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function synthesize(remediators: Record<string, object>): Template {
  checkSettings(remediators);
  const app = new App({ outdir: mkdtempSync(join(folder, 'out-')) });
  const stack = new GroundcrewStack(app, 'groundcrew', {
    configuration: configuration.parse({ remediators }),
    remediators: remediatorNeeds(remediators),
    configurationHash: 'a'.repeat(64),
    codeHash: 'b'.repeat(64),
    modelHashes: { 'pack/model.onnx': 'c'.repeat(64) },
    bundles: join(folder, 'bundles'),
    layer: join(folder, 'layer'),
  });
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  app.synth();
  return Template.fromStack(stack);
}

const secretNames = (template: Template): string[] =>
  Object.values(template.findResources('AWS::SecretsManager::Secret'))
    .map(({ Properties }) => String(Properties['Name']))
    .sort();

/** Functions whose role allows the action, with the resources as text. */
function allowing(template: Template, action: string): Record<string, string> {
  const policies = Object.values(template.findResources('AWS::IAM::Policy'));
  const found: Record<string, string> = {};
  for (const fn of Object.values(template.findResources('AWS::Lambda::Function'))) {
    const role = fn['Properties'].Role['Fn::GetAtt'][0] as string;
    const statements = policies
      .filter(({ Properties }) => Properties.Roles.some((each: { Ref: string }) => each.Ref === role))
      .flatMap(
        ({ Properties }) => Properties.PolicyDocument.Statement as { Action: string | string[]; Resource: unknown }[],
      )
      .filter(({ Action }) => [Action].flat().includes(action));
    if (statements.length > 0)
      found[fn['Properties'].FunctionName as string] = JSON.stringify(statements.map(({ Resource }) => Resource));
  }
  return found;
}
const senders = ['groundcrew-reconcile', 'groundcrew-remediate'];

describe('configured remediators', () => {
  test('without any there is the webhook’s secret alone, and no grant for another way to act', () => {
    const template = synthesize({});
    expect(secretNames(template)).toEqual(['groundcrew/sampling', 'groundcrew/webhook']);
    for (const action of ['iot:GetThingShadow', 'iot:UpdateThingShadow'])
      expect(allowing(template, action)).toEqual({});
  });

  test('each gets its secret and its grants, for what sends alone, and nothing that the rules object to', () => {
    const template = synthesize({
      webhook: { mutualTls: true, idempotencyHeader: 'X-Key' },
      ticket: { service: 'servicenow', url: 'https://acme.service-now.com' },
      'rpa-queue': { url: 'https://cloud.uipath.com/a/b/orchestrator_', folderId: 3, queue: 'orders' },
      'device-command': { shadow: 'orders' },
      event: {},
    });
    const names = ['rpa-queue', 'sampling', 'ticket', 'ticket-webhook', 'webhook', 'webhook-tls'].map(
      (name) => `groundcrew/${name}`,
    );
    expect(secretNames(template)).toEqual(names);
    const {
      'groundcrew-sample': own,
      'groundcrew-api': hears,
      ...readers
    } = allowing(template, 'secretsmanager:GetSecretValue');
    expect(own).not.toContain('Remediators');
    // What the other system signs with is read by who hears it, and by nobody who sends.
    expect(hears).toMatch(/Secretticketwebhook/);
    expect(hears).not.toMatch(/Secret(?!ticketwebhook)/);
    for (const resources of Object.values(readers)) expect(resources).not.toMatch(/Secretticketwebhook/);
    expect(Object.keys(readers).sort()).toEqual(senders);
    for (const action of ['iot:GetThingShadow', 'iot:UpdateThingShadow']) {
      const found = allowing(template, action);
      expect(Object.keys(found).sort()).toEqual(senders);
      for (const resources of Object.values(found)) {
        expect(resources).toContain(':thing/*/orders');
        expect(resources).not.toMatch(/"\*"/);
      }
    }
  });

  test('a ticket system is heard where tickets are raised, and only of that service', () => {
    const serviceOf = (template: Template, name: string): unknown =>
      Object.values(template.findResources('AWS::Lambda::Function')).find(
        ({ Properties }) => Properties['FunctionName'] === name,
      )!['Properties'].Environment.Variables.TICKET_SERVICE;
    const template = synthesize({ ticket: { service: 'servicenow', url: 'https://acme.service-now.com' } });
    expect(serviceOf(template, 'groundcrew-api')).toBe('servicenow');
    for (const name of [...senders, 'groundcrew-review-answer']) expect(serviceOf(template, name)).toBeUndefined();
    const without = synthesize({ event: {} });
    expect(serviceOf(without, 'groundcrew-api')).toBeUndefined();
    expect(Object.keys(allowing(without, 'secretsmanager:GetSecretValue'))).not.toContain('groundcrew-api');
  });

  test('functions that must know get the settings, no others, and no secret is among them', () => {
    const ticket = { service: 'jira', url: 'https://acme.atlassian.net', project: 'OPS' };
    const template = synthesize({ ticket });
    const given = Object.values(template.findResources('AWS::Lambda::Function')).flatMap(({ Properties }) => {
      const text = Properties.Environment.Variables.REMEDIATORS as string | undefined;
      return text === undefined ? [] : [[Properties.FunctionName, JSON.parse(text)]];
    });
    expect(Object.fromEntries(given)).toEqual({
      'groundcrew-permit': { ticket },
      'groundcrew-reconcile': { ticket },
      'groundcrew-remediate': { ticket },
    });
  });
});
