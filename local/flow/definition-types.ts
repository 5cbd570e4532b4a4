import type { Template } from './expressions.ts';
import type { PathTemplate, ReferencePath } from './json-path.ts';
import type { Retrier } from './retry.ts';
import type { StateType } from './support.ts';
import type { Json, JsonObject } from './types.ts';

/** A loaded state machine: validated, its expressions compiled. `source` is what was loaded, for the journal. */
export interface Definition {
  readonly source: JsonObject;
  readonly machine: Machine;
  readonly timeoutS?: number;
}

export interface Machine {
  readonly startAt: string;
  readonly states: ReadonlyMap<string, State>;
}

export type Assignments = readonly (readonly [string, Template])[];

/** What is done on the way out of a state, a choice rule or a catcher. */
export interface Exit {
  readonly output?: Template;
  readonly assign?: Assignments;
}

/** The data flow of a JSONPath state; null stands for the field's JSON null. */
export interface PathFlow {
  readonly inputPath?: ReferencePath | null;
  readonly parameters?: PathTemplate;
  readonly result?: { readonly value: Json };
  readonly resultSelector?: PathTemplate;
  readonly resultPath?: ReferencePath | null;
  readonly outputPath?: ReferencePath | null;
  readonly assign?: PathTemplate;
}

export interface Catcher extends Exit {
  readonly errorEquals: readonly string[];
  readonly next: string;
  readonly resultPath?: ReferencePath | null;
}

export interface ChoiceRule extends Exit {
  readonly condition: Template;
  readonly next: string;
}

/** One state, compiled. Fields that a type does not have are absent. */
export interface State extends Exit {
  readonly name: string;
  readonly type: StateType;
  /** Undefined once the state ends its machine. */
  readonly next?: string;
  readonly retry: readonly Retrier[];
  readonly catch: readonly Catcher[];
  /** Present for states in JSONPath. */
  readonly paths?: PathFlow;
  readonly resource?: string;
  readonly arguments?: Template;
  readonly timeoutSeconds?: Template;
  readonly heartbeatSeconds?: Template;
  readonly choices?: readonly ChoiceRule[];
  readonly default?: string;
  readonly seconds?: Template;
  readonly timestamp?: Template;
  readonly error?: Template;
  readonly cause?: Template;
  readonly branches?: readonly Machine[];
  readonly items?: Template;
  readonly itemSelector?: Template;
  readonly processor?: Machine;
  readonly maxConcurrency?: Template;
  readonly toleratedFailureCount?: Template;
  readonly toleratedFailurePercentage?: Template;
}
