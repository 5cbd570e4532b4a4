/** Turns the resources of the console into the typed model. */
import type { Built } from './builders.ts';
import type * as model from './model.ts';

/**
 * The stack's HTTP API with its one route; `undefined` where the stack has none.
 * @throws AssemblyError for what the gateway of one machine cannot do
 */
export function httpApi(parts: {
  readonly apis: readonly Built[];
  readonly integrations: readonly Built[];
  readonly routes: readonly Built[];
  readonly stages: readonly Built[];
}): model.HttpApiModel | undefined {
  const [api, ...more] = parts.apis;
  if (api === undefined) return undefined;
  if (more[0] !== undefined) throw more[0].properties.refuse('Name', 'is of a second HTTP API; one machine runs one');
  api.properties.oneOf('ProtocolType', ['HTTP']);
  const only = (kind: string, built: readonly Built[]): Built => {
    const own = built.filter((each) => each.properties.text('ApiId') === api.resource.name);
    if (own.length === 1) return own[0]!;
    throw api.properties.refuse('Name', `has ${own.length} ${kind}; one machine runs an API with exactly one`);
  };
  const route = only('routes', parts.routes).properties;
  const integration = only('integrations', parts.integrations);
  const stage = only('stages', parts.stages).properties;
  route.oneOf('RouteKey', ['$default']);
  route.oneOf('AuthorizationType', ['NONE'], 'NONE');
  route.oneOf('Target', [`integrations/${integration.resource.name}`]);
  stage.oneOf('StageName', ['$default']);
  integration.properties.oneOf('IntegrationType', ['AWS_PROXY']);
  integration.properties.oneOf('PayloadFormatVersion', ['2.0']);
  const settings = stage.object('DefaultRouteSettings');
  const logging = stage.object('AccessLogSettings');
  return {
    ...api.resource,
    functionArn: integration.properties.text('IntegrationUri'),
    timeoutMs: integration.properties.number('TimeoutInMillis', 30_000),
    // The account's own limits where the stage says nothing.
    throttle: {
      ratePerS: settings.number('ThrottlingRateLimit', 10_000),
      burst: settings.number('ThrottlingBurstLimit', 5_000),
    },
    accessLog: logging.has('Format')
      ? {
          logGroupName: logging
            .text('DestinationArn')
            .replace(/^.*:log-group:/, '')
            .replace(/:\*$/, ''),
          format: logging.text('Format'),
        }
      : undefined,
  };
}

/** @throws AssemblyError for a pool that lets people sign up, or a client that signs in by what is not there */
export function userPool(
  { resource, properties }: Built,
  clients: readonly Built[],
  groups: readonly Built[],
): model.UserPoolModel {
  if (!properties.object('AdminCreateUserConfig').boolean('AllowAdminCreateUserOnly', false))
    throw properties.refuse('AdminCreateUserConfig', 'lets people sign up by themselves, which does not run here');
  const policy = properties.object('Policies').object('PasswordPolicy');
  const own = (each: Built): boolean => each.properties.text('UserPoolId') === resource.name;
  return {
    ...resource,
    poolName: properties.text('UserPoolName'),
    caseSensitive: properties.object('UsernameConfiguration').boolean('CaseSensitive', true),
    passwordPolicy: {
      minimumLength: policy.number('MinimumLength', 8),
      lowercase: policy.boolean('RequireLowercase', false),
      uppercase: policy.boolean('RequireUppercase', false),
      digits: policy.boolean('RequireNumbers', false),
      symbols: policy.boolean('RequireSymbols', false),
      temporaryDays: policy.number('TemporaryPasswordValidityDays', 7),
    },
    clients: clients.filter(own).map(client),
    groups: groups.filter(own).map((each) => each.resource.name),
  };
}

function client({ resource, properties }: Built): model.UserPoolClientModel {
  if (properties.boolean('GenerateSecret', false)) throw properties.refuse('GenerateSecret', 'does not run here');
  properties.oneOf('PreventUserExistenceErrors', ['ENABLED']);
  return {
    ...resource,
    authFlows: properties.texts('ExplicitAuthFlows'),
    sessionMinutes: properties.number('AuthSessionValidity', 3),
  };
}
