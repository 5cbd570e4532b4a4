/** What each function may do, in one table: the grants of the stack and the permission test are both made from it. */
import type { FunctionName, TableName } from '../contracts/names.ts';

/** First parts of keys in the data bucket. */
export type DataPrefix =
  | 'raw'
  | 'open'
  | 'window'
  | 'registration'
  | 'calibration'
  | 'evidence'
  | 'history'
  | 'quarantine';

export interface FunctionPermissions {
  /** DynamoDB actions by table; `index:NAME` allows Query on that index, `scan:NAME` Scan. */
  readonly tables: Partial<Record<TableName, readonly string[]>>;
  readonly reads: readonly DataPrefix[];
  readonly writes: readonly DataPrefix[];
  /** Puts events on the bus. */
  readonly publishes?: boolean;
  readonly startsCases?: boolean;
  /** Finds executions of cases that failed, and goes on with them. */
  readonly redrivesCases?: boolean;
  readonly answersTokens?: boolean;
  /** Calls remediation endpoints, so it reads the signing secret. */
  readonly calls?: boolean;
  /** Asks the larger model and reads its token, in a deployment that names one. */
  readonly asksLargerModel?: boolean;
  /** Must know which remediators are configured; what calls them does. */
  readonly knowsRemediators?: boolean;
  /**
   * Takes a person's word: `pseudonym` makes new ones, `record` also encrypts what they write and so can read it; `seal`
   * encrypts it for those who have a pseudonym already.
   */
  readonly persons?: 'pseudonym' | 'record' | 'seal';
  /** Hands a person's word on to these functions, by their names. */
  readonly invokes?: readonly FunctionName[];
  /** Reads checkpoints and the public key that they are signed with. */
  readonly readsCheckpoints?: boolean;
  /** Names executions of cases, without a right over them. */
  readonly namesExecutions?: boolean;
  /** Says who carries an action out. */
  readonly knowsWays?: boolean;
  /** Who edits policies. */
  readonly knowsAuthors?: boolean;
  /** Lets people of the user pool in and manages them. */
  readonly managesPeople?: boolean;
  /** Shows which channels to people are configured; what tells people knows them anyway. */
  readonly knowsChannels?: boolean;
  /** Tells people: publishes to the topic and reads the secrets of the channels. */
  readonly tells?: boolean;
  /** Chooses decisions to look at, by a key that is a secret. */
  readonly samples?: boolean;
  /** Reads the secrets with which systems sign what they say to it. */
  readonly hearsSystems?: boolean;
  /** Shows how many dead letters there are and how old: numbers, never a letter. */
  readonly watchesDeadLetters?: boolean;
  /** Signs checkpoints and stores them. */
  readonly signs?: boolean;
  /** Keeps scores of readings, so it knows for how long. */
  readonly keepsScores?: boolean;
  /** Runs ONNX models, so it gets the layer. */
  readonly models?: boolean;
  readonly memoryMb: number;
  readonly timeoutS: number;
  /** Disk of its own (`/tmp`), MiB. @default 512, which costs nothing */
  readonly diskMb?: number;
}

const append = ['Query', 'PutItem', 'GetItem'] as const;
const small = { memoryMb: 512, timeoutS: 15 };

