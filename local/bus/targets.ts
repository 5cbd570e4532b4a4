/** Gives a payload to whatever an ARN names: what rules and schedules call. */
import { ServiceError } from '../server/service.ts';
import type { OpsItems } from '../stores/ops-items.ts';
import type { Json, LambdaInvoker, LogWriter, QueueSender } from '../types.ts';

/** Starts an execution without waiting for its end; resolves when it is durable. */
export interface FlowStarter {
  startExecution(stateMachineArn: string, input: string): Promise<void>;
}

export interface TargetsOptions {
  readonly invoker: Pick<LambdaInvoker, 'invokeAsync'>;
  readonly flows: FlowStarter;
  readonly queues: QueueSender;
  readonly logs: LogWriter;
  /** Takes what would become an item in OpsCenter. */
  readonly opsItems: Pick<OpsItems, 'create'>;
}

export type TargetKind = 'lambda' | 'states' | 'sqs' | 'logs' | 'ops-items';

/** What kind of target an ARN names, or undefined where none that is run on one machine. */
export function targetKindOf(arn: string): TargetKind | undefined {
  const [, , service, , , ...rest] = arn.split(':');
  if (service === 'lambda' && rest[0] === 'function') return 'lambda';
  if (service === 'states' && rest[0] === 'stateMachine') return 'states';
  if (service === 'sqs') return 'sqs';
  if (service === 'logs' && rest[0] === 'log-group') return 'logs';
  if (service === 'ssm' && rest[0] === 'opsitem') return 'ops-items';
  return undefined;
}

export class Targets {
  readonly #options: TargetsOptions;

  constructor(options: TargetsOptions) {
    this.#options = options;
  }

  /** Resolves when the target has it durably. @param payload JSON text @throws ServiceError */
  async deliver(arn: string, payload: string, acceptedMs: number): Promise<void> {
    const { invoker, flows, queues, logs, opsItems } = this.#options;
    switch (targetKindOf(arn)) {
      case 'lambda':
        return invoker.invokeAsync(arn, parsed(payload));
      case 'states':
        parsed(payload);
        return flows.startExecution(arn, payload);
      case 'sqs':
        return queues.send(arn, payload);
      case 'logs':
        return logs.append(logGroupOf(arn), payload, acceptedMs);
      case 'ops-items':
        return opsItems.create(payload);
      default:
        throw new ServiceError('ResourceNotFoundException', `${arn} is no target that can be called on one machine`);
    }
  }
}

function logGroupOf(arn: string): string {
  return arn.split(':').slice(6).join(':').replace(/:\*$/, '');
}

function parsed(payload: string): Json {
  try {
    return JSON.parse(payload) as Json;
  } catch {
    throw new ServiceError('InvalidParameterValue', 'the input for the target is not JSON');
  }
}
