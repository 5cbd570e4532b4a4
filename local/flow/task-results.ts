import type { Json } from './types.ts';

/**
 * The result of `arn:aws:states:::lambda:invoke` for a function that answered with `payload`: the members that do not
 * depend on AWS's transport. Headers carry only what is true here.
 */
export function lambdaInvokeResult(payload: Json): Json {
  const contentLength = String(Buffer.byteLength(JSON.stringify(payload)));
  return {
    ExecutedVersion: '$LATEST',
    Payload: payload,
    SdkHttpMetadata: {
      AllHttpHeaders: {
        'X-Amz-Executed-Version': ['$LATEST'],
        'Content-Length': [contentLength],
        'Content-Type': ['application/json'],
      },
      HttpHeaders: {
        'Content-Length': contentLength,
        'Content-Type': 'application/json',
        'X-Amz-Executed-Version': '$LATEST',
      },
      HttpStatusCode: 200,
    },
    StatusCode: 200,
  };
}
