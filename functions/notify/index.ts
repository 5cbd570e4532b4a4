/** Tells people what an event of the bus is worth; by schedule (`{}`) sends what is due and sums up storms. */
import { notifyPorts } from '../../lib/adapters/aws/notify-world.ts';
import { notify, notifyInput } from '../../lib/core/notification/notify.ts';
import { handle } from '../../lib/middleware/handle.ts';

const ports = notifyPorts();

export const handler = handle({
  name: 'notify',
  input: notifyInput,
  correlate: (input) => ('correlationid' in input ? input.correlationid : undefined),
  run: async (input, { measure }) => {
    const { sent, grouped, failed } = await notify(ports, input);
    if (sent + grouped + failed > 0)
      measure({ notificationsSent: sent, notificationsGrouped: grouped, notificationsFailed: failed });
    return { sent, grouped, failed };
  },
});
