const UNITS: Record<string, number> = { h: 3_600_000, m: 60_000, s: 1000, ms: 1, us: 1e-3, µs: 1e-3, μs: 1e-3, ns: 1e-6 };

/** Milliseconds of a duration in a manifest (`1m30s`); undefined for text that is none. */
export function parseDuration(text: unknown): number | undefined {
  if (typeof text !== 'string' || !/^[-+]?(0|((\d+(\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h))+)$/.test(text)) return undefined;
  const parts = [...text.matchAll(/(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)/g)];
  const sum = parts.reduce((total, [, amount, unit]) => total + Number(amount) * UNITS[unit], 0);
  return text.startsWith('-') ? -sum : sum;
}

/** A duration as manifests have it: whole seconds where possible. */
export function formatDuration(milliseconds: number): string {
  return milliseconds % 1000 === 0 ? `${milliseconds / 1000}s` : `${milliseconds}ms`;
}

/** What is wrong with the times of a BGP session (RFC 4271 section 4.2), in milliseconds; the values beside the fields as the user knows them. */
export function timerProblems(hold: number | undefined, keepalive: number | undefined): string[] {
  const problems: string[] = [];
  const wrongHold = (time: number) => time !== 0 && (time < 3000 || time >= 65_536_000);
  if (hold !== undefined && wrongHold(hold)) problems.push(`holdTime ${formatDuration(hold)} is not valid: expected 0 (never), or 3 s to 65535 s`);
  if (hold === undefined && keepalive !== undefined && keepalive > 0 && wrongHold(keepalive * 3)) {
    problems.push(`keepaliveTime ${formatDuration(keepalive)} makes a hold time, three times as long, of ${formatDuration(keepalive * 3)}: ` +
      'expected 3 s to 65535 s, so make it 1 s to 21845 s, or set holdTime');
  }
  if (keepalive !== undefined && keepalive < 0) problems.push(`keepaliveTime ${formatDuration(keepalive)} is not valid: expected 0 or more`);
  if (problems.length === 0 && hold !== undefined && keepalive !== undefined && keepalive > hold) {
    problems.push(`keepaliveTime ${formatDuration(keepalive)} is longer than holdTime ${formatDuration(hold)}, so the session would never last: ` +
      'make it a third of holdTime, or leave it out');
  }
  return problems;
}
