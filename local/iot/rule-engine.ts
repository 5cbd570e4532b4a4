/** The topic rules of the stack: which messages they take and what becomes of them. */
import type { StackModel, TopicRuleActionModel, TopicRuleModel } from '../assembly/model.ts';
import type { StreamWriter } from '../stream/streams.ts';
import type { Json, LambdaInvoker, ObjectWriter, QueueSender, RuntimeLog } from '../types.ts';
import { evaluateSql, fillTemplate, parseTemplate, type SqlContext, type Template } from './sql-evaluate.ts';
import { parseSql, SqlError, type Statement } from './sql-parser.ts';
import { basicIngestOf, topicMatches } from './topic-filter.ts';

export interface RuleEngineOptions {
  readonly stack: Pick<StackModel, 'topicRules' | 'queues'>;
  readonly streams: StreamWriter;
  readonly objects: ObjectWriter;
  readonly queues: QueueSender;
  readonly invoker: Pick<LambdaInvoker, 'invokeAsync'>;
  readonly log: RuntimeLog;
  readonly now?: () => number;
  readonly uuid?: () => string;
}

interface Action {
  readonly model: TopicRuleActionModel;
  /** What it is called in an error action's message. */
  readonly title: string;
  readonly resource: string;
  run(bytes: Buffer, context: SqlContext): Promise<void>;
}

interface Rule {
  readonly model: TopicRuleModel;
  readonly statement: Statement;
  readonly actions: readonly Action[];
  readonly errorAction: Action | undefined;
}

interface Failure {
  readonly failedAction: string;
  readonly failedResource: string;
  readonly errorMessage: string;
}

export class RuleEngine {
  readonly #options: RuleEngineOptions;
  readonly #rules: readonly Rule[];
  readonly #now: () => number;
  readonly #uuid: () => string;
  readonly counts = { matched: 0, actions: 0, failedActions: 0, errorActions: 0, dropped: 0 };

  /** @throws SqlError or Error, naming the rule, where it cannot be run as AWS would */
  constructor(options: RuleEngineOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#uuid = options.uuid ?? (() => crypto.randomUUID());
    this.#rules = options.stack.topicRules.filter((model) => model.enabled).map((model) => this.#prepare(model));
  }

  /** Whether a Basic Ingest topic names a rule that there is. */
  hasRule(name: string): boolean {
    return this.#rules.some((rule) => rule.model.name === name);
  }

  /**
   * Takes a message. Resolves when every action (or, for one that failed, the error action) has its result durable;
   * rejects when neither took it: then the message must not be acknowledged.
   */
  async handle(topic: string, payload: Buffer, clientId: string): Promise<void> {
    const ingest = basicIngestOf(topic);
    const rules = this.#rules.filter((rule) =>
      ingest === undefined
        ? rule.statement.filter !== undefined && topicMatches(rule.statement.filter, topic)
        : rule.model.name === ingest.ruleName,
    );
    const context: SqlContext = {
      topic: ingest?.topic ?? topic,
      payload,
      clientId,
      nowMs: this.#now(),
      uuid: this.#uuid,
    };
    await Promise.all(rules.map((rule) => this.#run(rule, context, topic)));
  }

  async #run(rule: Rule, context: SqlContext, fullTopic: string): Promise<void> {
    this.counts.matched++;
    const failures: Failure[] = [];
    try {
      const bytes = evaluateSql(rule.statement, context);
      if (bytes === undefined) return;
      await Promise.all(
        rule.actions.map(async (action) => {
          this.counts.actions++;
          await action.run(bytes, context).catch((error: unknown) => {
            failures.push({
              failedAction: action.title,
              failedResource: action.resource,
              errorMessage: messageOf(error),
            });
          });
        }),
      );
    } catch (error) {
      failures.push({ failedAction: 'Sql', failedResource: rule.model.name, errorMessage: messageOf(error) });
    }
    if (failures.length > 0) await this.#report(rule, context, fullTopic, failures);
  }

  async #report(rule: Rule, context: SqlContext, fullTopic: string, failures: readonly Failure[]): Promise<void> {
    this.counts.failedActions += failures.length;
    const first = failures[0]!;
    this.#options.log.warn(
      `topic rule ${rule.model.name}: ${first.failedAction} on ${first.failedResource} failed: ${first.errorMessage}`,
    );
    if (rule.errorAction === undefined) {
      // A message that no rule can read is gone in AWS as well; a failing disk must not look like an acknowledgement.
      if (failures.some((failure) => failure.failedAction !== 'Sql')) throw new Error(first.errorMessage);
      this.counts.dropped++;
      return;
    }
    const report: Json = {
      ruleName: rule.model.name,
      topic: fullTopic,
      cloudwatchTraceId: this.#uuid(),
      clientId: context.clientId,
      base64OriginalPayload: context.payload.toString('base64'),
      failures: failures.map((failure) => ({ ...failure })),
    };
    await rule.errorAction.run(Buffer.from(JSON.stringify(report)), context);
    this.counts.errorActions++;
  }

  #prepare(model: TopicRuleModel): Rule {
    try {
      if (model.sqlVersion !== '2016-03-23') {
        throw new Error(`SQL version ${model.sqlVersion} is not supported, only 2016-03-23`);
      }
      return {
        model,
        statement: parseSql(model.sql),
        actions: model.actions.map((action) => this.#action(action)),
        errorAction: model.errorAction === undefined ? undefined : this.#action(model.errorAction),
      };
    } catch (error) {
      const message = `topic rule ${model.logicalId}: ${messageOf(error)}`;
      throw error instanceof SqlError
        ? Object.assign(new Error(message, { cause: error }), { position: error.position })
        : new Error(message, { cause: error });
    }
  }

  #action(model: TopicRuleActionModel): Action {
    const { streams, objects, queues, invoker, stack } = this.#options;
    switch (model.kind) {
      case 'kinesis': {
        const key = parseTemplate(model.partitionKey);
        return {
          model,
          title: 'KinesisAction',
          resource: model.streamName,
          run: async (bytes, context) => {
            await streams.put(model.streamName, fillTemplate(key, context), bytes.toString('base64'));
          },
        };
      }
      case 's3': {
        const key: Template = parseTemplate(model.key);
        return {
          model,
          title: 'S3Action',
          resource: model.bucketName,
          run: async (bytes, context) => {
            await objects.put(model.bucketName, fillTemplate(key, context), bytes);
          },
        };
      }
      case 'lambda':
        return {
          model,
          title: 'LambdaAction',
          resource: model.functionArn,
          run: async (bytes) => {
            // Lambda gets JSON; other bytes arrive as base64 text, as from AWS.
            await invoker.invokeAsync(model.functionArn, jsonOr(bytes));
          },
        };
      case 'sqs': {
        const queue = stack.queues.find((one) => one.url === model.queueUrl);
        if (queue === undefined) throw new Error(`the stack has no queue at ${model.queueUrl}`);
        return {
          model,
          title: 'SqsAction',
          resource: model.queueUrl,
          run: (bytes) => queues.send(queue.arn, bytes.toString(model.useBase64 ? 'base64' : 'utf8')),
        };
      }
    }
  }
}

function jsonOr(bytes: Buffer): Json {
  try {
    return JSON.parse(bytes.toString('utf8')) as Json;
  } catch {
    return bytes.toString('base64');
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
