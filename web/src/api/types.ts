/** The shapes of the API by the names that the console uses: types only, so that no schema reaches the browser. */
import type { AnswerOf } from '../../../lib/contracts/api.ts';

export type {
  Answered,
  AssetDetail,
  AssetSummary,
  CaseDetail,
  CaseOption,
  CaseSummary,
  ChainEntries,
  Change,
  Changes,
  CheckpointText,
  Contact,
  ContactList,
  Doing,
  DriftComparison,
  Figures,
  HandoverNoteView,
  HandoverView,
  Me,
  NewNormalAnswer,
  NewUser,
  NotificationsView,
  Now,
  OrderView,
  PackDrift,
  PackView,
  Page,
  PublicKey,
  PushBrowser,
  PushView,
  Resumed,
  ReviewItem,
  SampleAnswered,
  SampleEstimate,
  SampleView,
  ScoreHistory,
  Settings,
  ShownContact,
  Signal,
  StandingAnswer,
  Stopped,
  StopState,
  TookBack,
  User,
  WithheldMark,
} from '../../../lib/contracts/api.ts';

export type { Parameter } from '../../../lib/contracts/parameters.ts';

export type ChainPage = AnswerOf<'chains'>;
export type DriftList = AnswerOf<'drift'>;
export type CheckpointPage = AnswerOf<'checkpoints'>;
