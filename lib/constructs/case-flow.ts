/**
 * CaseFlow (Standard): one case from its opening to its end. Its input is exactly `{caseId}`, so that starting it twice
 * is harmless. Every way through it ends in Close; an error while deciding whether to act asks a person. States that
 * nothing could take the place of (load, ask, read the answer, close) are tried for hours; should even that fail, the
 * sweeper goes on with the execution where it failed.
 */
import { lambdaTask, patientRetry, steadyRetry, tokenTask } from './flow-parts.ts';

/** ARNs of the functions that the flow calls. */
export interface CaseFlowFunctions {
  readonly caseLoad: string;
  readonly reviewRequest: string;
  readonly reviewTimeout: string;
  readonly permit: string;
  readonly remediate: string;
  readonly reconcile: string;
  readonly verify: string;
  readonly close: string;
}

/** Permits asked before a person is asked instead. */
const maxBackoffs = 20;
const maxReconciles = 30;
const maxVerifies = 500;
/**
 * Questions put to people in one case: the first, the escalated one, and those after a failed action. One that stands again
 * because its answer was taken back is no further one; one that a surer decision asks instead is.
 */
const maxRounds = 6;

const caseId = '{% $caseId %}';
/** Of the question that is asked; one that stands again, or takes another one's place, has what was left of its time. */
const timeLeft = '{% $againS > 0 ? $againS : $level = 1 ? $reviewTimeoutS : $escalationTimeoutS %}';
const waitFor = (next: string) => ({ Type: 'Wait', Seconds: '{% $waitS %}', Next: next });
/**
 * A question after which a yes ends the case: what it says then. `handed-over`: a person took over what was not done, or
 * did not help. `acted-unverified`: a person has looked and says that it was carried out.
 */
const askLast = (question: string, yes: 'handed-over' | 'acted-unverified') => ({ question, after: 'handover', yes });
/** On an error nobody foresaw: no action, a person decides. */
const askInstead = (what: string, rest: string, yes: 'handed-over' | 'acted-unverified') => [
  {
    ErrorEquals: ['States.ALL'],
    Assign: askLast(
      `{% ${JSON.stringify(what)} & ' (' & $string($states.errorOutput.Error) & '). ' & ${JSON.stringify(rest)} %}`,
      yes,
    ),
    Next: 'MoreRounds',
  },
];
const lookFirst = 'It is not known whether it was carried out. Please look, then approve if it was.';
/** What is remembered of an effect that was sent, to ask about it where its outcome is not known. */
const effectUnderWay = (undoing: boolean) => ({
  effectKey: '{% $states.result.Payload.effectKey %}',
  waitS: '{% $states.result.Payload.waitS %}',
  reconciles: 0,
  undoing,
});
/** What the flow keeps of what the case proposes. */
const ofProposal = {
  hasInverse: '{% $exists($states.result.Payload.proposal.inverse) %}',
  hasProposal: '{% $exists($states.result.Payload.proposal) %}',
  isVerifiable: '{% $exists($states.result.Payload.proposal.verification) %}',
  question: '{% $exists($states.result.Payload.question) ? $states.result.Payload.question : "May it act?" %}',
};
const close = (resolution: string, note?: string) => ({ resolution, note: note ?? '' });

