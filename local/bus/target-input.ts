/** What a rule's target gets: the event, a constant, a part of it, or a template filled from it. */
import type { InputModel } from '../assembly/model.ts';
import type { Json, JsonObject } from '../types.ts';

/** Tells of the rule for the reserved variables `<aws.events.…>`. */
export interface InputContext {
  readonly ruleArn: string;
  readonly ruleName: string;
  readonly ingestionMs: number;
}

type Step = string | number;

/** The payload as text: JSON, but for templates that are written as plain text. */
export type InputMaker = (event: JsonObject, context: InputContext) => string;

/** @throws Error where the path or the template cannot be run as AWS would */
export function inputMaker(model: InputModel): InputMaker {
  if (model.input !== undefined) {
    JSON.parse(model.input);
    return () => model.input!;
  }
  if (model.inputPath !== undefined) {
    const steps = parsePath(model.inputPath);
    return (event) => JSON.stringify(follow(event, steps) ?? null);
  }
  if (model.transformer !== undefined) return templateMaker(model.transformer.paths, model.transformer.template);
  return (event) => JSON.stringify(event);
}

/** `$`, `$.detail`, `$.detail.items[0].name`, `$['detail-type']`; no wildcards, filters or slices. */
export function parsePath(path: string): Step[] {
  const steps: Step[] = [];
  const pattern = /\.([A-Za-z0-9_-]+)|\[(\d+)\]|\[(?:'([^']*)'|"([^"]*)")\]/y;
  if (!path.startsWith('$')) throw new Error(`the path '${path}' does not begin with $`);
  for (let at = 1; at < path.length; at = pattern.lastIndex) {
    pattern.lastIndex = at;
    const match = pattern.exec(path);
    if (match === null) throw new Error(`the path '${path}' is not supported from character ${at + 1} on`);
    steps.push(match[2] === undefined ? (match[1] ?? match[3] ?? match[4])! : Number(match[2]));
  }
  return steps;
}

function follow(event: Json, steps: readonly Step[]): Json | undefined {
  let value: Json | undefined = event;
  for (const step of steps) {
    if (value === null || typeof value !== 'object') return undefined;
    if (Array.isArray(value)) value = typeof step === 'number' ? value[step] : undefined;
    else value = typeof step === 'string' && Object.hasOwn(value, step) ? value[step] : undefined;
    if (value === undefined) return undefined;
  }
  return value;
}

const reserved: Readonly<Record<string, (event: JsonObject, context: InputContext) => Json>> = {
  'aws.events.rule-arn': (_event, context) => context.ruleArn,
  'aws.events.rule-name': (_event, context) => context.ruleName,
  'aws.events.event.ingestion-time': (_event, context) => new Date(context.ingestionMs).toISOString(),
  'aws.events.event.json': (event) => event,
  // The event without its detail.
  'aws.events.event': ({ detail: _detail, ...rest }) => rest,
};

type Part =
  | { readonly text: string }
  | { readonly value: (event: JsonObject, context: InputContext) => Json | undefined; readonly inString: boolean };

function templateMaker(paths: Readonly<Record<string, string>>, template: string): InputMaker {
  const values = new Map<string, (event: JsonObject, context: InputContext) => Json | undefined>(
    Object.entries(reserved),
  );
  for (const [name, path] of Object.entries(paths)) {
    if (name.startsWith('aws.')) throw new Error(`the input path's name '${name}' is reserved`);
    const steps = parsePath(path);
    values.set(name, (event) => follow(event, steps));
  }
  const parts = parseTemplate(template, values);
  return (event, context) =>
    parts.map((part) => ('text' in part ? part.text : shown(part.value(event, context), part.inString))).join('');
}

/** Splits at `<name>`; whether a variable stands within a JSON string decides how its value is written. */
function parseTemplate(
  template: string,
  values: ReadonlyMap<string, Extract<Part, { inString: boolean }>['value']>,
): Part[] {
  const parts: Part[] = [];
  let text = '';
  let inString = false;
  for (let at = 0; at < template.length; at++) {
    const char = template[at]!;
    if (char === '\\' && inString) {
      text += char + (template[++at] ?? '');
      continue;
    }
    if (char === '"') inString = !inString;
    const name = char === '<' ? /^<([A-Za-z0-9_.-]+)>/.exec(template.slice(at, at + 300))?.[1] : undefined;
    if (name === undefined) {
      text += char;
      continue;
    }
    const value = values.get(name);
    if (value === undefined) throw new Error(`the input template names <${name}>, for which there is no input path`);
    parts.push({ text }, { value, inString });
    text = '';
    at += name.length + 1;
  }
  parts.push({ text });
  return parts;
}

/** Within a string a value loses its quotes, and what would end the string is escaped; a missing value is empty or null. */
function shown(value: Json | undefined, inString: boolean): string {
  if (!inString) return JSON.stringify(value ?? null);
  if (value === undefined) return '';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return JSON.stringify(text).slice(1, -1);
}
