/** The committed screening graph and its cards are what the code makes, and say one thing. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import * as ort from 'onnxruntime-node';
import { readMetadataProps } from '../../../lib/adapters/onnx/metadata.ts';
import { graphEvidence } from '../../../lib/core/screening/kernel.ts';
import { buildScreenModel, screenFiles } from '../../../models/screen/build.ts';
import { screenCard, screenModelVersion } from '../../../models/screen/card.ts';
import { modelsFolder } from '../support/description.ts';

const committed = (name: string): Buffer => readFileSync(join(modelsFolder, 'screen', name));
const bytes = committed('screen.onnx');
const { modelSha256, ...card } = JSON.parse(committed('card.json').toString('utf8'));
const metadata = readMetadataProps(bytes);

describe('the screening graph', () => {
  test.each(['screen.onnx', 'card.json', 'card.md'])('has a %s that the code makes, byte for byte', (name) => {
    // By the commit that stands there, as a check of training does. Red after a change: node scripts/build-screen.ts
    expect(committed(name).equals(Buffer.from(screenFiles(card.codeCommit)[name]!))).toBe(true);
  });

  test('names a commit of its code, and not one whose files were changed', () => {
    expect(card.codeCommit).toMatch(/^[0-9a-f]{40}$/);
  });

  test('carries all of its card', () => {
    expect(JSON.parse(metadata['card']!)).toEqual(card);
    expect(modelSha256).toBe(createHash('sha256').update(bytes).digest('hex'));
    expect(metadata).toEqual({
      card: metadata['card'],
      code_commit: card.codeCommit,
      evidence: graphEvidence.join(','),
      intended_use: card.intendedUse,
      limits: JSON.stringify(card.limits),
      name: 'screen',
      version: screenModelVersion,
    });
  });

  test('has a card for people that says the same', () => {
    const page = committed('card.md').toString('utf8');
    for (const said of [
      `| screen ${card.modelVersion} |`,
      `${bytes.length} bytes, SHA-256 \`${modelSha256}\``,
      `commit \`${card.codeCommit}\``,
      `opset ${card.opset} `,
      card.intendedUse,
      card.data,
      card.figures,
      ...graphEvidence.map((name) => `| ${name} | `),
      ...card.limits.map((limit: string) => `- ${limit}`),
    ])
      expect(page).toContain(said);
  });

  test('has the inputs and outputs that its card names', async () => {
    const session = await ort.InferenceSession.create(bytes);
    expect(Object.keys(card.inputs)).toEqual([...session.inputNames]);
    expect(Object.keys(card.outputs)).toEqual([...session.outputNames]);
    expect(card.evidence.map(({ name }: { name: string }) => name)).toEqual([...graphEvidence]);
  });

  test('says that nobody knows the commit where that is so', () => {
    const files = screenFiles(undefined);
    expect(files['card.md']).toContain('commit not known');
    expect(JSON.parse(files['card.json'] as string)).not.toHaveProperty('codeCommit');
    expect(readMetadataProps(buildScreenModel(screenCard(undefined)))).not.toHaveProperty('code_commit');
  });
});
