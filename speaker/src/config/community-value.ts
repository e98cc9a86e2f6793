/** A BGP community: a legacy one of two 16-bit numbers (RFC 1997) or a large one of three 32-bit numbers (RFC 8092). Immutable. */
export class CommunityValue {
  /**
   * Reads `64512:100` or `large:64512:1:100`.
   * @returns the community; or what is wrong, with `unknown` true when it has the form of neither and may be meant as a name
   */
  static parse(text: string): CommunityValue | { message: string; unknown: boolean } {
    const sections = text.split(':');
    if (sections.length !== 2 && sections.length !== 4) return { message: `invalid community format: ${shown(text)}`, unknown: true };
    const large = sections.length === 4;
    if (large && sections[0] !== 'large') {
      const form = 'expected community to be of format large:<uint32>:<uint32>:<uint32>';
      return { message: `invalid community value: invalid marker for large community, ${form} but got ${shown(text)}`, unknown: false };
    }
    const numbers = large ? sections.slice(1) : sections;
    const most = large ? 0xffffffff : 0xffff;
    const wrong = numbers.find((section) => !/^[0-9]+$/.test(section) || Number(section) > most);
    if (wrong !== undefined) {
      return { message: `invalid community value: invalid section ${shown(wrong)} of ${shown(text)}, not a number from 0 to ${most}`, unknown: false };
    }
    return new CommunityValue(large ? 'large' : 'legacy', numbers.map(Number));
  }

  private constructor(
    readonly kind: 'legacy' | 'large',
    /** Two numbers of 16 bits or three of 32, in the order in which they are written and sent. */
    readonly parts: readonly number[],
  ) {}

  /** As routers print it: `64512:100`, or `64512:1:100` for a large one. */
  toString(): string {
    return this.parts.join(':');
  }

  toJSON(): string {
    return this.toString();
  }

  /** The order in which they are sent: by number, a legacy one counting as its 32 bits followed by two zeros. */
  compare(other: CommunityValue): number {
    const [a, b] = [this.triple(), other.triple()];
    const index = a.findIndex((part, at) => part !== b[at]);
    if (index >= 0) return a[index] - b[index];
    return this.kind === other.kind ? 0 : this.kind === 'legacy' ? -1 : 1;
  }

  private triple(): readonly number[] {
    return this.kind === 'large' ? this.parts : [this.parts[0] * 0x10000 + this.parts[1], 0, 0];
  }
}

export const COMMUNITY_FIX = 'write 64512:100 (two numbers up to 65535) or large:64512:1:100 (three numbers up to 4294967295)';

function shown(text: string): string {
  return JSON.stringify(text.length > 100 ? `${text.slice(0, 99)}…` : text);
}
