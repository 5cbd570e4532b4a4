/** Every contract that crosses a boundary, by name, with its version. */
import type { z } from 'zod';
import { assetRegistration, assetState, assetVersion } from './asset.ts';
import { auditEntry, auditVersion } from './audit.ts';
import { calibration, calibrationVersion } from './calibration.ts';
import { caseRecord, caseVersion, reviewAnswer, reviewRequest } from './case.ts';
import { decision, decisionVersion } from './decision.ts';
import { cloudEvent, eventVersion } from './events.ts';
import { flaggedSignal, flagVersion } from './flag.ts';
import { modelCard, modelCardVersion } from './model-card.ts';
import { packManifest, packManifestVersion } from './pack.ts';
import { proposal, remediationOutcome, remediationRequest, remediationVersion } from './remediation.ts';
import { ingestRecord, telemetry, telemetryVersion } from './telemetry.ts';

interface Contract {
  readonly version: number;
  readonly schema: z.ZodType;
}

export const contracts = {
  telemetry: { version: telemetryVersion, schema: telemetry },
  'ingest-record': { version: telemetryVersion, schema: ingestRecord },
  'flagged-signal': { version: flagVersion, schema: flaggedSignal },
  decision: { version: decisionVersion, schema: decision },
  'audit-entry': { version: auditVersion, schema: auditEntry },
  case: { version: caseVersion, schema: caseRecord },
  proposal: { version: remediationVersion, schema: proposal },
  'remediation-request': { version: remediationVersion, schema: remediationRequest },
  'remediation-outcome': { version: remediationVersion, schema: remediationOutcome },
  'review-request': { version: caseVersion, schema: reviewRequest },
  'review-answer': { version: caseVersion, schema: reviewAnswer },
  'asset-registration': { version: assetVersion, schema: assetRegistration },
  'asset-state': { version: assetVersion, schema: assetState },
  calibration: { version: calibrationVersion, schema: calibration },
  'pack-manifest': { version: packManifestVersion, schema: packManifest },
  'model-card': { version: modelCardVersion, schema: modelCard },
  event: { version: eventVersion, schema: cloudEvent },
} as const satisfies Record<string, Contract>;