export const permissions: Readonly<Record<FunctionName, FunctionPermissions>> = {
  screen: {
    // Beside decisions stand the scores of assets; of decisions it writes none.
    tables: { state: ['BatchGetItem', 'GetItem', 'PutItem'], cases: ['PutItem'], decisions: ['UpdateItem'] },
    reads: ['raw', 'open', 'window', 'registration', 'calibration'],
    writes: ['raw', 'open', 'window', 'quarantine'],
    publishes: true,
    keepsScores: true,
    models: true,
    memoryMb: 1769,
    timeoutS: 60,
    diskMb: 1536,
  },
  silence: {
    tables: { state: ['Scan', 'GetItem', 'PutItem'], cases: ['PutItem'], operations: ['Query'] },
    reads: ['registration'],
    writes: [],
    publishes: true,
    memoryMb: 512,
    timeoutS: 55,
  },
  trigger: {
    tables: { state: ['GetItem'], cases: ['PutItem'], subjects: ['GetItem', 'PutItem'] },
    reads: [],
    writes: [],
    publishes: true,
    persons: 'pseudonym',
    ...small,
  },
  calibrate: {
    tables: {
      state: ['Scan', 'GetItem', 'PutItem'],
      operations: ['Query', 'GetItem', 'PutItem'],
      subjects: ['GetItem', 'PutItem'],
      audit: append,
    },
    reads: ['history', 'raw', 'open', 'window', 'registration', 'calibration'],
    writes: ['registration', 'calibration', 'window'],
    publishes: true,
    persons: 'record',
    models: true,
    memoryMb: 1769,
    timeoutS: 300,
  },
  infer: {
    tables: { state: ['GetItem'] },
    reads: ['raw', 'open', 'window', 'registration', 'calibration'],
    writes: ['evidence'],
    models: true,
    asksLargerModel: true,
    knowsWays: true,
    memoryMb: 1769,
    timeoutS: 30,
  },
  guard: {
    tables: { state: ['GetItem'], stop: ['GetItem'], ledger: ['GetItem'], operations: ['Query'] },
    reads: ['registration'],
    writes: [],
    memoryMb: 1024,
    timeoutS: 15,
  },
  record: {
    tables: { cases: ['GetItem', 'UpdateItem'], decisions: ['PutItem'], audit: append },
    reads: [],
    writes: [],
    publishes: true,
    ...small,
  },
  route: {
    // It asks anew where a later decision is surer. The flow that waits for the former question is woken by who takes answers.
    tables: { cases: ['GetItem', 'PutItem', 'UpdateItem', 'Query'], audit: append },
    reads: [],
    writes: [],
    publishes: true,
    startsCases: true,
    knowsWays: true,
    ...small,
  },
  'case-load': { tables: { cases: ['GetItem', 'Query'] }, reads: [], writes: [], ...small },
  'review-request': {
    tables: { cases: ['GetItem', 'PutItem', 'UpdateItem', 'Query'], audit: append },
    reads: [],
    writes: [],
    publishes: true,
    ...small,
  },
  'review-answer': {
    tables: {
      cases: ['GetItem', 'PutItem', 'UpdateItem', 'Query', 'index:by-open'],
      audit: append,
      subjects: ['GetItem', 'PutItem'],
    },
    reads: [],
    writes: [],
    publishes: true,
    persons: 'record',
    answersTokens: true,
    knowsAuthors: true,
    ...small,
  },
  'review-timeout': {
    // It records a first yes that nobody has recorded, and what a person wrote with it is theirs.
    tables: { cases: ['GetItem', 'PutItem', 'UpdateItem'], audit: append, subjects: ['GetItem'] },
    reads: [],
    writes: [],
    persons: 'seal',
    ...small,
  },
  permit: {
    tables: {
      cases: ['GetItem', 'Query'],
      stop: ['GetItem'],
      ledger: ['GetItem', 'UpdateItem', 'PutItem'],
      state: ['GetItem'],
    },
    reads: ['registration'],
    writes: [],
    knowsRemediators: true,
    ...small,
  },
  remediate: {
    tables: {
      cases: ['GetItem', 'PutItem', 'Query'],
      stop: ['GetItem'],
      ledger: ['GetItem', 'PutItem'],
      audit: append,
      state: ['GetItem', 'PutItem'],
    },
    reads: ['registration'],
    writes: [],
    publishes: true,
    calls: true,
    memoryMb: 512,
    timeoutS: 60,
  },
  reconcile: {
    tables: {
      cases: ['GetItem', 'PutItem', 'Query'],
      stop: ['GetItem'],
      ledger: ['GetItem', 'PutItem', 'index:by-due'],
      audit: append,
      state: ['GetItem', 'PutItem'],
    },
    reads: ['registration'],
    writes: [],
    publishes: true,
    calls: true,
    memoryMb: 512,
    timeoutS: 60,
  },
  verify: {
    tables: { cases: ['GetItem', 'Query'], ledger: ['GetItem'], state: ['GetItem'], audit: append },
    reads: ['raw', 'open', 'window', 'registration', 'calibration'],
    writes: [],
    publishes: true,
    models: true,
    memoryMb: 1024,
    timeoutS: 30,
  },
  close: {
    tables: { cases: ['GetItem', 'PutItem', 'DeleteItem', 'Query'], ledger: ['GetItem', 'PutItem'], audit: append },
    reads: [],
    writes: [],
    publishes: true,
    ...small,
  },
  sweeper: {
    tables: { cases: ['GetItem', 'PutItem', 'UpdateItem', 'index:by-open'], audit: append },
    reads: [],
    writes: [],
    publishes: true,
    startsCases: true,
    redrivesCases: true,
    memoryMb: 512,
    timeoutS: 55,
  },
  checkpoint: {
    tables: { audit: ['Query', 'PutItem', 'GetItem', 'index:by-bucket'] },
    reads: [],
    writes: [],
    signs: true,
    memoryMb: 512,
    timeoutS: 120,
  },
  api: {
    // It writes no case, no review and no effect: orders go to the functions that take them, stops to their own table.
    tables: {
      sessions: ['GetItem', 'BatchGetItem', 'PutItem', 'UpdateItem', 'DeleteItem'],
      audit: [...append, 'Scan', 'index:by-bucket'],
      decisions: ['GetItem', 'BatchGetItem', 'Query', 'index:by-day', 'scan:by-day'],
      cases: ['GetItem', 'BatchGetItem', 'Query', 'index:by-open'],
      ledger: ['GetItem', 'BatchGetItem', 'index:by-due'],
      state: ['GetItem', 'Scan'],
      stop: ['GetItem', 'PutItem', 'Scan'],
      subjects: ['GetItem', 'PutItem'],
      // Planned work, shelving, handovers and samples are people's own; no flow waits for any of them.
      operations: ['GetItem', 'BatchGetItem', 'PutItem', 'Query', 'Scan', 'index:by-due'],
    },
    reads: ['raw', 'open', 'window', 'registration', 'calibration', 'evidence'],
    writes: [],
    managesPeople: true,
    persons: 'record',
    invokes: ['review-answer', 'trigger', 'calibrate'],
    readsCheckpoints: true,
    namesExecutions: true,
    hearsSystems: true,
    knowsChannels: true,
    watchesDeadLetters: true,
    memoryMb: 1024,
    // Just under what the gateway waits, so that the function says itself what took too long.
    timeoutS: 28,
  },
  notify: {
    tables: {
      operations: ['GetItem', 'PutItem', 'UpdateItem', 'index:by-due'],
      cases: ['GetItem'],
      state: ['GetItem'],
    },
    reads: ['registration'],
    writes: [],
    tells: true,
    memoryMb: 512,
    timeoutS: 55,
  },
  // It looks at what stands there, and writes the sample and its count.
  sample: { tables: { operations: ['GetItem', 'PutItem'] }, reads: [], writes: [], samples: true, ...small },
};

/** What `managesPeople` allows, on the one user pool. */
export const peopleActions = [
  'AdminInitiateAuth',
  'AdminRespondToAuthChallenge',
  'AdminGetUser',
  'AdminListGroupsForUser',
  'AdminCreateUser',
  'AdminAddUserToGroup',
  'AdminRemoveUserFromGroup',
  'AdminDisableUser',
  'AdminEnableUser',
  'ListUsers',
].map((action) => `cognito-idp:${action}`);
