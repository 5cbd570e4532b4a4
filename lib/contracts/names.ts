/** Physical names of a deployment, from its prefix. */

export const functionNames = [
  'screen',
  'silence',
  'trigger',
  'calibrate',
  'infer',
  'guard',
  'record',
  'route',
  'case-load',
  'review-request',
  'review-answer',
  'review-timeout',
  'permit',
  'remediate',
  'reconcile',
  'verify',
  'close',
  'sweeper',
  'checkpoint',
  'api',
  'notify',
  'sample',
] as const;
export type FunctionName = (typeof functionNames)[number];

export const tableNames = [
  'audit',
  'decisions',
  'cases',
  'ledger',
  'state',
  'stop',
  'subjects',
  'sessions',
  'operations',
] as const;
export type TableName = (typeof tableNames)[number];

export const defaultPrefix = 'groundcrew';
/** Last part of the name of the secret that a ticket system signs its messages with. */
export const ticketWebhookSecret = 'ticket-webhook';

/** What a deployment calls its parts. `account` and `region` only enter the globally unique bucket names. */
export function namesOf(prefix: string, account = '', region = '') {
  return {
    table: (name: TableName): string => `${prefix}-${name}`,
    fn: (name: FunctionName): string => `${prefix}-${name}`,
    bus: `${prefix}-bus`,
    stream: `${prefix}-telemetry`,
    topicRule: `${prefix.replaceAll('-', '_')}_telemetry`,
    decideFlow: `${prefix}-decide`,
    caseFlow: `${prefix}-case`,
    dataBucket: `${prefix}-data-${account}-${region}`,
    auditBucket: `${prefix}-audit-${account}-${region}`,
    signingKeyAlias: `alias/${prefix}-audit`,
    /** A secret that a remediator needs, by the last part of its name. */
    secret: (name: string): string => `${prefix}/${name}`,
    subjectKeyAlias: `alias/${prefix}-subjects`,
    samplingSecret: `${prefix}/sampling`,
    notificationTopic: `${prefix}-notifications`,
    webhookSecret: `${prefix}/webhook`,
    eventLogGroup: `/${prefix}/events`,
    consoleLogGroup: `/${prefix}/console`,
    httpApi: `${prefix}-console`,
    userPool: `${prefix}-people`,
    /** Topic to which the gateway of `asset` publishes. */
    telemetryTopic: (asset: string): string => `$aws/rules/${prefix.replaceAll('-', '_')}_telemetry/telemetry/${asset}`,
  };
}
export type Names = ReturnType<typeof namesOf>;
