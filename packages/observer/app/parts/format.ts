/** Numbers and times as text. */

const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const fine = new Intl.NumberFormat('en', { maximumFractionDigits: 1 });

export function count(value: number | undefined): string {
  return value === undefined ? '–' : whole.format(value);
}

export function rate(value: number | undefined): string {
  return value === undefined ? '–' : (value < 10 ? fine : whole).format(value);
}

export function ms(value: number | undefined): string {
  if (value === undefined) return '–';
  return value < 1000 ? `${(value < 10 ? fine : whole).format(value)} ms` : seconds(value);
}

const seconds = (value: number): string => `${fine.format(value / 1000)} s`;

export function megabytes(value: number): string {
  return `${whole.format(value / 2 ** 20)} MB`;
}

export function kilobytes(value: number): string {
  return value < 2 ** 20 ? `${whole.format(value / 1024)} kB` : megabytes(value);
}

export function percent(part: number): string {
  return `${whole.format(part * 100)} %`;
}

/** `12 s`, `3 min`, `2 h`, `5 d`. */
export function age(duration: number): string {
  const whole = Math.max(0, Math.round(duration / 1000));
  if (whole < 120) return `${whole} s`;
  if (whole < 7200) return `${Math.floor(whole / 60)} min`;
  if (whole < 172_800) return `${Math.floor(whole / 3600)} h`;
  return `${Math.floor(whole / 86_400)} d`;
}

export function clock(at: number): string {
  return new Date(at).toLocaleTimeString('en-GB');
}
