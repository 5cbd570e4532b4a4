/** The EventBridge API over the bus: what the stack and its people call. */
import type { StackModel } from '../assembly/model.ts';
import type { Bus } from '../bus/bus.ts';
import type { Replay } from '../bus/replays.ts';
import { type AwsService, ServiceError, targetPrefixes } from '../server/service.ts';
import type { BusEntry, Caller, Json, JsonObject } from '../types.ts';

export class EventsService implements AwsService {
  readonly service = 'events';
  readonly targetPrefix = targetPrefixes.events;
  readonly operations = ['PutEvents', 'TestEventPattern', 'StartReplay', 'DescribeReplay', 'ListArchives'];
  readonly #bus: Bus;
  readonly #stack: Pick<StackModel, 'buses' | 'account' | 'region'>;
  readonly #now: () => number;

  constructor(bus: Bus, stack: Pick<StackModel, 'buses' | 'account' | 'region'>, now: () => number = Date.now) {
    this.#bus = bus;
    this.#stack = stack;
    this.#now = now;
  }

  async handle(operation: string, input: JsonObject, caller: Caller): Promise<JsonObject> {
    switch (operation) {
      case 'PutEvents':
        return this.#putEvents(input, caller);
      case 'TestEventPattern':
        return { Result: this.#testPattern(input) };
      case 'StartReplay':
        return this.#startReplay(input);
      case 'DescribeReplay':
        return this.#describeReplay(input);
      case 'ListArchives':
        return {
          Archives: this.#bus.archives.map(({ model, bytes }) => ({
            ArchiveName: model.name,
            EventSourceArn: model.busArn,
            State: 'ENABLED',
            RetentionDays: model.retentionDays,
            SizeBytes: bytes,
          })),
        };
      default:
        throw new ServiceError('UnknownOperationException', `${operation} is not supported on one machine`);
    }
  }

  resources(operation: string, input: JsonObject): readonly string[] {
    if (operation !== 'PutEvents' || !Array.isArray(input['Entries'])) return ['*'];
    const names = input['Entries'].map((entry) =>
      isObject(entry) && typeof entry['EventBusName'] === 'string' ? entry['EventBusName'] : 'default',
    );
    return [...new Set(names.map((name) => this.#busArn(name)))];
  }

  async #putEvents(input: JsonObject, caller: Caller): Promise<JsonObject> {
    const entries = input['Entries'];
    if (!Array.isArray(entries)) throw new ServiceError('ValidationException', 'Entries is missing');
    const results = await this.#bus.putEvents(entries.map(entryOf), caller);
    return {
      FailedEntryCount: results.filter((result) => 'errorCode' in result).length,
      Entries: results.map(
        (result): JsonObject =>
          'eventId' in result
            ? { EventId: result.eventId }
            : { ErrorCode: result.errorCode, ErrorMessage: result.errorMessage },
      ),
    };
  }

  #testPattern(input: JsonObject): boolean {
    const event = parsedObject(input, 'Event', 'InvalidEventPatternException');
    for (const name of ['id', 'account', 'source', 'time', 'region', 'resources', 'detail-type']) {
      if (event[name] === undefined)
        throw new ServiceError(
          'ValidationException',
          `Parameter Event is not valid. Reason: ${name} is a required field.`,
        );
    }
    const pattern = parsedObject(input, 'EventPattern', 'InvalidEventPatternException');
    let matches: (event: JsonObject) => boolean;
    try {
      matches = this.#bus.compilePattern(pattern);
    } catch (error) {
      throw new ServiceError(
        'InvalidEventPatternException',
        `Event pattern is not valid. Reason: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
    return matches(event);
  }

  async #startReplay(input: JsonObject): Promise<JsonObject> {
    const name = input['ReplayName'];
    const archiveArn = input['EventSourceArn'];
    const { EventStartTime: from, EventEndTime: to, Destination: destination } = input;
    if (typeof name !== 'string' || !/^[.\-_A-Za-z0-9]{1,64}$/.test(name))
      throw new ServiceError('ValidationException', 'ReplayName has 1 to 64 letters, digits, . - _');
    if (typeof from !== 'number' || typeof to !== 'number' || from >= to)
      throw new ServiceError('ValidationException', 'EventStartTime must be before EventEndTime');
    const archive = this.#bus.archives.find((one) => one.model.arn === archiveArn);
    if (archive === undefined)
      throw new ServiceError('ResourceNotFoundException', `Archive ${String(archiveArn)} does not exist.`);
    if (!isObject(destination) || destination['Arn'] !== archive.model.busArn) {
      throw new ServiceError('ValidationException', 'The destination must be the event bus of the archive.');
    }
    if (this.#bus.replays.get(name) !== undefined)
      throw new ServiceError('ResourceAlreadyExistsException', `Replay ${name} already exists.`);
    const filters = destination['FilterArns'];
    const replay = await this.#bus.replays.begin({
      name,
      archiveArn: archive.model.arn,
      busArn: archive.model.busArn,
      ...(Array.isArray(filters) && filters.length > 0 ? { ruleArns: filters.map(String) } : {}),
      fromMs: from * 1000,
      toMs: to * 1000,
      startedMs: this.#now(),
    });
    return { ReplayArn: this.#replayArn(name), State: replay.state, ReplayStartTime: replay.startedMs / 1000 };
  }

  #describeReplay(input: JsonObject): JsonObject {
    const replay: Replay | undefined = this.#bus.replays.get(String(input['ReplayName']));
    if (replay === undefined)
      throw new ServiceError('ResourceNotFoundException', `Replay ${String(input['ReplayName'])} does not exist.`);
    return {
      ReplayName: replay.name,
      ReplayArn: this.#replayArn(replay.name),
      State: replay.state,
      ...(replay.stateReason === undefined ? {} : { StateReason: replay.stateReason }),
      EventSourceArn: replay.archiveArn,
      Destination: {
        Arn: replay.busArn,
        ...(replay.ruleArns === undefined ? {} : { FilterArns: [...replay.ruleArns] }),
      },
      EventStartTime: replay.fromMs / 1000,
      EventEndTime: replay.toMs / 1000,
      ReplayStartTime: replay.startedMs / 1000,
      ...(replay.endedMs === undefined ? {} : { ReplayEndTime: replay.endedMs / 1000 }),
    };
  }

  #replayArn(name: string): string {
    return `arn:aws:events:${this.#stack.region}:${this.#stack.account}:replay/${name}`;
  }

  #busArn(nameOrArn: string): string {
    if (nameOrArn.startsWith('arn:')) return nameOrArn;
    const bus = this.#stack.buses.find((one) => one.name === nameOrArn);
    return bus?.arn ?? `arn:aws:events:${this.#stack.region}:${this.#stack.account}:event-bus/${nameOrArn}`;
  }
}

/** What is missing becomes empty text, which the bus answers as EventBridge does: with an error for the entry. */
function entryOf(entry: Json): BusEntry {
  const object = isObject(entry) ? entry : {};
  const text = (name: string): string => (typeof object[name] === 'string' ? object[name] : '');
  const resources = object['Resources'];
  const time = object['Time'];
  return {
    source: text('Source'),
    detailType: text('DetailType'),
    detail: text('Detail'),
    ...(typeof object['EventBusName'] === 'string' && object['EventBusName'] !== ''
      ? { busName: object['EventBusName'] }
      : {}),
    ...(Array.isArray(resources) ? { resources: resources.map(String) } : {}),
    ...(typeof time === 'number' ? { timeMs: time * 1000 } : {}),
  };
}

function parsedObject(input: JsonObject, name: string, code: string): JsonObject {
  try {
    const value = JSON.parse(String(input[name])) as Json;
    if (isObject(value)) return value;
  } catch {}
  throw new ServiceError(code, `Parameter ${name} is not valid. Reason: it is no JSON object.`);
}

function isObject(value: Json | undefined): value is JsonObject {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}
