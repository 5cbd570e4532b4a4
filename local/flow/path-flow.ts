import type { PathFlow, State } from './definition-types.ts';
import {
  type Branch,
  contextObject,
  type FlowContext,
  inState,
  StateFailure,
  visibleVariables,
} from './flow-context.ts';
import { fillPathTemplate, type PathScope, placeResult, type ReferencePath, resolvePath } from './json-path.ts';
import type { Json, JsonObject } from './types.ts';

/** The data flow of JSONPath states: InputPath ▸ Parameters ▸ (work) ▸ ResultSelector ▸ ResultPath ▸ OutputPath. */
function scopeOf(flow: FlowContext, branch: Branch, input: Json, token?: string): PathScope {
  return { input, context: contextObject(flow, branch, token), variables: visibleVariables(branch) };
}

function follow(path: ReferencePath | null | undefined, scope: PathScope, branch: Branch): Json {
  if (path === null) return {};
  if (path === undefined) return scope.input;
  const value = resolvePath(path, scope, branch.position.state);
  if (value !== undefined) return value;
  throw runtime(branch, `Invalid path '${path.text}' : ${whyMissing(path, scope, branch)}`);
}

/** Which name of a path leads nowhere, in AWS's words. */
function whyMissing(path: ReferencePath, scope: PathScope, branch: Branch): string {
  const form = (names: readonly string[]): string => `$${names.map((name) => `['${name}']`).join('')}`;
  const found = path.names.findIndex((_, index) => {
    const names = path.names.slice(0, index + 1);
    return resolvePath({ ...path, names }, scope, branch.position.state) === undefined;
  });
  return found >= 0 && found < path.names.length - 1
    ? `Missing property in path ${form(path.names.slice(0, found + 1))}`
    : `No results for path: ${form(path.names)}`;
}

function runtime(branch: Branch, message: string): StateFailure {
  return new StateFailure({ error: 'States.Runtime', cause: inState(branch, message) });
}

const missing =
  (branch: Branch, input: Json) =>
  (path: string, field: string): StateFailure =>
    runtime(
      branch,
      `The JSONPath '${path}' specified for the field '${field}' could not be found in the input '${JSON.stringify(input)}'`,
    );

/** What a state works on: its input through InputPath and Parameters. */
export function pathInput(flow: FlowContext, branch: Branch, paths: PathFlow, token?: string): Json {
  const input = follow(paths.inputPath, scopeOf(flow, branch, branch.position.input, token), branch);
  if (paths.parameters === undefined) return input;
  const scope = scopeOf(flow, branch, input, token);
  return fillPathTemplate(paths.parameters, scope, branch.position.state, missing(branch, input));
}

/** A state's output and assignments from its result (undefined for states that only pass their input on). */
export function pathOutput(
  flow: FlowContext,
  branch: Branch,
  state: State,
  result: Json,
): { output: Json; assign: JsonObject } {
  const paths = state.paths ?? {};
  const name = branch.position.state;
  const fill = (template: NonNullable<PathFlow['assign']>, input: Json): Json =>
    fillPathTemplate(template, scopeOf(flow, branch, input), name, missing(branch, input));
  const selected = paths.resultSelector === undefined ? result : fill(paths.resultSelector, result);
  const assign = paths.assign === undefined ? {} : (fill(paths.assign, result) as JsonObject);
  const combined = combine(branch, paths.resultPath, selected);
  const output = follow(paths.outputPath, scopeOf(flow, branch, combined), branch);
  return { output, assign };
}

/** What ResultPath makes of the state's input and a result; also for a catcher's error output. */
export function combine(branch: Branch, path: ReferencePath | null | undefined, result: Json): Json {
  if (path === null) return branch.position.input;
  return path === undefined ? result : placeResult(branch.position.input, path, result, branch.position.state);
}
