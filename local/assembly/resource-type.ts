/** What one machine knows of a type of resource: which of its properties count, and what references to it answer. */
import { createHash } from 'node:crypto';
import type { Shape } from './shapes.ts';

/** Where a stack lives; enters ARNs. */
export interface Place {
  readonly stackName: string;
  readonly account: string;
  readonly region: string;
  /** Address of the protocol server; queue URLs start with it. */
  readonly endpointUrl: string;
  /** Address of the gateway that stands for the stack's HTTP API. */
  readonly apiUrl: string;
}

/** A resource while its references are answered: its physical name is known, the rest is derived. */
export interface Identity extends Place {
  readonly logicalId: string;
  readonly name: string;
  /** A resolved property, where an ARN needs one (the bus of a rule). */
  readonly property: (name: string) => string | undefined;
}

export interface ResourceType {
  readonly type: string;
  /** `run`: has its behaviour. Otherwise the reason why it does nothing here. */
  readonly behaviour: 'run' | { readonly none: string };
  /** Understood properties; absent where nothing of it matters. */
  readonly properties?: Readonly<Record<string, Shape>>;
  /** The property that holds the physical name. */
  readonly nameProperty?: string;
  /** Makes the physical name where the template gives none. @default `<stack>-<logical id>` */
  readonly generateName?: (place: Place, logicalId: string) => string;
  /** Answer of `Ref`. @default the physical name */
  readonly ref?: (of: Identity) => string;
  readonly arn: (of: Identity) => string;
  /** Answers of `Fn::GetAtt` besides `Arn`. */
  readonly attributes?: Readonly<Record<string, (of: Identity) => string>>;
}

/** Hex text that stays the same for the same resource of the same stack. */
export function stableHex(place: Place, logicalId: string): string {
  return createHash('sha256').update([place.account, place.region, place.stackName, logicalId].join('/')).digest('hex');
}
export const stableUuid = (place: Place, logicalId: string): string =>
  stableHex(place, logicalId).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5');

export const regional = (service: string, resource: (of: Identity) => string) => (of: Identity) =>
  `arn:aws:${service}:${of.region}:${of.account}:${resource(of)}`;
