/** Light, dark, or what the system has; kept for the next visit. */

export const themes = ['system', 'light', 'dark'] as const;

export type Theme = (typeof themes)[number];

const key = 'observer-theme';

export function readTheme(): Theme {
  const kept = stored();
  const theme = themes.find((each) => each === kept) ?? 'system';
  document.documentElement.dataset['theme'] = theme;
  return theme;
}

export function applyTheme(theme: Theme): void {
  document.documentElement.dataset['theme'] = theme;
  try {
    localStorage.setItem(key, theme);
  } catch {
    // Where nothing may be stored, it is chosen again.
  }
}

function stored(): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}
