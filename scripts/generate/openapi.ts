/** The OpenAPI document of the review API, and the table of who may call what. Both from `routes` of the contracts. */
import type { z } from 'zod';
import {
  apiBase,
  apiVersion,
  csrfHeader,
  groups,
  groupsFor,
  idempotencyHeader,
  problem,
  type Route,
  routes,
} from '../../lib/contracts/api.ts';
import { schemaOf } from './contracts.ts';

type Json = Readonly<Record<string, unknown>>;

const entries = Object.entries(routes) as readonly [string, Route][];

/** Schemas that stand inside the document, by name: an answer that several routes give is said once. */
function withoutDialect({ $schema: _, ...schema }: Record<string, unknown>): Json {
  return schema;
}

function parametersOf(route: Route): Json[] {
  const inPath = Object.entries(route.parameters ?? {}).map(([name, schema]) => ({
    name,
    in: 'path',
    required: true,
    schema: withoutDialect(schemaOf(schema)),
  }));
  const query = route.query && (schemaOf(route.query).properties as Record<string, Json> | undefined);
  const inQuery = Object.entries(query ?? {}).map(([name, schema]) => ({ name, in: 'query', required: false, schema }));
  const isWrite = route.method !== 'GET' && route.least !== 'signature';
  const headers = isWrite
    ? [{ $ref: '#/components/parameters/Csrf' }, { $ref: '#/components/parameters/IdempotencyKey' }]
    : [];
  return [...inPath, ...inQuery, ...headers];
}

const content = (schema: z.ZodType, type = 'application/json'): Json => ({
  [type]: { schema: withoutDialect(schemaOf(schema)) },
});
const fault = (description: string): Json => ({
  description,
  content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
});

const signature = (name: string, encoding: string): Json => ({
  type: 'apiKey',
  in: 'header',
  name,
  description: `sha256= and the HMAC-SHA256 of the body's bytes with the shared secret, in ${encoding}`,
});

function operationOf(name: string, route: Route): Json {
  const isSigned = route.least === 'signature';
  const who =
    route.least === 'anybody'
      ? 'Groups: anybody'
      : isSigned
        ? 'No session: the message is signed'
        : `Groups: ${groupsFor(route.least).join(', ')}`;
  return {
    operationId: name,
    summary: route.summary,
    description: `${who}.${route.also === undefined ? '' : ` ${route.also[0]!.toUpperCase()}${route.also.slice(1)}.`}`,
    parameters: parametersOf(route),
    ...(route.body && { requestBody: { required: true, content: content(route.body) } }),
    ...(route.least === 'anybody' && { security: [] }),
    ...(isSigned && { security: [{ jiraSignature: [] }, { serviceNowSignature: [] }] }),
    responses: {
      [route.status]: { description: 'Done', ...(route.answer && { content: content(route.answer) }) },
      ...(route.method === 'GET' && { 304: { description: 'Known already, by If-None-Match' } }),
      401: fault(isSigned ? 'Not signed with the shared secret' : 'Not signed in'),
      ...(!isSigned && { 403: fault('Not allowed') }),
      ...(route.parameters && { 404: fault('Not there') }),
      ...(route.conflicts && { 409: fault(`Something else stands: ${route.conflicts.join(', ')}`) }),
      ...(route.method !== 'GET' && { 413: fault('Too large'), 415: fault('Not JSON') }),
      422: fault('Not valid'),
      429: fault('Too often'),
    },
  };
}

export function openApi(): string {
  const paths: Record<string, Record<string, Json>> = {};
  for (const [name, route] of entries) {
    paths[route.path] ??= {};
    paths[route.path]![route.method.toLowerCase()] = operationOf(name, route);
  }
  const document = {
    openapi: '3.1.0',
    info: {
      title: 'Groundcrew: review API',
      version: `${apiVersion}.0.0`,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: apiBase }],
    security: [{ session: [] }],
    paths,
    components: {
      securitySchemes: {
        session: { type: 'apiKey', in: 'cookie', name: '__Host-groundcrew' },
        jiraSignature: signature('X-Hub-Signature', 'hex'),
        serviceNowSignature: signature('X-Groundcrew-Signature', 'base64'),
      },
      schemas: { Problem: withoutDialect(schemaOf(problem)) },
      parameters: {
        Csrf: { name: csrfHeader, in: 'header', required: true, schema: { const: '1' } },
        IdempotencyKey: {
          name: idempotencyHeader,
          in: 'header',
          required: false,
          description: 'New for each intention; needed by every write but signing in and out.',
          schema: { type: 'string', minLength: 8, maxLength: 128 },
        },
      },
    },
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}

const besides = (least: Route['least']): string =>
  least === 'anybody'
    ? 'without a session, too'
    : least === 'signature'
      ? 'signature: a system, by a signed message'
      : '';

/** Every route by every group. */
export function rolesTable(): string {
  const rows = entries.map(([, { method, path, least, also }]) => {
    const marks = groups.map((group) => (groupsFor(least).includes(group) ? 'yes' : '–'));
    const shown = least === 'anybody' ? groups.map(() => 'yes') : marks;
    return `| ${method} \`${path}\` | ${shown.join(' | ')} | ${also ?? besides(least)} |`;
  });
  return `<!-- Generated by npm run generate. -->\n# Who may call what\nRoutes of the review API, below \`${apiBase}\`, by the groups of people. A route that is not here does not exist. Somebody in several groups may do what any of them may, but whoever is an auditor never acts.\n\n| route | ${groups.join(' | ')} | besides |\n| --- | ${groups.map(() => '---').join(' | ')} | --- |\n${rows.join('\n')}\n`;
}
