/** What a gateway publishes, and what the IoT rule makes of it. */
import { z } from 'zod';
import { assetId, bootId, epochMs, seq } from './common.ts';
import { lazily } from './lazily.ts';

export const telemetryVersion = 1;

/** Largest MQTT payload that AWS IoT Core accepts, in bytes. */
export const maxPayloadBytes = 128 * 1024;
export const maxChannels = 256;
export const maxRowsPerMessage = 256;

/** What a channel measures. `unknown` makes features degrade rather than guess. */
export const channelRole = lazily(() =>
  z.enum([
    'pressure',
    'flow',
    'level',
    'pump-state',
    'valve-state',
    'setpoint',
    'temperature',
    'vibration',
    'current',
    'quality',
    'unknown',
  ]),
);
export type ChannelRole = z.infer<typeof channelRole>;

export const channelName = lazily(() => z.string().regex(/^[A-Za-z0-9][A-Za-z0-9 _.:/#-]{0,63}$/));

/** One channel of an asset. `zone` and `element` tie it to the topology, where that is known. */
export const channelMeta = lazily(() =>
  z.strictObject({
    name: channelName,
    role: channelRole,
    unit: z.string().max(16).default(''),
    /** Zone (district part) the sensor stands in; for a flow channel, the zone that it feeds. */
    zone: z.string().max(64).optional(),
    /** The pump, valve or tank that the channel belongs to. */
    element: z.string().max(64).optional(),
  }),
);
export type ChannelMeta = z.infer<typeof channelMeta>;

/**
 * A packed telemetry message: `rows[i]` is the reading with sequence number `seq + i`, `[tMs, v0, v1, …]` with one
 * value a channel in the order of `channels`; `null` is a missing cell. `tMs` and `sentAtMs` are the device's clock.
 */
export const telemetry = lazily(() =>
  z.strictObject({
    v: z.literal(telemetryVersion),
    asset: assetId,
    bootId,
    seq,
    sentAtMs: epochMs,
    channels: z.array(channelName).min(1).max(maxChannels),
    rows: z
      .array(z.array(z.union([z.number(), z.null()])).min(2))
      .min(1)
      .max(maxRowsPerMessage),
  }),
);
export type Telemetry = z.infer<typeof telemetry>;

/** The record that the IoT rule puts on the stream: the asset comes from the policy-checked topic, never the payload. */
export const ingestRecord = lazily(() =>
  z.strictObject({
    asset: z.string(),
    payload: z.base64(),
    receivedAtMs: epochMs,
    clientId: z.string().max(128).optional(),
  }),
);
export type IngestRecord = z.infer<typeof ingestRecord>;
