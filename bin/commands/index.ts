/** Every command by its first word; the table in the README is made from the same list. */
import type { Command } from 'commander';

/** First word → what registers it. A module may register several words. */
export const modules: Readonly<Record<string, () => Promise<(program: Command) => void>>> = {
  start: async () => (await import('./start.ts')).registerStart,
  status: async () => (await import('./status.ts')).registerStatus,
  send: async () => (await import('./send.ts')).registerSend,
  device: async () => (await import('./device.ts')).registerDevice,
  calibrate: async () => (await import('./calibrate.ts')).registerCalibrate,
  'new-normal': async () => (await import('./new-normal.ts')).registerNewNormal,
  trigger: async () => (await import('./trigger.ts')).registerTrigger,
  case: async () => (await import('./case.ts')).registerCase,
  audit: async () => (await import('./audit.ts')).registerAudit,
  erase: async () => (await import('./erase.ts')).registerErase,
  user: async () => (await import('./user.ts')).registerUser,
  stop: async () => (await import('./stop.ts')).registerStop,
  planned: async () => (await import('./planned.ts')).registerPlanned,
  handover: async () => (await import('./handover.ts')).registerHandover,
  sample: async () => (await import('./sample.ts')).registerSample,
  notifications: async () => (await import('./notifications.ts')).registerNotifications,
  events: async () => (await import('./events.ts')).registerEvents,
  flow: async () => (await import('./flow.ts')).registerFlow,
  backtest: async () => (await import('./backtest.ts')).registerBacktest,
  label: async () => (await import('./label.ts')).registerLabel,
  train: async () => (await import('./train.ts')).registerTrain,
  pack: async () => (await import('./pack.ts')).registerPack,
  campaign: async () => (await import('./campaign.ts')).registerCampaign,
};
/** Words registered by another word's module. */
export const aliases: Readonly<Record<string, string>> = { resume: 'stop', shelve: 'planned' };
