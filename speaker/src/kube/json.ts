const BIGINT = /"\\u0000int:(-?[0-9]+)\\u0000"/g;

/** JSON in which whole numbers given as BigInt stand as they are: an int64 may be larger than what a JavaScript number holds exactly. */
export function toJson(value: unknown): string {
  let found = false;
  const text = JSON.stringify(value, (_, part: unknown) => {
    if (typeof part !== 'bigint') return part;
    found = true;
    return `\u0000int:${part}\u0000`; // no text of the API holds NUL
  });
  return found ? text.replace(BIGINT, '$1') : text;
}
