/** S3's REST-XML, path style: the operations that the stack uses, with the documented conditions and ranges. */
import type { ObjectProperties, ObjectStore } from '../stores/objects.ts';
import { crcText } from '../stores/objects.ts';
import type { CallRecorder } from '../types.ts';
import { decodeAwsChunked } from './aws-chunked.ts';
import type { Reply, Request } from './http.ts';
import { asServiceError } from './json-protocol.ts';
import { ServiceError } from './service.ts';

const allowedQuery = new Set([
  'x-id',
  'versionId',
  'list-type',
  'prefix',
  'delimiter',
  'max-keys',
  'start-after',
  'continuation-token',
  'encoding-type',
  'fetch-owner',
]);
const keptHeaders =
  /^(content-type|content-encoding|content-disposition|content-language|cache-control|x-amz-meta-.+)$/;
const refusedHeaders = [
  'x-amz-copy-source',
  'if-modified-since',
  'if-unmodified-since',
  'x-amz-object-lock-mode',
  'x-amz-tagging',
];
const maximumKeys = 1000;

export async function handleS3(request: Request, store: ObjectStore, calls: CallRecorder, reply: Reply): Promise<void> {
  try {
    const [, bucket = '', key = ''] = /^\/([^/]*)\/?(.*)$/s.exec(request.rawPath) ?? [];
    const operation = operationOf(request, key);
    const decoded = decodeKey(key);
    calls.record({ service: 's3', operation, resources: [resourceOf(bucket, decoded)], caller: request.caller });
    await perform(operation, request, store, bucket, decoded, reply);
  } catch (error) {
    const known = asServiceError(error);
    const members = Object.entries(known.members)
      .map(([name, value]) => element(name, String(value)))
      .join('');
    const body = `<?xml version="1.0" encoding="UTF-8"?>\n<Error>${element('Code', known.code)}${element('Message', known.message)}${members}</Error>`;
    reply(known.statusCode, { 'content-type': 'application/xml' }, request.method === 'HEAD' ? '' : body);
  }
}

function operationOf(request: Request, key: string): string {
  const unknown = [...request.url.searchParams.keys()].find((name) => !allowedQuery.has(name));
  const header = refusedHeaders.find((name) => request.headers[name] !== undefined);
  const listing = request.url.searchParams.get('list-type') === '2';
  const name =
    key === ''
      ? listing
        ? 'ListObjectsV2'
        : request.method === 'HEAD'
          ? 'HeadBucket'
          : undefined
      : { GET: 'GetObject', HEAD: 'HeadObject', PUT: 'PutObject', DELETE: 'DeleteObject' }[request.method];
  if (unknown === undefined && header === undefined && name !== undefined) return name;
  const what = `${request.method} ${key === '' ? 'bucket' : 'object'}${unknown === undefined ? '' : ` with ?${unknown}`}${header === undefined ? '' : ` with ${header}`}`;
  throw new ServiceError('NotImplemented', `S3 on one machine does not know ${what}`, { statusCode: 501 });
}

function decodeKey(key: string): string {
  try {
    return decodeURIComponent(key);
  } catch (cause) {
    throw new ServiceError('InvalidURI', "Couldn't parse the specified URI.", { cause });
  }
}

