/** How Jira (REST API v3) and ServiceNow (Table API) are asked for a ticket of a key, and how one is made. */
import { z } from 'zod';
import { lazily } from '../../contracts/lazily.ts';
import { readJson } from './answers.ts';
import { endpointUrl } from './endpoint-url.ts';
import type { HttpAnswer } from './http-call.ts';

const word = lazily(() => z.string().regex(/^[A-Za-z0-9][A-Za-z0-9 _-]{0,63}$/, 'letters, digits, spaces, _ and -'));

export const ticketSettings = lazily(() =>
  z.discriminatedUnion('service', [
    z.strictObject({
      service: z.literal('jira'),
      /** `https://SITE.atlassian.net` */
      url: endpointUrl,
      /** Key of the project. */
      project: z.string().regex(/^[A-Z][A-Z0-9_]{1,31}$/, 'a project key such as OPS'),
      issueType: word.default('Task'),
    }),
    z.strictObject({
      service: z.literal('servicenow'),
      /** `https://INSTANCE.service-now.com` */
      url: endpointUrl,
      table: z
        .string()
        .regex(/^[a-z][a-z0-9_]{0,79}$/, 'a table that extends task')
        .default('incident'),
      assignmentGroup: word.optional(),
    }),
  ]),
);
type Settings = z.infer<typeof ticketSettings>;

export interface TicketOrder {
  readonly effectKey: string;
  readonly requestHash: string;
  readonly summary: string;
  readonly description: string;
}

export interface Dialect {
  findPath(effectKey: string): string;
  /** Tickets of the key; `undefined` where the answer is not one to that question. */
  found(answer: HttpAnswer, effectKey: string): readonly { reference: string; requestHash: string }[] | undefined;
  readonly createPath: string;
  createBody(order: TicketOrder): unknown;
  /** The new ticket's name, or `undefined` where the answer does not say. */
  made(answer: HttpAnswer): string | undefined;
  /** What the service says of a refusal. */
  words(answer: HttpAnswer): string | undefined;
}

export const dialectOf = (settings: Settings): Dialect =>
  settings.service === 'jira' ? jira(settings) : serviceNow(settings);

/** Labels have no spaces and are found exactly. */
const keyLabel = (effectKey: string): string => `groundcrew-${effectKey}`;
const payloadLabel = 'groundcrew-payload-';
const payloadCharacters = 32;

const jiraIssues = lazily(() =>
  z.object({
    issues: z.array(z.object({ key: z.string(), fields: z.object({ labels: z.array(z.string()) }) })).max(50),
  }),
);
const jiraMade = lazily(() => z.object({ id: z.string(), key: z.string() }));
const jiraError = lazily(() =>
  z.object({ errorMessages: z.array(z.string()).optional(), errors: z.record(z.string(), z.string()).optional() }),
);

function jira({ project, issueType }: Extract<Settings, { service: 'jira' }>): Dialect {
  return {
    findPath(effectKey) {
      const jql = `project = "${project}" AND labels = "${keyLabel(effectKey)}"`;
      return `/rest/api/3/search/jql?jql=${encodeURIComponent(jql)}&fields=labels&maxResults=2`;
    },
    found(answer, effectKey) {
      return readJson(answer, jiraIssues)
        ?.issues.filter(({ fields }) => fields.labels.includes(keyLabel(effectKey)))
        .map(({ key, fields }) => ({
          reference: key,
          requestHash: fields.labels.find((label) => label.startsWith(payloadLabel))?.slice(payloadLabel.length) ?? '',
        }));
    },
    createPath: '/rest/api/3/issue',
    createBody: ({ effectKey, requestHash, summary, description }) => ({
      fields: {
        project: { key: project },
        issuetype: { name: issueType },
        summary,
        labels: [keyLabel(effectKey), `${payloadLabel}${requestHash.slice(0, payloadCharacters)}`],
        // Atlassian Document Format: plain text stays text, whatever is in it.
        description: {
          type: 'doc',
          version: 1,
          content: [{ type: 'paragraph', content: [{ type: 'text', text: description }] }],
        },
      },
    }),
    made: (answer) => readJson(answer, jiraMade)?.key,
    words(answer) {
      const said = readJson(answer, jiraError);
      return said && ([...(said.errorMessages ?? []), ...Object.values(said.errors ?? {})].join('; ') || undefined);
    },
  };
}

const nowRecord = lazily(() =>
  z.object({ number: z.string(), correlation_id: z.string(), correlation_display: z.string() }),
);
const nowFound = lazily(() => z.object({ result: z.array(nowRecord).max(50) }));
const nowMade = lazily(() => z.object({ result: z.object({ number: z.string() }) }));
const nowError = lazily(() => z.object({ error: z.object({ message: z.string(), detail: z.string().nullish() }) }));

function serviceNow({ table, assignmentGroup }: Extract<Settings, { service: 'servicenow' }>): Dialect {
  return {
    findPath: (effectKey) =>
      `/api/now/table/${table}?sysparm_query=correlation_id%3D${effectKey}&sysparm_fields=number,correlation_id,correlation_display&sysparm_limit=2`,
    found: (answer, effectKey) =>
      readJson(answer, nowFound)
        ?.result.filter(({ correlation_id }) => correlation_id === effectKey)
        .map(({ number, correlation_display }) => ({ reference: number, requestHash: correlation_display })),
    createPath: `/api/now/table/${table}`,
    createBody: ({ effectKey, requestHash, summary, description }) => ({
      correlation_id: effectKey,
      correlation_display: requestHash,
      short_description: summary,
      description,
      ...(assignmentGroup !== undefined && { assignment_group: assignmentGroup }),
    }),
    made: (answer) => readJson(answer, nowMade)?.result.number,
    words: (answer) => {
      const said = readJson(answer, nowError)?.error;
      return said && [said.message, said.detail].filter(Boolean).join(': ');
    },
  };
}
