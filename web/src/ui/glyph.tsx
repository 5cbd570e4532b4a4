/** Shapes for states: each can be told from the others without its colour. */

export type GlyphName =
  | 'urgent'
  | 'alarm'
  | 'silent'
  | 'learning'
  | 'normal'
  | 'unknown'
  | 'acting'
  | 'verifying'
  | 'closed'
  | 'stop'
  | 'lost'
  | 'bad'
  | 'withheld';

const shapes: Record<GlyphName, preact.JSX.Element> = {
  urgent: (
    <>
      <rect x="1.5" y="1.5" width="13" height="13" rx="1.5" class="fill" />
      <path d="M8 4.2v4.6M8 11.2v.6" class="cut" />
    </>
  ),
  alarm: (
    <>
      <path d="M8 1.5 15 14H1z" class="fill" />
      <path d="M8 6v3.6M8 11.6v.4" class="cut" />
    </>
  ),
  silent: (
    <>
      <circle cx="8" cy="8" r="6" class="line" />
      <path d="M3.8 3.8l8.4 8.4" class="line" />
    </>
  ),
  learning: <circle cx="8" cy="8" r="6" class="line dash" />,
  normal: <circle cx="8" cy="8" r="3" class="fill" />,
  unknown: <circle cx="8" cy="8" r="6" class="line" />,
  acting: <path d="M4 2.5 13 8l-9 5.5z" class="fill" />,
  verifying: (
    <>
      <circle cx="8" cy="8" r="6" class="line" />
      <path d="M8 4.5V8l2.5 2" class="line" />
    </>
  ),
  closed: <path d="M2.5 8.5 6.2 12 13.5 4.2" class="line" />,
  stop: (
    <>
      <path d="M5.1 1h5.8L15 5.1v5.8L10.9 15H5.1L1 10.9V5.1z" class="fill" />
      <path d="M4.5 8h7" class="cut" />
    </>
  ),
  lost: <path d="M1.5 6.2a9.5 9.5 0 0 1 13 0M4 9a6 6 0 0 1 8 0M8 12.4v.2M2 14 14 2" class="line" />,
  bad: <path d="M3.5 3.5l9 9m0-9-9 9" class="line" />,
  withheld: (
    <>
      <circle cx="8" cy="8" r="6.4" class="line" />
      <path d="M6.2 5.4v5.2M9.8 5.4v5.2" class="line" />
    </>
  ),
};

/** Decorative: the words stand beside it. */
export function Glyph({ name, large }: { name: GlyphName; large?: boolean }) {
  return (
    <svg
      class={`glyph glyph-${name}${large ? ' glyph-large' : ''}`}
      viewBox="0 0 16 16"
      aria-hidden="true"
      focusable="false"
    >
      {shapes[name]}
    </svg>
  );
}

/** Of the status of an effect; one that has no end yet looks like `open`. */
export const effectGlyph = (status: string, open: GlyphName): GlyphName =>
  status === 'SUCCEEDED' ? 'closed' : status === 'FAILED' ? 'bad' : status === 'UNKNOWN' ? 'alarm' : open;
