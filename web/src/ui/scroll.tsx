/** A table that may be wider than the screen: scrolled by touch, wheel and arrow keys. */
import type { ComponentChildren } from 'preact';

export function Scroll({ label, children }: { label: string; children: ComponentChildren }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: without the focus, arrow keys would not reach what is scrolled out of sight
    <section class="scroll" aria-label={label} tabIndex={0}>
      {children}
    </section>
  );
}
