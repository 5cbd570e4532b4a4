/** From a folder of the cloud assembly to the typed model of its stack. */
import type { Json, JsonObject } from '../flow/types.ts';
import {
  archive,
  type Built,
  bucket,
  bus,
  eventSourceMapping,
  key,
  logGroup,
  queue,
  rule,
  schedule,
  secret,
  stateMachine,
  stream,
  table,
  topic,
  topicRule,
} from './builders.ts';
import { httpApi, userPool } from './console-builders.ts';
import { AssemblyError } from './errors.ts';
import { assetFolder, asyncInvoke, lambdaFunction } from './function-builder.ts';
import { Resolver } from './intrinsics.ts';
import type { StackModel } from './model.ts';
import { Properties } from './properties.ts';
import type { Identity, Place, ResourceType } from './resource-type.ts';
import { resourceTypes } from './resource-types.ts';
import { role } from './role-builder.ts';
import { members, unknownPaths } from './shapes.ts';
import { type Assembly, readAssembly, type Template } from './template.ts';

export interface ReadStackOptions {
  /** Folder that `cdk synth` wrote. */
  readonly assemblyDir: string;
  /** Address of the protocol server, `http://127.0.0.1:4566` for instance; queue URLs start with it. */
  readonly endpointUrl: string;
  /** Address of the gateway that stands for the stack's HTTP API. @default `endpointUrl` */
  readonly apiUrl?: string;
  /** Values of CloudFormation parameters; those without a value take the template's default. */
  readonly parameters?: Readonly<Record<string, string>>;
  /** @default 000000000000 */
  readonly account?: string;
  /** @default eu-central-1 */
  readonly region?: string;
}

/**
 * Reads the one stack of an assembly.
 * @throws AssemblyError naming the logical id, type and property of what cannot run faithfully on one machine
 */
export function readStack(options: ReadStackOptions): StackModel {
  const assembly = readAssembly(options.assemblyDir);
  const place: Place = {
    stackName: assembly.stackName,
    account: options.account ?? '000000000000',
    region: options.region ?? 'eu-central-1',
    endpointUrl: options.endpointUrl,
    apiUrl: options.apiUrl ?? options.endpointUrl,
  };
  return new StackReader(assembly, place, options.parameters ?? {}).read();
}

class StackReader {
  readonly #assembly: Assembly;
  readonly #template: Template;
  readonly #place: Place;
  readonly #resolver: Resolver;
  readonly #names = new Map<string, string | 'pending'>();

