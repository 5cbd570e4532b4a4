/** Functions need more than their own resource: the assets' folders, layers, and how asynchronous calls are repeated. */
import { existsSync } from 'node:fs';
import type { Built } from './builders.ts';
import type { AsyncInvokeModel, FunctionModel } from './model.ts';
import type { Properties } from './properties.ts';

export interface FunctionSources {
  /** Folders by object key. */
  readonly assets: ReadonlyMap<string, string>;
  /** Folder of each layer version by ARN. */
  readonly layers: ReadonlyMap<string, string>;
  /** By function name. */
  readonly asynchronous: ReadonlyMap<string, AsyncInvokeModel>;
}

const defaultAsync: AsyncInvokeModel = { maximumRetryAttempts: 2, maximumEventAgeS: 21_600, onFailureArn: undefined };

export function lambdaFunction({ resource, properties }: Built, sources: FunctionSources): FunctionModel {
  properties.oneOf('PackageType', ['Zip'], 'Zip');
  const runtime = properties.text('Runtime');
  if (!/^nodejs\d+\.x$/.test(runtime)) throw properties.refuse('Runtime', `is ${runtime}; only Node functions run`);
  return {
    ...resource,
    runtime,
    codeDir: assetFolder(properties, 'Code', sources.assets),
    handler: properties.text('Handler'),
    layerDirs: properties.texts('Layers').map((arn) => {
      const folder = sources.layers.get(arn);
      if (folder === undefined) throw properties.refuse('Layers', `names ${arn}, which is not a layer of this stack`);
      return folder;
    }),
    environment: environmentOf(properties),
    architectures: properties.has('Architectures') ? properties.texts('Architectures') : ['x86_64'],
    timeoutS: properties.number('Timeout', 3),
    memoryMb: properties.number('MemorySize', 128),
    reservedConcurrency: properties.number('ReservedConcurrentExecutions', undefined),
    logGroupName: properties.object('LoggingConfig').text('LogGroup', `/aws/lambda/${resource.name}`),
    logFormat: properties.object('LoggingConfig').oneOf('LogFormat', ['JSON', 'Text'], 'Text'),
    roleArn: properties.text('Role'),
    asynchronous: sources.asynchronous.get(resource.name) ?? defaultAsync,
  };
}

/** Folder of the asset that a `Code` or `Content` property names. */
export function assetFolder(properties: Properties, name: string, assets: ReadonlyMap<string, string>): string {
  const key = properties.object(name).text('S3Key');
  const folder = assets.get(key);
  if (folder === undefined || !existsSync(folder)) {
    throw properties.refuse(`${name}.S3Key`, `names ${key}, which is not in the assembly; synthesize the stack again`);
  }
  return folder;
}

function environmentOf(properties: Properties): Record<string, string> {
  const variables = properties.object('Environment').object('Variables');
  return Object.fromEntries(
    Object.entries(variables.all()).map(([name, value]) => {
      if (typeof value === 'object') throw properties.refuse(`Environment.Variables.${name}`, 'must be a text');
      return [name, String(value)];
    }),
  );
}

export function asyncInvoke({ properties }: Built): AsyncInvokeModel {
  properties.oneOf('Qualifier', ['$LATEST']);
  return {
    maximumRetryAttempts: properties.number('MaximumRetryAttempts', defaultAsync.maximumRetryAttempts),
    maximumEventAgeS: properties.number('MaximumEventAgeInSeconds', defaultAsync.maximumEventAgeS),
    onFailureArn: properties.object('DestinationConfig').object('OnFailure').text('Destination', undefined),
  };
}
