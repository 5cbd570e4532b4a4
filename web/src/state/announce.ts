/** What is said aloud: one line for a screen reader, polite unless it cannot wait; and a note that everybody sees. */
import { signal } from '@preact/signals';

export const polite = signal('');
export const assertive = signal('');
export const note = signal<{ readonly id: number; readonly text: string; readonly bad: boolean } | undefined>(
  undefined,
);

let serial = 0;
let timer: ReturnType<typeof setTimeout> | undefined;
const shownMs = 7_000;

export function say(text: string, urgent = false): void {
  // The same words twice must be spoken twice: a blank makes them another text.
  serial += 1;
  (urgent ? assertive : polite).value = text + (serial % 2 ? '' : '\u00a0');
}

export function tell(text: string, bad = false): void {
  serial += 1;
  note.value = { id: serial, text, bad };
  say(text, bad);
  clearTimeout(timer);
  timer = setTimeout(() => {
    note.value = undefined;
  }, shownMs);
}
export const dismissNote = (): void => {
  note.value = undefined;
};
