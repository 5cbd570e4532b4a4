/** The remediators that a deployment has configured, by their settings. */
import { InvalidInputError } from '../../core/errors.ts';
import type {
  OpenRemediator,
  Remediator,
  RemediatorNeeds,
  RemediatorSettings,
  RemediatorSurroundings,
} from '../../core/remediation/remediator.ts';
import type { Ways } from '../../core/remediation/ways.ts';
import { withholding } from './authorised.ts';
import { remediators } from './index.ts';

/** Always configured: its address is a parameter of the deployment. */
const always = 'webhook';

/** @returns the remediator, or `undefined` where there is none of that name or it is not configured */
export function configuredRemediator(name: string, settings: RemediatorSettings): Remediator | undefined {
  if (name !== always && !Object.hasOwn(settings, name)) return undefined;
  return Object.hasOwn(remediators, name) ? remediators[name] : undefined;
}

/** Names of all that are configured. */
export const configuredNames = (settings: RemediatorSettings): string[] =>
  [...new Set([always, ...Object.keys(settings)])].sort();

/** What the configured remediators need of the deployment, by name. Settings must have been checked. */
export const remediatorNeeds = (settings: RemediatorSettings): Record<string, RemediatorNeeds> =>
  Object.fromEntries(
    configuredNames(settings).flatMap((name) => {
      const needs = configuredRemediator(name, settings)?.needs(settings[name] ?? {});
      return needs ? [[name, needs]] : [];
    }),
  );

/** Room for the settings in a function's environment, which has 4 KiB for everything. */
const maxSettingsBytes = 2_048;

/**
 * Checks the settings of all remediators, as written in the configuration.
 * @throws InvalidInputError naming the remediator that there is not, or the setting that is wrong
 */
export function checkSettings(settings: RemediatorSettings): void {
  for (const name of Object.keys(settings)) {
    const known = configuredRemediator(name, settings);
    if (!known)
      throw new InvalidInputError(
        `There is no remediator "${name}"; there are ${Object.keys(remediators).join(', ')} (lib/adapters/remediation).`,
        { code: 'remediator-unknown' },
      );
    known.check(settings[name]);
  }
  const bytes = Buffer.byteLength(JSON.stringify(settings));
  if (bytes > maxSettingsBytes)
    throw new InvalidInputError(
      `The settings of the remediators have ${bytes} bytes; at most ${maxSettingsBytes} fit into a function's environment.`,
      { code: 'remediator-settings-too-large' },
    );
}

/** @throws InvalidInputError naming the action whose remediator is not configured */
export function checkWays(ways: Ways, settings: RemediatorSettings): void {
  const configured = configuredNames(settings);
  for (const [action, name] of Object.entries(ways))
    if (!configured.includes(name))
      throw new InvalidInputError(
        `ways: "${action}" is to be carried out by "${name}", which is not configured; ${configured.join(', ')} are.`,
        { code: 'remediator-unknown' },
      );
}

/**
 * A configured remediator, ready to act.
 * @throws InvalidInputError when there is none of that name, it is not configured, or its settings are wrong
 */
export function openRemediator(
  name: string,
  settings: RemediatorSettings,
  surroundings: RemediatorSurroundings,
): { readonly declared: Remediator; readonly open: OpenRemediator } {
  const declared = configuredRemediator(name, settings);
  if (!declared)
    throw new InvalidInputError(
      `remediator "${name}" is not configured here; ${configuredNames(settings).join(', ')} are`,
      { code: 'remediator-unknown' },
    );
  const own = Object.hasOwn(settings, name) ? settings[name] : {};
  return { declared, open: withholding((around) => declared.open(own, around), surroundings) };
}