/** For the log of calls: keys are cut behind their first part, so that the log stays small. */
function resourceOf(bucket: string, key: string): string {
  if (key === '') return `arn:aws:s3:::${bucket}`;
  return `arn:aws:s3:::${bucket}/${key.includes('/') ? `${key.slice(0, key.indexOf('/'))}/*` : key}`;
}

async function perform(
  operation: string,
  request: Request,
  store: ObjectStore,
  bucket: string,
  key: string,
  reply: Reply,
): Promise<void> {
  const versionId = request.url.searchParams.get('versionId') ?? undefined;
  switch (operation) {
    case 'PutObject': {
      const stored = await put(request, store, bucket, key);
      return reply(
        200,
        { etag: `"${stored.etag}"`, 'x-amz-checksum-crc32': stored.crc32, ...version(store, bucket, stored) },
        '',
      );
    }
    case 'GetObject':
    case 'HeadObject': {
      const { properties, body } = await store.get(bucket, key, versionId);
      const conditional = conditionOf(request, properties);
      if (conditional !== undefined) return reply(conditional, { etag: `"${properties.etag}"` }, '');
      const range = rangeOf(request.headers.range, body.length);
      const part = range === undefined ? body : body.subarray(range.start, range.end + 1);
      const headers: Record<string, string> = {
        'content-type': 'binary/octet-stream',
        ...properties.headers,
        ...version(store, bucket, properties),
        etag: `"${properties.etag}"`,
        'last-modified': new Date(properties.modifiedMs).toUTCString(),
        'accept-ranges': 'bytes',
        'content-length': String(part.length),
        ...(range === undefined
          ? { 'x-amz-checksum-crc32': properties.crc32, 'x-amz-checksum-type': 'FULL_OBJECT' }
          : { 'content-range': `bytes ${range.start}-${range.end}/${body.length}` }),
      };
      return reply(range === undefined ? 200 : 206, headers, operation === 'HeadObject' ? '' : part);
    }
    case 'DeleteObject':
      await store.delete(bucket, key, versionId);
      return reply(204, {}, '');
    case 'HeadBucket':
      store.bucket(bucket);
      return reply(200, {}, '');
    default:
      return reply(200, { 'content-type': 'application/xml' }, await list(request, store, bucket));
  }
}

async function put(request: Request, store: ObjectStore, bucket: string, key: string): Promise<ObjectProperties> {
  const isChunked = String(request.headers['x-amz-content-sha256']).startsWith('STREAMING-');
  const { body, trailers } = isChunked
    ? decodeAwsChunked(request.body)
    : { body: request.body, trailers: new Map<string, string>() };
  const wanted = request.headers['x-amz-checksum-crc32'] ?? trailers.get('x-amz-checksum-crc32');
  if (wanted !== undefined && wanted !== crcText(body))
    throw new ServiceError('BadDigest', 'The CRC32 you specified did not match the calculated checksum.');
  const headers = Object.fromEntries(
    Object.entries(request.headers).flatMap(([name, value]): [string, string][] => {
      if (!keptHeaders.test(name) || typeof value !== 'string') return [];
      const kept =
        name === 'content-encoding'
          ? value
              .split(',')
              .filter((each) => each.trim() !== 'aws-chunked')
              .join(',')
              .trim()
          : value;
      return kept === '' ? [] : [[name, kept]];
    }),
  );
  const noneMatch = request.headers['if-none-match'];
  if (noneMatch !== undefined && noneMatch !== '*')
    throw new ServiceError('NotImplemented', 'If-None-Match of PutObject may only be *', { statusCode: 501 });
  const match = request.headers['if-match'];
  return await store.put(bucket, key, body, {
    headers,
    onlyNew: noneMatch === '*',
    ...(match === undefined ? {} : { onlyMatching: match.replaceAll('"', '') }),
  });
}

function version(store: ObjectStore, bucket: string, properties: ObjectProperties): Record<string, string> {
  return store.bucket(bucket).versioned ? { 'x-amz-version-id': properties.versionId } : {};
}

/** Status in place of the object where the reader's condition does not hold. */
function conditionOf(request: Request, properties: ObjectProperties): number | undefined {
  const named = (header: string): boolean =>
    header === '*' || header.split(',').some((each) => each.trim().replaceAll('"', '') === properties.etag);
  const { 'if-match': match, 'if-none-match': noneMatch } = request.headers;
  if (match !== undefined && !named(match))
    throw new ServiceError('PreconditionFailed', 'At least one of the pre-conditions you specified did not hold', {
      statusCode: 412,
    });
  return noneMatch !== undefined && named(noneMatch) ? 304 : undefined;
}

function rangeOf(header: string | undefined, bytes: number): { start: number; end: number } | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? '');
  if (match === null || (match[1] === '' && match[2] === '')) return undefined;
  const [from, to] = [match[1]!, match[2]!];
  const start = from === '' ? Math.max(0, bytes - Number(to)) : Number(from);
  const end = from === '' || to === '' ? bytes - 1 : Math.min(Number(to), bytes - 1);
  if (start > end || start >= bytes) {
    throw new ServiceError('InvalidRange', 'The requested range is not satisfiable', {
      statusCode: 416,
      members: { RangeRequested: header ?? '', ActualObjectSize: bytes },
    });
  }
  return { start, end };
}

async function list(request: Request, store: ObjectStore, bucket: string): Promise<string> {
  const query = request.url.searchParams;
  const prefix = query.get('prefix') ?? '';
  const delimiter = query.get('delimiter') ?? undefined;
  const token = query.get('continuation-token');
  const maximum = Math.min(Number(query.get('max-keys') ?? maximumKeys), maximumKeys);
  if (!Number.isInteger(maximum) || maximum < 0)
    throw new ServiceError('InvalidArgument', 'max-keys must be a whole number');
  const startAfter =
    token === null ? (query.get('start-after') ?? '') : Buffer.from(token, 'base64url').toString('utf8');
  const listing = await store.list(bucket, {
    prefix,
    startAfter,
    maximum,
    ...(delimiter === undefined ? {} : { delimiter }),
  });
  const encode = query.get('encoding-type') === 'url' ? encodeURIComponent : (text: string): string => text;
  const contents = listing.objects.map((object) => {
    const members = [
      element('Key', encode(object.key)),
      element('LastModified', new Date(object.modifiedMs).toISOString()),
      element('ETag', `"${object.etag}"`),
      element('Size', String(object.bytes)),
      element('StorageClass', 'STANDARD'),
    ];
    return `<Contents>${members.join('')}</Contents>`;
  });
  const common = listing.commonPrefixes.map(
    (each) => `<CommonPrefixes>${element('Prefix', encode(each))}</CommonPrefixes>`,
  );
  const next =
    listing.next === undefined
      ? ''
      : element('NextContinuationToken', Buffer.from(listing.next, 'utf8').toString('base64url'));
  const head = [
    element('Name', bucket),
    element('Prefix', encode(prefix)),
    element('KeyCount', String(contents.length + common.length)),
    element('MaxKeys', String(maximum)),
    element('IsTruncated', String(listing.next !== undefined)),
    next,
  ];
  return `<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${head.join('')}${contents.join('')}${common.join('')}</ListBucketResult>`;
}

function element(name: string, text: string): string {
  const escaped = text.replaceAll(/[&<>"']|[^\u0020-\uFFFF]/g, (character) => `&#${character.codePointAt(0)};`);
  return `<${name}>${escaped}</${name}>`;
}
