import aslValidator from 'asl-validator';
import { errorNames, retrier } from './definition-errors.ts';
import { asArray, asObject, compact, optionalString, refuseUnknownFields } from './definition-json.ts';
import type { Assignments, ChoiceRule, Definition, Exit, Machine, PathFlow, State } from './definition-types.ts';
import { DefinitionError, UnsupportedError } from './errors.ts';
import { compileTemplate, type Template } from './expressions.ts';
import { compilePathTemplate, type PathTemplate, parseReferencePath, type ReferencePath } from './json-path.ts';
import {
  CATCHER_FIELDS,
  CHOICE_FIELDS,
  INNER_MACHINE_FIELDS,
  MACHINE_FIELDS,
  PROCESSOR_FIELDS,
  type QueryLanguage,
  RESOURCES,
  STATE_FIELDS,
  type StateType,
} from './support.ts';
import { parseTimestampMs } from './timestamps.ts';
import type { Json, JsonObject } from './types.ts';

export type { Definition } from './definition-types.ts';

/** AWS's limit on a definition. */
const DEFINITION_LIMIT_BYTES = 1_048_576;
const STATE_NAME_LIMIT_CHARS = 80;
const VARIABLE_NAME = /^[\p{ID_Start}_][\p{ID_Continue}]{0,79}$/u;

/**
 * Loads a state machine's definition (JSON text or the parsed object).
 * Throws UnsupportedError, naming state and field, for what the interpreter does not run exactly as AWS does, and
 * DefinitionError for what is not Amazon States Language.
 *
 * @example loadDefinition('{"QueryLanguage":"JSONata","StartAt":"A","States":{"A":{"Type":"Succeed"}}}')
 */
export function loadDefinition(json: string | JsonObject): Definition {
  const definition = compileDefinition(json);
  validateWithSchema(definition.source);
  return definition;
}

/**
 * Loads a definition by the loader's own rules alone, without the check by schema, which takes a tenth of a second: for
 * definitions of the journal, which were checked when they were accepted, and for many at once.
 */
export function compileDefinition(json: string | JsonObject): Definition {
  const source = typeof json === 'string' ? parseDefinition(json) : json;
  if (Buffer.byteLength(JSON.stringify(source)) > DEFINITION_LIMIT_BYTES)
    throw new DefinitionError(`the definition is larger than ${DEFINITION_LIMIT_BYTES} bytes`);
  refuseUnknownFields(source, MACHINE_FIELDS);
  const version = source['Version'];
  if (version !== undefined && version !== '1.0') throw new UnsupportedError(`Version ${JSON.stringify(version)}`);
  const language = queryLanguage(source['QueryLanguage'], 'JSONPath');
  const machine = compileMachine(source, {
    language,
    declared: source['QueryLanguage'] !== undefined,
    outer: [],
    names: new Set(),
  });
  const timeoutS = source['TimeoutSeconds'];
  if (timeoutS !== undefined && (!Number.isInteger(timeoutS) || Number(timeoutS) < 1))
    throw new DefinitionError('TimeoutSeconds must be a positive integer');
  return { source, machine, ...(timeoutS === undefined ? {} : { timeoutS: Number(timeoutS) }) };
}

