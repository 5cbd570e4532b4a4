/** What a deployment creates: counted from the template that `cdk deploy` sends, with what remains after removal. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { GroundcrewStack } from '../../lib/constructs/groundcrew-stack.ts';
import { configuration } from '../../lib/contracts/configuration.ts';
import { functionNames } from '../../lib/contracts/names.ts';

interface Resource {
  readonly Type: string;
  readonly DeletionPolicy?: string;
}

/** The default configuration's template; code assets are empty, since only resources are counted. */
function resources(): Resource[] {
  const folder = mkdtempSync(join(tmpdir(), 'groundcrew-template-'));
  try {
    mkdirSync(join(folder, 'layer'));
    writeFileSync(join(folder, 'layer/runtime.js'), '');
    for (const name of functionNames) {
      mkdirSync(join(folder, 'bundles', name), { recursive: true });
      writeFileSync(join(folder, 'bundles', name, 'index.js'), '');
    }
    const app = new App({
      outdir: join(folder, 'out'),
      context: { '@aws-cdk/aws-iam:minimizePolicies': true, 'aws:cdk:version-reporting': false },
    });
    const stack = new GroundcrewStack(app, 'groundcrew', {
      configuration: configuration.parse({}),
      configurationHash: '0'.repeat(64),
      codeHash: '0'.repeat(64),
      modelHashes: {},
      bundles: join(folder, 'bundles'),
      layer: join(folder, 'layer'),
    });
    const { template } = app.synth().getStackArtifact(stack.artifactId) as {
      template: { Resources: Record<string, Resource> };
    };
    return Object.values(template.Resources);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Why each type is there. A type that is missing here fails the generation, so that nothing is created unexplained. */
const purposes: Readonly<Record<string, string>> = {
  'AWS::IoT::TopicRule': 'takes telemetry from MQTT to the stream',
  'AWS::Kinesis::Stream': 'telemetry in order, by asset',
  'AWS::Lambda::Function': 'all steps of the work',
  'AWS::Lambda::LayerVersion': 'ONNX Runtime',
  'AWS::Lambda::EventSourceMapping': 'stream to screening',
  'AWS::Lambda::EventInvokeConfig': 'how often telling people and sampling are tried',
  'AWS::Lambda::Permission': 'who may call a function',
  'AWS::StepFunctions::StateMachine': 'decisions (Express) and cases (Standard)',
  'AWS::Events::EventBus': 'events between the parts',
  'AWS::Events::Archive': 'events for replay',
  'AWS::Events::Rule': 'decide on each flag; tell people; sample decisions; keep every event in a log group',
  'AWS::Scheduler::Schedule':
    'silence, sweeper, reconciler, unheard answers, messages that are due, checkpoint, calibration',
  'AWS::SQS::Queue': 'dead letters',
  'AWS::SQS::QueuePolicy': 'who may write dead letters',
  'AWS::DynamoDB::Table': 'audit, decisions, cases, ledger, state, stop switch, persons, sessions, operations',
  'AWS::S3::Bucket': 'readings and evidence; signed checkpoints (Object Lock)',
  'AWS::S3::BucketPolicy': 'TLS only',
  'AWS::KMS::Key': 'one signs checkpoints, one wraps the keys of persons',
  'AWS::KMS::Alias': 'names of the keys',
  'AWS::ApiGatewayV2::Api': 'the address of the console and its API',
  'AWS::ApiGatewayV2::Integration': 'hands requests to the function',
  'AWS::ApiGatewayV2::Route': 'one for everything',
  'AWS::ApiGatewayV2::Stage': 'throttles, logs requests',
  'AWS::Cognito::UserPool': 'who may sign in',
  'AWS::Cognito::UserPoolClient': 'by which the function signs people in',
  'AWS::Cognito::UserPoolGroup': 'one each role of a person',
  'AWS::SecretsManager::Secret': 'signs remedies; chooses decisions to look at',
  'AWS::SNS::Topic': 'alarms and messages; subscribe whom they shall wake',
  'AWS::SNS::TopicPolicy': 'who may publish to them',
  'AWS::CloudWatch::Alarm': 'see [the runbook](docs/operations.md#alarms)',
  'AWS::CloudWatch::Dashboard': 'one page of figures',
  'AWS::Logs::LogGroup': 'one each function and flow, one for events, one for requests to the console',
  'AWS::Logs::ResourcePolicy': 'lets the bus write its log group',
  'AWS::IAM::Role': 'one each function, flow and rule, one for the schedules',
  'AWS::IAM::Policy': '[what each role allows](docs/generated/permissions.md)',
  'AWS::CDK::Metadata': 'the CDK’s own note',
};

export function resourceTable(): string {
  const byType = new Map<string, Resource[]>();
  for (const each of resources()) byType.set(each.Type, [...(byType.get(each.Type) ?? []), each]);
  const rows = [...byType].sort().map(([type, all]) => {
    const purpose = purposes[type];
    if (purpose === undefined) throw new Error(`scripts/generate/resources.ts: say what ${type} is for.`);
    const kept = all.filter(({ DeletionPolicy }) => DeletionPolicy?.startsWith('Retain')).length;
    const remains = kept === 0 ? '–' : kept === all.length ? 'yes' : `${kept} of ${all.length}`;
    return `| ${type.replace('AWS::', '')} | ${all.length} | ${purpose} | ${remains} |`;
  });
  return ['| resource | count | what for | remains after removal |', '| --- | --- | --- | --- |', ...rows].join('\n');
}
