/**
 * The CDK application. `CDK_OUTDIR=cdk.out node bin/app.ts` synthesizes without the CDK command line, without credentials
 * and without a network; `npx cdk deploy` does the same through cdk.json.
 */
import { createHash } from 'node:crypto';
import { basename, join } from 'node:path';
import { App, Tags, Validations } from 'aws-cdk-lib';
import canonicalize from 'canonicalize';
import { AwsSolutionsChecks } from 'cdk-nag';
import { buildFunctions, buildLayer, modelHashes, repositoryRoot } from '../layers/build.ts';
import { folderHash } from '../layers/place.ts';
import {
  channelSecret,
  channelsWithSecret,
  checkChannels,
  pushChannel,
} from '../lib/adapters/notification/configured.ts';
import { checkSettings, checkWays, remediatorNeeds } from '../lib/adapters/remediation/configured.ts';
import { GroundcrewStack } from '../lib/constructs/groundcrew-stack.ts';
import { configuration } from '../lib/contracts/configuration.ts';

const app = new App();
const context: unknown = app.node.tryGetContext('groundcrew') ?? {};
const parsed = configuration.safeParse(typeof context === 'string' ? JSON.parse(context) : context);
if (!parsed.success) {
  const problems = parsed.error.issues
    .map((issue) => `  ${issue.path.join('.') || '(root)'}: ${issue.message}`)
    .join('\n');
  process.stderr.write(
    `The context "groundcrew" is not a valid configuration:\n${problems}\nSee docs/generated/configuration.md for what is allowed.\n`,
  );
  process.exit(2);
}

try {
  checkSettings(parsed.data.remediators);
  checkWays(parsed.data.ways, parsed.data.remediators);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\nSee docs/remediation.md.\n`);
  process.exit(2);
}
try {
  checkChannels(parsed.data.channels);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\nSee docs/notifications.md.\n`);
  process.exit(2);
}

// One folder an assembly, so that two syntheses at once do not take each other's files.
const build = join(repositoryRoot, 'dist', `build-${basename(app.outdir)}`);
const bundles = join(build, 'functions');
const layer = join(build, 'layers', parsed.data.architecture);
await buildFunctions(bundles);
buildLayer(layer, parsed.data.architecture === 'arm64' ? 'linux-arm64' : 'linux-x64');

const account = process.env.CDK_DEFAULT_ACCOUNT;
const region = process.env.CDK_DEFAULT_REGION;
const push = pushChannel(parsed.data.channels);
const stack = new GroundcrewStack(app, parsed.data.prefix, {
  stackName: parsed.data.prefix,
  configuration: parsed.data,
  remediators: remediatorNeeds(parsed.data.remediators),
  channelSecrets: channelsWithSecret(parsed.data.channels).map(channelSecret),
  pushSecret: push === undefined ? undefined : channelSecret(push),
  codeHash: folderHash(bundles),
  modelHashes: modelHashes(),
  configurationHash: createHash('sha256')
    .update(canonicalize(parsed.data) ?? '')
    .digest('hex'),
  bundles,
  layer,
  ...(account !== undefined && region !== undefined ? { env: { account, region } } : {}),
});
Tags.of(stack).add('application', 'groundcrew');
// The one-machine runtime starts sooner without the rules; `npm run check` and `npx cdk synth` always apply them.
if (process.env.GROUNDCREW_NAG !== 'off') Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
app.synth();