function parseDefinition(text: string): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new DefinitionError(`not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  return asObject(value as Json, 'the definition');
}

/**
 * asl-validator's schema knows `Output` only as object or expression and `Condition` only as expression, although AWS
 * runs literals of any type there; it sees a copy in which those literals are written as it expects.
 */
function validateWithSchema(source: JsonObject): void {
  const plain = (value: Json): Json => {
    if (Array.isArray(value)) return value.map(plain);
    if (value === null || typeof value !== 'object') return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, member]) => {
        const isExpression = typeof member === 'string' && member.startsWith('{%');
        if (key === 'Output' && !isExpression && 'Type' in value) return [key, {}];
        if (key === 'Output' && !isExpression && ('Next' in value || 'ErrorEquals' in value)) return [key, {}];
        if (key === 'Condition' && typeof member === 'boolean') return [key, '{% true %}'];
        if (key === 'Assign') return [key, {}];
        if (key === 'Arguments' || key === 'Result' || key === 'Parameters') return [key, member];
        return [key, plain(member)];
      }),
    );
  };
  const { isValid, errors } = aslValidator(plain(source), {
    checkArn: false,
    checkPaths: false,
  });
  if (!isValid) throw new DefinitionError(errors.map((error) => error.Message).join('; '));
}

interface Scope {
  readonly language: QueryLanguage;
  /** Whether the state machine itself says its language. */
  readonly declared: boolean;
  /** Names that outer state machines assign. */
  readonly outer: readonly string[];
  /** State names of the whole definition, which must be unique. */
  readonly names: Set<string>;
  /** Set inside a state whose own language differs from the machine's: nested states must then say theirs. */
  readonly overridden?: boolean;
}

function compileMachine(source: JsonObject, scope: Scope): Machine {
  const states = asObject(source['States'] ?? null, 'States');
  const startAt = source['StartAt'];
  if (typeof startAt !== 'string' || !Object.hasOwn(states, startAt))
    throw new DefinitionError(`StartAt ${JSON.stringify(startAt ?? null)} is not one of the states`);
  const assigned = assignedNames(states);
  const clash = assigned.find((name) => scope.outer.includes(name));
  if (clash !== undefined)
    throw new DefinitionError(`the variable '${clash}' is assigned in an inner and in an outer state machine`);
  const inner: Scope = { ...scope, outer: [...scope.outer, ...assigned] };
  const compiled = new Map<string, State>();
  for (const [name, value] of Object.entries(states)) {
    if (name.length === 0 || name.length > STATE_NAME_LIMIT_CHARS)
      throw new DefinitionError(`the state name '${name}' must have 1 to ${STATE_NAME_LIMIT_CHARS} characters`);
    if (scope.names.has(name)) throw new DefinitionError(`the state name '${name}' is used twice`);
    scope.names.add(name);
    compiled.set(name, compileState(name, asObject(value, `state '${name}'`), inner));
  }
  for (const state of compiled.values())
    for (const target of targets(state))
      if (!compiled.has(target))
        throw new DefinitionError(`state '${state.name}' leads to '${target}', which is not there`);
  return { startAt, states: compiled };
}

function targets(state: State): string[] {
  const ways = [state.next, state.default, ...state.catch.map(({ next }) => next)];
  return [...ways, ...(state.choices ?? []).map(({ next }) => next)].filter((name) => name !== undefined);
}

/** The names that a state machine's own states assign, on whichever way out. */
function assignedNames(states: JsonObject): string[] {
  const names = new Set<string>();
  const collect = (holder: Json | undefined): void => {
    if (holder === null || typeof holder !== 'object' || Array.isArray(holder)) return;
    const assign = holder['Assign'];
    if (assign !== null && typeof assign === 'object' && !Array.isArray(assign))
      for (const name of Object.keys(assign)) names.add(name.replace(/\.\$$/, ''));
  };
  for (const state of Object.values(states)) {
    collect(state);
    if (state === null || typeof state !== 'object' || Array.isArray(state)) continue;
    for (const list of [state['Choices'], state['Catch']]) if (Array.isArray(list)) list.forEach(collect);
  }
  return [...names];
}

function compileState(name: string, source: JsonObject, scope: Scope): State {
  const type = source['Type'];
  if (typeof type !== 'string' || !Object.hasOwn(STATE_FIELDS.JSONata, type))
    throw new DefinitionError(`state '${name}' has the unknown Type ${JSON.stringify(type ?? null)}`);
  const own = source['QueryLanguage'];
  if (own === undefined && scope.overridden === true)
    throw new UnsupportedError('a nested state without QueryLanguage inside a state that sets its own', name);
  const language = queryLanguage(own, scope.language, name);
  if (language === 'JSONPath' && scope.language === 'JSONata')
    throw new DefinitionError(`state '${name}' cannot be JSONPath in a state machine that is JSONata`);
  const stateType = type as StateType;
  const fields = STATE_FIELDS[language][stateType];
  if (fields === undefined) throw new UnsupportedError(`a ${type} state in JSONPath`, name);
  refuseUnknownFields(source, fields, name, language);
  const inside: Scope = { ...scope, overridden: language !== scope.language };
  const common = { name, type: stateType, ...transition(source, stateType, name), ...recovery(source, language, name) };
  return language === 'JSONata'
    ? { ...common, ...exit(source, '', name), ...compileBody(stateType, source, inside, name) }
    : { ...common, ...compileBody(stateType, source, inside, name, true), paths: pathFlow(source, name) };
}

function transition(source: JsonObject, type: StateType, name: string): { next?: string } {
  if (type === 'Succeed' || type === 'Fail' || type === 'Choice') return {};
  const { Next: next, End: end } = source;
  if (end === true && next === undefined) return {};
  if (typeof next !== 'string' || end === true)
    throw new DefinitionError(`state '${name}' needs either Next or End: true`);
  return { next };
}

function exit(source: JsonObject, prefix: string, name: string): Exit {
  const output = source['Output'];
  const assign = source['Assign'];
  return {
    ...(output === undefined ? {} : { output: compileTemplate(output, `${prefix}Output`, name) }),
    ...(assign === undefined ? {} : { assign: assignments(asObject(assign, `Assign of '${name}'`), prefix, name) }),
  };
}

function assignments(source: JsonObject, prefix: string, name: string): Assignments {
  return Object.entries(source).map(([variable, value]) => {
    checkVariableName(variable, name);
    return [variable, compileTemplate(value, `${prefix}Assign/${variable}`, name)] as const;
  });
}

function checkVariableName(variable: string, name: string): void {
  if (!VARIABLE_NAME.test(variable) || variable === 'states')
    throw new DefinitionError(`state '${name}' assigns '${variable}', which cannot be a variable's name`);
}

