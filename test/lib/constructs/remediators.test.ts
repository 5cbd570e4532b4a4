/** What the stack has more for each configured remediator, and that it has no more than that. */
import { afterAll, describe, expect, test } from '@jest/globals';
import type { Template } from 'aws-cdk-lib/assertions';
import { checkSettings, remediatorNeeds } from '../../../lib/adapters/remediation/configured.ts';
import { Synthesizer } from '../../support/synthesized.ts';

const made = new Synthesizer();
afterAll(() => made.remove());

function synthesize(remediators: Record<string, object>): Template {
  checkSettings(remediators);
  return made.template({ remediators }, { remediators: remediatorNeeds(remediators), rules: true });
}

/** All ways to act that need something of the stack. */
const many = {
  webhook: { mutualTls: true, idempotencyHeader: 'X-Key' },
  ticket: { service: 'servicenow', url: 'https://acme.service-now.com' },
  'rpa-queue': { url: 'https://cloud.uipath.com/a/b/orchestrator_', folderId: 3, queue: 'orders' },
  'device-command': { shadow: 'orders' },
  event: {},
};

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
    const template = synthesize(many);
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
    const template = synthesize(many);
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
