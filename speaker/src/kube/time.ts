/** `metav1.Time` of a moment, in milliseconds since 1970: RFC 3339 with whole seconds. */
export function timeText(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace(/\.\d+Z$/, 'Z');
}
