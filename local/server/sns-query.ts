/** SNS speaks AWS's query protocol: a form in, XML out. `Publish` to a topic is all that runs here. */
import type { Topics } from '../stores/topics.ts';
import type { CallRecorder } from '../types.ts';
import type { Reply, Request } from './http.ts';
import { asServiceError } from './json-protocol.ts';
import { ServiceError } from './service.ts';

const namespace = 'http://sns.amazonaws.com/doc/2010-03-31/';
/** Everything else that Publish takes would change what is delivered, so it is refused rather than passed over. */
const known = new Set(['Action', 'Version', 'TopicArn', 'Message', 'Subject']);

export async function handleSns(request: Request, topics: Topics, calls: CallRecorder, reply: Reply): Promise<void> {
  const send = (status: number, xml: string): void => reply(status, { 'content-type': 'text/xml' }, xml);
  try {
    const form = new URLSearchParams(request.body.toString('utf8'));
    const action = form.get('Action') ?? '';
    if (action !== 'Publish')
      throw new ServiceError(
        'InvalidAction',
        `SNS does not know ${action || 'a call without Action'} on one machine; it knows Publish`,
      );
    const topicArn = form.get('TopicArn') ?? '';
    calls.record({ service: 'sns', operation: action, resources: [topicArn], caller: request.caller });
    const foreign = [...form.keys()].find((name) => !known.has(name));
    if (foreign !== undefined)
      throw new ServiceError('InvalidParameter', `Invalid parameter: ${foreign} is not supported on one machine`);
    const messageId = topics.publish({
      topicArn,
      message: form.get('Message') ?? '',
      subject: form.get('Subject') ?? undefined,
    });
    send(
      200,
      `<PublishResponse xmlns="${namespace}"><PublishResult><MessageId>${messageId}</MessageId></PublishResult></PublishResponse>`,
    );
  } catch (error) {
    const { code, message, statusCode } = asServiceError(error);
    const fault = statusCode >= 500 ? 'Receiver' : 'Sender';
    send(
      statusCode,
      `<ErrorResponse xmlns="${namespace}"><Error><Type>${fault}</Type><Code>${code}</Code><Message>${escaped(message)}</Message></Error></ErrorResponse>`,
    );
  }
}

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