function recovery(source: JsonObject, language: QueryLanguage, name: string): Pick<State, 'retry' | 'catch'> {
  const retry = asArray(source['Retry'] ?? [], `Retry of '${name}'`).map((entry) =>
    retrier(asObject(entry, 'a retrier'), name),
  );
  const catchers = asArray(source['Catch'] ?? [], `Catch of '${name}'`).map((entry, index) => {
    const catcher = asObject(entry, 'a catcher');
    refuseUnknownFields(catcher, CATCHER_FIELDS[language], name);
    const errorEquals = errorNames(catcher, name);
    if (typeof catcher['Next'] !== 'string') throw new DefinitionError(`Catch of '${name}' needs Next`);
    const way = { errorEquals, next: catcher['Next'] };
    if (language === 'JSONata') return { ...way, ...exit(catcher, `Catch[${index}]/`, name) };
    return { ...way, ...optionalPath(catcher, 'ResultPath', 'resultPath', name) };
  });
  for (const list of [retry, catchers])
    for (const { errorEquals } of list.slice(0, -1))
      if (errorEquals.includes('States.ALL'))
        throw new DefinitionError(`States.ALL of '${name}' must be in the last entry`);
  return { retry, catch: catchers };
}

type Body = Omit<State, 'name' | 'type' | 'retry' | 'catch' | 'paths'>;

function compileBody(type: StateType, source: JsonObject, scope: Scope, name: string, literal = false): Body {
  // In JSONPath, strings are never expressions; the fields that reach this function hold plain values there.
  const field = (key: string): Template | undefined => {
    const value = source[key];
    if (value === undefined) return undefined;
    return literal ? { kind: 'literal', value } : compileTemplate(value, key, name);
  };
  switch (type) {
    case 'Pass':
    case 'Succeed':
      return {};
    case 'Fail':
      return compact({ error: field('Error'), cause: field('Cause') });
    case 'Wait': {
      if ((source['Seconds'] === undefined) === (source['Timestamp'] === undefined))
        throw new DefinitionError(`state '${name}' needs exactly one of Seconds and Timestamp`);
      checkLiteralWait(source, name);
      return compact({ seconds: field('Seconds'), timestamp: field('Timestamp') });
    }
    case 'Task':
      return compact({
        resource: resource(source['Resource'], name),
        arguments: field('Arguments'),
        timeoutSeconds: field('TimeoutSeconds'),
        heartbeatSeconds: field('HeartbeatSeconds'),
      });
    case 'Choice':
      return compact({
        choices: choices(source, name),
        default: optionalString(source['Default'], `Default of '${name}'`),
      });
    case 'Parallel':
      return compact({ branches: branches(source, scope, name), arguments: field('Arguments') });
    case 'Map':
      return compact({
        items: field('Items'),
        itemSelector: field('ItemSelector'),
        processor: processor(source, scope, name),
        maxConcurrency: field('MaxConcurrency'),
        toleratedFailureCount: field('ToleratedFailureCount'),
        toleratedFailurePercentage: field('ToleratedFailurePercentage'),
      });
  }
}

function checkLiteralWait(source: JsonObject, name: string): void {
  const { Seconds: seconds, Timestamp: timestamp } = source;
  const isExpression = (value: Json): boolean => typeof value === 'string' && value.startsWith('{%');
  if (seconds !== undefined && !isExpression(seconds) && (!Number.isInteger(seconds) || Number(seconds) < 0))
    throw new DefinitionError(`Seconds of '${name}' must be an integer of at least 0`);
  if (timestamp === undefined || isExpression(timestamp)) return;
  if (typeof timestamp !== 'string' || parseTimestampMs(timestamp) === undefined)
    throw new DefinitionError(`Timestamp of '${name}' must be an ISO-8601 date and time with an offset`);
}