  constructor(assembly: Assembly, place: Place, given: Readonly<Record<string, string>>) {
    this.#assembly = assembly;
    this.#template = assembly.template;
    this.#place = place;
    this.#resolver = new Resolver({
      pseudo: {
        'AWS::AccountId': place.account,
        'AWS::Region': place.region,
        'AWS::Partition': 'aws',
        'AWS::URLSuffix': 'amazonaws.com',
        'AWS::StackName': place.stackName,
        'AWS::StackId': `arn:aws:cloudformation:${place.region}:${place.account}:stack/${place.stackName}/${place.account}`,
        'AWS::NotificationARNs': [],
      },
      parameters: parameterValues(this.#template, given),
      mappings: this.#template.Mappings,
      conditions: this.#template.Conditions,
      resources: {
        ref: (id) => this.#answer(id, (type, of) => (type.ref ?? ((identity: Identity) => identity.name))(of)),
        attribute: (id, name) =>
          this.#answer(id, (type, of) => (name === 'Arn' ? type.arn(of) : type.attributes?.[name]?.(of))),
      },
    });
  }

  read(): StackModel {
    const { account, region, stackName } = this.#place;
    // Types first: a resource that does not run at all is a better message than one reference into it.
    for (const id of Object.keys(this.#template.Resources)) this.#type(id);
    const of = (type: string): Built[] => this.#built(type);
    const aliases = of('AWS::KMS::Alias');
    const keyUsers = (built: Built): string[] =>
      aliases
        .filter((alias) => [built.resource.name, built.resource.arn].includes(alias.properties.text('TargetKeyId')))
        .map((alias) => alias.resource.name);
    const layers = new Map(
      of('AWS::Lambda::LayerVersion').map((layer) => [
        layer.resource.arn,
        assetFolder(layer.properties, 'Content', this.#assembly.assets),
      ]),
    );
    const asynchronous = new Map(
      of('AWS::Lambda::EventInvokeConfig').map((each) => [each.properties.text('FunctionName'), asyncInvoke(each)]),
    );
    const policies = of('AWS::IAM::Policy');
    return {
      stackName,
      account,
      region,
      functions: of('AWS::Lambda::Function').map((each) =>
        lambdaFunction(each, { assets: this.#assembly.assets, layers, asynchronous }),
      ),
      tables: of('AWS::DynamoDB::Table').map(table),
      stateMachines: of('AWS::StepFunctions::StateMachine').map(stateMachine),
      buses: of('AWS::Events::EventBus').map(bus),
      archives: of('AWS::Events::Archive').map(archive),
      rules: of('AWS::Events::Rule').map(rule),
      streams: of('AWS::Kinesis::Stream').map(stream),
      eventSourceMappings: of('AWS::Lambda::EventSourceMapping').map(eventSourceMapping),
      queues: of('AWS::SQS::Queue').map((each) =>
        queue(each, `${this.#place.endpointUrl}/${account}/${each.resource.name}`),
      ),
      schedules: of('AWS::Scheduler::Schedule').map(schedule),
      topicRules: of('AWS::IoT::TopicRule').map(topicRule),
      buckets: of('AWS::S3::Bucket').map(bucket),
      keys: of('AWS::KMS::Key').map((each) => key(each, keyUsers(each))),
      secrets: of('AWS::SecretsManager::Secret').map(secret),
      topics: of('AWS::SNS::Topic').map(topic),
      logGroups: of('AWS::Logs::LogGroup').map(logGroup),
      roles: of('AWS::IAM::Role').map((each) => role(each, policies)),
      httpApi: httpApi({
        apis: of('AWS::ApiGatewayV2::Api'),
        integrations: of('AWS::ApiGatewayV2::Integration'),
        routes: of('AWS::ApiGatewayV2::Route'),
        stages: of('AWS::ApiGatewayV2::Stage'),
      }),
      userPools: of('AWS::Cognito::UserPool').map((each) =>
        userPool(each, of('AWS::Cognito::UserPoolClient'), of('AWS::Cognito::UserPoolGroup')),
      ),
      outputs: this.#outputs(),
      withoutBehaviour: this.#withoutBehaviour(),
    };
  }

  #type(logicalId: string): ResourceType {
    const { Type } = this.#template.Resources[logicalId]!;
    const type = resourceTypes.get(Type);
    if (type !== undefined) return type;
    throw new AssemblyError(
      'Unsupported',
      `${logicalId}: resources of type ${Type} do not run on one machine. docs/generated/local-support.md lists those that do.`,
      { logicalId },
    );
  }

  #isPresent(logicalId: string): boolean {
    const condition = this.#template.Resources[logicalId]?.Condition;
    return condition === undefined || this.#resolver.condition(condition, `${logicalId}.Condition`);
  }

  #answer(logicalId: string, from: (type: ResourceType, of: Identity) => string | undefined): string | undefined {
    if (!Object.hasOwn(this.#template.Resources, logicalId)) return undefined;
    return from(this.#type(logicalId), this.#identity(logicalId));
  }

  #identity(logicalId: string): Identity {
    return {
      ...this.#place,
      logicalId,
      name: this.#name(logicalId),
      property: (name) => {
        const value = this.#template.Resources[logicalId]?.Properties[name];
        const resolved = value === undefined ? null : this.#resolver.resolve(value, `${logicalId}.${name}`);
        return typeof resolved === 'string' ? resolved : undefined;
      },
    };
  }

  #name(logicalId: string): string {
    const known = this.#names.get(logicalId);
    if (known === 'pending')
      throw new AssemblyError('Unresolvable', `${logicalId}: its name depends on itself`, { logicalId });
    if (known !== undefined) return known;
    this.#names.set(logicalId, 'pending');
    const type = this.#type(logicalId);
    const given =
      type.nameProperty === undefined ? undefined : this.#template.Resources[logicalId]?.Properties[type.nameProperty];
    const resolved = given === undefined ? null : this.#resolver.resolve(given, `${logicalId}.${type.nameProperty}`);
    const generate = type.generateName ?? ((place, id) => `${place.stackName}-${id}`.slice(0, 64));
    const name = typeof resolved === 'string' ? resolved : generate(this.#place, logicalId);
    this.#names.set(logicalId, name);
    return name;
  }

  #built(type: string): Built[] {
    return Object.entries(this.#template.Resources)
      .filter(([id, resource]) => resource.Type === type && this.#isPresent(id))
      .map(([logicalId, resource]) => {
        const known = this.#type(logicalId);
        const values = this.#resolver.resolveObject(resource.Properties, logicalId);
        const properties = new Properties(logicalId, type, values);
        const [unknown] = unknownPaths(values, members(known.properties ?? {}));
        if (unknown !== undefined) throw properties.refuse(unknown, 'is not understood on one machine');
        return {
          resource: { logicalId, name: this.#name(logicalId), arn: known.arn(this.#identity(logicalId)) },
          properties,
        };
      });
  }

  #outputs(): Record<string, string> {
    const entries = Object.entries(this.#template.Outputs).filter(
      ([, output]) => output.Condition === undefined || this.#resolver.condition(output.Condition),
    );
    return Object.fromEntries(
      entries.map(([name, output]) => [name, String(this.#resolver.resolve(output.Value, `Outputs.${name}`))]),
    );
  }

  #withoutBehaviour(): StackModel['withoutBehaviour'] {
    return Object.entries(this.#template.Resources).flatMap(([logicalId, { Type }]) => {
      const { behaviour } = this.#type(logicalId);
      return behaviour === 'run' ? [] : [{ logicalId, type: Type, reason: behaviour.none }];
    });
  }
}

/** Values of the template's parameters. Those that deployments read from SSM keep the parameter's name. */
function parameterValues(template: Template, given: Readonly<Record<string, string>>): JsonObject {
  const unknown = Object.keys(given).find((name) => !Object.hasOwn(template.Parameters, name));
  if (unknown !== undefined) {
    throw new AssemblyError(
      'Parameter',
      `there is no parameter '${unknown}'; the template has ${Object.keys(template.Parameters).join(', ')}`,
    );
  }
  return Object.fromEntries(
    Object.entries(template.Parameters).map(([name, parameter]): [string, Json] => {
      const value = given[name] ?? parameter.Default;
      if (value === undefined)
        throw new AssemblyError('Parameter', `parameter '${name}' needs a value; it has no default`);
      if (parameter.AllowedValues !== undefined && !parameter.AllowedValues.map(String).includes(String(value))) {
        throw new AssemblyError(
          'Parameter',
          `parameter '${name}' is '${value}'; allowed are ${parameter.AllowedValues.join(', ')}`,
        );
      }
      if (
        parameter.AllowedPattern !== undefined &&
        !new RegExp(`^(?:${parameter.AllowedPattern})$`, 'u').test(String(value))
      ) {
        throw new AssemblyError(
          'Parameter',
          `parameter '${name}' is '${value}', which does not match ${parameter.AllowedPattern}`,
        );
      }
      if (parameter.Type === 'Number' && !Number.isFinite(Number(value))) {
        throw new AssemblyError('Parameter', `parameter '${name}' is '${value}', which is no number`);
      }
      const isList = parameter.Type === 'CommaDelimitedList' || parameter.Type.startsWith('List<');
      return [
        name,
        isList
          ? String(value)
              .split(',')
              .map((each) => each.trim())
          : value,
      ];
    }),
  );
}
