/** Light, dark, or as the device says. Kept in this browser only. */
import { signal } from '@preact/signals';

export type Theme = 'auto' | 'light' | 'dark';
const key = 'groundcrew.theme';
const themes: readonly Theme[] = ['auto', 'light', 'dark'];

const stored = (): Theme => {
  try {
    return themes.find((theme) => theme === localStorage.getItem(key)) ?? 'auto';
  } catch {
    return 'auto';
  }
};
export const theme = signal<Theme>('auto');

function apply(): void {
  const dark = theme.value === 'dark' || (theme.value === 'auto' && matchMedia('(prefers-color-scheme: dark)').matches);
  document.documentElement.dataset.theme = dark ? 'dark' : 'light';
  scheme.value = dark ? 'dark' : 'light';
}
/** What is shown now: charts draw their own colours and must know. */
export const scheme = signal<'light' | 'dark'>('light');

export function startTheme(): void {
  theme.value = stored();
  apply();
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', apply);
}

export function nextTheme(): void {
  theme.value = themes[(themes.indexOf(theme.value) + 1) % themes.length] ?? 'auto';
  try {
    localStorage.setItem(key, theme.value);
  } catch {
    // A browser that keeps nothing still shows it until it is closed.
  }
  apply();
}
