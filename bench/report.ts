import * as fs from 'fs';

/** A distribution: what a reader needs to judge a figure on a noisy machine. */
export interface Summary {
  readonly n: number;
  readonly min: number;
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

/** One line of a benchmark's table. */
export interface Case extends Summary {
  readonly name: string;
  readonly unit: string;
  /** The peer measured in the same run. */
  readonly reference?: { readonly name: string } & Pick<Summary, 'p50' | 'p99' | 'p999' | 'max'>;
  /** p50 ours ÷ p50 of the reference. */
  readonly ratio?: number;
}

/** Sums up samples; a percentile is the sample at its rank (nearest rank). O(n log n). */
export function summarize(samples: readonly number[]): Summary {
  const sorted = [...samples].sort((a, b) => a - b);
  const at = (fraction: number) => sorted[Math.max(0, Math.ceil(fraction * sorted.length) - 1)];
  return { n: sorted.length, min: sorted[0], p50: at(0.5), p99: at(0.99), p999: at(0.999), max: sorted[sorted.length - 1] };
}

/** A case, beside its reference if there is one. */
export function compare(name: string, unit: string, ours: readonly number[], reference?: { name: string; samples: readonly number[] }): Case {
  const summary = summarize(ours);
  if (!reference) {
    return { name, unit, ...summary };
  }
  const { p50, p99, p999, max } = summarize(reference.samples);
  return { name, unit, ...summary, reference: { name: reference.name, p50, p99, p999, max }, ratio: round(summary.p50 / p50) };
}

/** The column of the reference's name, a text. */
const REFERENCE = 8;

/** Prints the table, and writes the same figures as JSON where a file is named. */
export function report(bench: string, cases: readonly Case[], file?: string): void {
  const head = ['case', 'unit', 'n', 'min', 'p50', 'p99', 'p99.9', 'max', 'reference', 'p50', 'p99', 'p99.9', 'max', 'ratio of p50'];
  const rows = cases.map((each) => [
    each.name, each.unit, each.n, each.min, each.p50, each.p99, each.p999, each.max,
    each.reference?.name ?? '', each.reference?.p50 ?? '', each.reference?.p99 ?? '', each.reference?.p999 ?? '', each.reference?.max ?? '', each.ratio ?? '',
  ].map((cell) => (typeof cell === 'number' ? String(round(cell)) : cell)));
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i].length)));
  const line = (cells: readonly string[]) => cells.map((cell, i) => (i === 0 || i === REFERENCE ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join('  ').trimEnd();
  console.log(`\n${bench}\n${line(head)}\n${widths.map((width) => '-'.repeat(width)).join('  ')}\n${rows.map(line).join('\n')}`);
  if (file) {
    fs.writeFileSync(file, JSON.stringify({ bench, cases }, undefined, 2) + '\n');
    console.log(`\nwritten to ${file}`);
  }
}

function round(value: number): number {
  return Number(value.toPrecision(4));
}
