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
  Figures,
  HandoverNoteView,
  HandoverView,
  Me,
  NewUser,
  NotificationsView,
  Now,
  OrderView,
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
export type CheckpointPage = AnswerOf<'checkpoints'>;
