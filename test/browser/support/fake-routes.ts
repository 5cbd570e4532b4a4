/** What the groups of routes of the API in memory share. */
import type { Context, Hono } from 'hono';

export type Api = Hono<{ Variables: { who: string } }>;
/** Says to whoever follows that something happened. */
export type Happen = (change: { type: string; caseId?: string; asset?: string; sentence?: string }) => void;

export const problem = (c: Context, status: 400 | 401 | 403 | 404 | 409, code: string, detail: string) =>
  c.json({ type: 'about:blank', title: code, status, detail, code }, status);