function resource(value: Json | undefined, name: string): string {
  if (typeof value !== 'string') throw new DefinitionError(`state '${name}' needs Resource`);
  if (!RESOURCES.some(({ pattern }) => pattern.test(value))) throw new UnsupportedError(`the resource ${value}`, name);
  return value;
}

function choices(source: JsonObject, name: string): ChoiceRule[] {
  const rules = asArray(source['Choices'] ?? [], `Choices of '${name}'`);
  if (rules.length === 0) throw new DefinitionError(`state '${name}' needs at least one choice`);
  return rules.map((entry, index) => {
    const rule = asObject(entry, `Choices[${index}] of '${name}'`);
    refuseUnknownFields(rule, CHOICE_FIELDS, name);
    const { Condition: condition, Next: next } = rule;
    if (condition === undefined || typeof next !== 'string')
      throw new DefinitionError(`Choices[${index}] of '${name}' needs Condition and Next`);
    const prefix = `Choices[${index}]/`;
    return { condition: compileTemplate(condition, `${prefix}Condition`, name), next, ...exit(rule, prefix, name) };
  });
}

function branches(source: JsonObject, scope: Scope, name: string): Machine[] {
  const list = asArray(source['Branches'] ?? [], `Branches of '${name}'`);
  if (list.length === 0) throw new DefinitionError(`state '${name}' needs at least one branch`);
  return list.map((entry, index) => {
    const branch = asObject(entry, `Branches[${index}] of '${name}'`);
    refuseUnknownFields(branch, INNER_MACHINE_FIELDS, name);
    return compileMachine(branch, scope);
  });
}

function processor(source: JsonObject, scope: Scope, name: string): Machine {
  const inner = asObject(source['ItemProcessor'] ?? null, `ItemProcessor of '${name}'`);
  refuseUnknownFields(inner, PROCESSOR_FIELDS, name);
  const config = inner['ProcessorConfig'];
  if (config !== undefined) {
    const mode = asObject(config, 'ProcessorConfig');
    refuseUnknownFields(mode, ['Mode'], name);
    if (mode['Mode'] !== undefined && mode['Mode'] !== 'INLINE')
      throw new UnsupportedError(`ProcessorConfig Mode ${JSON.stringify(mode['Mode'])}`, name);
  }
  return compileMachine(inner, scope);
}

function pathFlow(source: JsonObject, name: string): PathFlow {
  const template = (field: string): PathTemplate | undefined => {
    const value = source[field];
    return value === undefined ? undefined : compilePathTemplate(value, field, name);
  };
  const assign = template('Assign');
  if (assign?.kind === 'object') for (const [variable] of assign.entries) checkVariableName(variable, name);
  return compact({
    ...optionalPath(source, 'InputPath', 'inputPath', name),
    ...optionalPath(source, 'OutputPath', 'outputPath', name),
    ...optionalPath(source, 'ResultPath', 'resultPath', name),
    parameters: template('Parameters'),
    resultSelector: template('ResultSelector'),
    result: source['Result'] === undefined ? undefined : { value: source['Result'] },
    assign,
  });
}

function optionalPath<K extends string>(
  source: JsonObject,
  field: string,
  key: K,
  name: string,
): { [P in K]?: ReferencePath | null } {
  const value = source[field];
  if (value === undefined) return {};
  return { [key]: value === null ? null : parseReferencePath(value, field, name) } as {
    [P in K]: ReferencePath | null;
  };
}

function queryLanguage(value: Json | undefined, fallback: QueryLanguage, name?: string): QueryLanguage {
  if (value === undefined) return fallback;
  if (value === 'JSONata' || value === 'JSONPath') return value;
  throw new DefinitionError(
    `${name === undefined ? 'the state machine' : `state '${name}'`}: QueryLanguage must be JSONata or JSONPath`,
  );
}

/** Whether any state of a machine waits for a task token. */
export function usesTaskTokens(machine: Machine): boolean {
  return [...machine.states.values()].some(
    ({ resource: name = '', branches: inner = [], processor: item }) =>
      name.endsWith('.waitForTaskToken') || inner.some(usesTaskTokens) || (item !== undefined && usesTaskTokens(item)),
  );
}
