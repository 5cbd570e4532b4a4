/** The review API and the console's files, behind one address. */
import { fileURLToPath } from 'node:url';
import { createApi } from '../../lib/adapters/api/app.ts';
import { consoleRoutes } from '../../lib/adapters/api/console-routes.ts';
import { gatewayEvent, lambdaRun } from '../../lib/adapters/api/lambda.ts';
import { pushRoutes, shutOut } from '../../lib/adapters/api/push-routes.ts';
import { staticFiles } from '../../lib/adapters/api/static-files.ts';
import { ticketRoutes } from '../../lib/adapters/api/ticket-door.ts';
import { frameFromEnvironment } from '../../lib/adapters/aws/api-frame.ts';
import { consoleWorld } from '../../lib/adapters/aws/console/from-environment.ts';
import { readSettings } from '../../lib/adapters/aws/console/settings.ts';
import { environment } from '../../lib/adapters/aws/environment.ts';
import { ticketSystem } from '../../lib/adapters/aws/worlds.ts';
import { handle } from '../../lib/middleware/handle.ts';
import { packs } from '../../models/index.ts';

const env = environment('GROUNDCREW_PREFIX');
const frame = frameFromEnvironment();
const world = consoleWorld(packs);
const files = staticFiles(fileURLToPath(new URL('web', import.meta.url)));
const site = async () => {
  const { siteName, timeZone } = await readSettings(world);
  return { name: siteName ?? env.GROUNDCREW_PREFIX, timeZone };
};

const routes = [...consoleRoutes(world), ticketRoutes(world, ticketSystem()), pushRoutes(world)];

const run = lambdaRun((failed) => createApi({ ...frame, files, failed, site, shutOut: shutOut(world) }, routes));

export const handler = handle({ name: 'api', input: gatewayEvent, run });
