/** The console's address: an HTTP API whose one route is the function `api`, with throttling and a log of requests. */
import { RemovalPolicy, Stack } from 'aws-cdk-lib';
import { CfnApi, CfnIntegration, CfnRoute, CfnStage } from 'aws-cdk-lib/aws-apigatewayv2';
import { ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { Configuration } from '../contracts/configuration.ts';
import type { Names } from '../contracts/names.ts';
import { acknowledge } from './nag.ts';

export interface ReviewApiProps {
  readonly configuration: Configuration;
  readonly names: Names;
  /** Answers every request. */
  readonly fn: IFunction;
}

/** A page of the console asks for some files at once, then for a few answers a second. */
const throttling = { throttlingRateLimit: 100, throttlingBurstLimit: 200 };

/** What the log says of a request: nothing of its body, its query or its cookies. */
const accessLogFormat = JSON.stringify({
  requestId: '$context.requestId',
  time: '$context.requestTimeEpoch',
  sourceIp: '$context.identity.sourceIp',
  method: '$context.httpMethod',
  path: '$context.path',
  status: '$context.status',
  bytes: '$context.responseLength',
  latencyMs: '$context.responseLatency',
  error: '$context.integrationErrorMessage',
});

export class ReviewApi extends Construct {
  /** Where people sign in. */
  readonly url: string;

  constructor(scope: Construct, id: string, { configuration, names, fn }: ReviewApiProps) {
    super(scope, id);
    const api = new CfnApi(this, 'Api', {
      name: names.httpApi,
      description: 'The review API and the console',
      protocolType: 'HTTP',
    });
    const integration = new CfnIntegration(this, 'Integration', {
      apiId: api.ref,
      integrationType: 'AWS_PROXY',
      integrationUri: fn.functionArn,
      payloadFormatVersion: '2.0',
      timeoutInMillis: 30_000,
    });
    const route = new CfnRoute(this, 'Route', {
      apiId: api.ref,
      routeKey: '$default',
      authorizationType: 'NONE',
      target: `integrations/${integration.ref}`,
    });
    acknowledge(
      route,
      'AwsSolutions-APIG4',
      'The function itself knows who asks, by a session in a cookie that no script reads, and serves the page on which people sign in. An authorizer would need tokens in the browser (decision record 0024).',
    );
    const logs = new LogGroup(this, 'Requests', {
      logGroupName: names.consoleLogGroup,
      retention: configuration.logRetentionDays as RetentionDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    new CfnStage(this, 'Stage', {
      apiId: api.ref,
      stageName: '$default',
      autoDeploy: true,
      defaultRouteSettings: throttling,
      accessLogSettings: { destinationArn: logs.logGroupArn, format: accessLogFormat },
    });
    fn.addPermission('Gateway', {
      principal: new ServicePrincipal('apigateway.amazonaws.com'),
      sourceArn: Stack.of(this).formatArn({ service: 'execute-api', resource: api.ref, resourceName: '*/$default' }),
    });
    this.url = api.attrApiEndpoint;
  }
}