export function caseFlowDefinition(functions: CaseFlowFunctions): Record<string, unknown> {
  return {
    Comment: 'One case: ask where a person must, act where it may, verify by the asset’s own readings, close',
    QueryLanguage: 'JSONata',
    StartAt: 'Load',
    States: {
      Load: lambdaTask(
        functions.caseLoad,
        { caseId: '{% $states.input.caseId %}' },
        {
          Assign: {
            caseId: '{% $states.input.caseId %}',
            reviewTimeoutS: '{% $states.result.Payload.reviewTimeoutS %}',
            escalationTimeoutS: '{% $states.result.Payload.escalationTimeoutS %}',
            ...ofProposal,
            round: 0,
            level: 1,
            againS: 0,
            takenBack: 0,
            backoffs: 0,
            reconciles: 0,
            verifies: 0,
            waitS: 1,
            effectKey: '',
            undoing: false,
            after: 'permit',
            yes: 'acted-unverified',
            resolution: 'failed',
            note: '',
          },
          Output: '{% $states.result.Payload %}',
          Retry: patientRetry,
          Next: 'ActOrAsk',
        },
      ),
      ActOrAsk: {
        Type: 'Choice',
        Choices: [
          { Condition: '{% $states.input.verdict = "act" and $exists($states.input.proposal) %}', Next: 'Permit' },
          { Condition: '{% $states.input.verdict in ["act", "ask"] %}', Next: 'Review' },
        ],
        Default: 'NothingToDo',
      },
      NothingToDo: { Type: 'Pass', Assign: close('observed'), Next: 'Close' },

      Review: tokenTask(
        functions.reviewRequest,
        {
          caseId,
          round: '{% $round %}',
          question: '{% $question %}',
          after: '{% $after %}',
          level: '{% $level %}',
          timeoutS: timeLeft,
          token: '{% $states.context.Task.Token %}',
        },
        {
          TimeoutSeconds: timeLeft,
          // Answered between two tries to ask: asking again for hours would find the same.
          Retry: [{ ErrorEquals: ['RoundOverError'], MaxAttempts: 0 }, ...patientRetry],
          // Whoever woke the flow, the stored answer decides; answer and timeout raced on one conditional write.
          Catch: [{ ErrorEquals: ['States.ALL'], Next: 'ReadAnswer' }],
          Next: 'ReadAnswer',
        },
      ),
      ReadAnswer: lambdaTask(
        functions.reviewTimeout,
        { caseId, round: '{% $round %}' },
        {
          Output: '{% $states.result.Payload %}',
          Retry: patientRetry,
          Next: 'Answer',
        },
      ),
      Answer: {
        Type: 'Choice',
        Choices: [
          { Condition: '{% $exists($states.input.timedOut) and $states.input.timedOut %}', Next: 'EscalateReview' },
          { Condition: '{% $exists($states.input.takenBack) %}', Next: 'AskAgain' },
          { Condition: '{% $exists($states.input.superseded) %}', Next: 'AskNewer' },
          { Condition: '{% $exists($states.input.thinkS) %}', Next: 'ThinkAgain' },
          { Condition: '{% $states.input.answer = "reject" %}', Assign: close('rejected'), Next: 'Close' },
          {
            Condition: '{% $after = "handover" and $states.input.answer = "approve" %}',
            Assign: close('{% $yes %}'),
            Next: 'Close',
          },
          {
            Condition: '{% $states.input.answer = "approve" and $not($hasProposal) %}',
            Assign: close('handed-over', 'Acknowledged; nothing was proposed.'),
            Next: 'Close',
          },
          {
            // What was ordered instead has neither the inverse nor the success test of what was proposed.
            Condition: '{% $states.input.answer = "override" %}',
            Assign: { after: 'handover', hasInverse: false, isVerifiable: false },
            Next: 'Permit',
          },
          { Condition: '{% $states.input.answer = "approve" %}', Assign: { after: 'handover' }, Next: 'Permit' },
        ],
        Default: 'SafeHold',
      },
      // Nothing follows from an answer before this is over: until then it may be taken back.
      ThinkAgain: { Type: 'Wait', Seconds: '{% $states.input.thinkS %}', Next: 'StandsStill' },
      StandsStill: lambdaTask(
        functions.reviewTimeout,
        { caseId, round: '{% $round %}', settle: true },
        {
          Output: '{% $states.result.Payload %}',
          Retry: patientRetry,
          Next: 'Answer',
        },
      ),
      AskAgain: {
        Type: 'Pass',
        Assign: {
          round: '{% $round + 1 %}',
          takenBack: '{% $takenBack + 1 %}',
          againS: '{% $states.input.againS %}',
        },
        Next: 'Review',
      },
      // Nobody had answered when a surer decision came: what is asked, and what follows from a yes, is that one's.
      AskNewer: lambdaTask(
        functions.caseLoad,
        { caseId },
        {
          Assign: { ...ofProposal, round: '{% $round + 1 %}', againS: '{% $states.input.againS %}', after: 'permit' },
          Retry: patientRetry,
          Next: 'Review',
        },
      ),
      EscalateReview: {
        Type: 'Choice',
        Choices: [
          {
            Condition: '{% $level = 1 %}',
            Assign: { round: '{% $round + 1 %}', level: 2, againS: 0 },
            Next: 'Review',
          },
        ],
        Default: 'SafeHold',
      },
      SafeHold: { Type: 'Pass', Assign: close('expired', 'Nobody answered; nothing was done.'), Next: 'Close' },
      MoreRounds: {
        Type: 'Choice',
        Choices: [
          {
            Condition: `{% $round - $takenBack < ${maxRounds} %}`,
            Assign: { round: '{% $round + 1 %}', level: 2, againS: 0 },
            Next: 'Review',
          },
        ],
        Default: 'HandOver',
      },
      HandOver: { Type: 'Pass', Assign: close('handed-over'), Next: 'Close' },

      Permit: lambdaTask(
        functions.permit,
        { caseId },
        {
          Assign: {
            waitS: '{% $exists($states.result.Payload.waitS) ? $states.result.Payload.waitS : 1 %}',
            backoffs: '{% $backoffs + 1 %}',
          },
          Output: '{% $states.result.Payload %}',
          Retry: steadyRetry,
          Catch: askInstead(
            'Checking whether it may act failed',
            'Nothing was done. Please take over; approve when it is done.',
            'handed-over',
          ),
          Next: 'Permitted',
        },
      ),
      Permitted: {
        Type: 'Choice',
        Choices: [
          { Condition: '{% $states.input.permitted %}', Next: 'Remediate' },
          { Condition: `{% $exists($states.input.waitS) and $backoffs < ${maxBackoffs} %}`, Next: 'Backoff' },
        ],
        Default: 'NotPermitted',
      },
      Backoff: waitFor('Permit'),
      NotPermitted: {
        Type: 'Pass',
        Assign: {
          question:
            '{% "It may not act: " & ($exists($states.input.refused) ? $join($states.input.refused, "; ") : "too busy for too long") & ". What now?" %}',
          after: 'permit',
          backoffs: 0,
        },
        Next: 'MoreRounds',
      },

      Remediate: lambdaTask(
        functions.remediate,
        { caseId },
        {
          Assign: effectUnderWay(false),
          Output: '{% $states.result.Payload %}',
          Retry: steadyRetry,
          Catch: askInstead('Carrying it out failed', lookFirst, 'acted-unverified'),
          Next: 'Outcome',
        },
      ),
      Outcome: {
        Type: 'Choice',
        Choices: [
          {
            Condition: '{% $undoing and $states.input.status = "SUCCEEDED" %}',
            Assign: askLast(
              'The action did not help and was undone. Please take over; approve when it is done.',
              'handed-over',
            ),
            Next: 'MoreRounds',
          },
          {
            Condition: '{% $undoing and $states.input.status = "FAILED" %}',
            Assign: askLast(
              'The action did not help, and undoing it failed: it still holds. Please take over; approve when it is done.',
              'handed-over',
            ),
            Next: 'MoreRounds',
          },
          { Condition: '{% $states.input.status = "SUCCEEDED" and $isVerifiable %}', Next: 'Settle' },
          // A ticket has no success test of its own: it is done when it is raised.
          { Condition: '{% $states.input.status = "SUCCEEDED" %}', Assign: close('acted-unverified'), Next: 'Close' },
          {
            Condition: `{% $states.input.status = "UNKNOWN" and $not($exists($states.input.exhausted)) and $reconciles < ${maxReconciles} %}`,
            Next: 'WaitToReconcile',
          },
          {
            Condition: '{% $undoing and $states.input.status = "UNKNOWN" %}',
            Assign: askLast(
              'The action did not help, and it is not known whether it was undone. Please look, then approve when it is done.',
              'acted-unverified',
            ),
            Next: 'MoreRounds',
          },
          {
            Condition: '{% $states.input.status = "UNKNOWN" %}',
            Assign: askLast(
              'It is not known whether the action was carried out. Please look, then approve if it was.',
              'acted-unverified',
            ),
            Next: 'MoreRounds',
          },
        ],
        Default: 'ActionFailed',
      },
      ActionFailed: {
        Type: 'Pass',
        Assign: askLast('The action failed. Please take over; approve when it is done.', 'handed-over'),
        Next: 'MoreRounds',
      },
      WaitToReconcile: waitFor('Reconcile'),
      Reconcile: lambdaTask(
        functions.reconcile,
        { caseId, effectKey: '{% $effectKey %}', attempt: '{% $reconciles %}' },
        {
          Assign: { waitS: '{% $states.result.Payload.waitS %}', reconciles: '{% $reconciles + 1 %}' },
          Output: '{% $states.result.Payload %}',
          Retry: steadyRetry,
          Catch: askInstead('Finding out what came of the action failed', lookFirst, 'acted-unverified'),
          Next: 'Outcome',
        },
      ),

      Settle: waitFor('Verify'),
      Verify: lambdaTask(
        functions.verify,
        { caseId, effectKey: '{% $effectKey %}', attempt: '{% $verifies %}' },
        {
          Assign: {
            waitS: '{% $exists($states.result.Payload.waitS) ? $states.result.Payload.waitS : 1 %}',
            verifies: '{% $verifies + 1 %}',
          },
          Output: '{% $states.result.Payload %}',
          Retry: steadyRetry,
          Catch: askInstead(
            'Judging whether it helped failed',
            'Please look, then approve if it did.',
            'acted-unverified',
          ),
          Next: 'DidItHelp',
        },
      ),
      DidItHelp: {
        Type: 'Choice',
        Choices: [
          { Condition: '{% $states.input.result = "recovered" %}', Assign: close('verified'), Next: 'Close' },
          { Condition: `{% $states.input.result = "not-yet" and $verifies < ${maxVerifies} %}`, Next: 'Settle' },
          { Condition: '{% $states.input.result = "not-recovered" and $hasInverse %}', Next: 'WaitToCompensate' },
          {
            Condition: '{% $states.input.result = "not-recovered" %}',
            Assign: askLast(
              'The action was carried out but did not help. Please take over; approve when it is done.',
              'handed-over',
            ),
            Next: 'MoreRounds',
          },
        ],
        Default: 'CannotTell',
      },
      CannotTell: {
        Type: 'Pass',
        Assign: askLast(
          'Too few readings came to tell whether it helped. Please look, then approve if it did.',
          'acted-unverified',
        ),
        Next: 'MoreRounds',
      },
      WaitToCompensate: waitFor('Compensate'),
      Compensate: lambdaTask(
        functions.remediate,
        { caseId, inverse: true },
        {
          Assign: effectUnderWay(true),
          Output: '{% $states.result.Payload %}',
          Retry: steadyRetry,
          Catch: askInstead(
            'The action did not help, and undoing it failed',
            'Please look, then approve when it is undone.',
            'acted-unverified',
          ),
          Next: 'Outcome',
        },
      ),

      Close: lambdaTask(
        functions.close,
        { caseId, resolution: '{% $resolution %}', note: '{% $note %}' },
        {
          Output: '{% $states.result.Payload %}',
          Retry: patientRetry,
          End: true,
        },
      ),
    },
  };
}
