// Checks a proof that `groundcrew audit prove` made, with nothing but Node's own parts:
//   node docs/verify-proof.mjs proof.json public-key.pem
// It shares no code with what made the proof. Take the public key from where you trust it, not from the proof's sender.
import { createHash, createPublicKey, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';

const sha256 = (...parts) => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
};

// RFC 8785 for JSON values: members sorted by UTF-16 code units; numbers and strings as ECMAScript writes them.
function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (value !== null && typeof value === 'object') {
    const members = Object.keys(value).sort();
    return `{${members.map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`).join(',')}}`;
  }
  return JSON.stringify(value);
}

function fail(what) {
  process.stderr.write(`NOT PROVEN: ${what}\n`);
  process.exit(1);
}

const [proofFile, keyFile] = process.argv.slice(2);
if (!proofFile || !keyFile) {
  process.stderr.write('node verify-proof.mjs PROOF.json PUBLIC-KEY.pem\n');
  process.exit(2);
}
let proof;
let publicKey;
try {
  proof = JSON.parse(readFileSync(proofFile, 'utf8'));
  publicKey = createPublicKey(readFileSync(keyFile, 'utf8'));
} catch (error) {
  fail(`a file cannot be read: ${error.message}`);
}
const { v, entry, following, path, statement, algorithm, signature } = proof ?? {};
if (v !== 1 || !entry || !Array.isArray(following) || !Array.isArray(path) || !statement) fail('not a proof');

// 1. Each entry gives its own hash, and each is linked to the one before it.
let previous;
for (const one of [entry, ...following]) {
  const { hash, ...rest } = one ?? {};
  const at = `${rest.chain} seq ${rest.seq}`;
  if (sha256(canonical(rest)).toString('hex') !== hash) fail(`${at}: its content does not give its hash`);
  if (previous && (one.chain !== previous.chain || one.seq !== previous.seq + 1 || one.prevHash !== previous.hash))
    fail(`${at}: it does not follow the entry before`);
  previous = one;
}

// 2. The last of them is the head, which the path leads from to the root (RFC 6962: leaves 0x00, nodes 0x01).
let node = sha256(Uint8Array.of(0), canonical([previous.chain, previous.seq, previous.hash]));
for (const { side, hash } of path) {
  if (!/^[0-9a-f]{64}$/.test(hash) || (side !== 'left' && side !== 'right')) fail('the path is not one');
  const sibling = Buffer.from(hash, 'hex');
  node = side === 'left' ? sha256(Uint8Array.of(1), sibling, node) : sha256(Uint8Array.of(1), node, sibling);
}
if (node.toString('hex') !== statement.root) fail('the path does not lead to the signed root');

// 3. The statement of the root is signed: ECDSA on P-256 with SHA-256.
if (algorithm !== 'ECDSA_SHA_256' || publicKey.asymmetricKeyType !== 'ec') fail('an unknown kind of signature');
if (!verify('sha256', Buffer.from(canonical(statement)), publicKey, Buffer.from(String(signature), 'base64')))
  fail('the signature does not match: forged, or signed by another key');

process.stdout.write(
  `PROVEN: ${entry.type} stands at seq ${entry.seq} of ${entry.chain}, recorded ${new Date(entry.at).toISOString()}, ` +
    `signed ${new Date(statement.atMs).toISOString()}\n`,
);
process.stdout.write(`${JSON.stringify(entry.body, null, 2)}\n`);
