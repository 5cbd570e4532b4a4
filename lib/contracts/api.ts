/**
 * The shapes of the review API: everything that the console and other clients send and get. Paths, names and meanings of
 * the fields are final within version 1; optional fields may be added. Limits of lengths are enforced where a body or a
 * query is parsed. `routes` names every route with its role, so that nothing is mounted that stands nowhere.
 */
export * from './api/assets.ts';
export * from './api/cases.ts';
export * from './api/common.ts';
export * from './api/contacts.ts';
export * from './api/drift.ts';
export * from './api/marks.ts';
export * from './api/notifications.ts';
export * from './api/operations.ts';
export * from './api/push.ts';
export * from './api/records.ts';
export * from './api/routes.ts';
export * from './api/session.ts';
export * from './api/tickets.ts';
