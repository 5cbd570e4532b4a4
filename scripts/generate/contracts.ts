/** JSON Schemas of every contract, and the AsyncAPI document of what crosses MQTT and the bus. */
import { z } from 'zod';
import { cloudEvent, eventData, eventSource, eventVersion } from '../../lib/contracts/events.ts';
import { contracts } from '../../lib/contracts/index.ts';
import { defaultPrefix, namesOf } from '../../lib/contracts/names.ts';

const text = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

/** JSON Schema (draft 2020-12) of what goes in, so that defaults are optional. */
export const schemaOf = (schema: z.ZodType): Record<string, unknown> =>
  z.toJSONSchema(schema, { io: 'input', unrepresentable: 'throw' }) as Record<string, unknown>;

export function contractDocuments(): Record<string, string> {
  const documents: Record<string, string> = {};
  for (const [name, { version, schema }] of Object.entries(contracts)) {
    documents[`docs/generated/schemas/${name}.v${version}.json`] = text({ title: name, ...schemaOf(schema) });
  }
  documents['docs/generated/asyncapi.json'] = text(asyncApi());
  return documents;
}

function asyncApi(): unknown {
  const names = namesOf(defaultPrefix);
  const message = (name: string, payload: unknown) => ({ name, contentType: 'application/json', payload });
  const busMessages = Object.fromEntries(
    Object.entries(eventData).map(([type, data]) => [
      type,
      message(type, {
        allOf: [
          schemaOf(cloudEvent),
          { properties: { type: { const: type }, source: { const: eventSource }, data: schemaOf(data) } },
        ],
      }),
    ]),
  );
  return {
    asyncapi: '3.0.0',
    info: { title: 'Groundcrew', version: `${eventVersion}.0.0`, license: { name: 'Apache-2.0' } },
    channels: {
      telemetry: {
        address: names.telemetryTopic('{asset}'),
        description: 'MQTT, QoS 1. A device may publish under its own asset only.',
        parameters: { asset: { description: 'The asset’s id, which is also the thing’s name' } },
        messages: { telemetry: message('telemetry', schemaOf(contracts.telemetry.schema)) },
      },
      bus: {
        address: names.bus,
        description:
          'EventBridge. The CloudEvent stands in `detail`; `detail-type` repeats its type, `source` its source.',
        messages: busMessages,
      },
    },
    operations: {
      publishTelemetry: { action: 'receive', channel: { $ref: '#/channels/telemetry' } },
      publishEvents: { action: 'send', channel: { $ref: '#/channels/bus' } },
    },
  };
}
