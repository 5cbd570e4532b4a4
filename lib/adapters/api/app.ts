/** The API and the console behind one address: what every request meets, whatever it asks for. */
import { Hono } from 'hono';
import { apiBase, routes as contract, type Route, type RouteName } from '../../contracts/api.ts';
import { authenticator, isSecure } from './authenticate.ts';
import type { ApiPorts } from './ports.ts';
import { ProblemError, problemResponse } from './problems.ts';
import { secure } from './response-headers.ts';
import { type AddRoutes, Routes } from './routes.ts';
import { serveFile } from './serve-files.ts';
import { sessionRoutes } from './session-routes.ts';
import { userRoutes } from './user-routes.ts';

export interface Api {
  readonly app: Hono;
  /** Routes of the contract that answer. */
  readonly mounted: ReadonlySet<RouteName>;
}

/**
 * The frame with the routes of sessions and people; `more` adds all others.
 * @example const { app } = createApi(ports, [caseRoutes(casePorts)]);
 */
export function createApi(ports: ApiPorts, more: readonly AddRoutes[] = []): Api {
  const app = new Hono();
  app.onError((error) => problemResponse(error, ports.failed));
  app.use(async (c, next) => {
    await next();
    // A copy: headers of some answers cannot be changed.
    const headers = new Headers(c.res.headers);
    secure(
      headers,
      isSecure((name) => c.req.header(name)),
    );
    const { body, status } = c.res;
    c.res = undefined;
    c.res = new Response(body, { status, headers });
  });
  const routes = new Routes(app, ports, authenticator(ports));
  for (const add of [sessionRoutes(ports), userRoutes(ports), ...more]) add(routes);
  app.all('/api/*', (c) => {
    const allowed = [...routes.mounted]
      .map((name): Route => contract[name])
      .filter((route) => matches(route, c.req.path));
    if (allowed.length === 0) throw new ProblemError(404, 'no-such-route', 'There is nothing at this address.');
    throw new ProblemError(405, 'method-refused', 'This address does not take this method.', {
      allowed: allowed.map(({ method }) => method),
    });
  });
  app.all('*', (c) => serveFile(c, ports.files));
  return { app, mounted: routes.mounted };
}

function matches({ path }: Route, asked: string): boolean {
  const parts = (apiBase + path).split('/');
  const askedParts = asked.split('/');
  return parts.length === askedParts.length && parts.every((part, i) => part.startsWith('{') || part === askedParts[i]);
}
